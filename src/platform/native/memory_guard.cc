#include "platform/native/memory_guard.h"

#include <malloc.h>

#include <array>

#include "platform/native/log_fields.h"
#include "platform/native/process_memory.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

constexpr std::int64_t kLookMs = 100;
constexpr std::int64_t kLookUnderPressureMs = 20;
// What was freed counts until the allocator gives it back, which it does not do by itself. That
// costs milliseconds, so it is asked for only under pressure, and this seldom while it is not full.
constexpr std::int64_t kTrimMs = 500;
// Full for so long although the sessions that held the most are gone: then it is the documents.
constexpr std::int64_t kDocumentsAfterMs = 1'000;

// In hundredths of the ceiling.
constexpr std::array<std::size_t, kMemoryPressureCount> kBeginShare = {0, 65, 80, 95};
constexpr std::size_t kEndBelow = 5;

std::size_t share_of(std::size_t bytes, std::size_t hundredths) noexcept {
  return bytes / 100 * hundredths + bytes % 100 * hundredths / 100;
}

}  // namespace

const char* memory_pressure_name(MemoryPressure pressure) noexcept {
  switch (pressure) {
    case MemoryPressure::none: return "none";
    case MemoryPressure::high: return "high";
    case MemoryPressure::full: return "full";
    case MemoryPressure::over: return "over";
  }
  return "";
}

std::size_t MemoryGauge::begin_bytes(MemoryPressure pressure) const noexcept {
  return share_of(ceiling_bytes_, kBeginShare[static_cast<std::size_t>(pressure)]);
}

std::size_t MemoryGauge::end_bytes(MemoryPressure pressure) const noexcept {
  return share_of(ceiling_bytes_, kBeginShare[static_cast<std::size_t>(pressure)] - kEndBelow);
}

MemoryPressure MemoryGauge::update(std::size_t bytes) noexcept {
  if (ceiling_bytes_ == 0) return MemoryPressure::none;
  const auto moved = [](MemoryPressure pressure, int by) {
    return static_cast<MemoryPressure>(static_cast<int>(pressure) + by);
  };
  while (pressure_ != MemoryPressure::over && bytes >= begin_bytes(moved(pressure_, 1))) {
    pressure_ = moved(pressure_, 1);
  }
  while (pressure_ != MemoryPressure::none && bytes < end_bytes(pressure_)) {
    pressure_ = moved(pressure_, -1);
  }
  return pressure_;
}

MemoryGuard::MemoryGuard(Worker& worker) noexcept
    : worker_(worker), gauge_(worker.limits().memory_bytes_max), timer_(TimerKind::memory, this) {}

void MemoryGuard::start() {
  if (worker_.limits().memory_bytes_max > 0) worker_.timers().set(timer_, worker_.now_ms());
}

std::size_t MemoryGuard::measure() const {
  const auto& told = worker_.shared().hooks.memory_bytes;
  return told ? told() : resident_bytes();
}

void MemoryGuard::look() {
  const MemoryPressure before = gauge_.pressure();
  std::size_t bytes = measure();
  if (bytes >= gauge_.begin_bytes(MemoryPressure::high) &&
      (before >= MemoryPressure::full || worker_.now_ms() - trimmed_ms_ >= kTrimMs)) {
    trimmed_ms_ = worker_.now_ms();
    ::malloc_trim(0);
    bytes = measure();
  }
  const MemoryPressure now = gauge_.update(bytes);
  worker_.shared().memory_pressure.store(now, std::memory_order_relaxed);
  if (now != before) tell(before, bytes);
  if (now != MemoryPressure::none) relieve(bytes);
  worker_.timers().set(
      timer_, worker_.now_ms() + (now == MemoryPressure::none ? kLookMs : kLookUnderPressureMs));
}

void MemoryGuard::tell(MemoryPressure before, std::size_t bytes) {
  const MemoryPressure now = gauge_.pressure();
  const bool grave = now >= MemoryPressure::full && now > before;
  worker_.shared().log(grave ? "warn" : "info", "memory_pressure",
                       LogFields()
                           .add("pressure", memory_pressure_name(now))
                           .add("before", memory_pressure_name(before))
                           .add("bytes", bytes)
                           .add("ceiling", worker_.limits().memory_bytes_max)
                           .text());
}

void MemoryGuard::relieve(std::size_t bytes) {
  const bool full = gauge_.pressure() >= MemoryPressure::full;
  if (!full) full_since_ms_ = 0;
  if (full && full_since_ms_ == 0) full_since_ms_ = worker_.now_ms();
  const bool documents = full && worker_.now_ms() - full_since_ms_ >= kDocumentsAfterMs;
  if (documents) full_since_ms_ = worker_.now_ms();  // one at a time, each with its effect
  const std::size_t enough = gauge_.end_bytes(MemoryPressure::full);
  const std::size_t excess = full && bytes > enough ? bytes - enough : 0;
  for (const std::shared_ptr<Worker>& one : worker_.shared().workers) {
    one->post([raw = one.get(), excess, documents] {
      raw->rooms().forget_saved_rooms();
      if (excess == 0) return;
      const bool shed = raw->rooms().shed_sessions(excess);
      if (documents && !shed) raw->rooms().shed_largest_room();
    });
  }
}

}  // namespace pluv::native
