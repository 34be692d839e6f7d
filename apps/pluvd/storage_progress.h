// Says on stderr how far a long command is: one line that is rewritten where a person looks at it,
// else a line every few seconds. Silent about what is quick. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "adapters/history.h"

namespace pluv::apps {

class StorageProgress {
 public:
  enum class Mode : std::uint8_t { quiet, lines, rewrite };

  // what: "checking records". The mode is that of stderr, or quiet.
  StorageProgress(std::string what, Mode mode);
  // Removes the line that was rewritten.
  ~StorageProgress();
  StorageProgress(const StorageProgress&) = delete;
  StorageProgress& operator=(const StorageProgress&) = delete;

  void show(adapters::Progress progress);
  // For who calls back; borrows this.
  [[nodiscard]] std::function<void(adapters::Progress)> callback();

  // rewrite when stderr is a terminal, else lines.
  [[nodiscard]] static Mode mode_of_stderr();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string what_;
  const Mode mode_;
  std::mutex mutex_;
  Clock::time_point next_;
  bool drawn_ = false;
};

// "checking records: 1200 of 4800 (25%)"; without a total only how many.
[[nodiscard]] std::string progress_text(const std::string& what, adapters::Progress progress);

}  // namespace pluv::apps
