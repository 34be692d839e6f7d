#include "ycrdt/utf16.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::ycrdt {
namespace {

TEST(Utf16, CountsAndFindsCodeUnits) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";  // a é € 😀 z
  EXPECT_EQ(utf16_length(text), 6u);
  const std::size_t bytes[] = {0, 1, 3, 6, 6, 10, 11};
  for (std::size_t index = 0; index <= 6; ++index) {
    EXPECT_EQ(utf16_position(text, index).byte, bytes[index]) << index;
    EXPECT_EQ(utf16_position(text, index).inside_pair, index == 4) << index;
  }
  EXPECT_EQ(utf16_length(""), 0u);
  EXPECT_EQ(utf16_position("", 0).byte, 0u);
}

// The ASCII check looks at eight bytes at once, so a character that is none may hide anywhere.
TEST(Utf16, FindsTheOneCharacterThatIsNotAscii) {
  for (std::size_t size = 0; size < 20; ++size) {
    const std::string ascii(size, 'x');
    EXPECT_EQ(utf16_length(ascii), size);
    for (std::size_t at = 0; at <= size; ++at) {
      std::string text = ascii;
      text.insert(at, "\xF0\x9F\x98\x80");
      EXPECT_EQ(utf16_length(text), size + 2);
      EXPECT_EQ(utf16_position(text, size + 2).byte, size + 4);
      EXPECT_EQ(utf16_position(text, at + 1).inside_pair, true);
      text = ascii;
      text.insert(at, "\x80");
      EXPECT_EQ(utf16_length(text), std::nullopt);
    }
  }
}

TEST(Utf16, TextThatIsNotUtf8HasNoLength) {
  for (const char* text : {"\xED\xA0\x80",      // half a surrogate pair
                           "\xC0\x80",          // longer than need be
                           "\xF4\x90\x80\x80",  // beyond U+10FFFF
                           "\xE2\x82", "\xFF"}) {
    EXPECT_EQ(utf16_length(text), std::nullopt);
  }
  EXPECT_EQ(utf16_length("\xF4\x8F\xBF\xBF"), 2u);
  EXPECT_EQ(utf16_length(kReplacement), 1u);
}

}  // namespace
}  // namespace pluv::ycrdt
