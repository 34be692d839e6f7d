#include "platform/native/timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

namespace pluv::native {
namespace {

TEST(Timers, ComeInOrderAndNotEarly) {
  TimerHeap heap;
  Timer a(TimerKind::delayed, nullptr);
  Timer b(TimerKind::delayed, nullptr);
  heap.set(a, 20);
  heap.set(b, 10);
  EXPECT_EQ(heap.next_ms(), 10);
  EXPECT_EQ(heap.take_due(9), nullptr);
  EXPECT_EQ(heap.take_due(10), &b);
  EXPECT_FALSE(b.set());
  EXPECT_EQ(heap.take_due(10), nullptr);
  EXPECT_EQ(heap.take_due(100), &a);
  EXPECT_EQ(heap.next_ms(), std::nullopt);
}

TEST(Timers, MovedAndCancelledOnesAreForgotten) {
  TimerHeap heap;
  Timer a(TimerKind::delayed, nullptr);
  Timer b(TimerKind::delayed, nullptr);
  heap.set(a, 10);
  heap.set(b, 20);
  heap.set(a, 30);
  EXPECT_EQ(heap.next_ms(), 20);
  heap.cancel(b);
  heap.cancel(b);
  EXPECT_EQ(heap.next_ms(), 30);
  heap.set(a, 5);
  EXPECT_EQ(heap.take_due(5), &a);
  EXPECT_EQ(heap.size(), 0U);
}

TEST(Timers, AgreeWithASortedListUnderRandomUse) {
  std::mt19937 random(3);
  TimerHeap heap;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<Timer>(TimerKind::delayed, nullptr));
  }
  for (std::int64_t now = 0; now < 20'000; ++now) {
    Timer& timer = *timers[random() % timers.size()];
    if (random() % 4 == 0) {
      heap.cancel(timer);
    } else {
      heap.set(timer, now + static_cast<std::int64_t>(random() % 300));
    }
    for (;;) {
      std::int64_t earliest = now + 1;
      for (const auto& one : timers) {
        if (one->set()) earliest = std::min(earliest, one->at_ms);
      }
      const Timer* due = heap.take_due(now);
      if (due == nullptr) {
        ASSERT_GT(earliest, now);
        break;
      }
      ASSERT_EQ(due->at_ms, earliest);
    }
  }
}

}  // namespace
}  // namespace pluv::native
