#include "adapters/sqlite_shrink.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

constexpr std::int64_t kKeepAll = 1'000'000'000'000;

class SqliteShrink : public ::testing::Test {
 protected:
  void open() {
    SqliteOptions options = watched_.options(path_);
    options.history_ms = kKeepAll;
    store_ = open_store(options);
  }
  void write_at(std::int64_t unix_ms, const std::string& room, const std::string& update) {
    watched_.unix_ms = unix_ms;
    ASSERT_TRUE(append(*store_, room, update).ok());
  }
  [[nodiscard]] Result<void> shrink(std::int64_t replaced_until_unix_ms) {
    return shrink_file({.path = path_, .replaced_until_unix_ms = replaced_until_unix_ms}, {});
  }
  [[nodiscard]] std::string records() { return sql(path_, "SELECT count(*) FROM records"); }

  TempFolder folder_;
  std::string path_ = folder_.file("rooms.db");
  Watched watched_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteShrink, DeletesWhatWasReplacedUntilThenAndNothingElse) {
  open();
  write_at(1'000, "room", "1");
  write_at(2'000, "room", "2");
  watched_.unix_ms = 3'000;
  ASSERT_TRUE(compact(*store_, "room", 2, "1+2").ok());
  store_.reset();
  ASSERT_TRUE(shrink(2'999).ok());
  EXPECT_EQ(records(), "3");
  ASSERT_TRUE(shrink(3'000).ok());
  EXPECT_EQ(records(), "1");
  open();
  EXPECT_EQ(load(*store_, "room")->updates, std::vector<std::string>{"1+2"});
}

TEST_F(SqliteShrink, LeavesNothingOfARemovedRoomAndGivesItsPagesBack) {
  open();
  write_at(1'000, "small", "kept");
  write_at(1'000, "large", std::string(3'000'000, 'x'));
  store_.reset();
  const auto before = std::filesystem::file_size(path_);
  open();
  ASSERT_TRUE(remove(*store_, "large").ok());
  store_.reset();
  std::uint64_t given_back = 0;
  const auto shrunk = shrink_file({.path = path_, .replaced_until_unix_ms = 0},
                                  [&](Progress progress) { given_back = progress.done; });
  ASSERT_TRUE(shrunk.ok()) << message_of(shrunk);
  EXPECT_EQ(records(), "1");
  EXPECT_GT(given_back, 700U);
  EXPECT_LT(std::filesystem::file_size(path_), before - 2'900'000);
}

TEST_F(SqliteShrink, RefusesAFileInUseAndOneThatIsNotThere) {
  EXPECT_EQ(shrink(0).error().code, ErrorCode::not_found);
  open();
  EXPECT_EQ(shrink(0).error().code, ErrorCode::conflict);
  store_.reset();
  EXPECT_TRUE(shrink(0).ok());
}

}  // namespace
}  // namespace pluv::adapters::testing
