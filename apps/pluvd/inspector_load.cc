#include "apps/pluvd/inspector_load.h"

#include <sys/resource.h>

#include <algorithm>
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
    samples_.push_back({.unix_ms = reading.unix_ms,
                        .rooms = now.rooms,
                        .sessions = now.sessions,
                        .messages_in = now.messages_in_total - before.messages_in_total,
                        .messages_out = now.messages_out_total - before.messages_out_total,
                        .bytes_in = now.bytes_in_total - before.bytes_in_total,
                        .bytes_out = now.bytes_out_total - before.bytes_out_total,
                        .edits = appends(now) - appends(before),
                        .cpu_ms = reading.cpu_ms - last_.cpu_ms,
                        .memory_bytes = reading.memory_bytes});
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
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out;
}

}  // namespace pluv::apps
