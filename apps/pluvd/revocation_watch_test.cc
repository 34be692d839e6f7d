#include "apps/pluvd/revocation_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'500;
constexpr std::int64_t kNowS = kNowMs / 1'000;

// Two processes, of which one looks for what the other one adds.
class RevocationWatchTest : public testing::Test {
 protected:
  RevocationWatchTest() {
    std::filesystem::remove(path_);
    database_ = *HostingDatabase::open(path_);
    mine_ = *Revocations::open(database_);
    other_ = *Revocations::open(*HostingDatabase::open(path_));
  }
  ~RevocationWatchTest() override { std::filesystem::remove(path_); }

  std::unique_ptr<RevocationWatch> open(std::chrono::milliseconds shared_at_first) {
    auto watch = RevocationWatch::open(*database_,
                                       {.revocations = mine_,
                                        .shared_at_first = shared_at_first,
                                        .is_shared = [this] { return shared_.load(); },
                                        .added =
                                            [this](const std::vector<Revocation>& added) {
                                              const std::lock_guard lock(mutex_);
                                              told_.insert(told_.end(), added.begin(), added.end());
                                            },
                                        .log = [this](std::string_view) { ++logged_; }});
    EXPECT_TRUE(watch.ok()) << watch.error().message;
    return std::move(*watch);
  }
  std::vector<Revocation> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int tries = 0; tries < 10'000; ++tries) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  const std::string path_ = testing::TempDir() + "/revocation_watch_test.db";
  std::shared_ptr<HostingDatabase> database_;
  std::shared_ptr<Revocations> mine_;
  std::shared_ptr<Revocations> other_;
  std::atomic<bool> shared_{false};
  std::atomic<int> logged_{0};
  std::mutex mutex_;  // of told_
  std::vector<Revocation> told_;
};

TEST_F(RevocationWatchTest, WhatAPredecessorHasAddedIsReadWhenItIsAsked) {
  const auto watch = open(std::chrono::milliseconds(0));
  ASSERT_TRUE(other_->add("p", "r", "tom", kNowMs).ok());
  EXPECT_FALSE(mine_->revoked("p", "r", "tom", kNowS));
  ASSERT_TRUE(watch->read().ok());
  EXPECT_TRUE(mine_->revoked("p", "r", "tom", kNowS));
  EXPECT_EQ(told(), (std::vector<Revocation>{{"p", "r", "tom"}}));
  ASSERT_TRUE(watch->read().ok());
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(RevocationWatchTest, WhatAPredecessorAddsIsSeenForAsLongAsItMayLive) {
  const auto watch = open(std::chrono::minutes(5));
  watch->start();
  for (const char* user : {"tom", "ann"}) {
    ASSERT_TRUE(other_->add("p", "", user, kNowMs).ok());
    EXPECT_TRUE(eventually([&] { return mine_->revoked("p", "r", user, kNowS); })) << user;
  }
  EXPECT_TRUE(eventually([&] { return told().size() == 2; }));
}

TEST_F(RevocationWatchTest, WhatASuccessorAddsIsSeenFromTheHandOverOn) {
  const auto watch = open(std::chrono::milliseconds(0));
  watch->start();
  ASSERT_TRUE(mine_->add("p", "", "ann", kNowMs).ok());
  ASSERT_TRUE(other_->add("p", "", "tom", kNowMs).ok());
  shared_ = true;
  watch->wake();
  EXPECT_TRUE(eventually([&] { return mine_->revoked("p", "r", "tom", kNowS); }));
  ASSERT_TRUE(other_->add("p", "", "bob", kNowMs).ok());
  EXPECT_TRUE(eventually([&] { return told().size() == 2; }));
  EXPECT_EQ(told(), (std::vector<Revocation>{{"p", "", "tom"}, {"p", "", "bob"}}));
}

// An admin thread has the database's lock while it waits for the disk.
TEST_F(RevocationWatchTest, NeitherJoinsNorTheWatchWaitForWhoWrites) {
  const auto watch = open(std::chrono::minutes(5));
  const auto lock = database_->lock();
  watch->start();
  ASSERT_TRUE(other_->add("p", "", "tom", kNowMs).ok());
  EXPECT_TRUE(eventually([&] { return mine_->revoked("p", "r", "tom", kNowS); }));
}

TEST_F(RevocationWatchTest, AFileThatCannotBeReadIsLoggedOnce) {
  ASSERT_TRUE(database_->connection().execute("ALTER TABLE revocations RENAME TO gone").ok());
  const auto watch = open(std::chrono::minutes(5));
  watch->start();
  EXPECT_TRUE(eventually([&] { return logged_ > 0; }));
  ASSERT_TRUE(database_->connection().execute("ALTER TABLE gone RENAME TO revocations").ok());
  ASSERT_TRUE(other_->add("p", "", "tom", kNowMs).ok());
  EXPECT_TRUE(eventually([&] { return mine_->revoked("p", "r", "tom", kNowS); }));
  EXPECT_EQ(logged_, 1);
}

}  // namespace
}  // namespace pluv::apps
