// Counts every allocation of the test program. A file of its own, so that the compiler does not
// see through new and delete where they are used.
#include <cstdlib>
#include <new>

#include "net/websocket_test_kit.h"

namespace {

std::size_t count = 0;

}  // namespace

std::size_t pluv::net::allocation_count() noexcept { return count; }

// The thread sanitizer has its own: there nothing is counted.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PLUV_COUNTS_NOTHING
#endif
#endif
#ifndef PLUV_COUNTS_NOTHING
void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
// std::stable_sort asks for its buffer so.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
