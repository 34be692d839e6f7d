#include <cstdio>

#include "tests/sim/disks.h"
#include "tests/sim/workers.h"

namespace pluv::sim {

std::unique_ptr<Disk> make_sqlite_disk(bool) { return nullptr; }

int run_seeds(const RunOptions& options, RunOne run_one) {
  Counts counts;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.seeds; ++seed) {
    if (!run_one(seed, options, counts)) ++failed;
  }
  std::fprintf(stderr, "%llu seeds, %llu failed\n", static_cast<unsigned long long>(options.seeds),
               static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace pluv::sim
