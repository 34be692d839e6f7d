// A hash table of indices into a table that somebody else keeps: open addressing, the hashes beside
// the indices. The last insertions can be taken back in reverse order. Never iterated, so nothing
// depends on its order.
#pragma once

#include <cstdint>
#include <string_view>

#include "ycrdt/item.h"
#include "ycrdt/memory.h"

namespace pluv::ycrdt {

// A good mix of 64 bits (the finaliser of MurmurHash3).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t value) noexcept {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdu;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53u;
  value ^= value >> 33;
  return value;
}

// Not for secrets, but seeded: who does not know the seed cannot make keys that collide.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  std::uint64_t hash = seed ^ (text.size() * 0x9e3779b97f4a7c15u);
  while (text.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), 8);
    hash = mix64(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!text.empty()) std::memcpy(&tail, text.data(), text.size());
  return mix64(hash ^ tail);
}

// A seed from what the caller gave and from where something lies in memory. The fuzzers alone are
// built with PLUV_FUZZING: there the same input has to take the same way each time.
[[nodiscard]] inline std::uint64_t seed_of(std::uint64_t given, const void* place) noexcept {
#ifdef PLUV_FUZZING
  place = nullptr;
#endif
  return mix64(given + 0x9e3779b97f4a7c15u) ^
         mix64(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(place)));
}

class HashIndex {
 public:
  // The index for which equal(index) is true among those of this hash, else kNone.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal equal) const noexcept {
    if (slots_.empty()) return kNone;
    const auto short_hash = static_cast<std::uint32_t>(hash);
    for (std::size_t at = short_hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == kNone) return kNone;
      if (slot.hash == short_hash && equal(slot.index)) return slot.index;
    }
  }

  // Precondition: no such entry is there; index != kNone.
  void insert(std::uint64_t hash, std::uint32_t index) {
    if ((used_ + 1) * 4 > slots_.size() * 3) grow();
    place({static_cast<std::uint32_t>(hash), index});
    ++used_;
  }

  // Takes the insertion that was the last one back.
  void erase_last(std::uint64_t hash, std::uint32_t index) noexcept {
    for (std::size_t at = static_cast<std::uint32_t>(hash) & mask();; at = (at + 1) & mask()) {
      if (slots_[at].index != index) continue;
      slots_[at] = {};
      --used_;
      return;
    }
  }

  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return slots_.capacity_bytes(); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = kNone;
  };

  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }
  void place(Slot slot) noexcept {
    std::size_t at = slot.hash & mask();
    while (slots_[at].index != kNone) at = (at + 1) & mask();
    slots_[at] = slot;
  }
  void grow() {
    Table<Slot> old;
    old.swap(slots_);
    const std::size_t size = old.empty() ? 8 : old.size() * 2;
    slots_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) slots_.push_back({});
    // In the order of the indices, so that the newest can still be taken back first.
    Table<Slot> used;
    for (const Slot& slot : old) {
      if (slot.index != kNone) used.push_back(slot);
    }
    sort_by_index(used);
    for (const Slot& slot : used) place(slot);
  }
  static void sort_by_index(Table<Slot>& slots);

  Table<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace pluv::ycrdt
