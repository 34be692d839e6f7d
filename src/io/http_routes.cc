#include "io/http_routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "json/writer.h"
#include "pluv/detail/exceptions.h"

namespace pluv::detail {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::int64_t kAnswerMsMax = 30'000;

net::Response probe(int status, std::string body) {
  return net::Response(status).header("Cache-Control", "no-store").body(kText, std::move(body));
}

}  // namespace

HttpRoutes::HttpRoutes(std::vector<Route> routes, Runtime::Logger logger)
    : routes_(std::move(routes)), logger_(std::move(logger)) {}

const Route* HttpRoutes::find(const net::Request& http) const {
  const std::string_view method = http.method() == "HEAD" ? std::string_view("GET") : http.method();
  const auto route = std::find_if(routes_.begin(), routes_.end(), [&](const Route& one) {
    return one.path == http.path() && one.method == method;
  });
  return route != routes_.end() ? &*route : nullptr;
}

std::string HttpRoutes::allowed(std::string_view path) const {
  std::string out;
  for (const Route& route : routes_) {
    if (route.path != path) continue;
    if (!out.empty()) out += ", ";
    out += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return out;
}

std::optional<net::Response> HttpRoutes::answer(const net::Request& http,
                                                std::string_view client_address,
                                                Readiness readiness) const {
  if (const Route* const route = find(http)) return call(*route, Request(http, client_address));
  const std::string_view path = http.path();
  std::string allow = allowed(path);
  const bool is_probe = allow.empty() && (path == "/healthz" || path == "/readyz");
  if (is_probe) allow = "GET, HEAD";
  if (allow.empty()) return std::nullopt;
  if (!is_probe || (http.method() != "GET" && http.method() != "HEAD")) {
    return net::error_response(405, "Method not allowed").header("Allow", allow);
  }
  if (path == "/readyz" && readiness == Readiness::draining) return probe(503, "draining\n");
  return probe(200, "ok\n");
}

std::optional<native::LaterHttp> HttpRoutes::later(BlockingPool& pool) const {
  native::LaterHttp hook;
  bool any = false;
  hook.body_bytes_max = 0;
  for (const Route& route : routes_) {
    any = any || route.may_block;
    hook.body_bytes_max = std::max(hook.body_bytes_max, route.body_bytes_max);
  }
  if (!any) return std::nullopt;
  hook.answer_ms_max = kAnswerMsMax;
  hook.takes = [this](const net::Request& http) {
    const Route* const route = find(http);
    return route != nullptr && route->may_block;
  };
  hook.refuse = [this](const net::Request& http, std::string_view) -> std::optional<net::Response> {
    if (http.body_size() <= find(http)->body_bytes_max) return std::nullopt;
    return net::error_response(413, "The body is too big");
  };
  hook.error = [](int status, std::string_view message) {
    return net::error_response(status, message);
  };
  hook.answer = [this, &pool](native::HttpQuestion question, native::HttpAnswerFn answer) {
    // Functions are copied, which a body of megabytes had better not be.
    const auto own = std::make_shared<native::HttpQuestion>(std::move(question));
    guarded(
        [&] {
          pool.run([this, own, answer] {
            answer(
                call(*find(own->request), Request(own->request, own->client_address, own->body)));
          });
        },
        [&](const Error&) { answer(net::error_response(503, "Too much is waiting already")); });
  };
  return hook;
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
