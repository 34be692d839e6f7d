#include "ycrdt/hash_index.h"

#include <algorithm>

namespace pluv::ycrdt {

void HashIndex::sort_by_index(Table<Slot>& slots) {
  std::sort(slots.begin(), slots.end(),
            [](const Slot& a, const Slot& b) { return a.index < b.index; });
}

}  // namespace pluv::ycrdt
