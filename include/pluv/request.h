// HTTP beside the rooms: the request that an authorizer or a route sees, the response that a route
// gives, and routes themselves. A Request is a borrowed view, valid during the call it is passed
// to; it must not be kept. Routes run on an event loop: they must be quick and never block.
//
//   server.listen({.routes = {pluv::get("/api/pluv/authorize", [&](const pluv::Request& request) {
//     return pluv::Response{.body = io.create_token({...})};
//   })}});
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pluv {

namespace net {
class Request;
}

class Request {
 public:
  // Of a socket that the host program accepted itself: everything is empty.
  Request() = default;
  Request(const net::Request& http, std::string_view client_address)
      : http_(&http), client_address_(client_address) {}

  // "GET"; as sent, as are the others.
  [[nodiscard]] std::string_view method() const noexcept;
  // From the first '/' to the '?', still percent-encoded.
  [[nodiscard]] std::string_view path() const noexcept;
  // The first query parameter of that name, decoded; nullopt when there is none.
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
  // The first header of that name, compared without case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  // The client's, past trusted proxies (ListenOptions::trusted_proxies).
  [[nodiscard]] std::string_view client_address() const noexcept { return client_address_; }

 private:
  const net::Request* http_ = nullptr;
  std::string_view client_address_;
};

struct Response {
  int status = 200;  // 200 to 599
  std::string body{};
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};  // names must be HTTP tokens

  [[nodiscard]] static Response text(int status, std::string body) {
    return {.status = status, .body = std::move(body)};
  }
  // body: JSON text.
  [[nodiscard]] static Response json(int status, std::string body) {
    return {.status = status, .body = std::move(body), .content_type = "application/json"};
  }
};

// What answers one path. An exception of the handler is logged and becomes a 500.
struct Route {
  std::string path;  // exact, percent-encoded as the request's
  std::function<Response(const Request&)> handler;
};

// A route for GET and HEAD. The handler is called from any loop's thread, so from several at once.
[[nodiscard]] inline Route get(std::string path, std::function<Response(const Request&)> handler) {
  return {std::move(path), std::move(handler)};
}

}  // namespace pluv
