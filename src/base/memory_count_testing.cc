#include "base/memory_count_testing.h"

#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

// What was given back may have been taken before the counter began.
std::int64_t live = 0;
std::int64_t peak = 0;
pluv::MemoryCount counted;

void take(void* memory) noexcept {
  const std::size_t size = malloc_usable_size(memory);
  live += static_cast<std::int64_t>(size);
  peak = std::max(peak, live);
  counted.total_bytes += size;
  ++counted.allocations;
}

void give_back(void* memory) noexcept {
  live -= static_cast<std::int64_t>(malloc_usable_size(memory));
}

}  // namespace

extern "C" {
void* __real_malloc(std::size_t size);                 // NOLINT: the linker's names
void* __real_realloc(void* memory, std::size_t size);  // NOLINT
void __real_free(void* memory);                        // NOLINT

void* __wrap_malloc(std::size_t size) {  // NOLINT
  void* memory = __real_malloc(size);
  if (memory != nullptr) take(memory);
  return memory;
}

void* __wrap_realloc(void* memory, std::size_t size) {  // NOLINT
  if (memory != nullptr) give_back(memory);
  void* moved = __real_realloc(memory, size);
  if (moved != nullptr) take(moved);
  return moved;
}

void __wrap_free(void* memory) {  // NOLINT
  if (memory != nullptr) give_back(memory);
  __real_free(memory);
}
}

void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
// std::stable_sort asks for its buffer so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace pluv {

MemoryCounter::MemoryCounter() noexcept {
  live = 0;
  peak = 0;
  counted = {};
}

MemoryCount MemoryCounter::count() const noexcept {
  MemoryCount out = counted;
  out.peak_bytes = static_cast<std::size_t>(peak);
  return out;
}

}  // namespace pluv
