// Runs one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/sim/record.h"

namespace pluv::sim {

struct Outcome {
  std::uint64_t hash = 0;
  Counts counts;
  std::string failure;  // empty: all was well
  std::string story;    // the last lines, when it was asked for
};

struct SimulateOptions {
  bool sqlite = true;           // disks may be SQLite's
  std::size_t story_lines = 0;  // 0: no story is kept, which is faster
};

[[nodiscard]] Outcome simulate(std::uint64_t seed, const SimulateOptions& options);
// What goes on in this seed, in one line.
[[nodiscard]] std::string describe_seed(std::uint64_t seed, const SimulateOptions& options);
// The story of the run that is under way, for who is told that the process is about to end.
[[nodiscard]] std::string story_so_far(std::size_t lines);

}  // namespace pluv::sim
