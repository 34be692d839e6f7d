// Many rooms, threads and questions at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "adapters/memory_store.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

class SqliteConcurrency : public ::testing::Test {
 protected:
  static SqliteOptions options_of(const std::string& path) {
    SqliteOptions options;
    options.path = path;
    options.unix_ms = [] { return std::int64_t{1}; };
    return options;
  }
  TempFolder folder_;
  std::unique_ptr<SqliteStore> store_ = open_store(options_of(folder_.file("rooms.db")));
};

TEST_F(SqliteConcurrency, AppendsOfFourThreadsToManyRoomsAreAllThereInOrder) {
  constexpr int kThreads = 4;
  constexpr int kRooms = 50;
  constexpr int kUpdates = 2'000;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kUpdates; ++i) {
        store_->append("room" + std::to_string(i % kRooms),
                       std::to_string(thread) + " " + std::to_string(i),
                       [&](auto answer) { failures += answer.ok() ? 0 : 1; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(flush(*store_).ok());
  EXPECT_EQ(failures, 0);
  for (int room = 0; room < kRooms; ++room) {
    const auto loaded = load(*store_, "room" + std::to_string(room));
    ASSERT_EQ(loaded.value().updates.size(), std::size_t{kThreads * kUpdates / kRooms});
    std::map<int, int> newest;  // by thread
    for (const std::string& update : loaded.value().updates) {
      const int thread = update[0] - '0';
      const int number = std::stoi(update.substr(2));
      if (newest.contains(thread)) {
        EXPECT_EQ(number, newest[thread] + kRooms);
      }
      newest[thread] = number;
    }
  }
}

TEST_F(SqliteConcurrency, CompactionWhileUpdatesComeLosesNone) {
  constexpr std::uint64_t kUpdates = 3'000;
  std::atomic<std::uint64_t> written = 0;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kUpdates; ++i) {
      store_->append("room", std::to_string(i), [&](auto answer) { written = *answer; });
      if (i % 100 == 0) (void)flush(*store_);
    }
  });
  while (written < kUpdates) {
    const std::uint64_t last = written;
    if (last == 0) continue;
    EXPECT_TRUE(compact(*store_, "room", last, "up to " + std::to_string(last)).ok());
    const auto loaded = load(*store_, "room");
    ASSERT_TRUE(loaded.ok()) << message_of(loaded);
    EXPECT_EQ(loaded.value().updates[0], "up to " + std::to_string(last));
    for (std::size_t i = 1; i < loaded.value().updates.size(); ++i) {
      EXPECT_EQ(loaded.value().updates[i], std::to_string(last + i));
    }
  }
  writer.join();
  EXPECT_EQ(load(*store_, "room")->last, kUpdates);
}

// What is asked for without waiting gives what it gives one after the other.
TEST_F(SqliteConcurrency, AnswersAsTheMemoryStoreDoes) {
  const std::uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  MemoryStore model;
  std::mutex mutex;
  std::vector<std::string> expected(4'000);
  std::vector<std::string> answered(4'000);
  const auto describe = [](const auto& answer) {
    return answer.ok() ? std::string("ok") : std::string(error_code_name(answer.error().code));
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string room = "room" + std::to_string(random() % 5);
    const std::string text = std::to_string(i);
    const std::uint64_t number = random() % 20;
    const auto choice = random() % 100;
    const auto ask = [&](Store& store, std::vector<std::string>& answers) {
      const auto keep = [&, i](std::string answer) {
        const std::lock_guard lock(mutex);
        answers[i] = std::move(answer);
      };
      if (choice < 60) {
        store.append(room, text, [=](const Result<std::uint64_t>& answer) {
          keep(describe(answer) + (answer.ok() ? std::to_string(*answer) : ""));
        });
      } else if (choice < 85) {
        store.load(room, [=](const Result<StoredDocument>& answer) {
          std::string all = describe(answer);
          for (const std::string& update : answer.value().updates) all += " " + update;
          keep(all);
        });
      } else if (choice < 97) {
        store.compact(room, number, text, [=](auto answer) { keep(describe(answer)); });
      } else {
        store.remove(room, [=](auto answer) { keep(describe(answer)); });
      }
    };
    ask(model, expected);
    ask(*store_, answered);
  }
  ASSERT_TRUE(store_->close().ok());
  EXPECT_EQ(answered, expected);
}

TEST_F(SqliteConcurrency, LoadThatTakesLongHoldsUpNoOtherRoom) {
  ASSERT_TRUE(append(*store_, "large", "1").ok());
  std::promise<void> go;
  store_->load("large", [ready = go.get_future().share()](auto&&) { ready.wait(); });
  EXPECT_TRUE(append(*store_, "other", "1").ok());
  EXPECT_TRUE(compact(*store_, "other", 1, "s").ok());
  std::atomic<bool> appended = false;
  store_->append("large", "2", [&](auto&&) { appended = true; });
  EXPECT_TRUE(append(*store_, "other", "2").ok());
  EXPECT_FALSE(appended);  // it was asked for after the load
  go.set_value();
  EXPECT_EQ(load(*store_, "large")->last, 2U);
}

}  // namespace
}  // namespace pluv::adapters::testing
