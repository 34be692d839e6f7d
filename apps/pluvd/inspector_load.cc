#include "apps/pluvd/inspector_load.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "json/writer.h"
#include "platform/native/process_memory.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kKeptMs = 3'600'000;
// However short the interval: what a page can draw.
constexpr std::size_t kSamplesMax = 4'096;

std::int64_t milliseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_usec / 1000;
}

std::uint64_t appends(const native::MetricsSnapshot& metrics) {
  return metrics.store_done_total[static_cast<std::size_t>(native::StoreCallKind::append)];
}

using Turns = std::array<std::uint64_t, native::kTurnBuckets>;

Turns turns_between(const native::MetricsSnapshot& before, const native::MetricsSnapshot& now) {
  Turns out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = now.turns[i] - before.turns[i];
  return out;
}

// What that part of them took at most; 0 without any.
std::uint64_t quantile_us(const Turns& turns, double part) {
  const auto all = static_cast<double>(std::accumulate(turns.begin(), turns.end(), 0ULL));
  double passed = 0;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    passed += static_cast<double>(turns[i]);
    if (all > 0 && passed >= all * part)
      return std::max<std::uint64_t>(native::turn_bucket_us(i), 1);
  }
  return 0;
}

}  // namespace

void read_process(LoadReading& reading) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  reading.cpu_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
  reading.memory_bytes = native::resident_bytes();
}

InspectorLoad::InspectorLoad(std::int64_t interval_ms)
    : interval_ms_(interval_ms),
      samples_max_(std::min(static_cast<std::size_t>(kKeptMs / interval_ms) + 1, kSamplesMax)) {}

void InspectorLoad::add(LoadReading reading) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(has_last_, true)) {
    const native::MetricsSnapshot& now = reading.metrics;
    const native::MetricsSnapshot& before = last_.metrics;
    const Turns turns = turns_between(before, now);
    samples_.push_back({.unix_ms = reading.unix_ms,
                        .rooms = now.rooms,
                        .sessions = now.sessions,
                        .messages_in = now.messages_in_total - before.messages_in_total,
                        .messages_out = now.messages_out_total - before.messages_out_total,
                        .bytes_in = now.bytes_in_total - before.bytes_in_total,
                        .bytes_out = now.bytes_out_total - before.bytes_out_total,
                        .edits = appends(now) - appends(before),
                        .cpu_ms = reading.cpu_ms - last_.cpu_ms,
                        .memory_bytes = reading.memory_bytes,
                        .turn_p50_us = quantile_us(turns, 0.5),
                        .turn_p99_us = quantile_us(turns, 0.99)});
    if (samples_.size() > samples_max_) samples_.pop_front();
  }
  last_ = std::move(reading);
}

std::string InspectorLoad::json(std::int64_t since_unix_ms) const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("interval_ms");
  writer.number(interval_ms_);
  writer.key("samples");
  writer.begin_array();
  const std::lock_guard lock(mutex_);
  for (const Sample& sample : samples_) {
    if (sample.unix_ms <= since_unix_ms) continue;
    writer.begin_object();
    writer.key("at_unix_ms");
    writer.number(sample.unix_ms);
    for (const auto& [name, value] :
         {std::pair("rooms", sample.rooms), std::pair("sessions", sample.sessions),
          std::pair("messages_in", sample.messages_in),
          std::pair("messages_out", sample.messages_out), std::pair("bytes_in", sample.bytes_in),
          std::pair("bytes_out", sample.bytes_out), std::pair("edits", sample.edits),
          std::pair("memory_bytes", sample.memory_bytes)}) {
      writer.key(name);
      writer.number(value);
    }
    writer.key("cpu_ms");
    writer.number(sample.cpu_ms);
    if (sample.turn_p50_us > 0) {
      writer.key("turn_p50_ms");
      writer.number(static_cast<double>(sample.turn_p50_us) / 1000);
      writer.key("turn_p99_ms");
      writer.number(static_cast<double>(sample.turn_p99_us) / 1000);
    }
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

}  // namespace pluv::apps
