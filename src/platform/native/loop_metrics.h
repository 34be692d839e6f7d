// The counters of one event loop. Written by the loop's thread alone, read by any: relaxed atomics
// without a locked instruction.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "platform/native/metrics.h"
#include "room/effects.h"

namespace pluv::native {

class Counter {
 public:
  void add(std::uint64_t n) noexcept { set(get() + n); }
  void subtract(std::uint64_t n) noexcept { set(get() - n); }
  void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Why a connection was not let in.
enum class ConnectionRefusal : std::uint8_t {
  bad_request,
  bad_room,
  origin,
  unauthorized,
  unavailable,
  connections_max,
  address_max,
  user_max,
  memory,
  draining,
  handshake_timeout,
  tls_failed,
};
inline constexpr std::size_t kConnectionRefusalCount = 12;
[[nodiscard]] const char* connection_refusal_name(ConnectionRefusal refusal) noexcept;

// Close codes have a counter each: 1000-1015, the two of pluv's own, and one for all others.
inline constexpr std::size_t kCloseCodeSlots = 19;
[[nodiscard]] std::size_t close_code_slot(std::uint16_t code) noexcept;
[[nodiscard]] std::uint16_t close_code_of(std::size_t slot) noexcept;  // 0: others

struct LoopMetrics {
  Counter sessions;
  Counter accepted;
  Counter messages_in;
  Counter messages_out;
  Counter bytes_in;
  Counter bytes_out;
  Counter sends;
  Counter queued_bytes;      // as of a moment ago
  Counter queued_bytes_max;  // the same
  Counter conflated;
  Counter memory_closes;
  // Of the store, as the rooms see it.
  struct StoreCall {
    Counter done;
    Counter failed;
  };
  std::array<StoreCall, kStoreCallNames.size()> store_calls;
  Counter store_bytes;  // appended
  Counter step_us_sum;
  std::array<Counter, kStepBucketsUs.size() + 1> step_us;
  std::array<Counter, kTurnBuckets> turns;
  std::array<Counter, kCloseCodeSlots> closes;
  std::array<Counter, room::kRefusalReasonCount> refused;
  std::array<Counter, kConnectionRefusalCount> connections_refused;

  void count_step(std::uint64_t microseconds) noexcept;
  void count_turn(std::uint64_t microseconds) noexcept;
  void add_to(MetricsSnapshot& snapshot) const;
};

}  // namespace pluv::native
