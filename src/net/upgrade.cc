#include "net/upgrade.h"

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/base64.h"
#include "net/sha1.h"

namespace pluv::net {
namespace {

// RFC 6455 section 1.3.
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16;

UpgradeCheck refuse(int status, const char* problem) {
  UpgradeCheck check;
  check.status = status;
  check.problem = problem;
  return check;
}

bool is_line_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_target(std::string_view text) noexcept {
  return text.starts_with('/') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool wants_websocket(const Request& request) noexcept {
  return request.head().has_token("Upgrade", "websocket");
}

UpgradeCheck check_upgrade(const Request& request) {
  const HttpHead& head = request.head();
  if (request.method() != "GET") return refuse(405, "a WebSocket is opened with GET");
  if (request.version_minor() != 1) return refuse(400, "a WebSocket is opened with HTTP/1.1");
  if (request.body_size() != 0) return refuse(400, "a WebSocket is opened without a body");
  if (!wants_websocket(request)) return refuse(426, "the Upgrade field does not name websocket");
  if (!head.has_token("Connection", "upgrade")) {
    return refuse(400, "the Connection field does not name upgrade");
  }
  if (head.count("Sec-WebSocket-Version") != 1 || head.header("Sec-WebSocket-Version") != "13") {
    return refuse(426, "the WebSocket version is not 13");
  }
  if (head.count("Sec-WebSocket-Key") != 1) return refuse(400, "not one Sec-WebSocket-Key");
  // Which of two pages is meant, a proxy may see differently from who checks it here.
  if (head.count("Origin") > 1) return refuse(400, "more than one Origin");
  const std::string_view key = *head.header("Sec-WebSocket-Key");
  const std::optional<std::string> bytes = base64_decode(key);
  if (!bytes || bytes->size() != kKeyBytes) return refuse(400, "a malformed Sec-WebSocket-Key");
  UpgradeCheck check;
  check.accept = websocket_accept(key);
  return check;
}

Response upgrade_refusal(const UpgradeCheck& check) {
  PLUV_ASSERT(!check.ok());
  Response response = error_response(check.status, check.problem);
  if (check.status == 405) response.header("Allow", "GET");
  if (check.status == 426) {
    // RFC 9110 section 15.5.22 asks for the Upgrade field, RFC 6455 section 4.4 for the version.
    response.header("Upgrade", "websocket").header("Connection", "upgrade");
    response.header("Sec-WebSocket-Version", "13");
  }
  return response;
}

void append_upgrade_answer(std::string& out, const UpgradeAnswer& answer) {
  PLUV_ASSERT(is_line_text(answer.accept) && is_line_text(answer.extensions) &&
              is_line_text(answer.protocol));
  out.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  append_field(out, "Sec-WebSocket-Accept", answer.accept);
  append_field(out, "Sec-WebSocket-Extensions", answer.extensions);
  append_field(out, "Sec-WebSocket-Protocol", answer.protocol);
  out.append("\r\n");
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text.append(kGuid);
  const std::array<std::uint8_t, 20> digest = sha1(text);
  return base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string websocket_key(const std::array<std::uint8_t, 16>& random) {
  return base64_encode({reinterpret_cast<const char*>(random.data()), random.size()});
}

Result<void> append_upgrade_request(std::string& out, const UpgradeRequest& request) {
  const auto bad = [](const char* what) { return Error{ErrorCode::invalid, what}; };
  if (!is_target(request.target)) return bad("The target is not an encoded path");
  if (request.host.empty() || !is_line_text(request.host)) return bad("The host is malformed");
  if (!is_line_text(request.key) || !is_line_text(request.origin) ||
      !is_line_text(request.extensions) || !is_line_text(request.protocol)) {
    return bad("A header field holds a control character");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_http_token(name) || !is_line_text(value)) return bad("A header field is malformed");
  }
  out.append("GET ").append(request.target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", request.host);
  out.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  append_field(out, "Sec-WebSocket-Key", request.key);
  append_field(out, "Origin", request.origin);
  append_field(out, "Sec-WebSocket-Extensions", request.extensions);
  append_field(out, "Sec-WebSocket-Protocol", request.protocol);
  for (const auto& [name, value] : request.headers) append_field(out, name, value);
  out.append("\r\n");
  return {};
}

Result<void> check_upgrade_answer(const ResponseHead& response, std::string_view key) {
  if (response.status != 101) {
    const ErrorCode code = response.status == 401   ? ErrorCode::unauthorized
                           : response.status == 403 ? ErrorCode::forbidden
                           : response.status == 503 ? ErrorCode::unavailable
                                                    : ErrorCode::invalid;
    return Error{code, "The server answered " + std::to_string(response.status)};
  }
  const HttpHead& head = response.head;
  if (!head.has_token("Upgrade", "websocket") || !head.has_token("Connection", "upgrade")) {
    return Error{ErrorCode::invalid, "The server did not switch to WebSocket"};
  }
  if (head.count("Sec-WebSocket-Accept") != 1 ||
      head.header("Sec-WebSocket-Accept") != websocket_accept(key)) {
    return Error{ErrorCode::invalid, "The server's Sec-WebSocket-Accept is wrong"};
  }
  return {};
}

}  // namespace pluv::net
