#include "tests/sim/simulate.h"

#include <utility>

#include "tests/sim/plan.h"
#include "tests/sim/world.h"

namespace pluv::sim {
namespace {

const Record* under_way = nullptr;

}  // namespace

Outcome simulate(std::uint64_t seed, const SimulateOptions& options) {
  Record record(options.story_lines > 0);
  under_way = &record;
  {
    World world(seed, make_plan(seed, options.sqlite), record);
    world.run();
  }
  under_way = nullptr;
  return {record.hash(), record.counts, record.failure(), record.story(options.story_lines)};
}

std::string describe_seed(std::uint64_t seed, const SimulateOptions& options) {
  return describe(make_plan(seed, options.sqlite));
}

std::string story_so_far(std::size_t lines) {
  return under_way == nullptr ? std::string() : under_way->story(lines);
}

}  // namespace pluv::sim
