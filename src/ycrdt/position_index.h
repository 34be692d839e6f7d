// Finds the item at a visible position of a long list, and the position of an item: the list's
// items in leaves of some dozens, the leaves in blocks, each with the sum of the visible lengths
// below it. yjs keeps up to 80 search markers for the same purpose; yrs walks from the start.
// A store keeps one for a list once somebody has asked for a position far from its start, and tells
// it of every change from then on.
#pragma once

#include <cstdint>
#include <vector>

#include "ycrdt/item.h"
#include "ycrdt/memory.h"

namespace pluv::ycrdt {

class PositionIndex {
 public:
  using Items = Table<Item>;

  // Precondition: `start` is the list's first item, or kNone.
  PositionIndex(Items& items, ItemIndex start);

  struct Found {
    ItemIndex item = kNone;
    std::uint32_t start = 0;  // the visible position at which the item begins
  };
  // The visible item that holds the position. Precondition: position < the visible length.
  [[nodiscard]] Found find(const Items& items, std::uint32_t position) const noexcept;
  // Where the item begins (or would, were it visible).
  [[nodiscard]] std::uint32_t position(const Items& items, ItemIndex item) const noexcept;

  // The item was linked into the list (its left and right are set).
  void inserted(Items& items, ItemIndex item);
  // The item's visible length changed.
  void resized(const Item& item, std::int64_t by) noexcept;
  // The item, which is still linked to its left one, is about to become part of that one.
  void merging(const Items& items, ItemIndex item) noexcept;

 private:
  struct Leaf {
    ItemIndex first = kNone;
    std::uint32_t items = 0;
    std::uint32_t visible = 0;
    std::uint32_t block = 0;
  };
  struct Block {
    Table<LeafIndex> leaves;
    std::uint64_t visible = 0;
  };
  static constexpr std::size_t kLeafItemsMax = 48;
  static constexpr std::size_t kBlockLeavesMax = 64;

  LeafIndex add_leaf_after(LeafIndex leaf);
  void split_leaf(Items& items, LeafIndex leaf);
  void split_block(std::uint32_t block);

  Table<Leaf> leaves_;          // index 0 unused
  std::vector<Block> blocks_;   // by number; their order is order_
  Table<std::uint32_t> order_;  // of the blocks
};

}  // namespace pluv::ycrdt
