// pluv-sim: runs seeds of the simulation, each twice, and says what is wrong with the first that
// fails: one line to run it again, and the last lines of its story.
//
//   pluv-sim --seeds 2000 --jobs 2     seeds 1 to 2000
//   pluv-sim --seed 42                 one, with its story
//   pluv-sim --hashes --seeds 50       prints each seed's hash, to compare machines by
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/sim/simulate.h"
#include "tests/sim/workers.h"

namespace pluv::sim {
namespace {

constexpr std::size_t kStoryLines = 60;

void usage() {
  std::fputs(
      "usage: pluv-sim [--seeds N] [--first N] [--jobs N] [--model-disk] [--once] [--hashes]\n"
      "       pluv-sim --seed N [--model-disk] [--lines N]\n"
      "  --seeds N     so many seeds, from --first on (100, 1)\n"
      "  --jobs N      so many processes (1)\n"
      "  --failures N  a process stops after so many (5)\n"
      "  --model-disk  no SQLite: what every build can do\n"
      "  --once        each seed once; else twice, and both runs must be the same\n"
      "  --hashes      print each seed's hash\n"
      "  --seed N      this one, once, with the last --lines (60) lines of its story\n",
      stderr);
}

bool parse_number(const char* text, std::uint64_t& out) {
  char* end = nullptr;
  if (text == nullptr || *text < '0' || *text > '9') return false;
  out = std::strtoull(text, &end, 10);
  return *end == '\0';
}

std::string replay_line(std::uint64_t seed, bool sqlite) {
  return "replay: build/release/bin/pluv-sim --seed " + std::to_string(seed) +
         (sqlite ? "" : " --model-disk");
}

// True when all was well.
bool run_one(std::uint64_t seed, const RunOptions& options, Counts& counts) {
  SimulateOptions how{.sqlite = options.sqlite, .story_lines = 0};
  const Outcome first = simulate(seed, how);
  counts.add(first.counts);
  if (options.hashes) {
    std::printf("%llu %016llx\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(first.hash));
  }
  std::string failure = first.failure;
  if (failure.empty() && !options.once && simulate(seed, how).hash != first.hash) {
    failure = "two runs of this seed differ";
  }
  if (failure.empty()) return true;
  how.story_lines = kStoryLines;
  const Outcome told = simulate(seed, how);
  std::fprintf(stderr, "seed %llu: %s\n%s\n%s%s\n\n", static_cast<unsigned long long>(seed),
               failure.c_str(), describe_seed(seed, how).c_str(), told.story.c_str(),
               replay_line(seed, options.sqlite).c_str());
  return false;
}

int run_seed_with_story(std::uint64_t seed, bool sqlite, std::uint64_t lines) {
  const SimulateOptions how{.sqlite = sqlite, .story_lines = static_cast<std::size_t>(lines)};
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
              describe_seed(seed, how).c_str());
  const Outcome outcome = simulate(seed, how);
  std::printf("%shash %016llx\n", outcome.story.c_str(),
              static_cast<unsigned long long>(outcome.hash));
  if (outcome.failure.empty()) {
    std::puts("all was well");
    return 0;
  }
  std::printf("WRONG: %s\n", outcome.failure.c_str());
  return 1;
}

int main_with(int count, char** arguments) {
  RunOptions options;
  std::uint64_t seed = 0;
  std::uint64_t lines = kStoryLines;
  bool has_seed = false;
  for (int at = 1; at < count; ++at) {
    const std::string_view flag = arguments[at];
    const auto number = [&](std::uint64_t& out) {
      if (parse_number(at + 1 < count ? arguments[at + 1] : nullptr, out)) return ++at > 0;
      std::fprintf(stderr, "pluv-sim: %s takes a number\n", arguments[at]);
      return false;
    };
    bool right = true;
    if (flag == "--seeds") {
      right = number(options.seeds);
    } else if (flag == "--first") {
      right = number(options.first);
    } else if (flag == "--jobs") {
      right = number(options.jobs);
    } else if (flag == "--failures") {
      right = number(options.failures);
    } else if (flag == "--lines") {
      right = number(lines);
    } else if (flag == "--seed") {
      right = number(seed);
      has_seed = true;
    } else if (flag == "--model-disk") {
      options.sqlite = false;
    } else if (flag == "--once") {
      options.once = true;
    } else if (flag == "--hashes") {
      options.hashes = true;
    } else {
      right = false;
    }
    if (!right) {
      usage();
      return 2;
    }
  }
  options.sqlite = options.sqlite && kHasSqlite;
  if (has_seed) return run_seed_with_story(seed, options.sqlite, lines);
  return run_seeds(options, run_one);
}

}  // namespace
}  // namespace pluv::sim

int main(int count, char** arguments) { return pluv::sim::main_with(count, arguments); }
