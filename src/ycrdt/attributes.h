// The attributes of rich text: names and values, in the order in which they were set (yjs keeps a
// Map). Values are encoded (any.h) and borrow from the store or from the caller.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

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

  // The value, nullptr when there is none.
  [[nodiscard]] const std::string_view* find(KeyIndex key) const noexcept {
    for (const Entry& entry : entries_) {
      if (entry.first == key) return &entry.second;
    }
    return nullptr;
  }
  // The value, or null.
  [[nodiscard]] std::string_view value_or_null(KeyIndex key) const noexcept {
    const std::string_view* const found = find(key);
    return found != nullptr ? *found : kEncodedNull;
  }
  void set(KeyIndex key, std::string_view value) {
    for (Entry& entry : entries_) {
      if (entry.first != key) continue;
      entry.second = value;
      return;
    }
    entries_.emplace_back(key, value);
  }
  void erase(KeyIndex key) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].first != key) continue;
      entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }
  // What a format item does: null takes the attribute away.
  void apply(KeyIndex key, std::string_view value) {
    if (value == kEncodedNull) {
      erase(key);
    } else {
      set(key, value);
    }
  }
  void clear() noexcept { entries_.clear(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace pluv::ycrdt
