// What every store promises (store.h), of each that there is.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/memory_store.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"
#include "base/ids.h"

namespace pluv::adapters::testing {
namespace {

using Texts = std::vector<std::string>;

class StoreTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("memory")) {
      store_ = std::make_unique<MemoryStore>([] { return std::int64_t{1'000}; });
      return;
    }
    SqliteOptions options;
    options.path = folder_.file("rooms.db");
    if (GetParam() == std::string("sqlite_none")) options.durability = Durability::none;
    if (GetParam() == std::string("sqlite_strict")) options.durability = Durability::strict;
    options.unix_ms = [] { return std::int64_t{1'000}; };
    store_ = open_store(options);
    ASSERT_NE(store_, nullptr);
  }

  TempFolder folder_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreTest,
                         ::testing::Values("memory", "sqlite", "sqlite_none", "sqlite_strict"),
                         [](const auto& param) { return std::string(param.param); });

TEST_P(StoreTest, RoomThatNeverHadADocumentLoadsAsNothing) {
  const auto loaded = load(*store_, "room");
  ASSERT_TRUE(loaded.ok()) << message_of(loaded);
  EXPECT_TRUE(loaded.value().updates.empty());
  EXPECT_EQ(loaded.value().last, 0U);
  EXPECT_FALSE(loaded.value().has_snapshot);
}

TEST_P(StoreTest, LoadAnswersUpdatesInTheOrderOfTheirNumbers) {
  EXPECT_EQ(*append(*store_, "a", "one"), 1U);
  EXPECT_EQ(*append(*store_, "b", "other"), 1U);
  EXPECT_EQ(*append(*store_, "a", std::string("\0two", 4)), 2U);
  EXPECT_EQ(*append(*store_, "a", ""), 3U);
  const auto loaded = load(*store_, "a");
  ASSERT_TRUE(loaded.ok()) << message_of(loaded);
  EXPECT_EQ(loaded.value().updates, (Texts{"one", std::string("\0two", 4), ""}));
  EXPECT_EQ(loaded.value().last, 3U);
}

TEST_P(StoreTest, CompactReplacesUpdatesUpToItsNumberAndKeepsLaterOnes) {
  for (const char* update : {"1", "2", "3"}) ASSERT_TRUE(append(*store_, "room", update).ok());
  ASSERT_TRUE(compact(*store_, "room", 2, "1+2").ok());
  auto loaded = load(*store_, "room");
  EXPECT_EQ(loaded->updates, (Texts{"1+2", "3"}));
  EXPECT_EQ(loaded->last, 3U);
  EXPECT_TRUE(loaded->has_snapshot);
  ASSERT_TRUE(compact(*store_, "room", 3, "1+2+3").ok());
  EXPECT_EQ(load(*store_, "room")->updates, Texts{"1+2+3"});
  EXPECT_EQ(*append(*store_, "room", "4"), 4U);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"1+2+3", "4"}));
}

TEST_P(StoreTest, CompactAgainUpToTheSameNumberTakesTheNewSnapshot) {
  ASSERT_TRUE(append(*store_, "room", "1").ok());
  ASSERT_TRUE(compact(*store_, "room", 1, "first").ok());
  ASSERT_TRUE(compact(*store_, "room", 1, "second").ok());
  EXPECT_EQ(load(*store_, "room")->updates, Texts{"second"});
}

TEST_P(StoreTest, CompactRefusesWhatTheRoomDoesNotHave) {
  EXPECT_EQ(compact(*store_, "room", 1, "s").error().code, ErrorCode::not_found);
  for (const char* update : {"1", "2", "3"}) ASSERT_TRUE(append(*store_, "room", update).ok());
  EXPECT_EQ(compact(*store_, "room", 0, "s").error().code, ErrorCode::conflict);
  EXPECT_EQ(compact(*store_, "room", 4, "s").error().code, ErrorCode::conflict);
  ASSERT_TRUE(compact(*store_, "room", 2, "1+2").ok());
  EXPECT_EQ(compact(*store_, "room", 1, "s").error().code, ErrorCode::conflict);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"1+2", "3"}));
}

TEST_P(StoreTest, RemovedRoomHasNoDocumentAndMayGetANewOne) {
  ASSERT_TRUE(append(*store_, "room", "old").ok());
  ASSERT_TRUE(append(*store_, "room", "older").ok());
  ASSERT_TRUE(remove(*store_, "room").ok());
  EXPECT_EQ(load(*store_, "room")->last, 0U);
  EXPECT_TRUE(remove(*store_, "room").ok());
  EXPECT_EQ(*append(*store_, "room", "new"), 1U);
  EXPECT_EQ(load(*store_, "room")->updates, Texts{"new"});
}

TEST_P(StoreTest, ListAnswersRoomsInOrderOfNameFromThereOn) {
  for (const char* room : {"c", "a", "d", "b"}) ASSERT_TRUE(append(*store_, room, "12345").ok());
  ASSERT_TRUE(append(*store_, "b", "123").ok());
  ASSERT_TRUE(append(*store_, "b", "12").ok());
  ASSERT_TRUE(compact(*store_, "b", 2, "12345678").ok());
  ASSERT_TRUE(remove(*store_, "c").ok());
  const auto first = list(*store_, "", 2);
  ASSERT_TRUE(first.ok()) << message_of(first);
  ASSERT_EQ(first.value().size(), 2U);
  EXPECT_EQ(first.value()[0].room, "a");
  EXPECT_EQ(first.value()[0].last, 1U);
  EXPECT_EQ(first.value()[0].log_updates, 1U);
  EXPECT_EQ(first.value()[0].log_bytes, 5U);
  EXPECT_EQ(first.value()[0].snapshot_bytes, 0U);
  EXPECT_EQ(first.value()[1].room, "b");
  EXPECT_EQ(first.value()[1].last, 3U);
  EXPECT_EQ(first.value()[1].log_updates, 1U);
  EXPECT_EQ(first.value()[1].log_bytes, 2U);
  EXPECT_EQ(first.value()[1].snapshot_bytes, 8U);
  EXPECT_EQ(first.value()[1].changed_unix_ms, 1'000);
  const auto rest = list(*store_, "b", 10);
  ASSERT_EQ(rest.value().size(), 1U);
  EXPECT_EQ(rest.value()[0].room, "d");
  EXPECT_TRUE(list(*store_, "d", 10)->empty());
  EXPECT_TRUE(list(*store_, "", 0)->empty());
}

TEST_P(StoreTest, RoomNamesHaveOneTo321Bytes) {
  const std::string longest(kRoomKeySizeMax, 'x');
  EXPECT_TRUE(append(*store_, longest.substr(1), "u").ok());
  EXPECT_TRUE(append(*store_, longest, "u").ok());
  EXPECT_EQ(load(*store_, longest)->updates, Texts{"u"});
  const std::string longer = longest + "x";
  for (const std::string& room : {std::string(), longer}) {
    EXPECT_EQ(append(*store_, room, "u").error().code, ErrorCode::limit);
    EXPECT_EQ(load(*store_, room).error().code, ErrorCode::limit);
    EXPECT_EQ(compact(*store_, room, 1, "u").error().code, ErrorCode::limit);
    EXPECT_EQ(remove(*store_, room).error().code, ErrorCode::limit);
  }
}

TEST_P(StoreTest, RoomsOfProjectsAreKeptApart) {
  EXPECT_TRUE(append(*store_, "note", "u").ok());
  EXPECT_TRUE(append(*store_, "one/note", "v").ok());
  EXPECT_TRUE(append(*store_, "two/note", "w").ok());
  EXPECT_EQ(load(*store_, "note")->updates, Texts{"u"});
  EXPECT_EQ(load(*store_, "one/note")->updates, Texts{"v"});
  EXPECT_TRUE(remove(*store_, "one/note").ok());
  EXPECT_TRUE(load(*store_, "one/note")->updates.empty());
  EXPECT_EQ(load(*store_, "two/note")->updates, Texts{"w"});
}

TEST_P(StoreTest, WhatIsAskedForOneRoomIsCarriedOutInOrder) {
  std::vector<std::promise<Result<StoredDocument>>> loads(4);
  const auto into = [&](std::size_t i) {
    return [&loads, i](Result<StoredDocument> answer) { loads[i].set_value(std::move(answer)); };
  };
  const auto ignore = [](auto&&) {};
  store_->load("room", into(0));
  store_->append("room", "1", ignore);
  store_->append("room", "2", ignore);
  store_->load("room", into(1));
  store_->compact("room", 2, "1+2", ignore);
  store_->append("room", "3", ignore);
  store_->load("room", into(2));
  store_->remove("room", ignore);
  store_->load("room", into(3));
  EXPECT_EQ(loads[0].get_future().get()->updates, Texts{});
  EXPECT_EQ(loads[1].get_future().get()->updates, (Texts{"1", "2"}));
  EXPECT_EQ(loads[2].get_future().get()->updates, (Texts{"1+2", "3"}));
  EXPECT_EQ(loads[3].get_future().get()->updates, Texts{});
}

TEST_P(StoreTest, FlushComesAfterAllThatWasAskedForBefore) {
  int appended = 0;  // written by the store, read after the flush
  for (int i = 0; i < 100; ++i) {
    store_->load("room", [](auto&&) {});
    store_->append("room", "u", [&](const Result<std::uint64_t>& answer) {
      if (answer.ok()) ++appended;
    });
  }
  ASSERT_TRUE(flush(*store_).ok());
  EXPECT_EQ(appended, 100);
}

TEST_P(StoreTest, DoneMayAskForMore) {
  const auto answer = answer_of<StoredDocument>([&](auto done) {
    store_->append("room", "1", [this, done](auto&&) {
      store_->append("room", "2", [this, done](auto&&) { store_->load("room", std::move(done)); });
    });
  });
  EXPECT_EQ(answer.value().updates, (Texts{"1", "2"}));
}

}  // namespace
}  // namespace pluv::adapters::testing
