// Copies of a file in use, and checks of it.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/sqlite_database.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

class SqliteBackup : public ::testing::Test {
 protected:
  static SqliteOptions options_of(const std::string& path) {
    SqliteOptions options;
    options.path = path;
    return options;
  }
  [[nodiscard]] std::size_t files() const {
    const std::filesystem::directory_iterator all(folder_.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  TempFolder folder_;
  std::string path_ = folder_.file("rooms.db");
  std::string copy_ = folder_.file("copy.db");
  std::unique_ptr<SqliteStore> store_ = open_store(options_of(path_));
};

TEST_F(SqliteBackup, HoldsWhatWasThereWhenItWasAskedFor) {
  ASSERT_TRUE(append(*store_, "room", "1").ok());
  store_->append("room", "2", [](auto&&) {});
  ASSERT_TRUE(backup(*store_, copy_).ok());
  ASSERT_TRUE(append(*store_, "room", "3").ok());
  const auto copy = open_store(options_of(copy_));
  EXPECT_EQ(load(*copy, "room")->updates, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(*append(*copy, "room", "other"), 3U);
}

TEST_F(SqliteBackup, IsWholeWhileWritesGoOn) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(append(*store_, "large", std::string(1'000'000, 'u')).ok());
  }
  std::atomic<bool> is_over = false;
  std::atomic<std::uint64_t> written = 0;
  std::thread writer([&] {
    while (!is_over) written = *append(*store_, "busy", std::string(100, 'u'));
  });
  std::vector<Progress> progress;
  const std::uint64_t before = written;
  const auto done = answer_of<void>([&](auto answer) {
    store_->backup(copy_, [&](Progress at) { progress.push_back(at); }, answer);
  });
  const std::uint64_t after = written;
  is_over = true;
  writer.join();
  ASSERT_TRUE(done.ok()) << message_of(done);
  ASSERT_GT(progress.size(), 10U);
  for (std::size_t i = 1; i < progress.size(); ++i) {
    EXPECT_GE(progress[i].done, progress[i - 1].done);
  }
  EXPECT_EQ(progress.back().done, progress.back().total);
  const auto copy = open_store(options_of(copy_));
  EXPECT_TRUE(verify(*copy)->empty());
  EXPECT_EQ(load(*copy, "large")->updates.size(), 20U);
  EXPECT_GE(load(*copy, "busy")->last, before);
  EXPECT_GT(after, before);
  EXPECT_LE(load(*copy, "busy")->last, after);
}

// Of a file that belongs to the store's.
class SqliteBackupBeside : public SqliteBackup {
 protected:
  SqliteBackupBeside() {
    EXPECT_TRUE(append(*store_, "room", "1").ok());
    EXPECT_TRUE(
        other_.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (n); "
                       "INSERT INTO t VALUES (1)"));
  }
  Result<void> back_up_both(std::string on_copy = {}) {
    return answer_of<void>([&](auto done) {
      store_->backup(copy_, {{other_path_, other_copy_, std::move(on_copy)}}, {}, done);
    });
  }
  static std::int64_t sum_in(const std::string& path) {
    return SqliteDatabase::open(path, SqliteDatabase::Access::read)
        ->integer("SELECT sum(n) FROM t")
        .value();
  }

  std::string other_path_ = folder_.file("other.db");
  std::string other_copy_ = folder_.file("other-copy.db");
  SqliteDatabase other_ = SqliteDatabase::open(other_path_, SqliteDatabase::Access::create).value();
};

TEST_F(SqliteBackupBeside, CopiesBothForTheirOwnerAlone) {
  ASSERT_TRUE(back_up_both("UPDATE t SET n = n + 10").ok());
  EXPECT_EQ(sum_in(other_copy_), 11);
  EXPECT_EQ(sum_in(other_path_), 1);
  EXPECT_EQ(load(*open_store(options_of(copy_)), "room")->updates, std::vector<std::string>{"1"});
  for (const std::string& path : {copy_, other_copy_}) {
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

TEST_F(SqliteBackupBeside, LooksAtBothBeforeEitherIsCopied) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(append(*store_, "room", std::string(1'000'000, 'u')).ok());
  }
  const auto write_more = [&, first = true](Progress) mutable {
    if (!std::exchange(first, false)) return;
    EXPECT_TRUE(append(*store_, "room", "late").ok());
    EXPECT_TRUE(other_.execute("INSERT INTO t VALUES (100)").ok());
  };
  const auto done = answer_of<void>([&](auto answer) {
    store_->backup(copy_, {{other_path_, other_copy_, {}}}, write_more, answer);
  });
  ASSERT_TRUE(done.ok()) << message_of(done);
  EXPECT_EQ(sum_in(other_copy_), 1);
  EXPECT_EQ(load(*open_store(options_of(copy_)), "room")->updates.size(), 6U);
}

TEST_F(SqliteBackupBeside, AllOrNone) {
  const std::size_t before = files();
  EXPECT_FALSE(back_up_both("no SQL").ok());
  EXPECT_EQ(files(), before);
  for (const std::string& taken : {copy_, other_copy_}) {
    std::ofstream(taken) << "precious";
    EXPECT_EQ(back_up_both().error().message, taken + " exists");
    EXPECT_EQ(files(), before + 1);
    std::filesystem::remove(taken);
  }
  ASSERT_TRUE(back_up_both().ok());
}

TEST_F(SqliteBackupBeside, LeavesOutWhatIsNotThereOrEmpty) {
  std::ofstream(folder_.file("empty.db"));
  const auto done = answer_of<void>([&](auto answer) {
    store_->backup(copy_,
                   {{folder_.file("none.db"), other_copy_, "no SQL"},
                    {folder_.file("empty.db"), other_copy_, "no SQL"}},
                   {}, answer);
  });
  ASSERT_TRUE(done.ok()) << message_of(done);
  EXPECT_TRUE(std::filesystem::exists(copy_));
  EXPECT_FALSE(std::filesystem::exists(other_copy_));
}

TEST_F(SqliteBackup, NeverOverwritesAFile) {
  std::ofstream(copy_) << "precious";
  const auto refused = backup(*store_, copy_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_EQ(refused.error().message, copy_ + " exists");
  EXPECT_EQ(std::filesystem::file_size(copy_), 8U);
}

TEST_F(SqliteBackup, FailureLeavesNoFile) {
  const std::size_t before = files();
  EXPECT_EQ(backup(*store_, "/proc/copy.db").error().code, ErrorCode::unavailable);
  EXPECT_EQ(backup(*store_, folder_.file("missing/copy.db")).error().code, ErrorCode::unavailable);
  EXPECT_EQ(files(), before);
}

TEST_F(SqliteBackup, ClosingTheStoreEndsIt) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(append(*store_, "room", std::string(1'000'000, 'u')).ok());
  }
  std::promise<void> begun;
  std::promise<void> closing;
  bool first = true;
  std::promise<Result<void>> answer;
  const auto wait_once = [&](Progress) {
    if (!std::exchange(first, false)) return;
    begun.set_value();
    closing.get_future().wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // close has begun by then
  };
  store_->backup(copy_, wait_once, [&](auto done) { answer.set_value(std::move(done)); });
  begun.get_future().wait();
  closing.set_value();
  EXPECT_TRUE(store_->close().ok());
  const auto ended = answer.get_future().get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, ErrorCode::unavailable);
  EXPECT_EQ(files(), 1U);
}

TEST_F(SqliteBackup, VerifyFindsNothingInAWholeFileAndTellsHowFarItIs) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(*store_, "room", "u").ok());
  ASSERT_TRUE(compact(*store_, "room", 5, "s").ok());
  std::vector<Progress> progress;
  const auto findings = answer_of<std::vector<Finding>>(
      [&](auto done) { store_->verify([&](Progress at) { progress.push_back(at); }, done); });
  ASSERT_TRUE(findings.ok()) << message_of(findings);
  EXPECT_TRUE(findings.value().empty());
  ASSERT_GE(progress.size(), 2U);
  EXPECT_EQ(progress.back().done, progress.back().total);
}

TEST_F(SqliteBackup, VerifyNamesWhatIsWrong) {
  SqliteOptions options = options_of(path_);
  options.history_ms = 60'000;
  store_.reset();
  store_ = open_store(options);
  for (const char* room : {"damaged", "gap", "lost", "past", "whole"}) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*store_, room, "u").ok());
  }
  ASSERT_TRUE(compact(*store_, "past", 2, "s").ok());
  ASSERT_TRUE(compact(*store_, "past", 2, "s").ok());
  store_.reset();
  EXPECT_EQ(sql(path_,
                "UPDATE records SET data = x'00' WHERE room = 1 AND number = 2;"
                "DELETE FROM records WHERE room = 2 AND number = 2;"
                "DELETE FROM records WHERE room = 3;"
                "UPDATE records SET data = x'00' WHERE room = 4;"
                "INSERT INTO records VALUES (77, 1, 0, 0, 0, x'00', NULL);"
                "INSERT INTO large (data) VALUES (x'00'), (x'01');"
                "INSERT INTO records VALUES (77, 2, 0, 0, 0, x'', 1), (77, 3, 0, 0, 0, x'', 1)"),
            "");
  store_ = open_store(options);
  const auto findings = verify(*store_);
  ASSERT_TRUE(findings.ok()) << message_of(findings);
  std::string text;
  for (const Finding& found : findings.value()) {
    text += found.room + " " + std::to_string(found.number) + ": " + found.message +
            (found.in_history ? " (history)\n" : "\n");
  }
  EXPECT_EQ(text,
            "damaged 2: the record is damaged: its checksum is another one\n"
            "gap 2: the record is missing\n"
            "past 1: the record is damaged: its checksum is another one (history)\n"
            "past 2: the record is damaged: its checksum is another one (history)\n"
            "past 2: the record is damaged: its checksum is another one (history)\n"
            "past 2: the record is damaged: its checksum is another one\n"
            "past 3: the record is damaged: its checksum is another one\n"
            " 0: records of room id 77 belong to no room\n"
            "lost 0: the room has no records\n"
            " 0: 1 rows of large belong to no record\n"
            " 0: 1 rows of large belong to two records\n");
}

}  // namespace
}  // namespace pluv::adapters::testing
