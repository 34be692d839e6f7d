// HTTP/1.1, as much as a WebSocket server with a small admin API needs, sans-IO: a strict parser of
// request heads (RFC 9112), a response builder, and a parser of response heads for clients. Bodies
// come with Content-Length or not at all: a chunked request is answered 501. The caller owns the
// connection, reads the body_size() bytes that follow a head, and keeps the time limit (408).
// Nothing here reads a socket or a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_head.h"

namespace pluv::net {

// A request's head; owns its bytes, moves cheaply. Views are borrowed until it is moved.
class Request {
 public:
  Request() = default;

  [[nodiscard]] std::string_view method() const noexcept { return cut(method_); }
  // As sent: "/path?query", "*" or "http://host/path?query".
  [[nodiscard]] std::string_view target() const noexcept { return cut(target_); }
  // From the first '/' to the '?', still percent-encoded; "*" for "OPTIONS *". Never empty; every
  // escape is well formed and none is a NUL; no segment is "." or "..", encoded or not.
  [[nodiscard]] std::string_view path() const noexcept {
    return path_.size == 0 ? std::string_view("/") : cut(path_);
  }
  // The decoded segment of the path, counted from 0: "/a/b%2Fc" has "a" and "b/c".
  [[nodiscard]] std::optional<std::string> path_segment(std::size_t index) const;
  // After the '?', still encoded; empty when there is none.
  [[nodiscard]] std::string_view query() const noexcept { return cut(query_); }
  // The first parameter of that name, decoded ('+' is a space). nullopt when there is none or its
  // escapes are malformed.
  [[nodiscard]] std::optional<std::string> query_get(std::string_view name) const;
  // "host[:port]": the target's when that is absolute, else the Host field; empty for HTTP/1.0
  // without one.
  [[nodiscard]] std::string_view host() const noexcept {
    return host_in_target_ ? cut(authority_) : head_.header("Host").value_or(std::string_view());
  }
  // 1 for HTTP/1.1, 0 for HTTP/1.0.
  [[nodiscard]] int version_minor() const noexcept { return version_minor_; }
  // Whether the connection may serve another request after this one.
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  // Bytes of body that follow the head.
  [[nodiscard]] std::size_t body_size() const noexcept { return body_size_; }

  [[nodiscard]] const HttpHead& head() const noexcept { return head_; }
  // The first field of that name (HttpHead has lists and iteration).
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return head_.header(name);
  }

 private:
  friend class RequestParser;
  struct Part {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  [[nodiscard]] std::string_view cut(Part part) const noexcept {
    return head_.start_line().substr(part.at, part.size);
  }

  HttpHead head_;
  Part method_;
  Part target_;
  Part path_;
  Part query_;
  Part authority_;
  std::size_t body_size_ = 0;
  int version_minor_ = 1;
  bool keep_alive_ = true;
  bool host_in_target_ = false;
};

// Why a request was refused: answer error_response(status, problem) and close the connection.
struct HttpProblem {
  int status = 400;          // 400, 413, 414, 431, 501 or 505
  const char* message = "";  // in English, without the final stop
};

// Reads one request head after another. Owned by one connection.
class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits = {}) noexcept;

  // Consumes bytes from the front up to the end of the head. After done, take() the request; the
  // bytes that are left are its body or the next request. After failed nothing more is consumed.
  [[nodiscard]] HttpProgress feed(std::string_view& bytes);

  // After done; the parser is then ready for the next head.
  [[nodiscard]] Request take() noexcept;
  // After failed.
  [[nodiscard]] const HttpProblem& problem() const noexcept { return problem_; }
  // A head has begun and is not complete (for the time limit: 408).
  [[nodiscard]] bool mid_head() const noexcept { return reader_.started(); }

 private:
  // The steps of checking a gathered head; each returns whether it passed, else sets problem_.
  [[nodiscard]] bool fail(int status, const char* message) noexcept;
  [[nodiscard]] bool read_start_line() noexcept;
  [[nodiscard]] bool read_target();
  [[nodiscard]] bool check_path();
  [[nodiscard]] bool check_host() noexcept;
  [[nodiscard]] bool read_framing() noexcept;

  HttpHeadReader reader_;
  Request request_;
  HttpProblem problem_;
  std::size_t target_bytes_max_;
  std::size_t body_bytes_max_;
  HttpProgress progress_ = HttpProgress::need_more;
};

// A response's head, for clients: the status line and the fields.
struct ResponseHead {
  int status = 0;  // 100-599
  HttpHead head;
};

// Reads one response head; the limits' body and target bounds are not used.
class ResponseParser {
 public:
  explicit ResponseParser(const HttpLimits& limits = {}) noexcept;

  // As RequestParser::feed. Failing means that the peer does not speak HTTP/1.1.
  [[nodiscard]] HttpProgress feed(std::string_view& bytes);
  [[nodiscard]] ResponseHead take() noexcept;
  [[nodiscard]] const char* problem() const noexcept { return problem_; }

 private:
  HttpHeadReader reader_;
  ResponseHead response_;
  const char* problem_ = "";
  HttpProgress progress_ = HttpProgress::need_more;
};

// A response to send:
//   append_response(out, Response(200).header("Cache-Control", "no-store")
//                                     .body("application/json", json));
class Response {
 public:
  explicit Response(int status) noexcept : status_(status) {}

  // Asserts that name is a token; line ends and NULs in value become spaces, so that no value can
  // add a line. Content-Length, Content-Type and Connection are written by append_response.
  Response& header(std::string_view name, std::string_view value) &;
  Response&& header(std::string_view name, std::string_view value) &&;
  Response& body(std::string_view content_type, std::string bytes) &;
  Response&& body(std::string_view content_type, std::string bytes) &&;

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  // False for a status that has none (204, 304): then body() is not sent.
  [[nodiscard]] bool has_content() const noexcept;
  [[nodiscard]] std::string take_body() && noexcept { return std::move(body_); }

 private:
  friend void append_response_head(std::string& out, const Response& response,
                                   const struct ResponseOptions& options);
  int status_;
  std::string headers_;  // lines
  std::string content_type_;
  std::string body_;
};

struct ResponseOptions {
  bool keep_alive = true;  // writes "Connection: close" when false
  bool head_only = false;  // the answer to HEAD: Content-Length of the body, but no body
};

void append_response(std::string& out, const Response& response,
                     const ResponseOptions& options = ResponseOptions{});
// What of it stands before the body.
void append_response_head(std::string& out, const Response& response,
                          const ResponseOptions& options);
// text/plain with the message.
[[nodiscard]] Response error_response(int status, std::string_view message);
// "Not Found" for 404; "Unknown" for a status that is not in the table.
[[nodiscard]] std::string_view status_reason(int status) noexcept;

enum class PlusSign : std::uint8_t { plain, space };
// nullopt for a '%' without two hexadecimal digits (RFC 3986 section 2.1).
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text,
                                                        PlusSign plus = PlusSign::plain);
// Encodes everything but RFC 3986's unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);
// The first parameter of that name in "a=1&b=2", as Request::query_get.
[[nodiscard]] std::optional<std::string> query_parameter(std::string_view query,
                                                         std::string_view name);

}  // namespace pluv::net
