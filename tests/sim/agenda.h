// What is going to happen in a simulation, and the virtual clock that stands at what happens now.
// Of what is due at the same time the first to be put down comes first, so that a run is the same
// every time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace pluv::sim {

class Agenda {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] Now now() const noexcept { return now_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_.steady_ms; }

  // At once: behind what is due now already.
  void at(std::int64_t due_ms, Action action) {
    due_.push_back({std::max(due_ms, now_.steady_ms), ++sequence_, std::move(action)});
    std::push_heap(due_.begin(), due_.end(), later);
  }
  void after(std::int64_t wait_ms, Action action) {
    at(now_.steady_ms + wait_ms, std::move(action));
  }

  // Does the next thing, unless it lies beyond that time: then the clock goes there. False: it did.
  bool step(std::int64_t until_ms) {
    if (due_.empty() || due_.front().at_ms > until_ms) {
      pass_to(until_ms);
      return false;
    }
    std::pop_heap(due_.begin(), due_.end(), later);
    Entry entry = std::move(due_.back());
    due_.pop_back();
    pass_to(entry.at_ms);
    entry.action();
    return true;
  }
  // The wall clock is set; nothing that is planned moves.
  void set_wall_clock_off(std::int64_t ms) noexcept { now_.unix_ms += ms; }
  // The machine slept: all that was due meanwhile is due now, in its order.
  void sleep(std::int64_t ms) noexcept { pass_to(now_.steady_ms + ms); }

 private:
  struct Entry {
    std::int64_t at_ms = 0;
    std::uint64_t sequence = 0;
    Action action;
  };
  static bool later(const Entry& a, const Entry& b) noexcept {
    return std::pair(a.at_ms, a.sequence) > std::pair(b.at_ms, b.sequence);
  }
  void pass_to(std::int64_t ms) noexcept {
    const std::int64_t passed = std::max<std::int64_t>(0, ms - now_.steady_ms);
    now_.steady_ms += passed;
    now_.unix_ms += passed;
  }

  Now now_{1'000'000, 1'795'467'862'000};
  std::uint64_t sequence_ = 0;
  std::vector<Entry> due_;  // a heap
};

}  // namespace pluv::sim
