#include "ycrdt/block_list.h"

#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <random>

namespace pluv::ycrdt {
namespace {

constexpr std::uint32_t kManyEntries = 3000;  // some chunks of 512

// Each entry ten clocks after the one before; the items are numbered from 1.
BlockList list_of(std::uint32_t entries) {
  BlockList list;
  for (std::uint32_t i = 0; i < entries; ++i) list.push_back({10 * i, i + 1});
  return list;
}

// What the list says, walking forward and backward, is what the map holds.
void expect_same(const BlockList& list, const std::map<Clock, ItemIndex>& want) {
  ASSERT_EQ(list.size(), want.size());
  ASSERT_EQ(list.empty(), want.empty());
  BlockList::Cursor cursor = list.first();
  for (auto entry = want.begin(); entry != want.end(); ++entry) {
    ASSERT_EQ(list.at(cursor).clock, entry->first);
    ASSERT_EQ(list.at(cursor).item, entry->second);
    ASSERT_EQ(list.next(cursor), std::next(entry) != want.end());
  }
  ASSERT_EQ(cursor, list.last());
  ASSERT_EQ(list.back(), want.rbegin()->second);
  for (auto entry = want.rbegin(); entry != want.rend(); ++entry) {
    ASSERT_EQ(list.at(cursor).clock, entry->first);
    ASSERT_EQ(list.previous(cursor), std::next(entry) != want.rend());
  }
  ASSERT_EQ(cursor, list.first());
}

TEST(BlockList, FindsTheEntryThatAClockFallsInto) {
  for (const std::uint32_t entries : {1u, 2u, 511u, 512u, 513u, 1024u, kManyEntries}) {
    const BlockList list = list_of(entries);
    for (std::uint32_t i = 0; i < entries; ++i) {
      ASSERT_EQ(list.at(list.find(10 * i)).item, i + 1);
      ASSERT_EQ(list.at(list.find(10 * i + 9)).item, i + 1);
    }
    EXPECT_EQ(list.at(list.find(UINT32_MAX)).item, entries);
    // From far to far, which the place found last says nothing about.
    for (std::uint32_t i = 0; i < entries; ++i) {
      const std::uint32_t at = i % 2 == 0 ? i / 2 : entries - 1 - i / 2;
      ASSERT_EQ(list.at(list.find(10 * at + 5)).item, at + 1);
    }
    for (std::uint32_t i = entries; i > 0; --i) {
      ASSERT_EQ(list.at(list.find(10 * (i - 1))).item, i);
    }
    // A few entries on from the place found last, and a few more.
    for (std::uint32_t from = 0; from < entries; from += 7) {
      for (const std::uint32_t by : {1u, 2u, 14u, 15u, 16u, 17u}) {
        ASSERT_EQ(list.at(list.find(10 * from)).item, from + 1);
        if (from + by >= entries) continue;
        ASSERT_EQ(list.at(list.find(10 * (from + by) + 9)).item, from + by + 1);
      }
    }
  }
}

TEST(BlockList, ThePlaceFoundLastMayBeGone) {
  BlockList list = list_of(40);
  for (std::uint32_t i = 0; i < 20; ++i) {
    ASSERT_EQ(list.at(list.find(385)).item, 39u);  // the last but one
    BlockList::Cursor cursor = list.find(10 * 5);
    list.erase(cursor);
    list.insert_after(list.find(10 * 4), {10 * 5, 6});
  }
  for (std::uint32_t left = 40; left > 1; --left) {
    ASSERT_EQ(list.at(list.find(10 * (left - 1) + 3)).item, left);
    BlockList::Cursor cursor = list.last();
    list.erase(cursor);
    ASSERT_EQ(list.at(list.find(UINT32_MAX)).item, left - 1);
  }
}

TEST(BlockList, AnEntryGoesBehindAnyOther) {
  for (const std::uint32_t entries : {1u, 511u, 512u, 513u, kManyEntries}) {
    for (const std::uint32_t behind : {0u, 1u, 255u, 256u, 257u, 511u, 512u, entries - 1}) {
      if (behind >= entries) continue;
      BlockList list = list_of(entries);
      std::map<Clock, ItemIndex> want;
      for (std::uint32_t i = 0; i < entries; ++i) want[10 * i] = i + 1;
      for (Clock offset = 1; offset < 10; ++offset) {
        const Clock clock = 10 * behind + offset;
        list.insert_after(list.find(clock), {clock, 10'000 + offset});
        want[clock] = 10'000 + offset;
        ASSERT_EQ(list.at(list.find(clock)).item, 10'000 + offset);
      }
      expect_same(list, want);
    }
  }
}

TEST(BlockList, ErasingLeavesTheCursorAtTheEntryBefore) {
  BlockList list = list_of(kManyEntries);
  BlockList::Cursor cursor = list.find(10 * 700);
  list.erase(cursor);
  EXPECT_EQ(list.at(cursor).item, 700u);
  EXPECT_EQ(list.at(list.find(10 * 700)).item, 700u);
  // Over the beginning of a chunk.
  cursor = list.find(10 * 512);
  list.erase(cursor);
  EXPECT_EQ(list.at(cursor).item, 512u);
  EXPECT_EQ(list.at(list.find(10 * 513)).item, 514u);
}

TEST(BlockList, ChunksThatBecomeEmptyGo) {
  BlockList list = list_of(kManyEntries);
  std::map<Clock, ItemIndex> want;
  for (std::uint32_t i = 0; i < kManyEntries; ++i) want[10 * i] = i + 1;
  BlockList::Cursor cursor = list.last();
  while (list.at(cursor).clock > 1000) {
    want.erase(list.at(cursor).clock);
    list.erase(cursor);
  }
  expect_same(list, want);
  EXPECT_EQ(list.at(list.find(UINT32_MAX)).clock, 1000u);
  list.push_back({20'000, 7});
  want[20'000] = 7;
  expect_same(list, want);
}

TEST(BlockList, AnEntryMayStandForAnotherItem) {
  BlockList list = list_of(600);
  list.replace(list.find(5990), 42);
  EXPECT_EQ(list.at(list.find(5990)).item, 42u);
  EXPECT_EQ(list.back(), 42u);
}

TEST(BlockList, IsWhatASortedMapIs) {
  std::mt19937 random(7);
  BlockList list;
  std::map<Clock, ItemIndex> want;
  list.push_back({0, 1});
  want[0] = 1;
  ItemIndex items = 1;
  Clock end = 1;
  for (int step = 0; step < 20'000; ++step) {
    const Clock clock = static_cast<Clock>(random() % end);
    const auto found = std::prev(want.upper_bound(clock));
    ASSERT_EQ(list.at(list.find(clock)).item, found->second);
    const unsigned what = random() % 8;
    if (what < 3) {
      end += static_cast<Clock>(random() % 20 + 1);
      list.push_back({end, ++items});
      want[end++] = items;
    } else if (what < 6 && want.count(clock) == 0) {
      list.insert_after(list.find(clock), {clock, ++items});
      want[clock] = items;
    } else if (found != want.begin()) {
      BlockList::Cursor cursor = list.find(clock);
      list.erase(cursor);
      ASSERT_EQ(list.at(cursor).item, std::prev(found)->second);
      want.erase(found);
    }
    if (step % 1000 == 0) expect_same(list, want);
  }
  expect_same(list, want);
  EXPECT_GE(list.capacity_bytes(), list.size() * sizeof(BlockList::Entry));
}

}  // namespace
}  // namespace pluv::ycrdt
