// The ways of base64 and UTF-8 without AVX2 against those with it, over every length around a
// block, every place and every byte: a processor that lacks AVX2 is nowhere else in the tests.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "base/base64.h"
#include "base/base64_blocks.h"
#include "base/utf8.h"
#include "base/utf8_blocks.h"

namespace pluv {
namespace {

bool plain_utf8(std::string_view bytes) {
  Utf8Validator validator;
  return validator.feed_plain(bytes) && validator.complete();
}

std::string plain_base64(std::string_view bytes) {
  std::string out = "before";
  base64_append_plain(out, bytes);
  EXPECT_TRUE(out.starts_with("before"));
  return out.substr(6);
}

TEST(PlainWays, Base64OfEveryLengthIsTheSame) {
  std::mt19937 random(1);
  std::string bytes;
  for (int size = 0; size < 400; ++size) {
    const std::string text = base64_encode(bytes);
    EXPECT_EQ(plain_base64(bytes), text) << size;
    EXPECT_EQ(base64_decode_plain(text), bytes) << size;
    bytes.push_back(static_cast<char>(random()));
  }
}

TEST(PlainWays, EachCharacterAtEachPlaceIsTakenOrRefusedAlike) {
  const std::string text = base64_encode(std::string(96, '\x5a'));
  for (std::size_t place = 0; place < text.size(); ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text;
      changed[place] = static_cast<char>(byte);
      ASSERT_EQ(base64_decode_plain(changed), base64_decode(changed)) << place << " " << byte;
    }
  }
}

// Each pair of bytes at each place of a block and at its edges, in text that is good otherwise.
TEST(PlainWays, Utf8WithEachPairOfBytesAtEachPlaceIsJudgedAlike) {
  for (std::size_t place = 0; place < 70; ++place) {
    for (int first = 0x70; first < 256; ++first) {
      for (const int second : {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe1, 0xf1}) {
        std::string text = "\xc3\xa9" + std::string(place, 'a');
        text += {static_cast<char>(first), static_cast<char>(second)};
        text += "\x80\x80" + std::string(70, 'b');
        ASSERT_EQ(plain_utf8(text), is_utf8(text)) << place << " " << first << " " << second;
        text.erase(place + 4, 1);
        ASSERT_EQ(plain_utf8(text), is_utf8(text)) << place << " " << first << " " << second;
      }
    }
  }
}

// Where there is no AVX2 the blocks do nothing, and the tests above compare a way with itself.
TEST(PlainWays, BlocksDoSomethingWhereTheProcessorHasThem) {
  const std::string bytes(300, 'x');
  std::string text(400, '\0');
  std::string decoded(300, '\0');
#ifdef __x86_64__
  const bool expected = __builtin_cpu_supports("avx2") != 0;
#else
  const bool expected = false;
#endif
  EXPECT_EQ(base64_encode_blocks(bytes.data(), bytes.size(), text.data()) > 200, expected);
  EXPECT_EQ(base64_decode_blocks(text.data(), text.size(), decoded.data()) > 200, expected);
  EXPECT_EQ(utf8_valid_blocks(bytes.data(), bytes.size()) > 200, expected);
}

}  // namespace
}  // namespace pluv
