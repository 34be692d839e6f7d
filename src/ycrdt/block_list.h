// The runs that one client wrote, by clock: sorted entries in chunks, so that a run is found by
// binary search and one more in the middle moves at most a chunk, and once in hundreds of times the
// list of chunks (a flat array makes loading a long history quadratic).
#pragma once

#include <cstdint>
#include <vector>

#include "ycrdt/item.h"
#include "ycrdt/memory.h"

namespace pluv::ycrdt {

class BlockList {
 public:
  struct Entry {
    Clock clock;
    ItemIndex item;
  };
  // A place in the list. Good until the list changes.
  struct Cursor {
    std::uint32_t chunk = 0;
    std::uint32_t at = 0;

    bool operator==(const Cursor&) const = default;
  };

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] ItemIndex back() const noexcept { return chunks_.back().back().item; }

  // The entry that the clock falls into. Precondition: it is not before the first entry.
  [[nodiscard]] Cursor find(Clock clock) const noexcept;
  [[nodiscard]] const Entry& at(Cursor cursor) const noexcept {
    return chunks_[cursor.chunk][cursor.at];
  }
  [[nodiscard]] Cursor first() const noexcept { return {0, 0}; }
  [[nodiscard]] Cursor last() const noexcept {
    const auto chunk = static_cast<std::uint32_t>(chunks_.size() - 1);
    return {chunk, static_cast<std::uint32_t>(chunks_[chunk].size() - 1)};
  }
  // Moves to the next entry, to the one before; false, and unmoved, when there is none.
  [[nodiscard]] bool next(Cursor& cursor) const noexcept {
    if (cursor.at + 1 < chunks_[cursor.chunk].size()) {
      ++cursor.at;
      return true;
    }
    if (cursor.chunk + 1 == chunks_.size()) return false;
    cursor = {cursor.chunk + 1, 0};
    return true;
  }
  [[nodiscard]] bool previous(Cursor& cursor) const noexcept {
    if (cursor.at != 0) {
      --cursor.at;
      return true;
    }
    if (cursor.chunk == 0) return false;
    --cursor.chunk;
    cursor.at = static_cast<std::uint32_t>(chunks_[cursor.chunk].size() - 1);
    return true;
  }
  // How many entries there are from this one on.
  [[nodiscard]] std::size_t count_from(Cursor cursor) const noexcept;

  void push_back(Entry entry) {
    if (chunks_.empty() || chunks_.back().size() == kChunkMax) add_chunk(entry.clock);
    chunks_.back().push_back(entry);
    ++size_;
  }
  void insert_after(Cursor cursor, Entry entry);
  // Afterwards the cursor is at the entry before. Precondition: it is not the first.
  void erase(Cursor& cursor) noexcept;
  void replace(Cursor cursor, ItemIndex item) noexcept {
    chunks_[cursor.chunk][cursor.at].item = item;
  }

  [[nodiscard]] std::size_t capacity_bytes() const noexcept;

 private:
  static constexpr std::size_t kChunkMax = 512;

  void add_chunk(Clock first);

  std::vector<Table<Entry>> chunks_;  // none is empty
  Table<Clock> firsts_;               // the clock that each begins with: a search stays in here
  std::size_t size_ = 0;
  mutable Cursor hit_;  // the place found last
};

}  // namespace pluv::ycrdt
