#include "apps/pluvd/fair_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace pluv::apps {
namespace {

// Holds whoever waits, until it is opened.
struct Gate {
  std::promise<void> promise;
  std::shared_future<void> future{promise.get_future().share()};
};

TEST(FairPool, PartiesTakeTurns) {
  Gate gate;
  std::mutex mutex;
  std::vector<std::string> order;
  std::promise<void> last;
  FairPool pool({.threads = 1, .at_once_max = 1, .waiting_max = 100});
  std::promise<void> began;
  ASSERT_TRUE(pool.post("a", [&] {
    began.set_value();
    gate.future.wait();
  }));
  began.get_future().wait();
  const auto note = [&](const char* name) {
    return [&, name] {
      const std::lock_guard lock(mutex);
      order.emplace_back(name);
      if (order.size() == 6) last.set_value();
    };
  };
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pool.post("a", note("a")));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(pool.post("b", note("b")));
  gate.promise.set_value();
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector<std::string>{"b", "a", "b", "a", "a", "a"}));
}

TEST(FairPool, NoPartyHasAllThreads) {
  Gate gate;
  FairPool pool({.threads = 2, .at_once_max = 1, .waiting_max = 100});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.post("a", [future = gate.future] { future.wait(); }));
  }
  std::promise<void> done;
  ASSERT_TRUE(pool.post("b", [&] { done.set_value(); }));
  done.get_future().wait();
  gate.promise.set_value();
}

TEST(FairPool, SomeThreadsAreForWhoHasNone) {
  Gate gate;
  std::promise<void> second_began;
  std::future<void> second = second_began.get_future();
  {
    FairPool pool({.threads = 3, .at_once_max = 2, .reserved = 2, .waiting_max = 100});
    std::promise<void> began;
    ASSERT_TRUE(pool.post("a", [&] {
      began.set_value();
      gate.future.wait();
    }));
    ASSERT_TRUE(pool.post("a", [&] { second_began.set_value(); }));
    began.get_future().wait();
    std::vector<std::promise<void>> others(2);
    for (std::size_t i = 0; i < others.size(); ++i) {
      ASSERT_TRUE(pool.post(i == 0 ? "b" : "c", [&, i] {
        others[i].set_value();
        gate.future.wait();
      }));
    }
    for (std::promise<void>& other : others) other.get_future().wait();
    EXPECT_NE(second.wait_for(std::chrono::milliseconds(0)), std::future_status::ready);
    gate.promise.set_value();
    second.wait();
  }
}

TEST(FairPool, ThreadsThatAreNotReservedAreForAll) {
  Gate gate;
  FairPool pool({.threads = 3, .at_once_max = 2, .reserved = 1, .waiting_max = 100});
  std::vector<std::promise<void>> both(2);
  for (std::promise<void>& one : both) {
    ASSERT_TRUE(pool.post("a", [&] {
      one.set_value();
      gate.future.wait();
    }));
  }
  for (std::promise<void>& one : both) one.get_future().wait();
  gate.promise.set_value();
}

TEST(FairPool, SoManyWait) {
  Gate gate;
  FairPool pool({.threads = 1, .at_once_max = 1, .waiting_max = 2});
  std::promise<void> began;
  ASSERT_TRUE(pool.post("a", [&] {
    began.set_value();
    gate.future.wait();
  }));
  began.get_future().wait();
  EXPECT_TRUE(pool.post("a", [] {}));
  EXPECT_TRUE(pool.post("a", [] {}));
  EXPECT_FALSE(pool.post("a", [] {}));
  EXPECT_TRUE(pool.post("b", [] {}));
  gate.promise.set_value();
}

TEST(FairPool, NothingIsTakenAfterItsEnd) {
  FairPool pool;
  pool.finish();
  EXPECT_FALSE(pool.post("a", [] {}));
}

}  // namespace
}  // namespace pluv::apps
