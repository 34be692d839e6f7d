#include "apps/pluvd/routes.h"

#include <string>
#include <utility>

#include "auth/hmac.h"
#include "auth/wipe.h"
#include "base/ids.h"

namespace pluv::apps {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, OPTIONS";
constexpr std::string_view kText = "text/plain; charset=utf-8";

net::Response plain(int status, std::string text) {
  return net::Response(status).header("Cache-Control", "no-store").body(kText, std::move(text));
}

}  // namespace

std::string project_room_path() {
  return std::string(kHostedRoomPath) + "{room}?public_key={key}&token={token}";
}

Routes::Routes(RouteOptions options, RouteSources sources)
    : metrics_token_(std::exchange(options.metrics_token, {})),
      options_(std::move(options)),
      pages_(options_.web_files, {.demo = options_.dev, .inspector = options_.inspector}),
      sources_(std::move(sources)) {}

void Routes::set_metrics_token(std::string token) {
  const std::lock_guard lock(metrics_token_mutex_);
  metrics_token_.swap(token);
  auth::wipe(token);
}

Routes::Route Routes::route_of(std::string_view path) const {
  if (path == kAuthorizePath) return Route::authorize;
  if (path == "/healthz") return Route::health;
  if (path == "/readyz") return Route::ready;
  if (path == "/metrics" && options_.metrics) return Route::metrics;
  if (path == "/" && options_.dev) return Route::start_page;
  if (pages_.covers(path)) return Route::page;
  if (path.starts_with(kRoomPath)) return Route::room;
  if (options_.projects && path.starts_with(kHostedRoomPath)) return Route::room;
  return Route::none;
}

std::optional<net::Response> Routes::answer(const net::Request& request) const {
  const Route route = route_of(request.path());
  if (route == Route::none) return std::nullopt;
  const std::string_view method = request.method();
  net::Response response = [&] {
    if (method == "GET" || method == "HEAD") return get(route, request);
    if (method == "OPTIONS") return options(route, request);
    return plain(405, "Only GET, HEAD and OPTIONS are known here.\n").header("Allow", kMethods);
  }();
  add_cors(response, route, request);
  return response;
}

net::Response Routes::get(Route route, const net::Request& request) const {
  switch (route) {
    case Route::authorize: return authorize(request);
    case Route::health: return plain(200, "ok\n");
    case Route::ready:
      return sources_.draining() ? plain(503, "draining\n") : plain(200, "ready\n");
    case Route::metrics: return metrics(request);
    case Route::start_page:
      return net::Response(200)
          .header("Cache-Control", "no-store")
          .header("Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
          .header("X-Content-Type-Options", "nosniff")
          .body("text/html; charset=utf-8",
                start_page_html({.host = request.host(),
                                 .tls = options_.tls,
                                 .tokens_required = options_.tokens_required,
                                 .inspector = options_.inspector}));
    case Route::page: return pages_.get(request);
    case Route::room:
    case Route::none: break;
  }
  const bool is_own = options_.own_rooms && request.path().starts_with(kRoomPath);
  const std::string rooms = is_own ? std::string(kRoomPath) + "{room}" : project_room_path();
  return plain(426, "Rooms speak WebSocket: connect to " + rooms + " with a WebSocket client.\n")
      .header("Upgrade", "websocket");
}

net::Response Routes::authorize(const net::Request& request) const {
  if (!options_.dev) {
    return plain(404,
                 "Tokens are made by your own back end, which knows who the user is; "
                 "docs/tokens.md shows how. Only a development server (pluvd --dev) makes them "
                 "here.\n");
  }
  const std::string room = request.query_get("room").value_or("");
  if (!is_room_id(room)) {
    return plain(400,
                 "The query needs a room: letters, digits, '-' and '_', beginning and ending with "
                 "a letter or digit, at most " +
                     std::to_string(kRoomIdSizeMax) + " characters.\n");
  }
  const Result<std::string> token = sources_.make_token(room, request.query_get("id").value_or(""),
                                                        request.query_get("name").value_or(""));
  if (token.ok()) return plain(200, token.value());
  const ErrorCode code = token.error().code;
  const bool callers_fault = code == ErrorCode::invalid || code == ErrorCode::limit;
  return plain(callers_fault ? 400 : 500, token.error().message + ".\n");
}

bool Routes::may_read_metrics(const net::Request& request) const {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view given = request.header("Authorization").value_or("");
  const std::lock_guard lock(metrics_token_mutex_);
  if (metrics_token_.empty()) return true;
  return net::equals_ignoring_case(given.substr(0, kScheme.size()), kScheme) &&
         auth::equal_constant_time(given.substr(kScheme.size()), metrics_token_);
}

net::Response Routes::metrics(const net::Request& request) const {
  if (!may_read_metrics(request)) {
    return plain(401, "This needs the bearer token of the setting metrics-token.\n")
        .header("WWW-Authenticate", "Bearer realm=\"pluvd metrics\"");
  }
  return net::Response(200)
      .header("Cache-Control", "no-store")
      .body("text/plain; version=0.0.4; charset=utf-8", sources_.metrics_text());
}

net::Response Routes::options(Route route, const net::Request& request) const {
  net::Response response(204);
  response.header("Allow", kMethods);
  const bool preflight =
      request.header("Origin") && request.header("Access-Control-Request-Method");
  if (preflight && (route == Route::authorize || route == Route::health || route == Route::ready)) {
    response.header("Access-Control-Allow-Methods", kMethods);
    response.header("Access-Control-Allow-Headers", "Authorization, Content-Type");
    response.header("Access-Control-Max-Age", "600");
  }
  return response;
}

void Routes::add_cors(net::Response& response, Route route, const net::Request& request) const {
  if (route != Route::authorize && route != Route::health && route != Route::ready) return;
  if (options_.cors_any) {
    response.header("Access-Control-Allow-Origin", "*");
    return;
  }
  if (options_.cors_origins.empty()) return;
  response.header("Vary", "Origin");
  const std::optional<std::string_view> origin = request.header("Origin");
  if (origin && options_.cors_origins.allows(*origin)) {
    response.header("Access-Control-Allow-Origin", *origin);
  }
}

}  // namespace pluv::apps
