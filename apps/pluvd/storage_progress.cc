#include "apps/pluvd/storage_progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace pluv::apps {
namespace {

using namespace std::chrono_literals;

constexpr auto kRewriteInterval = 100ms;  // faster than this is only flicker
constexpr auto kLineInterval = 5s;        // a log is read later
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

StorageProgress::StorageProgress(std::string what, Mode mode)
    : what_(std::move(what)),
      mode_(mode),
      next_(Clock::now() + (mode == Mode::rewrite ? Clock::duration(kRewriteInterval)
                                                  : Clock::duration(kLineInterval))) {}

StorageProgress::~StorageProgress() {
  if (drawn_) std::fputs(kClearLine, stderr);
}

void StorageProgress::show(adapters::Progress progress) {
  if (mode_ == Mode::quiet) return;
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (now < next_) return;
  const std::string text = progress_text(what_, progress);
  if (mode_ == Mode::rewrite) {
    std::fprintf(stderr, "%s%s", kClearLine, text.c_str());
    next_ = now + kRewriteInterval;
    drawn_ = true;
  } else {
    std::fprintf(stderr, "pluvd storage: %s\n", text.c_str());
    next_ = now + kLineInterval;
  }
}

std::function<void(adapters::Progress)> StorageProgress::callback() {
  return [this](adapters::Progress progress) { show(progress); };
}

StorageProgress::Mode StorageProgress::mode_of_stderr() {
  return ::isatty(STDERR_FILENO) == 1 ? Mode::rewrite : Mode::lines;
}

std::string progress_text(const std::string& what, adapters::Progress progress) {
  std::string out = what;
  if (progress.total == 0) {
    if (progress.done != 0) out += ": " + std::to_string(progress.done);
    return out;
  }
  out += ": " + std::to_string(progress.done) + " of " + std::to_string(progress.total);
  return out + " (" + std::to_string(progress.done * 100 / progress.total) + "%)";
}

}  // namespace pluv::apps
