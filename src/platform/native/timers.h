// Timers of one event loop: a binary heap of nodes that live inside their owners, so that setting,
// moving and cancelling one allocates nothing in steady state and leaves nothing stale behind.
// Owned by a loop and used on its thread alone; knows no clock and calls nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pluv::native {

// Whose timer it is: what Timer::owner points to.
enum class TimerKind : std::uint8_t {
  connection,    // Connection: handshake, stall, pacing, close
  room_wake,     // RoomEntry: the room asked for it
  room_flush,    // RoomEntry: the flush interval is over
  delayed,       // DelayedTask of Server::post_after
  accept_retry,  // Listener
  drain,         // Worker: the next closes
  deadline,      // Worker: the end of a drain
  aside,         // RoomHost: time for a message that was put aside
  memory,        // MemoryGuard: the next look
};

// A node. Cancel it before it is destroyed. Does not move while it is set.
struct Timer {
  static constexpr std::uint32_t kIdle = 0xffffffff;

  Timer(TimerKind timer_kind, void* timer_owner) noexcept : owner(timer_owner), kind(timer_kind) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool set() const noexcept { return slot != kIdle; }

  void* owner;
  std::int64_t at_ms = 0;  // steady; of use only while set()
  std::uint32_t slot = kIdle;
  TimerKind kind;
};

class TimerHeap {
 public:
  // Sets or moves the timer. O(log n).
  void set(Timer& timer, std::int64_t at_ms);
  // Does nothing to an idle one. O(log n).
  void cancel(Timer& timer) noexcept;
  // Takes out the earliest timer with at_ms <= now_ms; null when there is none.
  [[nodiscard]] Timer* take_due(std::int64_t now_ms) noexcept;
  // When the earliest one is due.
  [[nodiscard]] std::optional<std::int64_t> next_ms() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return heap_.size(); }

 private:
  void place(Timer* timer, std::size_t slot) noexcept;
  void sift_up(std::size_t slot) noexcept;
  void sift_down(std::size_t slot) noexcept;

  std::vector<Timer*> heap_;
};

}  // namespace pluv::native
