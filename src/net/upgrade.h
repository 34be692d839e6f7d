// The WebSocket opening handshake (RFC 6455 section 4), both sides, sans-IO: whether a request is
// a proper upgrade, the 101 answer, a client's request, and whether an answer completes it. Owns
// nothing and draws no random numbers: a client brings the 16 bytes of its key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace pluv::net {

// Whether the request asks for a WebSocket at all (its Upgrade field names one); others are plain
// HTTP.
[[nodiscard]] bool wants_websocket(const Request& request) noexcept;

// What a server makes of an upgrade request (section 4.2.1).
struct UpgradeCheck {
  int status = 101;  // 101, or 400, 405, 426 to refuse it
  const char* problem = "";
  std::string accept;  // for 101: the value of Sec-WebSocket-Accept

  [[nodiscard]] bool ok() const noexcept { return status == 101; }
};
[[nodiscard]] UpgradeCheck check_upgrade(const Request& request);
// The answer to a refused check; names version 13 with 426.
[[nodiscard]] Response upgrade_refusal(const UpgradeCheck& check);

struct UpgradeAnswer {
  std::string_view accept = {};      // of UpgradeCheck
  std::string_view extensions = {};  // value of Sec-WebSocket-Extensions, empty for none
  std::string_view protocol = {};    // value of Sec-WebSocket-Protocol, empty for none
};
void append_upgrade_answer(std::string& out, const UpgradeAnswer& answer);

// base64(SHA-1(key + the protocol's GUID)) (section 4.2.2).
[[nodiscard]] std::string websocket_accept(std::string_view key);

// --- Client

// The value of Sec-WebSocket-Key from 16 random bytes.
[[nodiscard]] std::string websocket_key(const std::array<std::uint8_t, 16>& random);

struct UpgradeRequest {
  std::string_view host = {};        // "host[:port]"
  std::string_view target = {};      // "/path?query", already encoded
  std::string_view key = {};         // websocket_key()
  std::string_view origin = {};      // empty for none
  std::string_view extensions = {};  // empty for none
  std::string_view protocol = {};    // empty for none
  std::vector<std::pair<std::string_view, std::string_view>> headers = {};  // further fields
};
// ErrorCode::invalid when a value holds what would break the request's lines.
[[nodiscard]] Result<void> append_upgrade_request(std::string& out, const UpgradeRequest& request);
// Checks the server's answer (section 4.1): 101, the two tokens, the accept value. Which extension
// or protocol was answered is the caller's to check. ErrorCode::unauthorized for 401,
// ErrorCode::forbidden for 403, ErrorCode::unavailable for 503, ErrorCode::invalid else.
[[nodiscard]] Result<void> check_upgrade_answer(const ResponseHead& response, std::string_view key);

}  // namespace pluv::net
