// What is there after a process was killed, when the log is synced, and what closing means.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "adapters/child_testing.h"
#include "adapters/faulty_vfs_testing.h"
#include "adapters/power_cut_vfs_testing.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

SqliteOptions options_of(const std::string& path, Durability durability) {
  SqliteOptions options;
  options.path = path;
  options.durability = durability;
  return options;
}

std::string text_of(std::uint64_t number) { return "update " + std::to_string(number); }
std::string snapshot_of(std::uint64_t number) { return "snapshot " + std::to_string(number); }

// Appends to five rooms for ever, and now and then compacts; tells each number that is
// acknowledged.
void write_for_ever(SqliteStore& store, int to, int thread) {
  for (std::uint64_t number = 1;; ++number) {
    for (int i = 0; i < 5; ++i) {
      const std::string room = "room-" + std::to_string(thread) + "-" + std::to_string(i);
      store.append(room, text_of(number), [to, room](const Result<std::uint64_t>& answer) {
        if (answer.ok()) Child::tell(to, room + " " + std::to_string(*answer));
      });
      if (number % 7 == 0) {
        store.compact(room, number - 2, snapshot_of(number - 2), [](auto&&) {});
      }
    }
    (void)flush(store);
  }
}

void expect_whole(const StoredDocument& document, std::uint64_t acknowledged) {
  EXPECT_GE(document.last, acknowledged);
  std::uint64_t number = document.last - document.updates.size() + 1;
  for (std::size_t i = 0; i < document.updates.size(); ++i, ++number) {
    const bool is_snapshot = i == 0 && document.has_snapshot;
    EXPECT_EQ(document.updates[i], is_snapshot ? snapshot_of(number) : text_of(number));
  }
}

void kill_and_look(Durability durability, std::uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  Child child([&](int to) {
    const auto store = open_store(options_of(path, durability));
    std::thread other([&] { write_for_ever(*store, to, 1); });
    write_for_ever(*store, to, 2);
  });
  std::mt19937 random(seed);
  std::string told = child.line() + "\n";  // it has begun
  std::thread reader([&] { told += child.all(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
  child.kill();
  reader.join();

  std::map<std::string, std::uint64_t> acknowledged;
  std::istringstream lines(told);
  std::string room;
  std::uint64_t number = 0;
  while (lines >> room >> number) acknowledged[room] = number;
  EXPECT_FALSE(acknowledged.empty());
  const auto store = open_store(options_of(path, durability));
  for (const auto& [name, last] : acknowledged) {
    SCOPED_TRACE(name);
    const auto loaded = load(*store, name);
    ASSERT_TRUE(loaded.ok()) << message_of(loaded);
    expect_whole(loaded.value(), last);
  }
  EXPECT_TRUE(verify(*store)->empty());
}

TEST(SqliteDurability, NothingThatWasAcknowledgedIsLostWhenTheProcessIsKilled) {
  std::random_device device;
  for (int i = 0; i < 8; ++i) {
    const std::uint32_t seed = device();
    std::printf("seed %u\n", seed);
    kill_and_look(i % 2 == 0 ? Durability::process : Durability::strict, seed);
  }
}

// Cuts the power at random moments of one store's life and looks at what each cut leaves.
// Acknowledged in strict mode, and flushed in the other, is kept for good; what follows may be
// lost, but only from the end.
void cut_power_and_look(Durability durability, std::uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const TempFolder folder;
  PowerCutVfs disk;
  const auto store = open_store(options_of(folder.file("rooms.db"), durability));
  std::mutex mutex;
  std::map<std::string, std::uint64_t> acknowledged;
  std::map<std::string, std::uint64_t> kept;
  ASSERT_TRUE(flush(*store).ok());
  std::uint64_t number = 0;
  for (int look = 0; look < 15; ++look) {
    for (std::uint64_t rounds = 1 + random() % 60; rounds > 0; --rounds) {
      ++number;
      for (int i = 0; i < 3; ++i) {
        const std::string room = "room-" + std::to_string(i);
        store->append(room, text_of(number), [&, room](const Result<std::uint64_t>& answer) {
          const std::lock_guard lock(mutex);
          if (answer.ok()) acknowledged[room] = *answer;
        });
        if (number % 7 == 0) {
          store->compact(room, number - 2, snapshot_of(number - 2), [](auto&&) {});
        }
      }
      if (random() % 20 == 0) {
        ASSERT_TRUE(flush(*store).ok());
        const std::lock_guard lock(mutex);
        kept = acknowledged;
      }
    }
    const TempFolder left;
    {
      const std::lock_guard lock(mutex);
      if (durability == Durability::strict) kept = acknowledged;
    }
    disk.cut(folder.path(), left.path(), random);
    const auto after = open_store(options_of(left.file("rooms.db"), durability));
    ASSERT_NE(after, nullptr);
    for (const auto& [room, last] : kept) {
      SCOPED_TRACE(room);
      const auto loaded = load(*after, room);
      ASSERT_TRUE(loaded.ok()) << message_of(loaded);
      expect_whole(loaded.value(), last);
    }
    EXPECT_TRUE(verify(*after)->empty());
  }
  ASSERT_TRUE(flush(*store).ok());
}

TEST(SqliteDurability, StrictLosesNothingWhenThePowerIsCut) {
  cut_power_and_look(Durability::strict, std::random_device()());
}

TEST(SqliteDurability, ProcessLosesTheNewestAtMostWhenThePowerIsCut) {
  cut_power_and_look(Durability::process, std::random_device()());
}

TEST(SqliteDurability, StrictSyncsBeforeItAnswers) {
  const TempFolder folder;
  FaultyVfs disk;
  const auto store = open_store(options_of(folder.file("rooms.db"), Durability::strict));
  for (int i = 0; i < 10; ++i) {
    const int before = disk.log_syncs();
    ASSERT_TRUE(append(*store, "room", "u").ok());
    EXPECT_GT(disk.log_syncs(), before);
  }
}

TEST(SqliteDurability, ProcessSyncsOnceASecondAndWhenItIsToldTo) {
  const TempFolder folder;
  FaultyVfs disk;
  const auto store = open_store(options_of(folder.file("rooms.db"), Durability::process));
  ASSERT_TRUE(append(*store, "room", "u").ok());
  ASSERT_TRUE(flush(*store).ok());
  const int before = disk.log_syncs();
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append(*store, "room", "u").ok());
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  EXPECT_LE(disk.log_syncs() - before, seconds.count() + 1);
  // With nothing more to do, what was written last is synced all the same.
  const int appended = disk.log_syncs();
  EXPECT_TRUE(eventually([&] { return disk.log_syncs() > appended; }));
  const int synced = disk.log_syncs();
  EXPECT_TRUE(flush(*store).ok());
  EXPECT_EQ(disk.log_syncs(), synced);  // there was nothing to sync
  ASSERT_TRUE(append(*store, "room", "u").ok());
  EXPECT_TRUE(flush(*store).ok());
  EXPECT_EQ(disk.log_syncs(), synced + 1);
}

TEST(SqliteDurability, NoneAnswersBeforeItWritesAndTellsTheFlushWhatWasLost) {
  const TempFolder folder;
  Watched watched;
  FaultyVfs disk;
  SqliteOptions options = watched.options(folder.file("rooms.db"));
  options.durability = Durability::none;
  const auto store = open_store(options);
  disk.fail_writes(FaultyVfs::kAlways);
  EXPECT_TRUE(append(*store, "room", "lost").ok());
  auto flushed = flush(*store);
  ASSERT_FALSE(flushed.ok());
  EXPECT_EQ(flushed.error().code, ErrorCode::unavailable);
  EXPECT_NE(watched.logged().find("error storage_write_lost"), std::string::npos);
  disk.fail_writes(0);
  EXPECT_TRUE(append(*store, "room", "kept").ok());
  EXPECT_TRUE(flush(*store).ok());
  EXPECT_EQ(load(*store, "room")->updates, std::vector<std::string>{"kept"});
}

TEST(SqliteDurability, SyncThatFailsIsAnErrorOfWhatAskedForIt) {
  const TempFolder folder;
  Watched watched;
  for (const Durability durability : {Durability::process, Durability::strict}) {
    FaultyVfs disk;
    SqliteOptions options = watched.options(folder.file("rooms.db"));
    options.durability = durability;
    const auto store = open_store(options);
    ASSERT_TRUE(append(*store, "room", "u").ok());
    disk.fail_syncs(SQLITE_IOERR_FSYNC);
    auto failed = durability == Durability::strict
                      ? Result<void>(append(*store, "room", "u").error())
                      : flush(*store);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
    disk.fail_syncs(SQLITE_OK);
    EXPECT_TRUE(append(*store, "room", "u").ok());
    EXPECT_TRUE(flush(*store).ok());
  }
}

TEST(SqliteDurability, ClosingCarriesOutWhatWasAskedFor) {
  const TempFolder folder;
  const std::string path = folder.file("rooms.db");
  std::atomic<int> appended = 0;
  std::atomic<int> loaded = 0;
  {
    const auto store = open_store(options_of(path, Durability::process));
    for (int i = 0; i < 1'000; ++i) {
      const std::string room = "room-" + std::to_string(i % 10);
      store->append(room, "u", [&](auto answer) { appended += answer.ok() ? 1 : 0; });
      if (i % 50 == 0) store->load(room, [&](auto answer) { loaded += answer.ok() ? 1 : 0; });
    }
  }
  EXPECT_EQ(appended, 1'000);
  EXPECT_EQ(loaded, 20);
  const auto store = open_store(options_of(path, Durability::process));
  EXPECT_EQ(load(*store, "room-3")->last, 100U);
}

TEST(SqliteDurability, ClosedStoreAnswersUnavailable) {
  const TempFolder folder;
  const auto store = open_store(options_of(folder.file("rooms.db"), Durability::process));
  EXPECT_TRUE(store->close().ok());
  EXPECT_TRUE(store->close().ok());
  const auto expect_closed = [](const auto& answer) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
    EXPECT_NE(answer.error().message.find("the store is closed"), std::string::npos);
  };
  expect_closed(append(*store, "room", "u"));
  expect_closed(load(*store, "room"));
  expect_closed(compact(*store, "room", 1, "s"));
  expect_closed(remove(*store, "room"));
  expect_closed(list(*store, "", 1));
  expect_closed(flush(*store));
  expect_closed(history(*store, "room"));
  expect_closed(load_at(*store, "room", 1));
  expect_closed(verify(*store));
  expect_closed(backup(*store, folder.file("backup.db")));
}

}  // namespace
}  // namespace pluv::adapters::testing
