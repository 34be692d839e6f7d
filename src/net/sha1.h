// SHA-1 (RFC 3174), for the WebSocket handshake alone, where it is a checksum and no secret depends
// on it. Not for anything else: SHA-1 is broken as a cryptographic hash.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pluv::net {

[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view bytes) noexcept;

}  // namespace pluv::net
