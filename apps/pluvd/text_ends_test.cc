#include "apps/pluvd/text_ends.h"

#include <gtest/gtest.h>

namespace pluv::apps {
namespace {

TEST(TextEnds, WhatBothBeginAndEndWith) {
  const CommonEnds ends = common_ends("one two three", "one 2 three");
  EXPECT_EQ(ends.front, 4U);
  EXPECT_EQ(ends.back, 6U);
}

TEST(TextEnds, NeverOverlap) {
  const CommonEnds ends = common_ends("aaa", "aaaa");
  EXPECT_EQ(ends.front, 3U);
  EXPECT_EQ(ends.back, 0U);
  EXPECT_EQ(common_ends("same", "same").front, 4U);
  EXPECT_EQ(common_ends("", "a").front, 0U);
}

TEST(TextEnds, StayOutOfCharacters) {
  // Both letters begin with the byte C3; the last two end with 80.
  EXPECT_EQ(common_ends("\xc3\xa9", "\xc3\xa8").front, 0U);
  EXPECT_EQ(common_ends("\xe2\x82\x80", "\xe2\x81\x80").back, 0U);
}

}  // namespace
}  // namespace pluv::apps
