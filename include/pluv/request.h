// HTTP beside the rooms: the request that an authorizer or a route sees, the response that a route
// gives, and routes themselves. A Request is a borrowed view, valid during the call it is passed
// to; it must not be kept. Routes of get() run on an event loop: they must be quick and never
// block; those of post() and blocking_get() run on threads of a pool.
//
//   server.listen({.routes = {pluv::get("/api/pluv/authorize", [&](const pluv::Request& request) {
//     return pluv::Response{.body = io.create_token({...})};
//   })}});
#pragma once

#include <cstddef>
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
  Request(const net::Request& http, std::string_view client_address, std::string_view body = {})
      : http_(&http), client_address_(client_address), body_(body) {}

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
  // Of a route of post().
  [[nodiscard]] std::string_view body() const noexcept { return body_; }

 private:
  const net::Request* http_ = nullptr;
  std::string_view client_address_;
  std::string_view body_;
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

// What answers one path and method. An exception of the handler is logged and becomes a 500.
struct Route {
  std::string path;  // exact, percent-encoded as the request's
  std::function<Response(const Request&)> handler;
  std::string method = "GET";  // which answers HEAD, too
  // The handler gets the whole body, at most so many bytes (413), and may block: it runs on a small
  // pool of threads and has 30 s, then the client is told that there is no answer. 1 GiB at most.
  bool may_block = false;
  std::size_t body_bytes_max = 0;
};

// A route for GET and HEAD. The handler is called from any loop's thread, so from several at once.
[[nodiscard]] inline Route get(std::string path, std::function<Response(const Request&)> handler) {
  return {std::move(path), std::move(handler)};
}
// The same for a handler that blocks: it waits for a database, or for somebody else's answer.
[[nodiscard]] inline Route blocking_get(std::string path,
                                        std::function<Response(const Request&)> handler) {
  return {.path = std::move(path), .handler = std::move(handler), .may_block = true};
}
// A route for POST, whose handler has the body and may block.
[[nodiscard]] inline Route post(std::string path, std::function<Response(const Request&)> handler,
                                std::size_t body_bytes_max = std::size_t{64} * 1024) {
  return {.path = std::move(path),
          .handler = std::move(handler),
          .method = "POST",
          .may_block = true,
          .body_bytes_max = body_bytes_max};
}

}  // namespace pluv
