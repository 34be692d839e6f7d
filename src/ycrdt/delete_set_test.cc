#include "ycrdt/delete_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

DeleteSet set_of(std::initializer_list<DeleteRange> ranges) {
  DeleteSet out;
  for (const DeleteRange& range : ranges) out.add(range);
  return out;
}

TEST(DeleteSet, NormalizingSortsAndJoins) {
  DeleteSet set = set_of({{1, 10, 5}, {2, 0, 1}, {1, 0, 3}, {1, 3, 2}, {1, 12, 10}, {1, 13, 1}});
  set.normalize();
  const std::vector<DeleteRange> want = {{2, 0, 1}, {1, 0, 5}, {1, 10, 12}};
  EXPECT_EQ(set.ranges(), want);
  set.normalize();
  EXPECT_EQ(set.ranges(), want);
}

TEST(DeleteSet, RangesWithAGapBetweenStayApart) {
  DeleteSet set = set_of({{1, 0, 2}, {1, 3, 1}});
  set.normalize();
  EXPECT_EQ(set.ranges().size(), 2u);
}

TEST(DeleteSet, NormalizingNothingGivesNothing) {
  DeleteSet set;
  set.normalize();
  EXPECT_TRUE(set.empty());
  std::string bytes;
  set.write(bytes);
  EXPECT_EQ(to_hex(bytes), "00");
}

TEST(DeleteSet, GroupingKeepsTheOrderOfAClientsRanges) {
  DeleteSet set = set_of({{1, 9, 1}, {7, 4, 2}, {1, 2, 1}, {7, 0, 1}});
  set.group_by_client();
  const std::vector<DeleteRange> want = {{7, 4, 2}, {7, 0, 1}, {1, 9, 1}, {1, 2, 1}};
  EXPECT_EQ(set.ranges(), want);
}

TEST(DeleteSet, JoiningIsAddingAndNormalizing) {
  std::mt19937 random(7);
  for (const std::size_t size : {0u, 1u, 60u, 500u}) {
    for (int round = 0; round < 200; ++round) {
      const auto some = [&](std::size_t count) {
        DeleteSet set;
        for (std::size_t i = 0; i < count; ++i) {
          set.add({random() % 3, static_cast<Clock>(random() % 2000),
                   static_cast<std::uint32_t>(1 + random() % 5)});
        }
        set.normalize();
        return set;
      };
      DeleteSet joined = some(size);
      const DeleteSet more = some(random() % 8);
      DeleteSet both = joined;
      for (const DeleteRange& range : more.ranges()) both.add(range);
      both.normalize();
      joined.join(more);
      ASSERT_EQ(joined, both);
      for (ClientId client = 0; client < 4; ++client) {
        const DeleteRange* first = both.first_of(client);
        const auto at = std::find_if(both.ranges().begin(), both.ranges().end(),
                                     [&](const DeleteRange& r) { return r.client == client; });
        ASSERT_EQ(first, at == both.ranges().end() ? nullptr : &*at);
      }
    }
  }
}

TEST(DeleteSet, ContainsWhatLiesInARange) {
  DeleteSet set = set_of({{5, 10, 3}, {5, 20, 1}, {3, 0, 2}});
  EXPECT_FALSE(DeleteSet().contains({1, 0}));
  set.normalize();
  for (const Clock clock : {10u, 11u, 12u, 20u}) EXPECT_TRUE(set.contains({5, clock})) << clock;
  for (const Clock clock : {0u, 9u, 13u, 19u, 21u}) EXPECT_FALSE(set.contains({5, clock})) << clock;
  EXPECT_TRUE(set.contains({3, 0}));
  EXPECT_TRUE(set.contains({3, 1}));
  EXPECT_FALSE(set.contains({3, 2}));
  // Below, between and above the clients that have ranges.
  for (const ClientId client : {2u, 4u, 6u}) EXPECT_FALSE(set.contains({client, 10})) << client;
}

TEST(DeleteSet, IsWrittenClientByClient) {
  DeleteSet set = set_of({{1, 300, 2}, {200, 4, 1}, {200, 0, 1}});
  set.group_by_client();
  std::string bytes;
  set.write(bytes);
  EXPECT_EQ(to_hex(bytes), to_hex(from_hex("02  c801 02 0401 0001  01 01 ac0202")));
  set.clear();
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace pluv::ycrdt
