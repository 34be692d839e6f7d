// What was replaced: how long it is kept, what can be asked of it, and that its space is used
// again.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

using Texts = std::vector<std::string>;
using Entries = std::vector<HistoryEntry>;

class SqliteHistory : public ::testing::Test {
 protected:
  void open(std::int64_t history_ms) {
    store_.reset();
    SqliteOptions options = watched_.options(path_);
    options.history_ms = history_ms;
    store_ = open_store(options);
  }
  void append_at(std::int64_t unix_ms, const std::string& update) {
    watched_.unix_ms = unix_ms;
    ASSERT_TRUE(append(*store_, "room", update).ok());
  }
  void compact_at(std::int64_t unix_ms, std::uint64_t last, const std::string& snapshot) {
    watched_.unix_ms = unix_ms;
    ASSERT_TRUE(compact(*store_, "room", last, snapshot).ok());
  }
  [[nodiscard]] Texts at(std::int64_t unix_ms) {
    const auto loaded = load_at(*store_, "room", unix_ms);
    EXPECT_TRUE(loaded.ok()) << message_of(loaded);
    return loaded.ok() ? loaded.value().updates : Texts();
  }
  // Compacts another room, after which the store looks for what it need not keep any more.
  void have_it_purged() {
    const auto number = append(*store_, "another", "u");
    ASSERT_TRUE(number.ok());
    ASSERT_TRUE(compact(*store_, "another", *number, "s").ok());
  }
  [[nodiscard]] std::string count(const std::string& table) {
    return sql(path_, "SELECT count(*) FROM " + table);
  }

  TempFolder folder_;
  std::string path_ = folder_.file("rooms.db");
  Watched watched_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteHistory, DocumentIsAnsweredAsItWasAtATime) {
  open(100'000);
  append_at(1'000, "1");
  append_at(2'000, "2");
  compact_at(3'000, 2, "1+2");
  append_at(4'000, "3");
  compact_at(5'000, 3, "1+2+3");
  compact_at(6'000, 3, "1+2+3 again");
  append_at(7'000, "4");
  EXPECT_EQ(at(999), Texts{});
  EXPECT_EQ(at(1'000), Texts{"1"});
  EXPECT_EQ(at(2'999), (Texts{"1", "2"}));
  EXPECT_EQ(at(3'000), Texts{"1+2"});
  EXPECT_EQ(at(4'999), (Texts{"1+2", "3"}));
  EXPECT_EQ(at(5'999), Texts{"1+2+3"});
  EXPECT_EQ(at(6'000), Texts{"1+2+3 again"});
  EXPECT_EQ(at(7'000), (Texts{"1+2+3 again", "4"}));
  EXPECT_EQ(load(*store_, "room")->updates, at(8'000));
  EXPECT_EQ(load_at(*store_, "room", 4'000)->last, 3U);
  EXPECT_EQ(load_at(*store_, "nothing", 4'000)->last, 0U);
}

TEST_F(SqliteHistory, HistoryListsAllThatIsKept) {
  open(100'000);
  append_at(1'000, "1");
  append_at(2'000, "22");
  compact_at(3'000, 1, "snapshot");
  EXPECT_EQ(*history(*store_, "room"),
            (Entries{{.number = 1, .is_snapshot = false, .unix_ms = 1'000, .bytes = 1},
                     {.number = 1, .is_snapshot = true, .unix_ms = 3'000, .bytes = 8},
                     {.number = 2, .is_snapshot = false, .unix_ms = 2'000, .bytes = 2}}));
  EXPECT_EQ(at(2'500), (Texts{"1", "22"}));
  EXPECT_EQ(at(3'000), (Texts{"snapshot", "22"}));
  EXPECT_TRUE(history(*store_, "nothing")->empty());
}

TEST_F(SqliteHistory, PagesOfItGoBackwardsAndKeepANumberTogether) {
  open(100'000);
  append_at(1'000, "1");
  append_at(2'000, "22");
  compact_at(3'000, 2, "snapshot");
  append_at(4'000, "3");
  const auto page = [&](std::uint64_t before, std::size_t limit) {
    std::vector<std::uint64_t> numbers;
    const auto entries =
        answer_of<Entries>([&](auto done) { store_->history_before("room", before, limit, done); });
    EXPECT_TRUE(entries.ok()) << message_of(entries);
    for (const HistoryEntry& entry : *entries) numbers.push_back(entry.number);
    return numbers;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(page(UINT64_MAX, 10), (Numbers{3, 2, 2, 1}));
  EXPECT_EQ(page(UINT64_MAX, 2), (Numbers{3, 2, 2}));
  EXPECT_EQ(page(3, 1), (Numbers{2, 2}));
  EXPECT_EQ(page(2, 1), Numbers{1});
  EXPECT_EQ(page(1, 1), Numbers{});
  EXPECT_TRUE(answer_of<Entries>([&](auto done) {
                store_->history_before("nothing", 9, 9, done);
              })->empty());
  EXPECT_TRUE(store_->has_history());
}

TEST_F(SqliteHistory, DocumentIsAnsweredAsItWasAtANumber) {
  open(100'000);
  append_at(1'000, "1");
  append_at(2'000, "2");
  compact_at(3'000, 2, "1+2");
  append_at(4'000, "3");
  const auto at_number = [&](std::uint64_t number) {
    return answer_of<PastDocument>([&](auto done) { store_->load_number("room", number, done); });
  };
  EXPECT_EQ(at_number(1)->document.updates, Texts{"1"});
  EXPECT_EQ(at_number(1)->unix_ms, 1'000);
  EXPECT_EQ(at_number(2)->document.updates, Texts{"1+2"});
  EXPECT_EQ(at_number(3)->document.updates, (Texts{"1+2", "3"}));
  EXPECT_EQ(at_number(3)->unix_ms, 4'000);
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{4}, UINT64_MAX}) {
    const auto none = at_number(number);
    ASSERT_FALSE(none.ok()) << number;
    EXPECT_EQ(none.error().code, ErrorCode::not_found);
  }
}

TEST_F(SqliteHistory, ANumberBeforeTheHistoryIsNotFound) {
  open(0);
  append_at(1'000, "1");
  append_at(2'000, "2");
  compact_at(3'000, 2, "1+2");
  append_at(4'000, "3");
  have_it_purged();
  ASSERT_TRUE(eventually([&] { return history(*store_, "room")->size() == 2; }));
  const auto gone =
      answer_of<PastDocument>([&](auto done) { store_->load_number("room", 1, done); });
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
}

TEST_F(SqliteHistory, TimesOfARoomNeverGoBack) {
  open(100'000);
  append_at(5'000, "1");
  append_at(1'000, "2");
  open(100'000);
  append_at(2'000, "3");
  const auto entries = history(*store_, "room");
  for (const HistoryEntry& entry : entries.value()) EXPECT_EQ(entry.unix_ms, 5'000);
  EXPECT_EQ(at(4'999), Texts{});
  EXPECT_EQ(at(5'000), (Texts{"1", "2", "3"}));
}

TEST_F(SqliteHistory, WhatWasReplacedLongAgoIsForgotten) {
  open(10'000);
  append_at(1'000, "1");
  append_at(2'000, "2");
  compact_at(3'000, 2, "1+2");
  append_at(4'000, "3");
  compact_at(9'000, 3, "1+2+3");
  watched_.unix_ms = 12'999;
  have_it_purged();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(history(*store_, "room")->size(), 5U);
  watched_.unix_ms = 13'000;
  have_it_purged();
  EXPECT_TRUE(eventually([&] { return history(*store_, "room")->size() == 3; }));
  const auto gone = load_at(*store_, "room", 2'999);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  EXPECT_EQ(gone.error().message,
            path_ + ": the history of room room does not reach back that far");
  EXPECT_EQ(at(3'000), Texts{"1+2"});
  EXPECT_EQ(at(8'999), (Texts{"1+2", "3"}));
  EXPECT_EQ(load(*store_, "room")->updates, Texts{"1+2+3"});
}

TEST_F(SqliteHistory, WithoutHistoryReplacedRecordsAreDeleted) {
  open(0);
  append_at(1'000, "1");
  append_at(2'000, "2");
  compact_at(3'000, 1, "s");
  EXPECT_TRUE(eventually([&] { return history(*store_, "room")->size() == 2; }));
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"s", "2"}));
  EXPECT_TRUE(verify(*store_)->empty());
}

TEST_F(SqliteHistory, ExpiredHistoryIsDeletedAfterARestart) {
  open(10'000);
  append_at(1'000, "1");
  compact_at(2'000, 1, "s");
  store_.reset();
  watched_.unix_ms = 20'000;
  open(10'000);
  EXPECT_TRUE(eventually([&] { return history(*store_, "room")->size() == 1; }));
}

TEST_F(SqliteHistory, RemovedRoomLeavesNothingBehind) {
  open(1'000'000);
  for (int i = 0; i < 1'000; ++i) {
    store_->append("room", std::string(5'000, 'u'), [](auto&&) {});
  }
  ASSERT_TRUE(compact(*store_, "room", 900, "s").ok());
  ASSERT_TRUE(remove(*store_, "room").ok());
  EXPECT_TRUE(history(*store_, "room")->empty());
  append_at(1'000, "new");  // while the old records are still being deleted
  EXPECT_EQ(at(1'000), Texts{"new"});
  EXPECT_TRUE(verify(*store_)->empty());
  EXPECT_TRUE(eventually([&] { return count("records") == "1"; }));
  EXPECT_EQ(load(*store_, "room")->updates, Texts{"new"});
}

TEST_F(SqliteHistory, WritesGoOnWhileMuchIsPurged) {
  open(0);
  for (int i = 0; i < 20'000; ++i) store_->append("room", "u", [](auto&&) {});
  ASSERT_TRUE(remove(*store_, "room").ok());
  ASSERT_TRUE(append(*store_, "other", "u").ok());
  EXPECT_NE(count("purges"), "0");  // 20,000 records are some 80 steps
  EXPECT_TRUE(eventually([&] { return count("purges") == "0"; }));
}

TEST_F(SqliteHistory, SpaceOfWhatWasReplacedIsUsedAgain) {
  open(0);
  append_at(1'000, "1");
  for (int i = 0; i < 40; ++i) {
    compact_at(1'000, 1, std::string(1'000'000, 's'));
    ASSERT_TRUE(eventually([&] { return history(*store_, "room")->size() == 1; }));
  }
  store_.reset();
  EXPECT_LT(std::filesystem::file_size(path_), 5'000'000U);
}

TEST_F(SqliteHistory, SpaceOfMuchThatWasRemovedIsGivenBack) {
  open(0);
  for (int i = 0; i < 60; ++i) append_at(1'000, std::string(1'000'000, 'u'));
  ASSERT_TRUE(remove(*store_, "room").ok());
  const auto pages = [&] { return std::stoi(sql(path_, "PRAGMA page_count")); };
  EXPECT_TRUE(eventually([&] { return pages() < 5'000; })) << pages();
  store_.reset();
  EXPECT_LT(std::filesystem::file_size(path_), 20'500'000U);
}

}  // namespace
}  // namespace pluv::adapters::testing
