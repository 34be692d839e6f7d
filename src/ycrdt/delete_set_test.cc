#include "ycrdt/delete_set.h"

#include <gtest/gtest.h>

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
