// The admin API as one table: each route's method, path, parameters, bodies, answers and summary.
// Requests are matched and judged by it (admin_route.h), and the OpenAPI document is written from
// it. Constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "json/shape.h"

namespace pluv::apps {

inline constexpr std::string_view kAdminPath = "/api/v1";
inline constexpr std::size_t kAdminLimitDefault = 50;
inline constexpr std::size_t kAdminLimitMax = 200;

enum class AdminRouteId : std::uint8_t {
  openapi,
  list_rooms,
  create_room,
  get_room,
  delete_room,
  get_document,
  post_update,
  patch_document,
  list_users,
  evict_user,
  set_permissions,
  revoke_in_room,
  revoke,
  list_sessions,
  evict_session,
  get_presence,
  send_event,
  create_token,
  list_versions,
  get_version,
  restore_version,
  get_usage,
  list_dead_webhooks,
  get_dead_webhook,
  replay_dead_webhook,
  replay_dead_webhooks,
  drop_dead_webhook,
};

enum class AdminValue : std::uint8_t {
  room,    // a room's name
  text,    // any
  id,      // any, but not empty
  number,  // a whole number
  limit,   // 1 to kAdminLimitMax
  flag,    // true or false
  format,  // json or update
  base64,
};

struct AdminParameter {
  std::string_view name;
  AdminValue value;
  std::string_view summary;
};

// A body, of a request or an answer. shape: null for bytes and for JSON of no fixed shape.
struct AdminContent {
  std::string_view media_type;
  json::ShapeId (*shape)(json::Shapes&) = nullptr;
};
struct AdminAnswer {
  int status;
  std::string_view summary;
  std::span<const AdminContent> content;
};

struct AdminRoute {
  AdminRouteId id;
  std::string_view method;
  std::string_view path;  // behind kAdminPath; a parameter is a whole segment: "/rooms/{room}"
  std::string_view name;  // the operationId
  std::string_view summary;
  std::span<const AdminParameter> query;
  std::span<const AdminContent> body;
  AdminAnswer answer;
  std::span<const int> problems;  // beside those of every route
  // The body may be as large as a document, in base64.
  bool takes_document = false;

  [[nodiscard]] bool changes() const noexcept { return method != "GET"; }
  // Whether it hears of Idempotency-Key. Tokens are made anew: none of them is kept anywhere.
  [[nodiscard]] bool is_idempotent() const noexcept {
    return changes() && method != "PUT" && id != AdminRouteId::create_token;
  }
  [[nodiscard]] bool needs_key() const noexcept { return id != AdminRouteId::openapi; }
};

[[nodiscard]] std::span<const AdminRoute> admin_routes();
// Of the names in paths.
[[nodiscard]] const AdminParameter& admin_path_parameter(std::string_view name);

}  // namespace pluv::apps
