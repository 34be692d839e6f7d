#include "platform/native/timers.h"

#include <utility>

namespace pluv::native {

void TimerHeap::set(Timer& timer, std::int64_t at_ms) {
  if (!timer.set()) {
    heap_.push_back(&timer);
    timer.slot = static_cast<std::uint32_t>(heap_.size() - 1);
    timer.at_ms = at_ms;
    sift_up(timer.slot);
    return;
  }
  const bool earlier = at_ms < timer.at_ms;
  timer.at_ms = at_ms;
  if (earlier) {
    sift_up(timer.slot);
  } else {
    sift_down(timer.slot);
  }
}

void TimerHeap::cancel(Timer& timer) noexcept {
  if (!timer.set()) return;
  const std::size_t slot = timer.slot;
  timer.slot = Timer::kIdle;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(last, slot);
  sift_up(slot);
  sift_down(last->slot);
}

Timer* TimerHeap::take_due(std::int64_t now_ms) noexcept {
  if (heap_.empty() || heap_.front()->at_ms > now_ms) return nullptr;
  Timer* timer = heap_.front();
  cancel(*timer);
  return timer;
}

std::optional<std::int64_t> TimerHeap::next_ms() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->at_ms;
}

void TimerHeap::place(Timer* timer, std::size_t slot) noexcept {
  heap_[slot] = timer;
  timer->slot = static_cast<std::uint32_t>(slot);
}

void TimerHeap::sift_up(std::size_t slot) noexcept {
  Timer* timer = heap_[slot];
  while (slot > 0) {
    const std::size_t parent = (slot - 1) / 2;
    if (heap_[parent]->at_ms <= timer->at_ms) break;
    place(heap_[parent], slot);
    slot = parent;
  }
  place(timer, slot);
}

void TimerHeap::sift_down(std::size_t slot) noexcept {
  Timer* timer = heap_[slot];
  for (;;) {
    std::size_t child = slot * 2 + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ms < heap_[child]->at_ms) ++child;
    if (heap_[child]->at_ms >= timer->at_ms) break;
    place(heap_[child], slot);
    slot = child;
  }
  place(timer, slot);
}

}  // namespace pluv::native
