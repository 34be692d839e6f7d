// The attributes of rich text: names and values, in the order in which they were set (yjs keeps a
// Map). Values are encoded (any.h) and borrow from the store or from the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/hash_index.h"
#include "ycrdt/item.h"

namespace pluv::ycrdt {

// Equal as yjs compares attributes: the same scalar, or containers whose members are the same
// scalars; an array is like an object of its indices. NaN is not equal to itself, 0 is equal to -0.
// Containers in containers are not equal, unless both are the very same value in memory.
[[nodiscard]] bool equal_attribute(std::string_view a, std::string_view b);

// Whether an encoded value is an object, an array or bytes: what JavaScript compares by identity.
[[nodiscard]] bool is_container(std::string_view value) noexcept;

inline constexpr std::string_view kEncodedNull("\x7e", 1);

class Attributes {
 public:
  using Entry = std::pair<KeyIndex, std::string_view>;

  // The value, nullptr when there is none. Good until the next change.
  [[nodiscard]] const std::string_view* find(KeyIndex key) const noexcept {
    const std::size_t at = place_of(key);
    return at == entries_.size() ? nullptr : &entries_[at].second;
  }
  // The value, or null.
  [[nodiscard]] std::string_view value_or_null(KeyIndex key) const noexcept {
    const std::string_view* const found = find(key);
    return found != nullptr ? *found : kEncodedNull;
  }
  void set(KeyIndex key, std::string_view value) {
    const std::size_t at = place_of(key);
    if (at != entries_.size()) {
      entries_[at].second = value;
    } else {
      add(key, value);
    }
  }
  void erase(KeyIndex key);
  // What a format item does: null takes the attribute away.
  void apply(KeyIndex key, std::string_view value) {
    if (value == kEncodedNull) {
      erase(key);
    } else {
      set(key, value);
    }
  }
  [[nodiscard]] bool empty() const noexcept { return entries_.size() == holes_; }
  // Calls visit(key, value) for each.
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [key, value] : entries_) {
      if (key != kNone) visit(key, value);
    }
  }

 private:
  // Texts have a handful, which are compared one by one; of more each is found by its hash.
  static constexpr std::size_t kFew = 16;

  // Where it is in entries_; their number when it is not.
  [[nodiscard]] std::size_t place_of(KeyIndex key) const noexcept {
    if (indexed_) {
      const std::uint32_t found = index_.find(
          mix64(key), [&](std::uint32_t place) { return entries_[place - 1].first == key; });
      return found == kNone ? entries_.size() : found - 1;
    }
    std::size_t at = 0;
    while (at != entries_.size() && entries_[at].first != key) ++at;
    return at;
  }
  void add(KeyIndex key, std::string_view value);
  void close_holes();

  std::vector<Entry> entries_;
  // Entries without a key, which were taken away while there was an index.
  std::size_t holes_ = 0;
  bool indexed_ = false;
  HashIndex index_;  // of places counted from 1
};

}  // namespace pluv::ycrdt
