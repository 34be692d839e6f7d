#include "ycrdt/hash_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::ycrdt {
namespace {

TEST(HashIndex, FindsWhatWasInserted) {
  HashIndex index;
  const auto find = [&](std::uint32_t i) {
    return index.find(mix64(i), [&](std::uint32_t found) { return found == i; });
  };
  EXPECT_EQ(find(1), kNone);
  for (std::uint32_t i = 1; i <= 1000; ++i) {
    index.insert(mix64(i), i);
    ASSERT_EQ(find(i), i);
    ASSERT_EQ(find(i + 1), kNone);
  }
  for (std::uint32_t i = 1; i <= 1000; ++i) ASSERT_EQ(find(i), i);
  EXPECT_GE(index.capacity_bytes(), 8u * 1000);
}

TEST(HashIndex, EqualHashesAreToldApartByTheCaller) {
  HashIndex index;
  const std::vector<std::string> texts = {"", "one", "two", "three"};
  for (std::uint32_t i = 1; i < texts.size(); ++i) index.insert(42, i);
  for (std::uint32_t i = 1; i < texts.size(); ++i) {
    EXPECT_EQ(index.find(42, [&](std::uint32_t at) { return texts[at] == texts[i]; }), i);
  }
  EXPECT_EQ(index.find(42, [](std::uint32_t) { return false; }), kNone);
}

// The newest first, in spite of what shares their hash and of growing between.
TEST(HashIndex, InsertionsCanBeTakenBackInReverse) {
  HashIndex index;
  const auto hash = [](std::uint32_t i) { return std::uint64_t{i} % 5 + 6; };
  const auto find = [&](std::uint32_t i) {
    return index.find(hash(i), [&](std::uint32_t found) { return found == i; });
  };
  constexpr std::uint32_t kCount = 100;
  for (int round = 0; round < 3; ++round) {
    for (std::uint32_t i = 1; i <= kCount; ++i) index.insert(hash(i), i);
    for (std::uint32_t i = kCount; i > 0; --i) {
      ASSERT_EQ(find(i), i);
      index.erase_last(hash(i), i);
      ASSERT_EQ(find(i), kNone);
      for (std::uint32_t other = 1; other < i; ++other) ASSERT_EQ(find(other), other);
    }
  }
}

TEST(HashIndex, TextsHashByTheirBytesTheirLengthAndTheSeed) {
  EXPECT_EQ(hash_text("abcdefgh", 1), hash_text(std::string("abcdefgh"), 1));
  EXPECT_NE(hash_text("abcdefgh", 1), hash_text("abcdefgh", 2));
  using namespace std::string_view_literals;
  // A tail is filled up with zeros; the length tells them apart.
  EXPECT_NE(hash_text("a"sv, 1), hash_text("a\0"sv, 1));
  EXPECT_NE(hash_text(""sv, 1), hash_text("\0"sv, 1));
  EXPECT_NE(hash_text("abcdefgh"sv, 1), hash_text("abcdefgh\0"sv, 1));
  EXPECT_NE(hash_text("abcdefghi"sv, 1), hash_text("abcdefghj"sv, 1));
  EXPECT_NE(hash_text("abcdefgh01234567"sv, 1), hash_text("abcdefgi01234567"sv, 1));
}

}  // namespace
}  // namespace pluv::ycrdt
