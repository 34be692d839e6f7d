// `container = {}` assigns no elements and keeps the memory: this gives it back.
#pragma once

namespace pluv {

template <typename Container>
void free_memory(Container& container) noexcept {
  Container().swap(container);
}

}  // namespace pluv
