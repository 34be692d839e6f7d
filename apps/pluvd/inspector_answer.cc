#include "apps/pluvd/inspector_answer.h"

#include <utility>

#include "json/writer.h"

namespace pluv::apps {
namespace {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid: return 400;
    case ErrorCode::unauthorized: return 401;
    case ErrorCode::forbidden: return 403;
    case ErrorCode::not_found: return 404;
    case ErrorCode::conflict: return 409;
    case ErrorCode::limit: return 422;
    case ErrorCode::unavailable: return 503;
    case ErrorCode::internal: return 500;
  }
  return 500;
}

net::Response with_json(int status, std::string json) {
  return net::Response(status)
      .header("Cache-Control", "no-store")
      .header("X-Content-Type-Options", "nosniff")
      .body("application/json", std::move(json));
}

}  // namespace

net::Response inspector_answer(std::string json) { return with_json(200, std::move(json)); }

net::Response inspector_error(int status, std::string_view message) {
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  writer.key("error");
  writer.string(std::string(message) + ".");
  writer.end_object();
  return with_json(status, std::move(json));
}

net::Response inspector_error(const Error& error) {
  return inspector_error(status_of(error.code), error.message);
}

}  // namespace pluv::apps
