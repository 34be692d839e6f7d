// Spreads seeds over processes, and survives those that die of an assertion. Where there is one
// process only (WebAssembly) it runs them in it.
#pragma once

#include <cstdint>

#include "tests/sim/record.h"

namespace pluv::sim {

struct RunOptions {
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint64_t jobs = 1;
  std::uint64_t failures = 5;  // after so many a process stops
  bool sqlite = true;
  bool once = false;
  bool hashes = false;
};

#ifdef __wasi__
inline constexpr bool kHasSqlite = false;
#else
inline constexpr bool kHasSqlite = true;
#endif

// Runs a seed, adds what it counted, says what was wrong. True: nothing was.
using RunOne = bool (*)(std::uint64_t seed, const RunOptions& options, Counts& counts);

// The process's exit code: 0 when every seed went well. Prints what was counted.
[[nodiscard]] int run_seeds(const RunOptions& options, RunOne run_one);

}  // namespace pluv::sim
