// The load of the last hour: what has happened in each interval, from counters that only grow.
// Thread-safe. Owned by Inspector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "platform/native/metrics.h"

namespace pluv::apps {

// Of the process as a whole, up to now.
struct LoadReading {
  std::int64_t unix_ms = 0;
  native::MetricsSnapshot metrics;
  std::int64_t cpu_ms = 0;
  std::uint64_t memory_bytes = 0;
};
// The process's CPU time and memory, for a reading.
void read_process(LoadReading& reading);

class InspectorLoad {
 public:
  explicit InspectorLoad(std::int64_t interval_ms);

  // The first one only tells from where to count.
  void add(LoadReading reading);
  // {"interval_ms":n,"samples":[...]} of those after that time, oldest first.
  [[nodiscard]] std::string json(std::int64_t since_unix_ms) const;

 private:
  struct Sample {
    std::int64_t unix_ms = 0;
    std::uint64_t rooms = 0;
    std::uint64_t sessions = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t edits = 0;
    std::int64_t cpu_ms = 0;
    std::uint64_t memory_bytes = 0;
    // Of loops' turns, in microseconds, up to a quarter too much; 0: there was no turn.
    std::uint64_t turn_p50_us = 0;
    std::uint64_t turn_p99_us = 0;
  };

  const std::int64_t interval_ms_;
  const std::size_t samples_max_;
  mutable std::mutex mutex_;
  bool has_last_ = false;
  LoadReading last_;
  std::deque<Sample> samples_;
};

}  // namespace pluv::apps
