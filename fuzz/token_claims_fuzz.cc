// Tokens from whoever has the secret, with any claims; tokens of ours with any bytes changed; and
// any text percent-encoded: what is accepted is for this room, not expired, within the limits, and
// was sealed by the key; what was changed is refused.
// link: auth json base
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/jwe.h"
#include "auth/token.h"
#include "base/assert.h"
#include "base/permissions.h"
#include "json/reader.h"

namespace {

using namespace pluv::auth;

constexpr std::int64_t kNowMs = 1'795'467'862'000;

const TokenKeys& keys() {
  static const TokenKeys made = [] {
    auto keys = TokenKeys::from_secret("fuzzing secret");
    PLUV_ASSERT(keys.ok());
    return std::move(keys).value();
  }();
  return made;
}

void try_claims(std::string_view claims) {
  const auto token = jwe_seal(keys(), claims, JweIv{1, 2, 3});
  PLUV_ASSERT(token.ok());
  const auto opened = jwe_open(keys(), *token);
  PLUV_ASSERT(opened.ok() && *opened == claims);
  const auto decoded = decode_token(keys(), *token, "room", kNowMs);
  if (!decoded.ok()) {
    PLUV_ASSERT(decoded.error().code == pluv::ErrorCode::unauthorized);
    return;
  }
  const TokenLimits limits;
  PLUV_ASSERT(pluv::json::validate(claims).ok());
  PLUV_ASSERT(decoded->room == "room");
  PLUV_ASSERT(decoded->expires_at_s * 1000 > kNowMs - kTokenClockToleranceMsDefault);
  PLUV_ASSERT(!decoded->user_id.empty());
  PLUV_ASSERT(decoded->user_json.size() <= limits.user_bytes_max);
  PLUV_ASSERT(pluv::json::validate(decoded->user_json).ok());
  PLUV_ASSERT(pluv::json::kind_of(decoded->user_json) == pluv::json::Kind::object);
  const auto allowed = pluv::Permissions::parse(decoded->permissions);
  PLUV_ASSERT(allowed.ok() && allowed->may_read());
  const bool has_pattern = claims.find('*') != std::string_view::npos ||
                           claims.find("\\u") != std::string_view::npos;  // which may spell it
  PLUV_ASSERT(has_pattern || !decode_token(keys(), *token, "other", kNowMs).ok());
  // Made again from what was read, it says the same.
  const auto again = encode_token(keys(), {.room = "room",
                                           .user_json = decoded->user_json,
                                           .user_id = decoded->user_id,
                                           .now_unix_ms = kNowMs});
  PLUV_ASSERT(again.ok());
  const auto read = decode_token(keys(), *again, "room", kNowMs);
  PLUV_ASSERT(read.ok() && read->user_json == decoded->user_json);
  PLUV_ASSERT(read->user_id == decoded->user_id);
}

// Pairs of bytes: where a good token is changed, and into what.
void try_changes(std::string_view changes) {
  static const std::string good =
      encode_token(
          keys(),
          {.room = "room", .user_json = R"({"id":"ann"})", .user_id = "ann", .now_unix_ms = kNowMs})
          .value();
  PLUV_ASSERT(decode_token(keys(), good, "room", kNowMs).ok());
  std::string token = good;
  for (std::size_t at = 0; at + 1 < changes.size() && at < 16; at += 2) {
    token[static_cast<std::uint8_t>(changes[at]) % token.size()] = changes[at + 1];
  }
  const bool same = token == good;
  const auto decoded = decode_token(keys(), token, "room", kNowMs);
  const auto normal = normalize_token(token);
  PLUV_ASSERT(decoded.ok() == (normal.ok() && *normal == good) || same);
}

void try_encoded(std::string_view text) {
  const TokenLimits limits;
  const auto normal = normalize_token(text);
  if (!normal.ok()) {
    PLUV_ASSERT(normal.error().code == pluv::ErrorCode::unauthorized);
    return;
  }
  PLUV_ASSERT(normal->size() <= limits.token_bytes_max && normal->size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 4 == 0) {
    try_changes(bytes);
  } else if (data[0] % 4 == 1) {
    try_encoded(bytes);
  } else {
    try_claims(bytes);
  }
  return 0;
}
