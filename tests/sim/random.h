// The one source of chance in a simulation: splitmix64, the same numbers on every machine. A value
// that changes with each draw.
#pragma once

#include <array>
#include <cstdint>

#include "base/assert.h"

namespace pluv::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
    return mixed ^ (mixed >> 31);
  }
  // Below the bound, which is at least 1.
  std::uint32_t below(std::uint64_t bound) noexcept {
    PLUV_ASSERT(bound > 0 && bound <= 0xffff'ffff);
    return static_cast<std::uint32_t>(next() % bound);
  }
  // Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    PLUV_ASSERT(low <= high);
    return low + static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(high - low) + 1));
  }
  // True once in so many draws; never for 0.
  bool once_in(std::uint32_t times) noexcept { return times != 0 && below(times) == 0; }
  bool flip() noexcept { return once_in(2); }
  std::array<std::uint8_t, 16> bytes16() noexcept {
    std::array<std::uint8_t, 16> bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(next());
    return bytes;
  }

 private:
  std::uint64_t state_;
};

}  // namespace pluv::sim
