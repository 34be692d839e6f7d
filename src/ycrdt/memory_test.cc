#include "ycrdt/memory.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::ycrdt {
namespace {

std::vector<int> values_of(const Table<int>& table) { return {table.begin(), table.end()}; }

TEST(Table, GrowsAndShrinksAtAnyPlace) {
  Table<int> table;
  EXPECT_TRUE(table.empty());
  for (int i = 0; i < 100; ++i) table.push_back(i);
  EXPECT_EQ(table.size(), 100u);
  EXPECT_EQ(table.back(), 99);
  table.erase(10, 80);
  table.erase(0);
  table.insert(0, -1);
  table.insert(3, -2);
  table.insert(table.size(), -3);
  table.pop_back();
  table.insert(table.size(), -4);
  EXPECT_EQ(values_of(table), (std::vector<int>{-1, 1,  2,  -2, 3,  4,  5,  6,  7,  8,  9,
                                                90, 91, 92, 93, 94, 95, 96, 97, 98, 99, -4}));
  table.truncate(2);
  EXPECT_EQ(values_of(table), (std::vector<int>{-1, 1}));
  table.clear();
  EXPECT_TRUE(table.empty());
  EXPECT_GE(table.capacity_bytes(), 100 * sizeof(int));
}

// A value may be one of the table's own, which growing moves.
TEST(Table, TakesItsOwnValues) {
  Table<int> table;
  table.push_back(7);
  for (int i = 0; i < 50; ++i) table.push_back(table[0]);
  table.insert(0, table.back());
  EXPECT_EQ(values_of(table), std::vector<int>(52, 7));
}

TEST(Table, CopiesAreIndependent) {
  Table<int> table;
  for (int i = 0; i < 10; ++i) table.push_back(i);
  Table<int> copy = table;
  copy[0] = 100;
  copy.push_back(10);
  EXPECT_EQ(table[0], 0);
  EXPECT_EQ(table.size(), 10u);
  const Table<int>& same = table;
  table = same;
  EXPECT_EQ(table.size(), 10u);
  table = Table<int>();
  EXPECT_TRUE(table.empty());
  table = copy;
  EXPECT_EQ(values_of(table), values_of(copy));
  Table<int> moved = std::move(table);
  EXPECT_EQ(moved.size(), 11u);
  const Table<int> empty;
  const Table<int> copy_of_empty = empty;
  EXPECT_TRUE(copy_of_empty.empty());
}

TEST(Arena, WhatItHandsOutStays) {
  Arena arena;
  std::vector<std::pair<const char*, std::string>> kept;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string text(i % 50, static_cast<char>('a' + i % 26));
    kept.emplace_back(arena.copy(text), text);
  }
  for (const auto& [at, text] : kept) EXPECT_EQ(std::string_view(at, text.size()), text);
  EXPECT_GE(arena.capacity_bytes(), 2000u * 24);
}

TEST(Arena, OnlyTheLastAllocationGrowsAndOnlyWithinItsChunk) {
  Arena arena;
  char* const first = arena.allocate(10);
  EXPECT_TRUE(arena.extend(first + 10, 5));
  EXPECT_FALSE(arena.extend(first + 10, 5));  // it ends at 15 now
  char* const second = arena.allocate(1);
  EXPECT_EQ(second, first + 15);
  EXPECT_FALSE(arena.extend(first + 15, 1));
  const std::size_t left = arena.mark().left;
  EXPECT_FALSE(arena.extend(second + 1, left + 1));
  EXPECT_TRUE(arena.extend(second + 1, left));
  EXPECT_EQ(arena.mark().left, 0u);
}

TEST(Arena, ALargeRequestGetsAChunkOfItsOwn) {
  Arena arena;
  (void)arena.allocate(1);
  const std::size_t before = arena.capacity_bytes();
  (void)arena.allocate(100'000);
  EXPECT_EQ(arena.capacity_bytes(), before + 100'000);
}

TEST(Arena, GoingBackFreesWhatCameAfterTheMark) {
  Arena arena;
  const char* const kept = arena.copy("kept");
  const Arena::Mark mark = arena.mark();
  const std::size_t before = arena.capacity_bytes();
  (void)arena.allocate(100'000);
  (void)arena.copy("gone");
  arena.go_back(mark);
  EXPECT_EQ(arena.capacity_bytes(), before);
  EXPECT_EQ(arena.allocate(1), kept + 4);
  EXPECT_EQ(std::string_view(kept, 4), "kept");
}

}  // namespace
}  // namespace pluv::ycrdt
