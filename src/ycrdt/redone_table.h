// Which elements an undo manager has written again, and as which new ones (yjs: Item.redone). An
// item is noted as a whole. It is never merged with another one afterwards, and where it is split
// its range still says the same of both parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "ycrdt/item.h"

namespace pluv::ycrdt {

class RedoneTable {
 public:
  // Elements from `first` on are written again from `again` on. Precondition: none of them was.
  void add(Place first, std::uint32_t length, Place again);
  // As what the element was written again; of client kNone when it was not. Logarithmic.
  [[nodiscard]] Place find(Place place) const noexcept;
  // Forgets these elements. Precondition: they are of one item.
  void erase(Place first, std::uint32_t length);

  // All elements that are noted.
  [[nodiscard]] std::uint64_t elements() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Range {
    std::uint32_t length = 0;
    Place again;
  };
  [[nodiscard]] static constexpr std::uint64_t key(Place place) noexcept {
    return (std::uint64_t{place.client} << 32) | place.clock;
  }

  std::map<std::uint64_t, Range> ranges_;  // by their first elements
};

}  // namespace pluv::ycrdt
