#include "io/http_routes.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"

namespace pluv::detail {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";

net::Response probe(int status, std::string body) {
  return net::Response(status).header("Cache-Control", "no-store").body(kText, std::move(body));
}

}  // namespace

HttpRoutes::HttpRoutes(std::vector<Route> routes, Runtime::Logger logger)
    : routes_(std::move(routes)), logger_(std::move(logger)) {}

std::optional<net::Response> HttpRoutes::answer(const net::Request& http,
                                                std::string_view client_address,
                                                Readiness readiness) const {
  const std::string_view path = http.path();
  const auto route = std::find_if(routes_.begin(), routes_.end(),
                                  [&](const Route& one) { return one.path == path; });
  const bool found = route != routes_.end();
  if (!found && path != "/healthz" && path != "/readyz") return std::nullopt;
  if (http.method() != "GET" && http.method() != "HEAD") {
    return net::error_response(405, "Method not allowed").header("Allow", "GET, HEAD");
  }
  if (found) return call(*route, Request(http, client_address));
  if (path == "/readyz" && readiness == Readiness::draining) return probe(503, "draining\n");
  return probe(200, "ok\n");
}

net::Response HttpRoutes::call(const Route& route, const Request& request) const {
  try {
    Response answer = route.handler(request);
    const bool valid = answer.status >= 200 && answer.status <= 599;
    net::Response response(valid ? answer.status : 500);
    for (const auto& [name, value] : answer.headers) response.header(name, value);
    response.body(answer.content_type, std::move(answer.body));
    return response;
  } catch (...) {
    std::string fields;
    json::Writer writer(fields);
    writer.begin_object();
    writer.key("path");
    writer.string(route.path);
    writer.key("message");
    writer.string(current_error().message);
    writer.end_object();
    if (logger_) logger_("error", "route_failed", fields);
    return net::error_response(500, "Internal server error");
  }
}

}  // namespace pluv::detail
