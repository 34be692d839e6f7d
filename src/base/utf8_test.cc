#include "base/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace pluv {
namespace {

TEST(Utf8, AcceptsEveryLengthAndRefusesMalformedForms) {
  EXPECT_TRUE(is_utf8("plain ascii, longer than eight bytes"));
  EXPECT_TRUE(is_utf8("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf"));
  for (const char* bytes :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xff"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

TEST(Utf8, ValidatorGivesTheSameAnswerAtEverySplit) {
  const std::string good = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  const std::string bad = "a\xc3\xa9\xed\xa0\x80z";
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(std::string_view(good).substr(0, cut)));
    EXPECT_TRUE(validator.feed(std::string_view(good).substr(cut)));
    EXPECT_TRUE(validator.complete());
  }
  for (std::size_t cut = 0; cut <= bad.size(); ++cut) {
    Utf8Validator validator;
    const bool first = validator.feed(std::string_view(bad).substr(0, cut));
    EXPECT_FALSE(first && validator.feed(std::string_view(bad).substr(cut)));
  }
}

bool is_utf8_byte_by_byte(std::string_view bytes) {
  Utf8Validator validator;
  for (const char c : bytes) {
    if (!validator.feed({&c, 1})) return false;
  }
  return validator.complete();
}

// Long texts are looked at many bytes at a time.
TEST(Utf8, LongTextsAreJudgedAsByteByByte) {
  constexpr std::string_view kCharacters[] = {"a",          "\u00e9",    "\u0416", "\u0800",
                                              "\u3042",     "\ud7ff",    "\ue000", "\uffff",
                                              "\U0001f600", "\U0010ffff"};
  constexpr char kBytes[] =
      "\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff";
  std::mt19937 random(1);
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    const std::size_t size = random() % 300;
    while (text.size() < size) text += kCharacters[random() % std::size(kCharacters)];
    if (random() % 4 == 0) text.resize(size);
    for (auto changes = random() % 3; changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = kBytes[random() % (sizeof kBytes - 1)];
    }
    const bool expected = is_utf8_byte_by_byte(text);
    ASSERT_EQ(is_utf8(text), expected) << testing::PrintToString(text);
    good += expected ? 1 : 0;
  }
  EXPECT_GT(good, 3'000);
  EXPECT_LT(good, 17'000);
}

// Two bytes of every kind at every place of a block, and at its end.
TEST(Utf8, EveryPairOfBytesIsJudgedAsByteByByte) {
  for (const std::size_t place : {30u, 31u, 32u, 61u, 62u, 63u, 64u, 94u, 95u}) {
    for (int pair = 0; pair < 0x10000; ++pair) {
      std::string text(97, 'x');
      text[0] = '\xc3';  // or it would be ASCII to begin with
      text[1] = '\xa9';
      text[place] = static_cast<char>(pair >> 8);
      text[place + 1] = static_cast<char>(pair & 0xff);
      ASSERT_EQ(is_utf8(text), is_utf8_byte_by_byte(text)) << place << " " << pair;
    }
  }
}

}  // namespace
}  // namespace pluv
