#include "tests/sim/workers.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/sim/simulate.h"

namespace pluv::sim {
namespace {

constexpr std::uint64_t kJobsMax = 64;

// What the processes share.
struct Board {
  struct Worker {
    std::uint64_t seed = 0;  // that it is at
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    Counts counts;
  };
  Worker workers[kJobsMax];
};

// An assertion ends the process; the story so far is what there is to go by.
void tell_and_die(int signal) {
  const std::string story = story_so_far(60);
  (void)!write(STDERR_FILENO, story.data(), story.size());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void work(Board::Worker& worker, std::uint64_t from, const RunOptions& options, RunOne run_one) {
  for (std::uint64_t seed = from; seed < options.first + options.seeds; seed += options.jobs) {
    worker.seed = seed;
    if (!run_one(seed, options, worker.counts)) ++worker.failed;
    ++worker.done;
    if (worker.failed >= options.failures) return;
  }
}

pid_t start(Board::Worker& worker, std::uint64_t from, const RunOptions& options, RunOne run_one) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  work(worker, from, options, run_one);
  std::fflush(nullptr);
  _exit(0);
}

// The same seed once more, with its story, until it dies again.
void tell_of_death(std::uint64_t seed, int status, bool sqlite) {
  std::fprintf(stderr, "seed %llu: the process ended with %s %d\n",
               static_cast<unsigned long long>(seed), WIFSIGNALED(status) ? "signal" : "exit code",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    for (const int signal : {SIGABRT, SIGSEGV, SIGTRAP, SIGILL, SIGFPE}) {
      std::signal(signal, tell_and_die);
    }
    (void)simulate(seed, {.sqlite = sqlite, .story_lines = 60});
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  std::fprintf(stderr, "replay: build/release/bin/pluv-sim --seed %llu%s\n\n",
               static_cast<unsigned long long>(seed), sqlite ? "" : " --model-disk");
}

}  // namespace

int run_seeds(const RunOptions& options, RunOne run_one) {
  RunOptions bounded = options;
  bounded.jobs = std::clamp<std::uint64_t>(options.jobs, 1, kJobsMax);
  void* const memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("pluv-sim: mmap");
    return 2;
  }
  Board& board = *new (memory) Board;
  pid_t children[kJobsMax] = {};
  for (std::uint64_t at = 0; at < bounded.jobs; ++at) {
    children[at] = start(board.workers[at], bounded.first + at, bounded, run_one);
  }
  for (int status = 0;;) {
    const pid_t ended = wait(&status);
    if (ended < 0) break;
    auto* const child = std::find(children, children + bounded.jobs, ended);
    if (child == children + bounded.jobs || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
      continue;
    }
    Board::Worker& worker = board.workers[child - children];
    ++worker.failed;
    ++worker.done;
    tell_of_death(worker.seed, status, bounded.sqlite);
    if (worker.failed < bounded.failures) {
      *child = start(worker, worker.seed + bounded.jobs, bounded, run_one);
    }
  }
  Counts counts;
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  for (std::uint64_t at = 0; at < bounded.jobs; ++at) {
    counts.add(board.workers[at].counts);
    done += board.workers[at].done;
    failed += board.workers[at].failed;
  }
  std::string text;
  counts.each([&](const char* what, std::uint64_t count) {
    text += std::string(text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  });
  std::fprintf(stderr, "pluv-sim: %llu seeds%s, %llu failed: %s\n",
               static_cast<unsigned long long>(done), bounded.once ? "" : " (each twice)",
               static_cast<unsigned long long>(failed), text.c_str());
  return failed == 0 ? 0 : 1;
}

}  // namespace pluv::sim
