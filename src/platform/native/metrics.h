// Counters of a server as one consistent-enough copy, and their Prometheus text form
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Plain values, owned by the
// caller.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "room/effects.h"

namespace pluv::native {

// Upper bounds of the step-time buckets, in microseconds; one more bucket is +Inf.
inline constexpr std::array<std::uint32_t, 12> kStepBucketsUs = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000, 100000};

// Turns of loops by their time: buckets of a quarter of a power of two of microseconds each, the
// last one without an end (16 s).
inline constexpr std::size_t kTurnBuckets = 96;
// Of the bucket: what a turn in it took at most, in microseconds.
[[nodiscard]] std::uint64_t turn_bucket_us(std::size_t bucket) noexcept;
[[nodiscard]] std::size_t turn_bucket_of(std::uint64_t microseconds) noexcept;

// What rooms ask of their store.
enum class StoreCallKind : std::uint8_t { load, append, compact };
inline constexpr std::array<const char*, 3> kStoreCallNames = {"load", "append", "compact"};

struct MetricsSnapshot {
  std::uint64_t connections = 0;  // open sockets, upgraded or not
  std::uint64_t sessions = 0;
  std::uint64_t rooms = 0;
  std::uint64_t accepted_total = 0;
  std::uint64_t messages_in_total = 0;
  std::uint64_t messages_out_total = 0;  // deliveries: one a receiver
  std::uint64_t bytes_in_total = 0;
  std::uint64_t bytes_out_total = 0;
  std::uint64_t sends_total = 0;  // system calls that wrote
  std::uint64_t queued_bytes = 0;
  std::uint64_t queued_bytes_max = 0;  // the longest queue now
  std::uint64_t conflated_total = 0;
  std::uint64_t memory_ceiling_bytes = 0;               // 0: none
  std::uint64_t memory_pressure = 0;                    // MemoryPressure
  std::uint64_t memory_closes_total = 0;                // sessions
  std::map<std::uint16_t, std::uint64_t> closes_total;  // by close code that we sent
  std::array<std::uint64_t, room::kRefusalReasonCount> refused_total{};
  std::map<std::string, std::uint64_t> connections_refused_total;  // by reason
  std::array<std::uint64_t, kStoreCallNames.size()> store_done_total{};
  std::array<std::uint64_t, kStoreCallNames.size()> store_failed_total{};
  std::uint64_t store_bytes_total = 0;
  std::array<std::uint64_t, kStepBucketsUs.size() + 1> step_us{};
  std::uint64_t step_us_sum = 0;
  std::array<std::uint64_t, kTurnBuckets> turns{};  // by turn_bucket_of
  bool draining = false;
};

[[nodiscard]] std::string prometheus_text(const MetricsSnapshot& snapshot);

}  // namespace pluv::native
