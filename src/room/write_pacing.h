// When a room is written to, and when it writes to its store. One system call a receiver, or one
// transaction, costs more than many messages, so a busy room waits, and writes what has come
// meanwhile at once. Waiting is worth it only as long as something comes: with nothing more for a
// quarter of the wait it is over, and when waits keep bringing nothing (somebody sends again only
// when he has been answered) the room writes at once, and tries a wait again only now and then.
// Knows no clock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pluv::room {

class WritePacing {
 public:
  // Something more is to be written: once for all that comes together, as far as its owner knows.
  void came(std::int64_t now_ms) noexcept {
    // What was learnt in another time says nothing.
    if (turns_ == 0 && now_ms - written_ms_ > kRestMs) {
      at_once_ = 0;
      next_at_once_ = kAtOnceMin;
    }
    ++turns_;
    came_ms_ = now_ms;
  }
  // When it is due; not after `now_ms`: at once.
  [[nodiscard]] std::int64_t due_ms(std::int64_t wait_ms) const noexcept {
    if (at_once_ > 0 || wait_ms <= 0) return 0;
    return std::min(written_ms_ + wait_ms, came_ms_ + std::max<std::int64_t>(wait_ms / 4, 1));
  }
  // All has been written. waited: it was not due when it came.
  void written(std::int64_t now_ms, bool waited) noexcept {
    if (at_once_ > 0) {
      --at_once_;
    } else if (waited && turns_ == 1) {
      at_once_ = next_at_once_;
      next_at_once_ = std::min(2 * next_at_once_, kAtOnceMax);
    } else if (waited) {
      next_at_once_ = kAtOnceMin;
    }
    turns_ = 0;
    written_ms_ = now_ms;
  }

 private:
  // How many writes there are between waits that brought nothing.
  static constexpr std::uint32_t kAtOnceMin = 4;
  static constexpr std::uint32_t kAtOnceMax = 256;
  static constexpr std::int64_t kRestMs = 250;

  std::int64_t written_ms_ = 0;
  std::int64_t came_ms_ = 0;
  std::uint32_t turns_ = 0;  // that have brought something since
  std::uint32_t at_once_ = 0;
  std::uint32_t next_at_once_ = kAtOnceMin;
};

}  // namespace pluv::room
