// Room tokens: who a connection is and which room it may enter, as an encrypted JWT (RFC 7519 in a
// JWE, see jwe.h). Existing deployments make and read the same tokens (npm jose). Pure functions of
// their arguments, safe from any thread: the caller gives the time and the random bytes. Nothing
// here logs, and no error names a secret, a key or a part of a token.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/jwe.h"
#include "auth/token_keys.h"
#include "base/limits.h"
#include "base/result.h"

namespace pluv::auth {

inline constexpr std::int64_t kTokenAgeMsDefault = 60'000;
inline constexpr std::int64_t kTokenAgeMsMax = std::int64_t{366} * 24 * 3600 * 1000;  // a year
inline constexpr std::int64_t kTokenClockToleranceMsDefault = 15'000;

// What is accepted and what is made.
struct TokenLimits {
  std::size_t token_bytes_max = std::size_t{8} * 1024;  // before it is decrypted, or parsed at all
  std::size_t user_id_chars_max = Limits{}.user_id_chars_max;
  std::size_t user_bytes_max = Limits{}.user_bytes_max;
};

struct TokenPolicy {
  // Clocks of the server that made the token and of this one may differ by so much.
  std::int64_t clock_tolerance_ms = kTokenClockToleranceMsDefault;
  TokenLimits limits;
};

struct TokenRequest {
  std::string_view room;       // is_room_id, or is_room_pattern when the permissions are an object
  std::string_view user_json;  // a JSON object that passed the user schema, with a string "id"
  std::string_view user_id;    // that same id
  std::int64_t max_age_ms = kTokenAgeMsDefault;  // 1 to kTokenAgeMsMax; rounded up to a second
  std::int64_t now_unix_ms = 0;
  JweIv iv{};                                // random, never used before
  std::array<std::uint8_t, 16> id_random{};  // becomes the token's id, a UUID v4
  TokenLimits limits{};
  std::string_view permissions{};  // the claim's raw JSON (token_permissions.h); empty: everything
};

// What a token that was accepted says. The user still has to pass the application's schema.
struct TokenClaims {
  std::string room;  // that was asked for
  std::string user_id;
  std::string user_json;          // an object, without white space
  std::int64_t issued_at_s = 0;   // unix; 0 when the token does not say
  std::int64_t expires_at_s = 0;  // unix
  std::string id;                 // "jti"; empty when the token does not say
  std::string permissions = "*";  // in this room: the text form of Permissions; may read
};

// A token under the newest secret, made of letters, digits, '-', '_' and '.' (safe in a URL).
// Errors: invalid for a room, user, age, time or permissions that are none; limit for a user, age,
// permissions or token over its limit; internal when the crypto library fails.
[[nodiscard]] Result<std::string> encode_token(const TokenKeys& keys, const TokenRequest& request);

// The claims of a token for this room that is not expired: exp > now - tolerance, in seconds. Like
// npm jose, it takes a token of the future ("iat") but none that is not valid yet ("nbf").
// The token may be percent-encoded (normalize_token). Every error is unauthorized and its message
// says which check refused (internal only when the crypto library cannot work).
[[nodiscard]] Result<TokenClaims> decode_token(const TokenKeys& keys, std::string_view token,
                                               std::string_view room, std::int64_t now_unix_ms,
                                               const TokenPolicy& policy = {});

// Undoes percent-encoding (RFC 3986 section 2.1) done once or twice: clients encode a token before
// it is put, and encoded again, into a query. Error unauthorized for a malformed sequence, for a
// third encoding and for a result over token_bytes_max.
[[nodiscard]] Result<std::string> normalize_token(std::string_view token,
                                                  const TokenLimits& limits = {});

}  // namespace pluv::auth
