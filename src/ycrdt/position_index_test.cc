// The index alone, over a list of items that the test links itself, compared with walking.
#include "ycrdt/position_index.h"

#include <gtest/gtest.h>

#include <random>

namespace pluv::ycrdt {
namespace {

class PositionIndexTest : public testing::Test {
 protected:
  PositionIndexTest() { items_.push_back({}); }

  // Links an item of `length` letters behind another one, or at the beginning.
  ItemIndex link(ItemIndex left, std::uint32_t length) {
    const auto index = static_cast<ItemIndex>(items_.size());
    Item item;
    item.kind = ContentKind::string;
    item.length = length;
    item.left = left;
    item.right = left == kNone ? start_ : items_[left].right;
    items_.push_back(item);
    if (left == kNone) {
      start_ = index;
    } else {
      items_[left].right = index;
    }
    if (items_[index].right != kNone) items_[items_[index].right].left = index;
    order_.insert(order_.begin() + (left == kNone ? 0 : place_of(left) + 1), index);
    return index;
  }

  std::ptrdiff_t place_of(ItemIndex item) const {
    return std::find(order_.begin(), order_.end(), item) - order_.begin();
  }

  void fill(std::uint32_t count, std::uint32_t length = 1) {
    for (std::uint32_t i = 0; i < count; ++i) {
      link(order_.empty() ? kNone : order_.back(), length);
    }
  }

  void erase(PositionIndex& index, ItemIndex item) {
    index.resized(items_[item], -static_cast<std::int64_t>(items_[item].visible()));
    items_[item].flags |= Item::kDeleted;
  }

  void merge_with_left(PositionIndex& index, ItemIndex item) {
    index.merging(items_, item);
    Item& left = items_[items_[item].left];
    left.length += items_[item].length;
    left.right = items_[item].right;
    if (left.right != kNone) items_[left.right].left = items_[item].left;
    order_.erase(order_.begin() + place_of(item));
  }

  void expect_right(const PositionIndex& index) const {
    std::uint32_t position = 0;
    for (const ItemIndex item : order_) {
      ASSERT_EQ(index.position(items_, item), position);
      for (std::uint32_t i = 0; i < items_[item].visible(); ++i) {
        const PositionIndex::Found found = index.find(items_, position + i);
        ASSERT_EQ(found.item, item);
        ASSERT_EQ(found.start, position);
      }
      position += items_[item].visible();
    }
  }

  PositionIndex::Items items_;
  ItemIndex start_ = kNone;
  std::vector<ItemIndex> order_;
};

TEST_F(PositionIndexTest, FindsInListsOfEverySize) {
  // A leaf begins with 24 items and holds 48; a block holds 64 leaves.
  for (const std::uint32_t count : {1u, 24u, 25u, 24u * 32, 24u * 64, 24u * 64 + 1, 5000u}) {
    items_.truncate(1);
    order_.clear();
    start_ = kNone;
    fill(count, 3);
    expect_right(PositionIndex(items_, start_));
  }
}

TEST_F(PositionIndexTest, WhatIsInvisibleHasAPositionToo) {
  fill(200);
  for (const ItemIndex item : order_) {
    if (item % 3 == 0) items_[item].flags |= Item::kDeleted;
    if (item % 7 == 0) items_[item].kind = ContentKind::format;
  }
  expect_right(PositionIndex(items_, start_));
}

TEST_F(PositionIndexTest, GrowsFromNothing) {
  PositionIndex index(items_, kNone);
  index.inserted(items_, link(kNone, 2));
  expect_right(index);
  index.inserted(items_, link(kNone, 3));
  expect_right(index);
}

TEST_F(PositionIndexTest, LeavesAndBlocksSplitAtTheFrontAndAtTheEnd) {
  for (const bool front : {true, false}) {
    items_.truncate(1);
    order_.clear();
    start_ = kNone;
    fill(2);
    PositionIndex index(items_, start_);
    for (int i = 0; i < 10'000; ++i) {
      index.inserted(items_, link(front ? kNone : order_.back(), 1));
    }
    expect_right(index);
  }
}

TEST_F(PositionIndexTest, LeavesAndBlocksSplitInTheMiddle) {
  fill(24 * 64 * 3);
  PositionIndex index(items_, start_);
  const ItemIndex middle = order_[order_.size() / 2];
  for (int i = 0; i < 4000; ++i) index.inserted(items_, link(middle, 2));
  expect_right(index);
}

TEST_F(PositionIndexTest, KeepsUpWithEveryChange) {
  std::mt19937 random(3);
  fill(2000, 2);
  PositionIndex index(items_, start_);
  for (int step = 0; step < 12'000; ++step) {
    const std::size_t at = random() % order_.size();
    const ItemIndex item = order_[at];
    switch (random() % 5) {
      case 0: erase(index, item); break;
      case 1:
        if (at > 0 && items_[item].deleted() == items_[order_[at - 1]].deleted()) {
          merge_with_left(index, item);
        }
        break;
      case 2: {  // it shrinks, as the left part of a split does
        if (items_[item].length == 1) break;
        const std::uint32_t before = items_[item].visible();
        --items_[item].length;
        index.resized(items_[item], std::int64_t{items_[item].visible()} - before);
        break;
      }
      default:
        index.inserted(items_,
                       link(at == 0 ? kNone : item, 1 + static_cast<std::uint32_t>(random() % 3)));
        break;
    }
    if (step % 2000 == 0) expect_right(index);
  }
  expect_right(index);
}

// Whole leaves, and with them blocks, become part of the leaf before.
TEST_F(PositionIndexTest, MergingEverythingLeavesOneItem) {
  fill(24 * 64 * 2 + 5);
  PositionIndex index(items_, start_);
  while (order_.size() > 1) merge_with_left(index, order_[1]);
  expect_right(index);
  // What comes now finds its place.
  index.inserted(items_, link(order_[0], 4));
  index.inserted(items_, link(kNone, 5));
  expect_right(index);
}

TEST_F(PositionIndexTest, ErasingEverythingLeavesPositions) {
  fill(3000);
  PositionIndex index(items_, start_);
  for (const ItemIndex item : order_) erase(index, item);
  expect_right(index);
  index.inserted(items_, link(order_[1500], 1));
  EXPECT_EQ(index.find(items_, 0).item, order_[1501]);
  expect_right(index);
}

}  // namespace
}  // namespace pluv::ycrdt
