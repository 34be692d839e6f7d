#include "apps/pluvd/revocations.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'500;
constexpr std::int64_t kNowS = kNowMs / 1'000;
constexpr std::int64_t kToleranceS = auth::kTokenClockToleranceMsDefault / 1'000;

std::shared_ptr<HostingDatabase> database_at(const std::string& path) {
  auto database = HostingDatabase::open(path);
  EXPECT_TRUE(database.ok()) << database.error().message;
  return *database;
}

std::shared_ptr<Revocations> open(const std::string& path = "", RevocationLimits limits = {}) {
  auto opened = Revocations::open(database_at(path), limits);
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return *opened;
}

std::string fresh_path(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name + ".db";
  std::filesystem::remove(path);
  return path;
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

TEST(Revocations, HoldOverARestart) {
  const std::string path = fresh_path("revocations_test");
  {
    const auto list = open(path);
    ASSERT_TRUE(list->add("p", "r", "tom", kNowMs).ok());
    ASSERT_TRUE(list->add("p", "", "\xc3\xa9", kNowMs).ok());
    ASSERT_TRUE(list->add("p", "r", "tom", kNowMs - 5'000).ok());  // the clock was put back
  }
  const auto list = open(path);
  EXPECT_EQ(list->size(), 2U);
  EXPECT_TRUE(list->revoked("p", "r", "tom", kNowS + kToleranceS));
  EXPECT_TRUE(list->revoked("p", "any", "\xc3\xa9", kNowS));
  std::filesystem::remove(path);
}

TEST(Revocations, ThereAreSoManyOfAProjectAndOfAll) {
  const auto list = open("", {.of_project_max = 2, .max = 3});
  ASSERT_TRUE(list->add("p", "", "a", kNowMs).ok());
  ASSERT_TRUE(list->add("p", "", "b", kNowMs).ok());
  EXPECT_EQ(list->add("p", "", "c", kNowMs).error().code, ErrorCode::limit);
  EXPECT_FALSE(list->revoked("p", "r", "c", kNowS));
  ASSERT_TRUE(list->add("p", "", "b", kNowMs + 1'000).ok());  // which is there already
  ASSERT_TRUE(list->add("q", "", "a", kNowMs).ok());
  EXPECT_EQ(list->add("q", "", "b", kNowMs).error().code, ErrorCode::limit);
  EXPECT_EQ(list->size(), 3U);
}

// Otherwise nothing goes: the clock may be wrong.
TEST(Revocations, WhereThereAreTooManyTheOldestMakeWayOnceNoTokenIsAsOld) {
  const std::string path = fresh_path("revocations_full_test");
  const RevocationLimits limits{.of_project_max = 3, .max = 100, .freed_at_once = 2};
  constexpr std::int64_t kYearsLaterMs = kNowMs + 3 * auth::kTokenAgeMsMax;
  {
    const auto list = open(path, limits);
    for (const char* user : {"a", "b", "c"}) ASSERT_TRUE(list->add("p", "", user, kNowMs).ok());
    ASSERT_TRUE(list->add("q", "", "a", kNowMs).ok());
    EXPECT_EQ(list->add("p", "", "d", kNowMs + auth::kTokenAgeMsMax).error().code,
              ErrorCode::limit);
    ASSERT_TRUE(list->add("q", "", "b", kYearsLaterMs).ok());
    EXPECT_EQ(list->size(), 5U);
    ASSERT_TRUE(list->add("p", "", "d", kYearsLaterMs).ok());
    EXPECT_EQ(list->size(), 4U);
    ASSERT_TRUE(list->add("p", "", "e", kYearsLaterMs).ok());
  }
  const auto list = open(path, limits);
  EXPECT_EQ(list->size(), 5U);
  for (const char* user : {"a", "b"}) EXPECT_FALSE(list->revoked("p", "r", user, kNowS)) << user;
  for (const char* user : {"c", "d", "e"}) EXPECT_TRUE(list->revoked("p", "r", user, kNowS));
  EXPECT_TRUE(list->revoked("q", "r", "a", kNowS));
  std::filesystem::remove(path);
}

std::vector<Revocation> news_of(Revocations& list, adapters::SqliteDatabase& reader) {
  std::vector<Revocation> all;
  for (bool more = true; more;) {
    const auto news = list.read_new(reader);
    EXPECT_TRUE(news.ok()) << news.error().message;
    all.insert(all.end(), news->added.begin(), news->added.end());
    more = news->more;
  }
  return all;
}

// One takes over from the other.
TEST(Revocations, WhatAnotherProcessAddsIsReadAndTold) {
  const std::string path = fresh_path("revocations_shared_test");
  const auto mine = open(path);
  ASSERT_TRUE(mine->add("p", "r", "ann", kNowMs).ok());
  const auto database = database_at(path);
  const auto other = *Revocations::open(database);
  auto reader = database->open_reader();
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  EXPECT_TRUE(news_of(*mine, *reader).empty());
  ASSERT_TRUE(other->add("p", "r", "tom", kNowMs).ok());
  ASSERT_TRUE(other->add("p", "r", "ann", kNowMs).ok());  // again, in the same second
  ASSERT_TRUE(mine->add("p", "", "bob", kNowMs).ok());
  ASSERT_TRUE(other->add("q", "", "eve", kNowMs + 9'000).ok());
  EXPECT_EQ(news_of(*mine, *reader),
            (std::vector<Revocation>{{"p", "r", "tom"}, {"p", "r", "ann"}, {"q", "", "eve"}}));
  EXPECT_TRUE(mine->revoked("p", "r", "tom", kNowS));
  EXPECT_TRUE(mine->revoked("q", "any", "eve", kNowS + kToleranceS + 9));
  EXPECT_EQ(mine->size(), 4U);
  EXPECT_TRUE(news_of(*mine, *reader).empty());
  EXPECT_EQ(news_of(*other, *reader), (std::vector<Revocation>{{"p", "", "bob"}}));
  std::filesystem::remove(path);
}

// There are more of them than are read at once.
TEST(Revocations, AllOfManyAreRead) {
  const std::string path = fresh_path("revocations_many_test");
  const auto database = database_at(path);
  const auto mine = *Revocations::open(database);
  ASSERT_TRUE(database->connection()
                  .execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                           "WHERE i < 2500) INSERT INTO revocations (project, room, user, "
                           "revoked_s) SELECT 'p', '', 'u' || i, 1800000000 FROM n")
                  .ok());
  auto reader = database->open_reader();
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(news_of(*mine, *reader).size(), 2'500U);
  EXPECT_TRUE(mine->revoked("p", "r", "u2500", kNowS));
  EXPECT_EQ(open(path)->size(), 2'500U);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace pluv::apps
