#include "ycrdt/element_ranges.h"

#include <gtest/gtest.h>

namespace pluv::ycrdt {
namespace {

using Ranges = std::vector<ElementRanges::Range>;

TEST(ElementRanges, ClientsKeepTheOrderInWhichTheyCame) {
  ElementRanges ranges;
  ranges.add(7, 0, 1);
  ranges.add(3, 0, 1);
  ranges.add(7, 5, 1);
  EXPECT_EQ(ranges.clients(), (std::vector<ClientId>{7, 3}));
  EXPECT_EQ(ranges.of(7), (Ranges{{0, 1}, {5, 1}}));
}

TEST(ElementRanges, RangesThatTouchOrOverlapBecomeOne) {
  ElementRanges ranges;
  ranges.add(1, 10, 2);
  ranges.add(1, 0, 2);
  ranges.add(1, 5, 2);
  EXPECT_EQ(ranges.of(1), (Ranges{{0, 2}, {5, 2}, {10, 2}}));
  ranges.add(1, 7, 3);  // touches on both sides
  EXPECT_EQ(ranges.of(1), (Ranges{{0, 2}, {5, 7}}));
  ranges.add(1, 1, 20);
  EXPECT_EQ(ranges.of(1), (Ranges{{0, 21}}));
  ranges.add(1, 3, 1);
  EXPECT_EQ(ranges.of(1), (Ranges{{0, 21}}));
}

TEST(ElementRanges, ContainsWhatIsInARange) {
  ElementRanges ranges;
  EXPECT_FALSE(ranges.contains({1, 0}));
  ranges.add(1, 3, 2);
  ranges.add(1, 9, 1);
  for (Clock clock = 0; clock < 12; ++clock) {
    EXPECT_EQ(ranges.contains({1, clock}), clock == 3 || clock == 4 || clock == 9) << clock;
  }
  EXPECT_FALSE(ranges.contains({2, 3}));
}

TEST(ElementRanges, AddAllAppendsNewClients) {
  ElementRanges ranges;
  ranges.add(5, 0, 1);
  ElementRanges more;
  more.add(9, 0, 1);
  more.add(5, 1, 1);
  ranges.add_all(more);
  EXPECT_EQ(ranges.clients(), (std::vector<ClientId>{5, 9}));
  EXPECT_EQ(ranges.of(5), (Ranges{{0, 2}}));
}

TEST(ElementRanges, AClientThatWasOnlyNamedHasNothing) {
  ElementRanges ranges;
  ranges.add_client(4);
  EXPECT_TRUE(ranges.empty());
  EXPECT_TRUE(ranges.of(4).empty());
  ranges.add(4, 0, 1);
  EXPECT_FALSE(ranges.empty());
}

}  // namespace
}  // namespace pluv::ycrdt
