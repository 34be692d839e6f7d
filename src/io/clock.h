// The wall clock of the public layer, in one place. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace pluv::detail {

// Milliseconds since 1970-01-01T00:00:00Z.
[[nodiscard]] inline std::int64_t unix_now_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace pluv::detail
