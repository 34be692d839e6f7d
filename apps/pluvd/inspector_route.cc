#include "apps/pluvd/inspector_route.h"

#include <array>
#include <optional>
#include <utility>

#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/inspector_query.h"
#include "base/ids.h"

namespace pluv::apps {
namespace {

using Kind = InspectorRouteKind;

struct Named {
  std::string_view name;
  Kind kind;
};
constexpr std::array kOfServer = {Named{"server", Kind::server}, Named{"load", Kind::load},
                                  Named{"rooms", Kind::rooms}, Named{"messages", Kind::messages}};
constexpr std::array kOfRoom = {Named{"", Kind::room},
                                Named{"document", Kind::document},
                                Named{"history", Kind::history},
                                Named{"export", Kind::export_document},
                                Named{"restore", Kind::restore},
                                Named{"evict", Kind::evict},
                                Named{"broadcast", Kind::broadcast}};

template <class Table>
std::optional<Kind> find(const Table& table, std::string_view name) {
  for (const Named& one : table) {
    if (one.name == name) return one.kind;
  }
  return std::nullopt;
}

net::Response unknown_route() { return inspector_error(404, "The inspector has no such route"); }

// Nullopt when the request's method is the route's.
std::optional<net::Response> wrong_method(const net::Request& request, Kind kind) {
  const bool changes = kind == Kind::restore || kind == Kind::evict || kind == Kind::broadcast;
  if (changes == (request.method() == "POST")) return std::nullopt;
  return inspector_error(405, "This route has another method")
      .header("Allow", changes ? "POST" : "GET, HEAD");
}

}  // namespace

std::variant<InspectorRoute, net::Response> inspector_route_of(const net::Request& request) {
  const std::string_view path = request.path().substr(kInspectorPath.size());
  InspectorRoute route;
  std::optional<Kind> kind;
  std::optional<std::string> number;
  if (path.starts_with("rooms/")) {
    constexpr std::size_t kRoomSegment = 3;
    route.room = request.path_segment(kRoomSegment).value_or("");
    if (!is_room_key(route.room)) return inspector_error(400, "The room's name is not allowed");
    kind = find(kOfRoom, request.path_segment(kRoomSegment + 1).value_or(""));
    number = request.path_segment(kRoomSegment + 2);
    if (request.path_segment(kRoomSegment + 3) || (number && kind != Kind::history)) {
      return unknown_route();
    }
  } else {
    kind = find(kOfServer, path);
  }
  if (!kind) return unknown_route();
  route.kind = *kind;
  if (auto refusal = wrong_method(request, *kind)) return std::move(*refusal);
  if (number) {
    const auto record = whole_number("number", *number);
    if (!record.ok()) return inspector_error(record.error());
    route.kind = Kind::past_document;
    route.number = *record;
  }
  return route;
}

}  // namespace pluv::apps
