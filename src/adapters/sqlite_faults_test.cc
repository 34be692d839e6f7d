// Disks that are full or fail, damaged files: what the store says, what it keeps, how it goes on.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include "adapters/child_testing.h"
#include "adapters/faulty_vfs_testing.h"
#include "adapters/sqlite_store.h"
#include "adapters/store_testing.h"

namespace pluv::adapters::testing {
namespace {

using Texts = std::vector<std::string>;

class SqliteFaults : public ::testing::Test {
 protected:
  void open() { store_ = open_store(watched_.options(path_)); }
  void fill(const std::string& room, int updates) {
    for (int i = 1; i <= updates; ++i) {
      ASSERT_TRUE(append(*store_, room, room + " " + std::to_string(i)).ok());
    }
  }
  // Has the file changed while no store has it open.
  void with_sql(const std::string& text) {
    store_.reset();
    EXPECT_EQ(sql(path_, text), "");
    open();
  }
  void expect_failed(const Error& error, ErrorCode code, const std::string& words) {
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.message.rfind(path_ + ": ", 0), 0U) << error.message;
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("rooms.db");
  Watched watched_;
  FaultyVfs disk_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(SqliteFaults, FullDiskFailsWhatIsAskedForAndKeepsWhatIsThere) {
  open();
  fill("room", 2);
  disk_.fail_writes(FaultyVfs::kAlways, SQLITE_FULL);
  for (int i = 0; i < 3; ++i) {
    expect_failed(append(*store_, "room", "x").error(), ErrorCode::unavailable,
                  "database or disk is full");
    expect_failed(compact(*store_, "room", 2, "s").error(), ErrorCode::unavailable, "full");
    expect_failed(remove(*store_, "room").error(), ErrorCode::unavailable, "full");
    EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2"}));
  }
  disk_.fail_writes(0);
  EXPECT_EQ(*append(*store_, "room", "room 3"), 3U);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2", "room 3"}));
  EXPECT_TRUE(verify(*store_)->empty());
}

TEST_F(SqliteFaults, DiskThatFailsIsAnErrorThatMayPass) {
  open();
  fill("room", 2);
  disk_.fail_writes(FaultyVfs::kAlways, SQLITE_IOERR_WRITE);
  expect_failed(append(*store_, "room", "x").error(), ErrorCode::unavailable, "disk I/O error");
  disk_.fail_writes(0);
  store_.reset();
  open();
  disk_.fail_reads(SQLITE_IOERR_READ);
  expect_failed(load(*store_, "room").error(), ErrorCode::unavailable, "disk I/O error");
  expect_failed(list(*store_, "", 9).error(), ErrorCode::unavailable, "disk I/O error");
  expect_failed(history(*store_, "room").error(), ErrorCode::unavailable, "disk I/O error");
  expect_failed(append(*store_, "room", "x").error(), ErrorCode::unavailable, "disk I/O error");
  EXPECT_EQ(verify(*store_).error().code, ErrorCode::unavailable);
  disk_.fail_reads(SQLITE_OK);
  EXPECT_EQ(*append(*store_, "room", "room 3"), 3U);
  EXPECT_EQ(load(*store_, "room")->last, 3U);
}

TEST_F(SqliteFaults, OperationThatFailsDoesNotTakeItsNeighboursAlong) {
  disk_.poison("poison");
  open();
  fill("room", 1);
  // The writer waits here, so that all that follows comes into one transaction.
  std::promise<void> go;
  store_->append("other", "u", [ready = go.get_future().share()](auto&&) { ready.wait(); });
  std::vector<std::future<Result<std::uint64_t>>> answers;
  for (const char* update : {"2", "with poison in it", "3"}) {
    auto promise = std::make_shared<std::promise<Result<std::uint64_t>>>();
    answers.push_back(promise->get_future());
    store_->append("room", update, [promise](auto answer) { promise->set_value(answer); });
  }
  go.set_value();
  EXPECT_EQ(answers[0].get().value(), 2U);
  expect_failed(answers[1].get().error(), ErrorCode::unavailable, "disk I/O error");
  EXPECT_EQ(answers[2].get().value(), 3U);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "2", "3"}));
}

TEST_F(SqliteFaults, TransactionThatFailedIsTriedAgainAtOnce) {
  open();
  disk_.fail_writes(1);
  EXPECT_EQ(*append(*store_, "room", "1"), 1U);
}

TEST_F(SqliteFaults, LimitOfTheSystemOnFilesIsSurvived) {
  Child child([&](int to) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{400'000, RLIM_INFINITY};
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto store = open_store(watched_.options(path_));
    const std::string update(10'000, 'u');
    std::uint64_t last = 0;
    for (int failures = 0; failures < 3;) {
      const auto answer = append(*store, "room", update);
      if (answer.ok()) last = *answer;
      if (!answer.ok()) ++failures;
    }
    ::setrlimit(RLIMIT_FSIZE, &none);
    const auto answer = append(*store, "room", update);
    Child::tell(to, answer.ok() && *answer == last + 1 ? "ok" : message_of(answer));
    Child::tell(to, std::to_string(last + 1));
  });
  EXPECT_EQ(child.line(), "ok");
  const std::string last = child.line();
  EXPECT_EQ(child.wait(), 0);
  open();
  EXPECT_EQ(std::to_string(load(*store_, "room")->updates.size()), last);
}

TEST_F(SqliteFaults, TornNewestRecordIsDroppedAndReported) {
  open();
  fill("room", 3);
  with_sql("UPDATE records SET data = x'00' WHERE number = 3");
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2"}));
  EXPECT_EQ(watched_.logged(),
            "warn storage_torn_record " + path_ +
                ": update 3 of room room, its newest, is damaged and was dropped\n");
  EXPECT_EQ(*append(*store_, "room", "room 3"), 3U);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2", "room 3"}));
  EXPECT_TRUE(verify(*store_)->empty());
}

TEST_F(SqliteFaults, AppendBehindTheLoadThatDropsATornRecordComesAfterIt) {
  open();
  fill("room", 2);
  with_sql("UPDATE records SET data = x'00' WHERE number = 2");
  store_->load("room", [](auto&&) {});
  EXPECT_EQ(*append(*store_, "room", "again"), 2U);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "again"}));
}

// Were the torn record still there behind the next one, it would not be the newest any more, and
// the room could never be read again.
TEST_F(SqliteFaults, TornRecordThatTheDiskWouldNotTakeBackIsGoneWithTheNextUpdateThatItTakes) {
  open();
  fill("room", 3);
  with_sql("UPDATE records SET data = x'00' WHERE number = 3");
  disk_.fail_writes(FaultyVfs::kAlways);
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2"}));
  EXPECT_EQ(append(*store_, "room", "lost").error().code, ErrorCode::unavailable);
  disk_.fail_writes(0);
  EXPECT_EQ(*append(*store_, "room", "room 3"), 3U);
  store_.reset();
  open();
  EXPECT_EQ(load(*store_, "room")->updates, (Texts{"room 1", "room 2", "room 3"}));
  EXPECT_TRUE(verify(*store_)->empty());
}

TEST_F(SqliteFaults, RoomWhoseOnlyRecordIsDamagedIsAnErrorAndNoEmptyRoom) {
  open();
  fill("room", 1);
  with_sql("UPDATE records SET checksum = checksum + 1");
  for (int i = 0; i < 2; ++i) {
    const auto loaded = load(*store_, "room");
    ASSERT_FALSE(loaded.ok());
    EXPECT_NE(loaded.error().message.find("record 1 of room room is damaged (it is the only one)"),
              std::string::npos);
  }
  EXPECT_EQ(list(*store_, "", 9)->size(), 1U);
}

TEST_F(SqliteFaults, ReadOnlyStoreLeavesATornRecordOutAndInTheFile) {
  open();
  fill("room", 2);
  with_sql("UPDATE records SET data = x'00' WHERE number = 2");
  store_.reset();
  SqliteOptions options = watched_.options(path_);
  options.read_only = true;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(load(*open_store(options), "room")->updates, Texts{"room 1"});
  }
  EXPECT_EQ(sql(path_, "SELECT count(*) FROM records"), "2");
}

TEST_F(SqliteFaults, DamagedOrMissingRecordInTheMiddleIsAnErrorThatNamesIt) {
  open();
  fill("room", 4);
  fill("other", 1);
  ASSERT_TRUE(compact(*store_, "room", 1, "snapshot").ok());
  const auto expect_error = [&](const std::string& change, const std::string& words) {
    SCOPED_TRACE(change);
    store_.reset();
    const std::string copy = folder_.file("copy.db");
    std::filesystem::copy_file(path_, copy);
    with_sql(change);
    expect_failed(load(*store_, "room").error(), ErrorCode::internal, words);
    EXPECT_EQ(load(*store_, "other")->last, 1U);
    const auto findings = verify(*store_);
    ASSERT_TRUE(findings.ok()) << message_of(findings);
    EXPECT_EQ(findings.value().size(), 1U);
    EXPECT_EQ(findings.value().at(0).room, "room");
    store_.reset();
    std::filesystem::rename(copy, path_);
    open();
  };
  expect_error("UPDATE records SET data = x'00' WHERE number = 3",
               "record 3 of room room is damaged");
  expect_error("UPDATE records SET unix_ms = 5 WHERE number = 3",
               "record 3 of room room is damaged");
  expect_error("DELETE FROM records WHERE number = 3", "record 3 of room room is missing");
  expect_error("UPDATE records SET data = x'00' WHERE version = 1",
               "record 1 of room room is damaged (it is the snapshot)");
  expect_error("DELETE FROM records WHERE version = 1",
               "record 1 of room room is missing (it is the snapshot)");
}

TEST_F(SqliteFaults, RecordOfAnotherRoomIsTakenForADamagedOne) {
  open();
  fill("room", 2);
  fill("other", 2);
  with_sql(
      "UPDATE records SET data = (SELECT data FROM records o WHERE o.room = 2 AND number = 1)"
      " WHERE room = 1 AND number = 1");
  expect_failed(load(*store_, "room").error(), ErrorCode::internal, "record 1 of room room");
}

TEST_F(SqliteFaults, DamagedPageFailsItsRoomAlone) {
  open();
  for (const char* room : {"a", "b", "c"}) {
    for (int i = 0; i < 300; ++i) {
      ASSERT_TRUE(append(*store_, room, "<" + std::string(room) + std::string(99, '.')).ok());
    }
  }
  store_.reset();
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // In the middle of b's records, on a page of theirs alone.
  std::size_t at = bytes.find("<b");
  for (int i = 0; i < 150; ++i) at = bytes.find("<b", at + 1);
  file.seekp(static_cast<std::streamoff>(at / 4096 * 4096));
  file << std::string(4096, '\xff');
  file.close();
  open();
  expect_failed(load(*store_, "b").error(), ErrorCode::internal, "malformed");
  for (const char* room : {"a", "c"}) {
    EXPECT_EQ(load(*store_, room)->updates.size(), 300U);
    EXPECT_EQ(*append(*store_, room, "u"), 301U);
  }
  const auto findings = verify(*store_);
  ASSERT_TRUE(findings.ok()) << message_of(findings);
  EXPECT_FALSE(findings.value().empty());
}

TEST_F(SqliteFaults, RecordsOverTheLimitAreRefused) {
  SqliteOptions options = watched_.options(path_);
  options.record_bytes_max = 100;
  store_ = open_store(options);
  EXPECT_TRUE(append(*store_, "room", std::string(99, 'u')).ok());
  EXPECT_TRUE(append(*store_, "room", std::string(100, 'u')).ok());
  expect_failed(append(*store_, "room", std::string(101, 'u')).error(), ErrorCode::limit,
                "a record of 101 bytes is over 100");
  EXPECT_TRUE(compact(*store_, "room", 1, std::string(100, 's')).ok());
  EXPECT_EQ(compact(*store_, "room", 2, std::string(101, 's')).error().code, ErrorCode::limit);
  EXPECT_EQ(load(*store_, "room")->last, 2U);
}

}  // namespace
}  // namespace pluv::adapters::testing
