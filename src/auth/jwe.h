// JSON Web Encryption in its compact form (RFC 7516), the one profile that room tokens use: header
// {"alg":"dir","enc":"A256GCM"}, no encrypted key, AES-256-GCM. Knows nothing of claims, reads no
// clock, draws no randomness. Free functions, safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/token_keys.h"
#include "base/result.h"

namespace pluv::auth {

inline constexpr std::size_t kJweIvBytes = 12;

// Never use an iv twice with one key (NIST SP 800-38D section 8): draw it.
using JweIv = std::array<std::uint8_t, kJweIvBytes>;

// The plaintext under the signing key. Error internal when the crypto library fails.
[[nodiscard]] Result<std::string> jwe_seal(const TokenKeys& keys, std::string_view plaintext,
                                           const JweIv& iv);

// The plaintext of a token that one of the keys made. Errors, all unauthorized: not five parts,
// not canonical base64url, a header of another profile (other alg or enc, zip, crit), an encrypted
// key, an iv or tag of the wrong size, or a tag that fits none of the keys. The caller bounds the
// token's size; time and memory are linear in it.
[[nodiscard]] Result<std::string> jwe_open(const TokenKeys& keys, std::string_view token);

}  // namespace pluv::auth
