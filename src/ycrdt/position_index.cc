#include "ycrdt/position_index.h"

#include <algorithm>

namespace pluv::ycrdt {
namespace {

template <class T>
std::size_t index_of(const Table<T>& table, T value) noexcept {
  return static_cast<std::size_t>(std::find(table.begin(), table.end(), value) - table.begin());
}

}  // namespace

PositionIndex::PositionIndex(Items& items, ItemIndex start) {
  leaves_.push_back({});
  blocks_.emplace_back();
  order_.push_back(0);
  LeafIndex leaf = kNone;
  for (ItemIndex at = start; at != kNone; at = items[at].right) {
    if (leaf == kNone || leaves_[leaf].items == kLeafItemsMax / 2) {
      leaf = add_leaf_after(leaf);
      leaves_[leaf].first = at;
    }
    items[at].leaf = leaf;
    const std::uint32_t visible = items[at].visible();
    ++leaves_[leaf].items;
    leaves_[leaf].visible += visible;
    blocks_[leaves_[leaf].block].visible += visible;
  }
}

LeafIndex PositionIndex::add_leaf_after(LeafIndex leaf) {
  const auto added = static_cast<LeafIndex>(leaves_.size());
  leaves_.push_back({});
  if (leaf == kNone) {
    leaves_[added].block = order_[0];
    blocks_[order_[0]].leaves.insert(0, added);
  } else {
    if (blocks_[leaves_[leaf].block].leaves.size() == kBlockLeavesMax) {
      split_block(leaves_[leaf].block);
    }
    const std::uint32_t block = leaves_[leaf].block;
    leaves_[added].block = block;
    blocks_[block].leaves.insert(index_of(blocks_[block].leaves, leaf) + 1, added);
  }
  return added;
}

void PositionIndex::split_block(std::uint32_t block) {
  const auto added = static_cast<std::uint32_t>(blocks_.size());
  blocks_.emplace_back();
  order_.insert(index_of(order_, block) + 1, added);
  Block& lower = blocks_[block];
  Block& upper = blocks_[added];
  const std::size_t half = lower.leaves.size() / 2;
  for (std::size_t i = half; i < lower.leaves.size(); ++i) {
    const LeafIndex leaf = lower.leaves[i];
    upper.leaves.push_back(leaf);
    leaves_[leaf].block = added;
    upper.visible += leaves_[leaf].visible;
  }
  lower.leaves.truncate(half);
  lower.visible -= upper.visible;
}

void PositionIndex::split_leaf(Items& items, LeafIndex leaf) {
  const LeafIndex added = add_leaf_after(leaf);
  const std::uint32_t half = leaves_[leaf].items / 2;
  ItemIndex at = leaves_[leaf].first;
  for (std::uint32_t i = 0; i < half; ++i) at = items[at].right;
  leaves_[added].first = at;
  std::uint32_t moved = 0;
  for (std::uint32_t i = half; i < leaves_[leaf].items; ++i, at = items[at].right) {
    items[at].leaf = added;
    moved += items[at].visible();
  }
  leaves_[added].items = leaves_[leaf].items - half;
  leaves_[added].visible = moved;
  leaves_[leaf].items = half;
  leaves_[leaf].visible -= moved;
}

PositionIndex::Found PositionIndex::find(const Items& items,
                                         std::uint32_t position) const noexcept {
  std::uint64_t start = 0;
  std::size_t block = 0;
  while (start + blocks_[order_[block]].visible <= position) {
    start += blocks_[order_[block]].visible;
    ++block;
  }
  const Table<LeafIndex>& leaves = blocks_[order_[block]].leaves;
  std::size_t leaf = 0;
  while (start + leaves_[leaves[leaf]].visible <= position) {
    start += leaves_[leaves[leaf]].visible;
    ++leaf;
  }
  ItemIndex at = leaves_[leaves[leaf]].first;
  while (start + items[at].visible() <= position) {
    start += items[at].visible();
    at = items[at].right;
  }
  return {at, static_cast<std::uint32_t>(start)};
}

std::uint32_t PositionIndex::position(const Items& items, ItemIndex item) const noexcept {
  const LeafIndex leaf = items[item].leaf;
  std::uint64_t start = 0;
  for (const std::uint32_t block : order_) {
    if (block == leaves_[leaf].block) break;
    start += blocks_[block].visible;
  }
  for (const LeafIndex other : blocks_[leaves_[leaf].block].leaves) {
    if (other == leaf) break;
    start += leaves_[other].visible;
  }
  for (ItemIndex at = leaves_[leaf].first; at != item; at = items[at].right) {
    start += items[at].visible();
  }
  return static_cast<std::uint32_t>(start);
}

void PositionIndex::inserted(Items& items, ItemIndex item) {
  const ItemIndex left = items[item].left;
  const ItemIndex right = items[item].right;
  LeafIndex leaf = kNone;
  if (left != kNone) {
    leaf = items[left].leaf;
  } else if (right != kNone) {
    leaf = items[right].leaf;
    leaves_[leaf].first = item;
  } else {
    leaf = add_leaf_after(kNone);
    leaves_[leaf].first = item;
  }
  items[item].leaf = leaf;
  const std::uint32_t visible = items[item].visible();
  ++leaves_[leaf].items;
  leaves_[leaf].visible += visible;
  blocks_[leaves_[leaf].block].visible += visible;
  if (leaves_[leaf].items > kLeafItemsMax) split_leaf(items, leaf);
}

void PositionIndex::resized(const Item& item, std::int64_t by) noexcept {
  Leaf& leaf = leaves_[item.leaf];
  leaf.visible = static_cast<std::uint32_t>(static_cast<std::int64_t>(leaf.visible) + by);
  Block& block = blocks_[leaf.block];
  block.visible = static_cast<std::uint64_t>(static_cast<std::int64_t>(block.visible) + by);
}

void PositionIndex::merging(const Items& items, ItemIndex item) noexcept {
  const Item& gone = items[item];
  const Item& left = items[gone.left];
  const std::uint32_t visible = gone.visible();
  resized(gone, -static_cast<std::int64_t>(visible));
  resized(left, visible);
  Leaf& leaf = leaves_[gone.leaf];
  --leaf.items;
  if (leaf.first == item) leaf.first = gone.right;
  if (leaf.items != 0) return;
  leaf.first = kNone;
  Table<LeafIndex>& leaves = blocks_[leaf.block].leaves;
  leaves.erase(index_of(leaves, gone.leaf));
}

}  // namespace pluv::ycrdt
