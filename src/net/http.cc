#include "net/http.h"

#include <algorithm>

#include "base/assert.h"

namespace pluv::net {
namespace {

constexpr std::size_t kMethodBytesMax = 32;
constexpr std::size_t kVersionBytes = 8;           // "HTTP/1.1"
constexpr std::size_t kStatusLineBytesMax = 1024;  // of a response

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// -1 for what is no hexadecimal digit.
int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Version : std::uint8_t { malformed, other, http10, http11 };

Version read_version(std::string_view text) noexcept {
  if (text.size() != kVersionBytes || !text.starts_with("HTTP/") || !is_digit(text[5]) ||
      text[6] != '.' || !is_digit(text[7])) {
    return Version::malformed;
  }
  if (text[5] != '1') return Version::other;
  return text[7] == '1' ? Version::http11 : text[7] == '0' ? Version::http10 : Version::other;
}

// "host[:port]" of RFC 3986 section 3.2.2, without the sub-delimiters that no real host has.
bool is_host(std::string_view text) noexcept {
  std::size_t host_size = 0;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || bracket < 3) return false;
    for (const char c : text.substr(1, bracket - 1)) {
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    }
    host_size = bracket + 1;
  } else {
    while (host_size < text.size() && text[host_size] != ':') {
      const char c = text[host_size++];
      if (!is_letter(c) && !is_digit(c) && c != '.' && c != '-' && c != '_') return false;
    }
    if (host_size == 0) return false;
  }
  if (host_size == text.size()) return true;
  const std::string_view port = text.substr(host_size + 1);
  return text[host_size] == ':' && !port.empty() && port.size() <= 5 &&
         std::all_of(port.begin(), port.end(), is_digit);
}

bool is_header_value(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  PLUV_ASSERT(is_http_token(name));
  out.append(name).append(": ");
  const std::size_t value_at = out.size();
  out.append(value);
  if (!is_header_value(value)) {
    for (std::size_t i = value_at; i < out.size(); ++i) {
      if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
    }
  }
  out.append("\r\n");
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::space) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    }
  }
  return out;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.empty() || percent_decode(pair.substr(0, equals), PlusSign::space) != name) continue;
    return percent_decode(pair.substr(std::min(equals + 1, pair.size())), PlusSign::space);
  }
  return std::nullopt;
}

std::optional<std::string> Request::path_segment(std::size_t index) const {
  std::string_view rest = path();
  if (!rest.starts_with('/')) return std::nullopt;
  for (;; --index) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (index == 0) return percent_decode(rest.substr(0, end));
    rest.remove_prefix(end);
    if (rest.empty()) return std::nullopt;
  }
}

std::optional<std::string> Request::query_get(std::string_view name) const {
  return query_parameter(query(), name);
}

RequestParser::RequestParser(const HttpLimits& limits) noexcept
    : reader_(limits, kMethodBytesMax + 1 + limits.target_bytes_max + 1 + kVersionBytes),
      target_bytes_max_(limits.target_bytes_max),
      body_bytes_max_(limits.body_bytes_max) {}

bool RequestParser::fail(int status, const char* message) noexcept {
  problem_ = {status, message};
  return false;
}

HttpProgress RequestParser::feed(std::string_view& bytes) {
  if (progress_ != HttpProgress::need_more) return progress_;
  progress_ = reader_.feed(bytes);
  if (progress_ == HttpProgress::failed) {
    problem_ = {reader_.status(), reader_.problem()};
  } else if (progress_ == HttpProgress::done) {
    request_ = Request();
    request_.head_ = reader_.take();
    const bool good =
        read_start_line() && read_target() && check_path() && check_host() && read_framing();
    if (!good) progress_ = HttpProgress::failed;
  }
  return progress_;
}

Request RequestParser::take() noexcept {
  PLUV_ASSERT(progress_ == HttpProgress::done);
  progress_ = HttpProgress::need_more;
  return std::exchange(request_, Request());
}

bool RequestParser::read_start_line() noexcept {
  const std::string_view line = request_.head_.start_line();
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return fail(400, "the request line does not have three parts");
  }
  const auto part = [](std::size_t at, std::size_t size) {
    return Request::Part{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)};
  };
  request_.method_ = part(0, first);
  request_.target_ = part(first + 1, last - first - 1);
  if (!is_http_token(request_.method())) return fail(400, "the method is not a token");
  if (request_.target_.size > target_bytes_max_) return fail(414, "the target is too long");
  switch (read_version(line.substr(last + 1))) {
    case Version::malformed: return fail(400, "the HTTP version is malformed");
    case Version::other: return fail(505, "the HTTP version is not 1.0 or 1.1");
    case Version::http10: request_.version_minor_ = 0; break;
    case Version::http11: request_.version_minor_ = 1; break;
  }
  if (request_.method_.size > kMethodBytesMax || request_.method() == "CONNECT") {
    return fail(501, "the method is not implemented");
  }
  return true;
}

// The forms of RFC 9112 section 3.2.
bool RequestParser::read_target() {
  const std::string_view target = request_.target();
  for (const char c : target) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '#') {
      return fail(400, "a forbidden character in the target");
    }
  }
  if (target == "*") {
    if (request_.method() != "OPTIONS") return fail(400, "the target * is for OPTIONS alone");
    request_.path_ = request_.target_;
    return true;
  }
  std::size_t at = 0;
  if (!target.starts_with('/')) {
    const std::size_t scheme_size = std::min(target.find("://"), target.size());
    const std::string_view scheme = target.substr(0, scheme_size);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
      return fail(400, "the target is neither a path nor an http URL");
    }
    if (scheme_size == target.size()) return fail(400, "the target is not a URL");
    const std::size_t host_at = scheme_size + 3;
    at = std::min(target.find_first_of("/?", host_at), target.size());
    request_.authority_ = {request_.target_.at + static_cast<std::uint32_t>(host_at),
                           static_cast<std::uint32_t>(at - host_at)};
    request_.host_in_target_ = true;
  }
  const std::size_t path_end = std::min(target.find('?', at), target.size());
  const std::size_t query_at = std::min(path_end + 1, target.size());
  request_.path_ = {request_.target_.at + static_cast<std::uint32_t>(at),
                    static_cast<std::uint32_t>(path_end - at)};
  request_.query_ = {request_.target_.at + static_cast<std::uint32_t>(query_at),
                     static_cast<std::uint32_t>(target.size() - query_at)};
  return true;
}

bool RequestParser::check_path() {
  std::string_view rest = request_.path();
  if (rest.find('\\') != std::string_view::npos) return fail(400, "a backslash in the path");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const auto segment = percent_decode(rest.substr(0, end));
    if (!segment) return fail(400, "a malformed escape in the path");
    if (segment->find('\0') != std::string::npos) return fail(400, "a NUL in the path");
    if (*segment == "." || *segment == "..") return fail(400, "a dot segment in the path");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

// RFC 9112 section 3.2: one Host field, and it has to agree with an absolute target.
bool RequestParser::check_host() noexcept {
  const std::size_t count = request_.head_.count("Host");
  if (count > 1) return fail(400, "more than one Host field");
  if (count == 0 && request_.version_minor_ == 1) return fail(400, "no Host field");
  const std::string_view field = request_.header("Host").value_or(request_.host());
  const bool named = count != 0 || request_.host_in_target_;
  if (named && (!is_host(field) || !is_host(request_.host()))) {
    return fail(400, "a malformed host");
  }
  if (!equals_ignoring_case(field, request_.host())) {
    return fail(400, "the Host field and the target disagree");
  }
  return true;
}

// RFC 9112 section 6, where requests are smuggled: whatever two readers could see differently is
// refused.
bool RequestParser::read_framing() noexcept {
  const HttpHead& head = request_.head_;
  const std::size_t lengths = head.count("Content-Length");
  if (head.count("Transfer-Encoding") != 0) {
    if (lengths != 0) return fail(400, "both Transfer-Encoding and Content-Length");
    if (request_.version_minor_ == 0) return fail(400, "Transfer-Encoding in HTTP/1.0");
    return fail(501, "Transfer-Encoding is not implemented");
  }
  if (lengths > 1) return fail(400, "more than one Content-Length");
  if (lengths == 1) {
    const std::string_view text = *head.header("Content-Length");
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
      return fail(400, "Content-Length is not a number");
    }
    std::size_t size = 0;
    for (const char c : text) {
      const auto digit = static_cast<std::size_t>(c - '0');
      // size * 10 + digit > body_bytes_max_, without overflow
      if (size > body_bytes_max_ / 10 || digit > body_bytes_max_ - size * 10) {
        return fail(413, "the body is too big");
      }
      size = size * 10 + digit;
    }
    request_.body_size_ = size;
  }
  request_.keep_alive_ =
      !head.has_token("Connection", "close") &&
      (request_.version_minor_ == 1 || head.has_token("Connection", "keep-alive"));
  return true;
}

ResponseParser::ResponseParser(const HttpLimits& limits) noexcept
    : reader_(limits, kStatusLineBytesMax) {}

HttpProgress ResponseParser::feed(std::string_view& bytes) {
  if (progress_ != HttpProgress::need_more) return progress_;
  progress_ = reader_.feed(bytes);
  if (progress_ == HttpProgress::failed) {
    problem_ = reader_.status() == 414 ? "the status line is too long" : reader_.problem();
  } else if (progress_ == HttpProgress::done) {
    response_.head = reader_.take();
    // "HTTP/1.1 200 OK"; the reason may be missing with its space (RFC 9112 section 4).
    const std::string_view line = response_.head.start_line();
    const Version version = read_version(line.substr(0, kVersionBytes));
    const bool formed = (version == Version::http10 || version == Version::http11) &&
                        line.size() >= 12 && line[8] == ' ' && line[9] >= '1' && line[9] <= '5' &&
                        is_digit(line[10]) && is_digit(line[11]) &&
                        (line.size() == 12 || line[12] == ' ');
    if (!formed) {
      problem_ = "the status line is malformed";
      progress_ = HttpProgress::failed;
      return progress_;
    }
    response_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  }
  return progress_;
}

ResponseHead ResponseParser::take() noexcept {
  PLUV_ASSERT(progress_ == HttpProgress::done);
  progress_ = HttpProgress::need_more;
  return std::exchange(response_, ResponseHead());
}

Response& Response::header(std::string_view name, std::string_view value) & {
  append_field(headers_, name, value);
  return *this;
}

Response&& Response::header(std::string_view name, std::string_view value) && {
  return std::move(header(name, value));
}

Response& Response::body(std::string_view content_type, std::string bytes) & {
  content_type_ = content_type;
  body_ = std::move(bytes);
  return *this;
}

Response&& Response::body(std::string_view content_type, std::string bytes) && {
  return std::move(body(content_type, std::move(bytes)));
}

// RFC 9110 sections 6.4.1 and 15: these have no content, and no Content-Length.
bool Response::has_content() const noexcept {
  return status_ >= 200 && status_ != 204 && status_ != 304;
}

void append_response(std::string& out, const Response& response, const ResponseOptions& options) {
  append_response_head(out, response, options);
  if (response.has_content() && !options.head_only) out.append(response.body());
}

void append_response_head(std::string& out, const Response& response,
                          const ResponseOptions& options) {
  PLUV_ASSERT(response.status_ >= 100 && response.status_ <= 599);
  out.append("HTTP/1.1 ").append(std::to_string(response.status_)).append(" ");
  out.append(status_reason(response.status_)).append("\r\n").append(response.headers_);
  if (response.has_content()) {
    if (!response.content_type_.empty()) append_field(out, "Content-Type", response.content_type_);
    append_field(out, "Content-Length", std::to_string(response.body_.size()));
  }
  if (!options.keep_alive) append_field(out, "Connection", "close");
  out.append("\r\n");
}

Response error_response(int status, std::string_view message) {
  return Response(status).body("text/plain; charset=utf-8", std::string(message) + "\n");
}

std::string_view status_reason(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

}  // namespace pluv::net
