#include "apps/pluvd/admin_problem.h"

#include <utility>

#include "apps/pluvd/admin_types.h"

namespace pluv::apps {
namespace {

net::Response with_body(int status, std::string_view media_type, std::string json) {
  return net::Response(status)
      .header("Cache-Control", "no-store")
      .header("X-Content-Type-Options", "nosniff")
      .body(media_type, std::move(json));
}

}  // namespace

net::Response admin_problem(int status, std::string_view detail, std::string_view instance) {
  const admin_api::Problem problem{.type = "about:blank",
                                   .title = std::string(net::status_reason(status)),
                                   .status = static_cast<std::uint16_t>(status),
                                   .detail = std::string(detail) + ".",
                                   .instance = std::string(instance)};
  return with_body(status, "application/problem+json", json::to_json(problem));
}

int admin_status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid: return 400;
    case ErrorCode::unauthorized: return 401;
    case ErrorCode::forbidden: return 422;  // understood, and cannot be done
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::limit: return 422;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::internal: return 500;
  }
  return 500;
}

net::Response admin_json(int status, std::string json) {
  return with_body(status, "application/json", std::move(json));
}

}  // namespace pluv::apps
