#include "base/base64.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>

namespace pluv {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "Zm9v\n", "Zm 9", "Zg==Zg==", "Zm8-"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
  EXPECT_EQ(base64url_decode("-_8"), std::string("\xfb\xff", 2));
  EXPECT_EQ(base64url_decode("+/8"), std::nullopt);
  EXPECT_EQ(base64url_decode("Z"), std::nullopt);
}

TEST(Base64, UrlFormHasNoPadding) {
  EXPECT_EQ(base64url_encode(std::string("\xfb\xff", 2)), "-_8");
  EXPECT_EQ(base64url_encode("f"), "Zg");
}

// One bit after the other, as RFC 4648 says it.
std::string encoded_bit_by_bit(const std::string& bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t value = 0;
  for (std::size_t bit = 0; bit < (bytes.size() * 8 + 5) / 6 * 6; ++bit) {
    const std::size_t at = bit / 8;
    const auto byte = at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : std::uint8_t{0};
    value = value << 1 | ((byte >> (7 - bit % 8)) & 1u);
    if (bit % 6 != 5) continue;
    out.push_back(kAlphabet[value]);
    value = 0;
  }
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

TEST(Base64, IsTheSameForAllLengths) {
  std::mt19937 random(1);
  std::string bytes;
  for (int size = 0; size < 400; ++size) {
    const std::string text = encoded_bit_by_bit(bytes);
    EXPECT_EQ(base64_encode(bytes), text) << size;
    EXPECT_EQ(base64_decode(text), bytes) << size;
    std::string appended = "before";
    base64_append(appended, bytes);
    EXPECT_EQ(appended, "before" + text);
    bytes.push_back(static_cast<char>(random()));
  }
}

TEST(Base64, HasEachValueAtEachPlace) {
  for (std::size_t place = 0; place < 96; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes(96, '\x5a');
      bytes[place] = static_cast<char>(byte);
      const std::string text = encoded_bit_by_bit(bytes);
      ASSERT_EQ(base64_encode(bytes), text);
      ASSERT_EQ(base64_decode(text), bytes);
    }
  }
}

TEST(Base64, RefusesEachForeignCharacterAtEachPlace) {
  const std::string text = encoded_bit_by_bit(std::string(96, '\x5a'));
  for (std::size_t place = 0; place < text.size(); ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      const auto c = static_cast<char>(byte);
      const bool own = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '+' || c == '/';
      std::string changed = text;
      changed[place] = c;
      // At the very end = is padding.
      const bool padding = c == '=' && place + 1 == text.size();
      if (padding) continue;
      ASSERT_EQ(base64_decode(changed).has_value(), own) << place << " " << byte;
    }
  }
}

}  // namespace
}  // namespace pluv
