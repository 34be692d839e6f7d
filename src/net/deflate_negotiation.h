// Negotiation of permessage-deflate (RFC 7692 section 7.1) in the Sec-WebSocket-Extensions field,
// both sides. Values in, values out; needs no zlib and owns nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::net {

// zlib cannot compress raw streams with a window of 2^8, so an offer that asks for it is declined;
// a peer may still use 8 for itself.
inline constexpr int kDeflateWindowBitsMin = 9;
inline constexpr int kDeflateWindowBitsMax = 15;

enum class ContextTakeover : std::uint8_t { no, yes };

// What this endpoint wants. Memory of a connection with takeover, in bytes:
// deflate 2^(window_bits + 2) + 2^(memory_level + 9), inflate 2^window_bits + about 7 KiB.
struct DeflatePolicy {
  int server_window_bits = 11;  // 9-15: at most this for what the server sends
  int client_window_bits = 11;  // 9-15: at most this for what the client sends, if it can
  ContextTakeover server_takeover = ContextTakeover::yes;
  ContextTakeover client_takeover = ContextTakeover::yes;
};

// What both agreed on (RFC 7692 section 7.1).
struct DeflateAgreement {
  ContextTakeover server_takeover = ContextTakeover::yes;
  ContextTakeover client_takeover = ContextTakeover::yes;
  int server_window_bits = 15;              // 9-15
  int client_window_bits = 15;              // 8-15
  bool client_window_bits_offered = false;  // the answer may name client_max_window_bits

  bool operator==(const DeflateAgreement&) const = default;
};

// Server: the first offer that can be accepted, nullopt when there is none. header is the value of
// Sec-WebSocket-Extensions, several fields joined by commas. Offers with unknown, repeated or
// malformed parameters are declined (section 5.1); a header that breaks the grammar of RFC 6455
// section 9.1 is an error (answer 400).
[[nodiscard]] Result<std::optional<DeflateAgreement>> negotiate_deflate(
    std::string_view header, const DeflatePolicy& policy);
// Server: the value of Sec-WebSocket-Extensions in the answer.
[[nodiscard]] std::string deflate_answer(const DeflateAgreement& agreement);

// Client: the value of Sec-WebSocket-Extensions in the request.
[[nodiscard]] std::string deflate_offer(const DeflatePolicy& policy);
// Client: reads the server's answer to deflate_offer(policy). nullopt when the server declined (an
// empty header), an error when it answered what was not offered: the connection must be failed.
[[nodiscard]] Result<std::optional<DeflateAgreement>> read_deflate_answer(
    std::string_view header, const DeflatePolicy& policy);

}  // namespace pluv::net
