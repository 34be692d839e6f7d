#include "apps/pluvd/webhook_outbox.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "adapters/child_testing.h"
#include "adapters/faulty_vfs_testing.h"
#include "apps/pluvd/webhook_outbox_file.h"

namespace pluv::apps {
namespace {

class Outbox : public testing::Test {
 protected:
  Outbox() {
    std::string name = testing::TempDir() + "outbox-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/webhooks.db";
  }
  ~Outbox() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<WebhookOutbox> open(std::string path) {
    OutboxOptions options;
    options.path = std::move(path);
    options.unix_ms = [this] { return now_; };
    options.steady_ms = [this] { return steady_; };
    options.log = [this](std::string_view, std::string_view event, std::string_view fields) {
      log_ += std::string(event) + " " + std::string(fields) + "\n";
    };
    options.dead_letters_max = 1'000;
    options.dead_letter_bytes_max = 4'000;
    auto opened = WebhookOutbox::open(std::move(options));
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    (*opened)->on_added([this](OutboxItem item) { added_.push_back(std::move(item)); });
    return std::move(*opened);
  }
  std::unique_ptr<WebhookOutbox> open() { return open(path_); }

  static std::vector<std::string> names(WebhookOutbox& outbox) {
    std::vector<std::string> out;
    const auto items = outbox.list();
    for (const OutboxItem& item : *items) {
      out.push_back(item.project + "/" + item.room + " " + item.event);
    }
    return out;
  }

  std::int64_t now_ = 1'000;
  std::int64_t steady_ = 5;
  std::string folder_;
  std::string path_;
  std::string log_;
  std::vector<OutboxItem> added_;
};

using Names = std::vector<std::string>;

OutboxEvent event(std::string_view name, std::string body = "{}") {
  return {name, std::move(body)};
}

TEST_F(Outbox, KeepsEventsInTheirOrder) {
  {
    const auto outbox = open();
    outbox->connected("a", "room", "p_1", R"({"id":"u"})", event("user-connected", "{\"n\":1}"));
    outbox->disconnected("a", "room", "p_1", event("user-disconnected"));
    std::vector<OutboxEvent> last;
    last.push_back(event("storage-destroyed"));
    last.push_back(event("room-destroyed"));
    outbox->destroyed("a", "room", std::move(last));
  }
  ASSERT_EQ(added_.size(), 4U);
  EXPECT_EQ(added_[0].bytes, 7U);
  const auto outbox = open();
  const auto items = outbox->list();
  ASSERT_EQ(items->size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ((*items)[i].id, added_[i].id);
    EXPECT_EQ((*items)[i].delivery, added_[i].id);
    EXPECT_EQ((*items)[i].event, added_[i].event);
    EXPECT_EQ((*items)[i].at_unix_ms, 1'000);
  }
  EXPECT_EQ(*outbox->body(added_[0].id), "{\"n\":1}");
}

TEST_F(Outbox, ForgetsWhatWasDeliveredAndGivesItsIdToNobodyElse) {
  std::uint64_t id = 0;
  std::string instance;
  {
    const auto outbox = open();
    outbox->destroyed("a", "room", {event("room-destroyed")});
    id = added_.at(0).id;
    instance = outbox->instance();
    EXPECT_TRUE(outbox->delivered(id).ok());
    EXPECT_TRUE(outbox->list()->empty());
    EXPECT_EQ(outbox->body(id).error().code, ErrorCode::not_found);
  }
  const auto outbox = open();
  EXPECT_EQ(outbox->instance(), instance);
  EXPECT_EQ(instance.size(), 16U);
  outbox->destroyed("a", "room", {event("room-destroyed")});
  EXPECT_GT(added_.at(1).id, id);
}

TEST_F(Outbox, ACopyGivesNewIdsThatTheOriginalNeverHad) {
  const auto outbox = open();
  outbox->destroyed("a", "room", {event("room-destroyed")});
  const std::uint64_t due = added_.at(0).id;
  std::vector<std::uint64_t> firsts;
  for (const std::string name : {"/one.db", "/two.db"}) {
    const std::string path = folder_ + name;
    {
      auto copier = adapters::SqliteDatabase::open(path_, adapters::SqliteDatabase::Access::read);
      ASSERT_TRUE(copier->execute(("VACUUM INTO '" + path + "'").c_str()));
      auto copy = adapters::SqliteDatabase::open(path, adapters::SqliteDatabase::Access::write);
      ASSERT_TRUE(copy->execute(std::string(kMarkCopied).c_str()));
    }
    std::uint64_t last = 0;
    for (int start = 0; start < 2; ++start) {  // only the first one leaps
      const auto copied = open(path);
      EXPECT_EQ(copied->list()->at(0).delivery, due);
      EXPECT_EQ(copied->instance(), outbox->instance());
      added_.clear();
      copied->destroyed("a", "room", {event("room-destroyed")});
      if (start == 0) {
        firsts.push_back(added_.at(0).id);
        EXPECT_GT(firsts.back(), due + (std::uint64_t{1} << 32));
      } else {
        EXPECT_EQ(added_.at(0).id, last + 1);
      }
      last = added_.at(0).id;
    }
  }
  EXPECT_NE(firsts.at(0), firsts.at(1));
}

TEST_F(Outbox, RemembersWhenToTryAgain) {
  {
    const auto outbox = open();
    outbox->destroyed("a", "room", {event("room-destroyed")});
    EXPECT_TRUE(outbox->postpone(added_.at(0).id, 3, 9'000).ok());
  }
  const auto items = open()->list();
  EXPECT_EQ(items->at(0).attempts, 3U);
  EXPECT_EQ(items->at(0).next_unix_ms, 9'000);
}

TEST_F(Outbox, IsReadableByItsOwnerOnly) {
  const auto outbox = open();
  outbox->destroyed("a", "room", {event("room-destroyed")});
  for (const char* more : {"", "-wal", "-shm"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path_ + more).c_str(), &status), 0) << more;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << more;
  }
}

TEST_F(Outbox, ClosesInOrderWhatAKilledProcessLeftOpen) {
  adapters::testing::Child child([this](int to) {
    const auto outbox = open();
    outbox->connected("a", "one", "p_2", R"({"id":"second"})", event("user-connected"));
    outbox->connected("a", "one", "p_1", R"({"id":"first"})", event("user-connected"));
    outbox->connected("a", "two", "p_3", R"({"id":"third"})", event("user-connected"));
    outbox->disconnected("a", "two", "p_3", event("user-disconnected"));  // the room's end is due
    outbox->connected("b", "one", "p_4", R"({"id":"fourth"})", event("user-connected"));
    outbox->disconnected("b", "one", "p_4", event("user-disconnected"));
    outbox->destroyed("b", "one", {event("room-destroyed")});
    adapters::testing::Child::tell(to, "done");
    for (;;) ::pause();
  });
  EXPECT_EQ(child.line(), "done");
  child.kill();
  const Names closed = {
      "a/one user-connected",    "a/one user-connected",    "a/two user-connected",
      "a/two user-disconnected", "b/one user-connected",    "b/one user-disconnected",
      "b/one room-destroyed",    "a/one user-disconnected", "a/one user-disconnected",
      "a/one room-destroyed",    "a/two room-destroyed"};
  {
    const auto outbox = open();
    EXPECT_EQ(names(*outbox), closed);
    const auto items = outbox->list();
    EXPECT_EQ(*outbox->body((*items)[7].id),
              R"({"data":{"room":"one","storage":null,"user":{"id":"second"}},)"
              R"("event":"user-disconnected"})");
    EXPECT_EQ(*outbox->body((*items)[9].id), R"({"data":{"room":"one"},"event":"room-destroyed"})");
    EXPECT_NE(log_.find("webhook_sessions_closed {\"events\":4}"), std::string::npos) << log_;
  }
  EXPECT_EQ(names(*open()), closed);  // once
}

TEST_F(Outbox, WaitsForAPredecessor) {
  auto first = open();
  const auto second = open();
  EXPECT_FALSE(second->settle());
  EXPECT_EQ(second->list().error().code, ErrorCode::unavailable);
  second->connected("a", "room", "p_1", R"({"id":"u"})", event("user-connected"));
  EXPECT_EQ(second->unsaved(), 1U);
  first->destroyed("a", "room", {event("room-destroyed")});
  first.reset();
  second->disconnected("a", "room", "p_1", event("user-disconnected"));
  EXPECT_EQ(second->unsaved(), 2U);  // who adds opens no file
  EXPECT_TRUE(second->settle());
  EXPECT_EQ(second->unsaved(), 0U);
  EXPECT_EQ(names(*second),
            (Names{"a/room room-destroyed", "a/room user-connected", "a/room user-disconnected"}));
}

TEST_F(Outbox, WritesWhatIsInMemoryWhenItIsClosed) {
  auto first = open();
  const auto second = open();
  second->destroyed("a", "room", {event("room-destroyed")});
  first.reset();
  second->close();
  EXPECT_EQ(names(*open()), (Names{"a/room room-destroyed"}));
}

TEST_F(Outbox, KeepsEventsInMemoryWhileTheDiskFails) {
  const auto outbox = open();
  outbox->connected("a", "room", "p_1", R"({"id":"u"})", event("user-connected"));
  {
    // Somebody else's transaction is as good as a full disk.
    auto other = adapters::SqliteDatabase::open(path_, adapters::SqliteDatabase::Access::write);
    ASSERT_TRUE(other->execute("BEGIN EXCLUSIVE").ok());
    outbox->disconnected("a", "room", "p_1", event("user-disconnected"));
    outbox->destroyed("a", "room", {event("room-destroyed")});
    EXPECT_EQ(outbox->unsaved(), 2U);
    EXPECT_NE(log_.find("webhook_outbox_failing"), std::string::npos);
    EXPECT_EQ(added_.size(), 1U);
  }
  EXPECT_TRUE(outbox->settle());
  EXPECT_EQ(outbox->unsaved(), 0U);
  EXPECT_NE(log_.find("webhook_outbox_well {\"lost\":0}"), std::string::npos) << log_;
  EXPECT_EQ(names(*outbox),
            (Names{"a/room user-connected", "a/room user-disconnected", "a/room room-destroyed"}));
  EXPECT_EQ(added_.size(), 3U);
}

TEST_F(Outbox, AddsWithoutASync) {
  adapters::testing::FaultyVfs disk;
  for (const char* when : {"a new file", "a file that was closed in order"}) {
    const auto outbox = open();
    disk.fail_syncs(SQLITE_IOERR_FSYNC);
    for (int i = 0; i < 500; ++i) outbox->destroyed("a", "room", {event("room-destroyed")});
    EXPECT_EQ(outbox->unsaved(), 0U) << when;
    disk.fail_syncs(SQLITE_OK);
    outbox->care();
    outbox->destroyed("a", "room", {event("storage-destroyed", std::string(10'000'000, 'x'))});
    outbox->care();  // the log is in the file, and begun anew
    disk.fail_syncs(SQLITE_IOERR_FSYNC);
    for (int i = 0; i < 500; ++i) outbox->destroyed("a", "room", {event("room-destroyed")});
    EXPECT_EQ(outbox->unsaved(), 0U) << when;
    disk.fail_syncs(SQLITE_OK);
  }
  EXPECT_EQ(open()->list()->size(), 2'002U);
}

TEST_F(Outbox, LosesNothingOnAFullDisk) {
  adapters::testing::FaultyVfs disk;
  const auto outbox = open();
  int added = 0;
  const auto add = [&] {
    outbox->connected("a", "room", "p_" + std::to_string(added), R"({"id":"u"})",
                      event("user-connected", std::to_string(added)));
    ++added;
  };
  for (int failures = 1; failures < 12; ++failures) {
    for (int i = 0; i < 3; ++i) add();
    disk.fail_writes(failures);
    for (int i = 0; i < 5; ++i) add();
    while (outbox->unsaved() > 0) (void)outbox->settle();
  }
  EXPECT_EQ(outbox->lost(), 0U);
  const auto items = outbox->list();
  ASSERT_EQ(items->size(), static_cast<std::size_t>(added));
  for (int i = 0; i < added; ++i) {
    EXPECT_EQ(*outbox->body((*items)[static_cast<std::size_t>(i)].id), std::to_string(i));
  }
}

TEST_F(Outbox, CountsWhatMemoryDoesNotHold) {
  const auto first = open();
  const auto second = open();
  const std::string body(kUnsavedBytesMax / 4, 'x');
  for (int i = 0; i < 5; ++i) second->destroyed("a", "room", {event("storage-destroyed", body)});
  EXPECT_EQ(second->unsaved(), 3U);  // each takes a little more than its body
  EXPECT_EQ(second->lost(), 2U);
  EXPECT_NE(log_.find("webhook_events_lost"), std::string::npos);
}

TEST_F(Outbox, RefusesForeignFiles) {
  std::FILE* file = std::fopen(path_.c_str(), "w");
  std::fputs("This is no database, but somebody's letter to somebody else, and a long one.", file);
  std::fclose(file);
  EXPECT_FALSE(WebhookOutbox::open({.path = path_, .unix_ms = nullptr, .log = nullptr}).ok());
}

TEST_F(Outbox, HasDeadLettersThatCanBePlayedAgain) {
  const auto outbox = open();
  for (const char* room : {"one", "two", "three"}) {
    outbox->destroyed("a", room, {event("room-destroyed", room)});
  }
  for (OutboxItem item : std::vector(added_)) {
    item.attempts = 7;
    now_ = 5'000;
    EXPECT_TRUE(outbox->bury(item, "The receiver said 410").ok());
  }
  EXPECT_TRUE(outbox->list()->empty());
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 3U);
  EXPECT_EQ(outbox->dead_counts()["a"].bytes, 11U);

  const auto page = outbox->dead("a", 0, 2);
  ASSERT_EQ(page->size(), 2U);
  EXPECT_EQ(page->at(0).room, "one");
  EXPECT_EQ(page->at(0).attempts, 7U);
  EXPECT_EQ(page->at(0).reason, "The receiver said 410");
  EXPECT_EQ(page->at(0).at_unix_ms, 1'000);
  EXPECT_EQ(page->at(0).dead_unix_ms, 5'000);
  EXPECT_EQ(page->at(0).delivery, outbox->instance() + "-" + std::to_string(added_[0].delivery));
  EXPECT_EQ(outbox->dead("a", page->at(1).id, 2)->size(), 1U);
  const auto second = outbox->dead_letter("a", page->at(1).id);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->letter.room, "two");
  EXPECT_EQ(second->letter.delivery, page->at(1).delivery);
  EXPECT_EQ(second->body, "two");
  for (const std::uint64_t id : {std::uint64_t{0}, std::uint64_t{99}, std::uint64_t{1} << 63}) {
    EXPECT_EQ(outbox->dead_letter("a", id).error().code, ErrorCode::not_found);
  }
  EXPECT_TRUE(outbox->dead("b", 0, 10)->empty());

  // Another project's is none.
  EXPECT_EQ(outbox->dead_letter("b", page->at(0).id).error().code, ErrorCode::not_found);
  EXPECT_EQ(outbox->replay("b", page->at(0).id).error().code, ErrorCode::not_found);
  EXPECT_EQ(outbox->drop("b", page->at(0).id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(outbox->replay("a", page->at(0).id).ok());
  EXPECT_EQ(outbox->replay("a", page->at(0).id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(outbox->drop("a", page->at(1).id).ok());
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 1U);
  EXPECT_EQ(outbox->dead_counts()["a"].bytes, 5U);
  ASSERT_EQ(added_.size(), 4U);
  EXPECT_GT(added_[3].id, added_[2].id);
  EXPECT_EQ(added_[3].delivery, added_[0].delivery);
  EXPECT_EQ(added_[3].room, "one");
  EXPECT_EQ(added_[3].since_unix_ms, 5'000);
  const auto items = outbox->list();
  ASSERT_EQ(items->size(), 1U);
  EXPECT_EQ(items->at(0).delivery, added_[0].delivery);
  EXPECT_EQ(items->at(0).attempts, 0U);
  EXPECT_EQ(*outbox->body(items->at(0).id), "one");
}

TEST_F(Outbox, DropsTheOldestDeadLettersOverTheBounds) {
  const auto outbox = open();
  const std::string body(1'000, 'x');
  for (int i = 0; i < 5; ++i) {
    outbox->destroyed("a", "room", {event("storage-destroyed", body)});
    EXPECT_TRUE(outbox->bury(added_.back(), "gone").ok());
    EXPECT_EQ(outbox->dropped(), i < 4 ? 0U : 1U);
  }
  EXPECT_EQ(outbox->dead("a", 0, 10)->size(), 4U);
  EXPECT_EQ(outbox->dead_counts()["a"].bytes, 4'000U);
  EXPECT_EQ(outbox->dead("a", 0, 10)->at(0).id, 2U);
  for (int i = 0; i < 1'001; ++i) {
    outbox->destroyed("b", "room", {event("room-destroyed")});
    EXPECT_TRUE(outbox->bury(added_.back(), "gone").ok());
  }
  EXPECT_EQ(outbox->dead_counts()["b"].letters, 1'000U);
  EXPECT_EQ(outbox->dropped(), 2U);
}

TEST_F(Outbox, LetsGoOfItsFileWhenItIsClosed) {
  const auto first = open();
  first->close();
  const auto second = open();
  EXPECT_TRUE(second->settle());
  first->destroyed("a", "room", {event("room-destroyed")});
  EXPECT_FALSE(first->settle());
  EXPECT_TRUE(second->list()->empty());
}

TEST_F(Outbox, DropsNothingForItsAgeRightAfterAStart) {
  {
    const auto outbox = open();
    outbox->destroyed("a", "room", {event("room-destroyed")});
    EXPECT_TRUE(outbox->bury(added_.back(), "gone").ok());
  }
  now_ += 2 * kDeadLetterMsMax;
  const auto outbox = open();
  steady_ += kDeadLettersKeptMs - 1;
  outbox->drop_old();
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 1U);
  ++steady_;
  outbox->drop_old();
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 0U);
}

TEST_F(Outbox, DropsDeadLettersOfLongAgo) {
  const auto outbox = open();
  for (int i = 0; i < 250; ++i) {
    outbox->destroyed("a", "room", {event("room-destroyed")});
    if (i == 200) now_ += kDeadLetterMsMax;
    EXPECT_TRUE(outbox->bury(added_.back(), "gone").ok());
  }
  steady_ += kDeadLetterMsMax;
  for (int i = 0; i < 5; ++i) outbox->drop_old();
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 250U);
  now_ += 10 * kDeadLetterMsMax;  // the clock is wrong
  for (int i = 0; i < 5; ++i) outbox->drop_old();
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 250U);
  ++steady_;
  for (int i = 0; i < 5; ++i) outbox->drop_old();
  EXPECT_EQ(outbox->dead_counts()["a"].letters, 50U);
  EXPECT_EQ(outbox->dropped(), 200U);
}

TEST_F(Outbox, PutsItsLogIntoTheFile) {
  const auto outbox = open();
  const std::string body(100'000, 'x');
  const auto log_bytes = [this] { return std::filesystem::file_size(path_ + "-wal"); };
  for (int i = 0; i < 100; ++i) outbox->destroyed("a", "room", {event("storage-destroyed", body)});
  outbox->care();
  const auto after_ten_megabytes = log_bytes();
  EXPECT_GT(after_ten_megabytes, 10'000'000U);
  for (int n = 0; n < 5; ++n) {
    for (int i = 0; i < 80; ++i) outbox->destroyed("a", "room", {event("storage-destroyed", body)});
    outbox->care();
  }
  EXPECT_LE(log_bytes(), after_ten_megabytes);  // begun anew each time
  EXPECT_EQ(outbox->list()->size(), 500U);
}

TEST_F(Outbox, GivesTheDiskBackAfterAnOutage) {
  const auto outbox = open();
  const std::string body(1'000'000, 'x');
  for (int i = 0; i < 30; ++i) outbox->destroyed("a", "room", {event("storage-destroyed", body)});
  outbox->care();
  const auto full = std::filesystem::file_size(path_);
  EXPECT_GT(full, 30'000'000U);
  for (const OutboxItem& item : added_) EXPECT_TRUE(outbox->delivered(item.id).ok());
  for (int i = 0; i < 60; ++i) outbox->care();
  outbox->close();  // which puts the log into the file
  EXPECT_LT(std::filesystem::file_size(path_), full * 2 / 3);
}

TEST_F(Outbox, WorksInMemory) {
  const auto outbox = open("");
  outbox->connected("a", "room", "p_1", R"({"id":"u"})", event("user-connected", "1"));
  EXPECT_EQ(names(*outbox), Names{"a/room user-connected"});
  EXPECT_EQ(*outbox->body(added_.at(0).id), "1");
  outbox->care();
  EXPECT_TRUE(outbox->delivered(added_.at(0).id).ok());
}

// An event loop waits for it: far below the time of a turn. The bound is for the slowest machine;
// docs/webhooks.md has the figures.
TEST_F(Outbox, AddsQuickly) {
  const auto outbox = open();
  const std::string user = R"({"id":"somebody","name":"Somebody or other"})";
  const std::string body =
      R"({"data":{"room":"room","storage":null,"user":)" + user + R"(},"event":"user-connected"})";
  std::vector<double> taken_us;
  for (int i = 0; i < 2'000; ++i) {
    const std::string session = "p_" + std::to_string(i);
    const auto begin = std::chrono::steady_clock::now();
    outbox->connected("project", "room-" + std::to_string(i % 50), session, user,
                      event("user-connected", body));
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    taken_us.push_back(took.count());
  }
  std::sort(taken_us.begin(), taken_us.end());
  RecordProperty("median_us", static_cast<int>(taken_us[1'000]));
  std::printf("an add: median %.1f us, 99%% %.1f us\n", taken_us[1'000], taken_us[1'980]);
  EXPECT_LT(taken_us[1'000], 1'000.0);
}

}  // namespace
}  // namespace pluv::apps
