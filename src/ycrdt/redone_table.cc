#include "ycrdt/redone_table.h"

namespace pluv::ycrdt {

void RedoneTable::add(Place first, std::uint32_t length, Place again) {
  ranges_.insert_or_assign(key(first), Range{length, again});
}

Place RedoneTable::find(Place place) const noexcept {
  const auto after = ranges_.upper_bound(key(place));
  if (after == ranges_.begin()) return {};
  const auto& [first, range] = *std::prev(after);
  const std::uint64_t offset = key(place) - first;
  if (offset >= range.length) return {};
  return {range.again.client, range.again.clock + static_cast<Clock>(offset)};
}

void RedoneTable::erase(Place first, std::uint32_t length) {
  const auto after = ranges_.upper_bound(key(first));
  if (after == ranges_.begin()) return;
  const auto at = std::prev(after);
  const auto offset = static_cast<std::uint32_t>(key(first) - at->first);
  const Range range = at->second;
  if (offset >= range.length) return;
  const auto end = offset + length;
  if (offset == 0) {
    ranges_.erase(at);
  } else {
    at->second.length = offset;
  }
  if (end < range.length) {
    ranges_.emplace(key(first) + length,
                    Range{range.length - end, {range.again.client, range.again.clock + end}});
  }
}

std::uint64_t RedoneTable::elements() const noexcept {
  std::uint64_t total = 0;
  for (const auto& [first, range] : ranges_) total += range.length;
  return total;
}

std::size_t RedoneTable::memory_bytes() const noexcept {
  constexpr std::size_t kNode = sizeof(void*) * 4;  // what a tree adds to each entry
  return ranges_.size() * (sizeof(std::uint64_t) + sizeof(Range) + kNode);
}

}  // namespace pluv::ycrdt
