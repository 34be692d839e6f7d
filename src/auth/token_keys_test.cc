#include "auth/token_keys.h"

#include <gtest/gtest.h>

namespace pluv::auth {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

// Computed with node:crypto's hkdfSync and the openssl program.
TEST(TokenKeys, derives_what_hkdf_sha256_gives) {
  const Result<TokenKeys> phrase = TokenKeys::from_secret("correct horse battery staple");
  ASSERT_TRUE(phrase.ok());
  EXPECT_EQ(hex(phrase->signing().bytes()),
            "34b67a880c87a45d6165c9efc7a1ea57a16db7934d39e8b7f7c533ff2b651803");
  const Result<TokenKeys> letter = TokenKeys::from_secret("x");
  ASSERT_TRUE(letter.ok());
  EXPECT_EQ(hex(letter->signing().bytes()),
            "d55ac0b7364ba0d20fce16b7854ce06b291b54ac2faef0f783244e43634140bf");
}

TEST(TokenKeys, signs_with_the_first_secret_and_reads_with_all_in_order) {
  const std::string_view secrets[] = {"x", "correct horse battery staple"};
  const Result<TokenKeys> keys = TokenKeys::from_secrets(secrets);
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(hex(keys->signing().bytes()).substr(0, 8), "d55ac0b7");
  ASSERT_EQ(keys->reading().size(), 2u);
  EXPECT_EQ(hex(keys->reading()[0].bytes()).substr(0, 8), "d55ac0b7");
  EXPECT_EQ(hex(keys->reading()[1].bytes()).substr(0, 8), "34b67a88");
}

TEST(TokenKeys, refuses_no_secret_and_an_empty_one) {
  EXPECT_EQ(TokenKeys::from_secrets({}).error().code, ErrorCode::invalid);
  EXPECT_EQ(TokenKeys::from_secret("").error().code, ErrorCode::invalid);
  const std::string_view secrets[] = {"x", ""};
  EXPECT_EQ(TokenKeys::from_secrets(secrets).error().code, ErrorCode::invalid);
}

TEST(TokenKeys, takes_eight_secrets_and_not_nine) {
  const std::vector<std::string_view> secrets(kTokenSecretsMax + 1, "x");
  const std::span all(secrets);
  EXPECT_TRUE(TokenKeys::from_secrets(all.first(kTokenSecretsMax - 1)).ok());
  EXPECT_TRUE(TokenKeys::from_secrets(all.first(kTokenSecretsMax)).ok());
  EXPECT_EQ(TokenKeys::from_secrets(all).error().code, ErrorCode::limit);
}

TEST(TokenKey, wipes_its_bytes_when_it_is_moved_from_and_when_it_goes) {
  std::array<std::uint8_t, kTokenKeyBytes> bytes;
  bytes.fill(0xab);
  alignas(TokenKey) std::array<std::uint8_t, sizeof(TokenKey)> place;
  auto* key = new (place.data()) TokenKey(bytes);
  {
    TokenKey moved(std::move(*key));
    EXPECT_EQ(moved.bytes()[0], 0xab);
    EXPECT_EQ(hex(place), std::string(64, '0'));  // NOLINT: the moved-from key is what is looked at
  }
  key->~TokenKey();
  key = new (place.data()) TokenKey(bytes);
  EXPECT_EQ(hex(place).substr(0, 4), "abab");
  key->~TokenKey();
  EXPECT_EQ(hex(place), std::string(64, '0'));
}

}  // namespace
}  // namespace pluv::auth
