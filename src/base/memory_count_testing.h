// How much memory a piece of a program takes, for tests that hold it to a bound: every malloc,
// realloc, free, new and delete of the program that links pluv_memory_count is counted (by the
// linker's --wrap), on top of the allocator that is there, a sanitizer's too. One thread at a time;
// allocations of shared libraries and of aligned new are not seen.
#pragma once

#include <cstddef>

namespace pluv {

struct MemoryCount {
  std::size_t peak_bytes = 0;   // taken at once, at most, beyond what was there before
  std::size_t total_bytes = 0;  // taken in all, what was given back included
  std::size_t allocations = 0;
};

// Counts from its making on. One at a time.
class MemoryCounter {
 public:
  MemoryCounter() noexcept;
  // Up to now.
  [[nodiscard]] MemoryCount count() const noexcept;
};

}  // namespace pluv
