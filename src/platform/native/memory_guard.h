// The process's memory beside the ceiling that it is given (Limits::memory_bytes_max), looked at
// some times a second by the first loop, never for a message. MemoryGauge says how near it is;
// MemoryGuard measures, tells all loops and has them let go of what they can: from `high` on of the
// documents of rooms that nobody is in, from `full` on of the sessions that hold the most. Owned by
// a Worker, used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "platform/native/timers.h"

namespace pluv::native {

class Worker;

// In rising order; each includes what the ones before it do.
enum class MemoryPressure : std::uint8_t {
  none,
  high,  // documents that nobody uses are forgotten
  full,  // joins are refused for now; who holds the most is closed
  over,  // connections are closed as they come
};
inline constexpr std::size_t kMemoryPressureCount = 4;
[[nodiscard]] const char* memory_pressure_name(MemoryPressure pressure) noexcept;

// A pressure begins at its share of the ceiling and ends a twentieth of the ceiling below it, so
// that it does not come and go with every message. Plain value, no clock.
class MemoryGauge {
 public:
  // 0: no ceiling, and never a pressure.
  explicit MemoryGauge(std::size_t ceiling_bytes) noexcept : ceiling_bytes_(ceiling_bytes) {}

  MemoryPressure update(std::size_t bytes) noexcept;
  [[nodiscard]] MemoryPressure pressure() const noexcept { return pressure_; }
  // Where a pressure begins, and below which it ends.
  [[nodiscard]] std::size_t begin_bytes(MemoryPressure pressure) const noexcept;
  [[nodiscard]] std::size_t end_bytes(MemoryPressure pressure) const noexcept;

 private:
  std::size_t ceiling_bytes_;
  MemoryPressure pressure_ = MemoryPressure::none;
};

class MemoryGuard {
 public:
  explicit MemoryGuard(Worker& worker) noexcept;

  // Begins to look; nothing happens without a ceiling. On the first loop alone.
  void start();
  // The timer.
  void look();

 private:
  [[nodiscard]] std::size_t measure() const;
  void tell(MemoryPressure before, std::size_t bytes);
  void relieve(std::size_t bytes);

  Worker& worker_;
  MemoryGauge gauge_;
  Timer timer_;
  std::int64_t trimmed_ms_ = 0;
  std::int64_t full_since_ms_ = 0;  // 0: it is not
};

}  // namespace pluv::native
