#include "ycrdt/hash_index.h"

#include "base/sort.h"

namespace pluv::ycrdt {

void HashIndex::sort_by_index(Table<Slot>& slots) {
  sort_by(slots.begin(), slots.end(),
          [](const Slot& a, const Slot& b) { return a.index < b.index; });
}

}  // namespace pluv::ycrdt
