#include "apps/pluvd/revocations.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'500;
constexpr std::int64_t kNowS = kNowMs / 1'000;
constexpr std::int64_t kToleranceS = auth::kTokenClockToleranceMsDefault / 1'000;

std::shared_ptr<Revocations> open(const std::string& path = "", std::int64_t now_ms = kNowMs) {
  auto database = HostingDatabase::open(path);
  EXPECT_TRUE(database.ok()) << database.error().message;
  auto opened = Revocations::open(*database, now_ms);
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return *opened;
}

TEST(Revocations, TokensUpToNowAreRefused) {
  const auto list = open();
  EXPECT_FALSE(list->revoked("p", "r", "tom", kNowS));
  ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS - 100));
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS));
  // By the clock of who made it, which may be ahead.
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS + kToleranceS));
  EXPECT_FALSE(list->revoked("p", "r", "tom", kNowS + kToleranceS + 1));
  EXPECT_EQ(revoked_until_s(kNowMs), kNowS + kToleranceS);
  EXPECT_TRUE(list->revoked("p", "r", "tom", 0));  // of which nobody knows when it was made
}

TEST(Revocations, CountForTheirProjectRoomAndUser) {
  const auto list = open();
  ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
  EXPECT_FALSE(list->revoked("p", "r2", "tom", kNowS));
  EXPECT_FALSE(list->revoked("p", "r", "tim", kNowS));
  EXPECT_FALSE(list->revoked("q", "r", "tom", kNowS));
  ASSERT_TRUE(list->add("p", "", "tim", kNowMs).ok());
  EXPECT_TRUE(list->revoked("p", "r", "tim", kNowS));
  EXPECT_TRUE(list->revoked("p", "r2", "tim", kNowS));
  EXPECT_FALSE(list->revoked("q", "r", "tim", kNowS));
}

TEST(Revocations, ALaterOneCounts) {
  const auto list = open();
  ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
  ASSERT_TRUE(list->add("p", "r", "tom", kNowMs + 5'000).ok());
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS + kToleranceS + 5));
  EXPECT_EQ(list->size(), 1U);
  // A clock that was put back takes nothing away.
  ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS + kToleranceS + 5));
}

TEST(Revocations, HoldOverARestartAndGoOnceNoTokenIsAsOld) {
  const std::string path = testing::TempDir() + "/revocations_test.db";
  std::filesystem::remove(path);
  {
    const auto list = open(path);
    ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
    ASSERT_TRUE(list->add("p", "", "\xc3\xa9", kNowMs).ok());
  }
  {
    const auto list = open(path, kNowMs + auth::kTokenAgeMsMax);
    EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS));
    EXPECT_TRUE(list->revoked("p", "any", "\xc3\xa9", kNowS));
  }
  EXPECT_EQ(open(path, kNowMs + auth::kTokenAgeMsMax + 60'000)->size(), 0U);
  std::filesystem::remove(path);
}

// A successor has read the file, and its predecessor still answers.
TEST(Revocations, WhatAnotherProcessAddsCountsAtOnce) {
  const std::string path = testing::TempDir() + "/revocations_shared_test.db";
  std::filesystem::remove(path);
  const auto predecessor = open(path);
  ASSERT_TRUE(predecessor->add("p", "r", "ann", kNowMs).ok());
  const auto successor = open(path);
  EXPECT_FALSE(successor->revoked("p", "r", "tom", kNowS));
  ASSERT_TRUE(predecessor->add("p", "r", "tom", kNowMs).ok());
  ASSERT_TRUE(predecessor->add("p", "r", "ann", kNowMs + 9'000).ok());
  EXPECT_TRUE(successor->revoked("p", "r", "tom", kNowS));
  EXPECT_TRUE(successor->revoked("p", "r", "ann", kNowS + kToleranceS + 9));
  EXPECT_EQ(successor->size(), 2U);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace pluv::apps
