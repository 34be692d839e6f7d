// Time that only passes: how long something has taken is not asked of a clock that is set.
#pragma once

#include <chrono>
#include <cstdint>

namespace pluv::apps {

[[nodiscard]] inline std::int64_t webhook_steady_ms() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

}  // namespace pluv::apps
