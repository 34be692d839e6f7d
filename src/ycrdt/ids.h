// Names of things in a Yjs document. Values; they own nothing.
#pragma once

#include <compare>
#include <cstdint>

namespace pluv::ycrdt {

// Who wrote something: a number of up to 53 bits (yjs draws 32 random bits; JavaScript's integers
// end at 2^53 - 1).
using ClientId = std::uint64_t;
inline constexpr ClientId kClientIdMax = (std::uint64_t{1} << 53) - 1;

// The first clock of a run of `length` elements that a client wrote, counted from 0. A clock and
// its length together stay below 2^32.
using Clock = std::uint32_t;

// One element: yjs calls it ID.
struct Id {
  ClientId client = 0;
  Clock clock = 0;

  auto operator<=>(const Id&) const = default;
};

}  // namespace pluv::ycrdt
