#include "ycrdt/redone_table.h"

#include <gtest/gtest.h>

namespace pluv::ycrdt {
namespace {

TEST(RedoneTable, FindsEachElementOfARange) {
  RedoneTable table;
  table.add({1, 10}, 5, {2, 100});
  EXPECT_EQ(table.find({1, 10}), (Place{2, 100}));
  EXPECT_EQ(table.find({1, 14}), (Place{2, 104}));
  EXPECT_EQ(table.find({1, 9}), Place());
  EXPECT_EQ(table.find({1, 15}), Place());
  EXPECT_EQ(table.find({2, 10}), Place());
  EXPECT_EQ(table.find({0, 10}), Place());
  EXPECT_EQ(table.elements(), 5u);
}

TEST(RedoneTable, ForgetsTheMiddleOfARange) {
  RedoneTable table;
  table.add({1, 10}, 5, {2, 100});
  table.erase({1, 11}, 2);
  EXPECT_EQ(table.find({1, 10}), (Place{2, 100}));
  EXPECT_EQ(table.find({1, 11}), Place());
  EXPECT_EQ(table.find({1, 12}), Place());
  EXPECT_EQ(table.find({1, 13}), (Place{2, 103}));
  EXPECT_EQ(table.elements(), 3u);
}

TEST(RedoneTable, ForgetsTheEndsOfARange) {
  RedoneTable table;
  table.add({1, 10}, 5, {2, 100});
  table.erase({1, 10}, 1);
  table.erase({1, 14}, 1);
  EXPECT_EQ(table.elements(), 3u);
  EXPECT_EQ(table.find({1, 11}), (Place{2, 101}));
  table.erase({1, 11}, 3);
  EXPECT_EQ(table.elements(), 0u);
  EXPECT_EQ(table.memory_bytes(), 0u);
}

TEST(RedoneTable, ForgettingWhatIsNotThereChangesNothing) {
  RedoneTable table;
  table.erase({1, 10}, 1);
  table.add({1, 10}, 5, {2, 100});
  table.erase({1, 15}, 1);
  table.erase({1, 9}, 1);
  EXPECT_EQ(table.elements(), 5u);
}

}  // namespace
}  // namespace pluv::ycrdt
