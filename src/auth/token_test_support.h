// What the token tests share: keys, a request that is right, and tokens around any claims at all.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "auth/token.h"

namespace pluv::auth::testing_support {

inline constexpr std::int64_t kNowMs = 1'700'000'000'000;
inline constexpr std::int64_t kNowS = kNowMs / 1000;
inline constexpr std::string_view kSecret = "correct horse battery staple";
inline constexpr std::string_view kRoom = "my-room";

inline TokenKeys keys_of(std::string_view secret = kSecret) {
  return TokenKeys::from_secret(secret).value();
}

inline TokenRequest request() {
  TokenRequest out;
  out.room = kRoom;
  out.user_json = R"({"id":"u_1","name":"Zoë"})";
  out.user_id = "u_1";
  out.now_unix_ms = kNowMs;
  for (std::size_t at = 0; at < out.iv.size(); ++at) out.iv[at] = static_cast<std::uint8_t>(at);
  for (std::size_t at = 0; at < out.id_random.size(); ++at) {
    out.id_random[at] = static_cast<std::uint8_t>(at);
  }
  return out;
}

// A token with a good seal around these claims.
inline std::string sealed(const TokenKeys& keys, std::string_view claims) {
  return jwe_seal(keys, claims, request().iv).value();
}

// Why a token was refused; "accepted" when it was not.
inline std::string refusal(const Result<TokenClaims>& decoded) {
  if (decoded.ok()) return "accepted";
  EXPECT_EQ(decoded.error().code, ErrorCode::unauthorized) << decoded.error().message;
  return decoded.error().message;
}

}  // namespace pluv::auth::testing_support
