// Writes deleted items again, where they were. Internal. Source: yjs, Item.js, redoItem.
#pragma once

#include <functional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ycrdt/doc_state.h"

namespace pluv::ycrdt {

// In a list whose type was deleted and written again: which of an item's neighbours are in the new
// list already. What yjs searches neighbour by neighbour; here a long search makes an index, so
// that it is not as long for each of the list's items.
class RedoneNeighbours {
 public:
  explicit RedoneNeighbours(DocState& doc) noexcept : doc_(doc) {}

  // The nearest one before the item, and the first from the item on, as which they are in the list
  // of the type that `owner` holds. kNone: there is none.
  [[nodiscard]] ItemIndex left(ItemIndex item, ItemIndex owner);
  [[nodiscard]] ItemIndex right(ItemIndex item, ItemIndex owner);
  // The item was written again, in that list.
  void written_again(ItemIndex item, ItemIndex owner);

 private:
  struct Index {  // of one list
    ItemIndex owner = kNone;
    std::size_t splits = 0;
    std::vector<ItemIndex> items;
    std::unordered_map<ItemIndex, std::uint32_t> places;
    std::set<std::uint32_t> there;  // places of those that are in the new list
  };

  [[nodiscard]] ItemIndex trace(ItemIndex item, ItemIndex owner);
  [[nodiscard]] bool is_there(ItemIndex item, ItemIndex owner) const;
  [[nodiscard]] const Index& index(BranchIndex list, ItemIndex owner);

  DocState& doc_;
  std::unordered_map<BranchIndex, Index> indices_;
};

// One run over a set of items. Precondition: a transaction is open, and merges nothing at once.
class Redo {
 public:
  struct Options {
    // Write values of maps again even where others have set the key since.
    bool ignore_remote_map_changes = false;
    // Whether an element is about to be deleted, or is known to be undone or redone: what stands in
    // the way of no member of a map.
    std::function<bool(Id)> gives_way;
  };

  Redo(DocState& doc, const std::vector<ItemIndex>& items, Options options);

  // False: the item cannot be there again, since its type is gone, or somebody else has set its
  // key.
  bool run(ItemIndex item);

 private:
  bool write_again(ItemIndex index);
  // Where the item's key has its last value, as far as that gives way. False: it does not.
  [[nodiscard]] bool find_left_value(ItemIndex item, ItemIndex& left);
  [[nodiscard]] ItemIndex owner_of(ItemIndex item) const noexcept;
  [[nodiscard]] ItemIndex again(ItemIndex item);
  [[nodiscard]] bool has_failed(ItemIndex item) const;

  static constexpr std::uint64_t kForGood = UINT64_MAX;

  DocState& doc_;
  Options options_;
  std::unordered_set<ItemIndex> items_;
  std::unordered_map<ItemIndex, std::uint64_t> failed_;  // with written_, or for good
  std::uint64_t written_ = 1;                            // one more than items so far
  RedoneNeighbours neighbours_;
};

}  // namespace pluv::ycrdt
