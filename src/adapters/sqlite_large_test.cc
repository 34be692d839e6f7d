// Records that are too long to lie among the others.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

using Texts = std::vector<std::string>;

class SqliteLarge : public ::testing::Test {
 protected:
  void open(std::int64_t history_ms) {
    store_.reset();
    SqliteOptions options = watched_.options(path_);
    options.history_ms = history_ms;
    store_ = open_store(options);
  }
  void write(const std::string& update) { ASSERT_TRUE(append(*store_, "room", update).ok()); }
  [[nodiscard]] std::string count(const std::string& table) {
    return sql(path_, "SELECT count(*) FROM " + table);
  }
  [[nodiscard]] std::string all() {
    const auto loaded = load(*store_, "room");
    EXPECT_TRUE(loaded.ok()) << message_of(loaded);
    std::string text;
    for (const std::string& update : loaded->updates) text += update;
    return text;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("rooms.db");
  Watched watched_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteLarge, LongAndShortRecordsAreLoadedInTheirOrder) {
  open(0);
  Texts texts;
  for (const std::size_t size : {1U, 511U, 512U, 513U, 1'000U, 1'002U, 5'000U, 100'000U, 3U}) {
    texts.emplace_back(size, static_cast<char>('a' + texts.size()));
    write(texts.back());
  }
  EXPECT_EQ(load(*store_, "room")->updates, texts);
  EXPECT_EQ(count("large"), "5");
  EXPECT_EQ(list(*store_, "", 9)->front().log_bytes,
            1U + 511 + 512 + 513 + 1'000 + 1'002 + 5'000 + 100'000 + 3);
  open(0);
  EXPECT_EQ(load(*store_, "room")->updates, texts);
}

TEST_F(SqliteLarge, HistoryTellsTheirSizes) {
  open(1'000'000);
  write(std::string(2'000, 'a'));
  write("b");
  ASSERT_TRUE(compact(*store_, "room", 2, std::string(2'001, 's')).ok());
  const auto entries = history(*store_, "room");
  ASSERT_TRUE(entries.ok()) << message_of(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].bytes, 2'000U);
  EXPECT_EQ((*entries)[1].bytes, 1U);
  EXPECT_EQ((*entries)[2].bytes, 2'001U);
}

TEST_F(SqliteLarge, AreDeletedWithTheirRecords) {
  open(0);
  write(std::string(2'000, 'a'));
  write(std::string(3'000, 'b'));
  ASSERT_TRUE(compact(*store_, "room", 2, std::string(5'000, 's')).ok());
  store_.reset();
  open(0);
  for (int i = 0; i < 1'000 && count("large") != "1"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(count("records"), "1");
  EXPECT_EQ(count("large"), "1");
  EXPECT_EQ(all(), std::string(5'000, 's'));
  ASSERT_TRUE(remove(*store_, "room").ok());
  for (int i = 0; i < 1'000 && count("large") != "0"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(count("records"), "0");
  EXPECT_EQ(count("large"), "0");
}

TEST_F(SqliteLarge, ATornOneIsTakenBackWhole) {
  open(0);
  write("a");
  write(std::string(2'000, 'b'));
  store_.reset();
  sql(path_, "UPDATE large SET data = x'00'");
  open(0);
  EXPECT_EQ(all(), "a");
  EXPECT_EQ(append(*store_, "room", std::string(2'000, 'c')).value(), 2U);
  EXPECT_EQ(count("records"), "2");
  EXPECT_EQ(count("large"), "1");
  EXPECT_EQ(all(), "a" + std::string(2'000, 'c'));
}

TEST_F(SqliteLarge, OneThatIsMissingIsADamagedRecord) {
  open(0);
  write(std::string(2'000, 'a'));
  write("b");
  store_.reset();
  sql(path_, "DELETE FROM large");
  open(0);
  const auto loaded = load(*store_, "room");
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().message.find("record 1 of room room is damaged"), std::string::npos);
}

TEST_F(SqliteLarge, WhatWasLostIsNeverTakenForSomebodyElses) {
  open(0);
  write(std::string(2'000, 'a'));
  write(std::string(2'000, 'b'));
  store_.reset();
  sql(path_, "DELETE FROM large WHERE id = 2");
  open(0);
  ASSERT_TRUE(append(*store_, "other", std::string(3'000, 'c')).ok());
  ASSERT_TRUE(remove(*store_, "room").ok());
  for (int i = 0; i < 1'000 && count("records") != "1"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(load(*store_, "other")->updates, Texts{std::string(3'000, 'c')});
}

// As version 1 had it: everything lies in the records.
TEST_F(SqliteLarge, AFileOfVersion1IsTakenOver) {
  open(1'000'000);
  write(std::string(2'000, 'a'));
  write("b");
  ASSERT_TRUE(compact(*store_, "room", 2, std::string(3'000, 's')).ok());
  write("c");
  store_.reset();
  EXPECT_EQ(sql(path_,
                "UPDATE records SET data = (SELECT data FROM large WHERE id = records.large) "
                "WHERE large IS NOT NULL;"
                "ALTER TABLE records DROP COLUMN large; DROP TABLE large;"
                "PRAGMA user_version = 1"),
            "");
  SqliteOptions options = watched_.options(path_);
  options.read_only = true;
  const auto refused = SqliteStore::open(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("older version: open it once for writing"),
            std::string::npos);
  open(1'000'000);
  EXPECT_EQ(all(), std::string(3'000, 's') + "c");
  write(std::string(4'000, 'd'));
  EXPECT_EQ(all(), std::string(3'000, 's') + "c" + std::string(4'000, 'd'));
  EXPECT_EQ(count("large"), "1");
  EXPECT_EQ(history(*store_, "room")->size(), 5U);
  EXPECT_EQ(sql(path_, "PRAGMA user_version"), "2");
  const auto findings = verify(*store_);
  ASSERT_TRUE(findings.ok()) << message_of(findings);
  EXPECT_TRUE(findings->empty());
}

}  // namespace
}  // namespace pluv::adapters::testing
