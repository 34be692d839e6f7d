#include "auth/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pluv::auth {
namespace {

using Id = std::array<std::uint8_t, 16>;

TEST(Random, fills_the_whole_span_and_differs_from_call_to_call) {
  std::array<std::uint8_t, 64> first{};
  std::array<std::uint8_t, 64> second{};
  ASSERT_TRUE(fill_random(first).ok());
  ASSERT_TRUE(fill_random(second).ok());
  EXPECT_NE(first, second);
  for (std::size_t at = 0; at < first.size(); at += 16) {  // 16 zeros: 2^-128
    EXPECT_TRUE(std::any_of(first.begin() + at, first.begin() + at + 16,
                            [](std::uint8_t byte) { return byte != 0; }));
  }
}

TEST(Random, takes_an_empty_span) {
  EXPECT_TRUE(fill_random({}).ok());
  RandomBuffer buffer;
  EXPECT_TRUE(buffer.fill({}).ok());
}

TEST(RandomBuffer, never_gives_the_same_bytes_twice) {
  RandomBuffer buffer;
  std::set<Id> seen;
  for (int count = 0; count < 1000; ++count) {
    Id id{};
    ASSERT_TRUE(buffer.fill(id).ok());
    EXPECT_NE(id, Id{});
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(RandomBuffer, fills_sizes_around_its_block) {
  for (const std::size_t size : {1u, 1023u, 1024u, 1025u, 5000u}) {
    RandomBuffer buffer;
    for (int round = 0; round < 3; ++round) {
      std::vector<std::uint8_t> bytes(size + 1, 0);
      ASSERT_TRUE(buffer.fill(std::span(bytes).first(size)).ok());
      EXPECT_EQ(bytes[size], 0) << "wrote past the end";
      if (size >= 1023) {
        EXPECT_TRUE(std::any_of(bytes.end() - 17, bytes.end() - 1,
                                [](std::uint8_t byte) { return byte != 0; }));
      }
    }
  }
}

TEST(RandomBuffer, hands_out_all_byte_values_about_as_often) {
  RandomBuffer buffer;
  std::array<int, 256> counts{};
  for (int round = 0; round < 4096; ++round) {
    Id id{};
    ASSERT_TRUE(buffer.fill(id).ok());
    for (const std::uint8_t byte : id) ++counts[byte];
  }
  for (const int count : counts) {  // 256 expected, standard deviation 16
    EXPECT_GT(count, 256 - 8 * 16);
    EXPECT_LT(count, 256 + 8 * 16);
  }
}

}  // namespace
}  // namespace pluv::auth
