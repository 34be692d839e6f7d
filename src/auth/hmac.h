// HMAC-SHA-256 (RFC 2104, RFC 6234) and comparison in constant time: what a signed webhook needs.
// Free functions that keep nothing; safe from any thread. Never logs a key or a message.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::auth {

inline constexpr std::size_t kHmacSha256HexSize = 64;

// The MAC of message under key as 64 lower-case hex characters. Any key length works, also none.
// Error internal when the crypto library fails (out of memory).
[[nodiscard]] Result<std::string> hmac_sha256_hex(std::string_view key, std::string_view message);

// Whether both texts are the same, by their SHA-256. The time taken tells nothing of where they
// differ, nor whether their lengths do: only how many blocks of 64 bytes each of them has.
[[nodiscard]] bool equal_constant_time(std::string_view left, std::string_view right) noexcept;

}  // namespace pluv::auth
