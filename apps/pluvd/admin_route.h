// Which route of the admin API a request means, and whether it is one that the route takes: told by
// its head alone, so that what is refused is refused before its body is waited for. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "apps/pluvd/admin_table.h"
#include "base/result.h"
#include "net/http.h"

namespace pluv::apps {

enum class DocumentFormat : std::uint8_t { json, update };

// A request that the table knows, its parameters decoded.
struct AdminRequest {
  const AdminRoute* route = nullptr;
  // As in the path and the query; those that are not there are empty.
  std::string room;
  std::string user;
  std::string session;
  std::uint64_t number = 0;  // also the id of a webhook
  std::size_t limit = kAdminLimitDefault;
  std::string after;
  std::string search;
  std::optional<bool> live;
  DocumentFormat format = DocumentFormat::json;
  std::optional<std::string> since;  // bytes
  std::size_t media_type = 0;        // which of route->body
};

// How many bytes a body may have.
struct AdminBodyLimits {
  std::size_t document_bytes_max = 0;  // of a body that may be a document
  std::size_t other_bytes_max = 0;
};

// 404: no route has the path; 405, with Allow.
[[nodiscard]] std::variant<const AdminRoute*, net::Response> admin_route_of(
    const net::Request& request);
// The rest of its head: 400, 406, 413, 415.
[[nodiscard]] std::variant<AdminRequest, net::Response> admin_request_of(
    const AdminRoute& route, const net::Request& request, const AdminBodyLimits& limits);

// The token of the header Authorization; nullopt: it has none.
[[nodiscard]] std::optional<std::string_view> bearer_of(const net::Request& request);

}  // namespace pluv::apps
