// Points in time as the core sees them: two numbers that a platform (or a simulator) feeds in.
// The core never reads a clock. Timers use the steady one, so a clock that jumps kills nobody;
// the wire carries the unix one.
#pragma once

#include <compare>
#include <cstdint>

namespace pluv {

struct Now {
  std::int64_t steady_ms = 0;  // monotonic, any origin
  std::int64_t unix_ms = 0;    // milliseconds since 1970-01-01T00:00:00Z

  auto operator<=>(const Now&) const = default;
};

}  // namespace pluv
