// Which of the inspector's routes a request means, told by its head alone, so that what is no route
// is refused before its body is waited for. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "net/http.h"

namespace pluv::apps {

inline constexpr std::string_view kInspectorPath = "/api/inspector/";

enum class InspectorRouteKind : std::uint8_t {
  server,
  load,
  rooms,
  messages,
  room,
  document,
  export_document,
  history,
  past_document,
  restore,
  evict,
  broadcast,
};

struct InspectorRoute {
  InspectorRouteKind kind = InspectorRouteKind::server;
  std::string room;          // of all that are about one
  std::uint64_t number = 0;  // past_document: which record
};

// Of a request whose path begins with kInspectorPath and whose method is GET, HEAD or POST; or the
// answer to it: 400, 404, 405.
[[nodiscard]] std::variant<InspectorRoute, net::Response> inspector_route_of(
    const net::Request& request);

}  // namespace pluv::apps
