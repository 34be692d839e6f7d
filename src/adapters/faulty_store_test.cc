#include "adapters/faulty_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/memory_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

using Method = FaultyStore::Method;

TEST(FaultyStore, DoesWhatTheOtherDoesUntilItIsTold) {
  MemoryStore memory;
  FaultyStore store(memory);
  EXPECT_EQ(*append(store, "room", "1"), 1U);
  EXPECT_TRUE(compact(store, "room", 1, "s").ok());
  EXPECT_EQ(load(store, "room")->updates, std::vector<std::string>{"s"});
  EXPECT_EQ(list(store, "", 9)->size(), 1U);
  EXPECT_TRUE(flush(store).ok());
  EXPECT_TRUE(remove(store, "room").ok());
  EXPECT_EQ(store.calls(Method::append), 1U);
  EXPECT_EQ(store.calls(Method::flush), 1U);
}

TEST(FaultyStore, FailsSoManyCallsAndThenWorksAgain) {
  MemoryStore memory;
  FaultyStore store(memory);
  store.fail(Method::append, 2);
  EXPECT_EQ(append(store, "room", "1").error().code, ErrorCode::unavailable);
  EXPECT_EQ(load(store, "room")->last, 0U);
  EXPECT_FALSE(append(store, "room", "1").ok());
  EXPECT_EQ(*append(store, "room", "1"), 1U);
  EXPECT_EQ(store.calls(Method::append), 3U);
  store.fail(Method::load, FaultyStore::kAlways, {ErrorCode::internal, "damaged"});
  for (int i = 0; i < 9; ++i) EXPECT_EQ(load(store, "room").error().message, "damaged");
  store.fail(Method::load, 0);
  EXPECT_TRUE(load(store, "room").ok());
}

TEST(FaultyStore, KeepsAnswersUntilTheyAreReleasedInOrder) {
  MemoryStore memory;
  FaultyStore store(memory);
  std::vector<std::string> answers;
  store.hold();
  store.append("room", "1", [&](auto&&) { answers.emplace_back("first"); });
  store.fail(Method::append, 1);
  store.append("room", "2", [&](auto answer) {
    answers.emplace_back(answer.ok() ? "second" : "second failed");
  });
  store.flush([&](auto&&) { answers.emplace_back("flushed"); });
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(store.held(), 3U);
  EXPECT_EQ(load(memory, "room")->last, 1U);  // carried out nevertheless
  store.release(1);
  EXPECT_EQ(answers, std::vector<std::string>{"first"});
  store.release_all();
  EXPECT_EQ(answers, (std::vector<std::string>{"first", "second failed", "flushed"}));
  EXPECT_TRUE(append(store, "room", "3").ok());
}

}  // namespace
}  // namespace pluv::adapters::testing
