#include "apps/pluvd/fair_pool.h"

#include <gtest/gtest.h>

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
