#include "apps/pluvd/idempotency.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace pluv::apps {
namespace {

std::shared_ptr<HostingDatabase> open(const std::string& path = "") {
  auto opened = HostingDatabase::open(path);
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  return *opened;
}

KeptAnswer answer(std::string body = "{}") {
  return {
      .status = 201, .location = "/x", .media_type = "application/json", .body = std::move(body)};
}

std::optional<KeptAnswer> found(Idempotency& kept, std::string_view key, std::string_view request,
                                std::int64_t now = 0, std::string_view project = "p") {
  const auto one = kept.find(project, key, request, now);
  EXPECT_TRUE(one.ok()) << one.error().message;
  return one.ok() ? *one : std::nullopt;
}

TEST(Idempotency, AnswersTheSameRequestWithTheSameAnswer) {
  Idempotency kept(open());
  EXPECT_EQ(found(kept, "k", "POST /a"), std::nullopt);
  ASSERT_TRUE(kept.keep("p", "k", "POST /a", answer(), 0).ok());
  EXPECT_EQ(found(kept, "k", "POST /a"), answer());
  EXPECT_EQ(found(kept, "other", "POST /a"), std::nullopt);
  EXPECT_EQ(found(kept, "k", "POST /a", 0, "another project"), std::nullopt);
}

TEST(Idempotency, AnotherRequestUnderTheKeyIsAnError) {
  Idempotency kept(open());
  ASSERT_TRUE(kept.keep("p", "k", "POST /a", answer(), 0).ok());
  const auto other = kept.find("p", "k", "POST /b", 0);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::limit);
}

TEST(Idempotency, ForgetsAfterADay) {
  Idempotency kept(open());
  ASSERT_TRUE(kept.keep("p", "k", "r", answer(), 1'000).ok());
  EXPECT_EQ(found(kept, "k", "r", 1'000 + kIdempotencyMs - 1), answer());
  EXPECT_EQ(found(kept, "k", "r", 1'000 + kIdempotencyMs), std::nullopt);
}

TEST(Idempotency, KeepsSoManyOfAProjectAndTheNewest) {
  Idempotency kept(open(), {.answers_max = 3, .answer_bytes_max = 100});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(kept.keep("p", "k" + std::to_string(i), "r", answer(), i).ok());
    ASSERT_TRUE(kept.keep("q", "k" + std::to_string(i), "r", answer(), i).ok());
  }
  EXPECT_EQ(found(kept, "k0", "r", 4), std::nullopt);
  EXPECT_EQ(found(kept, "k1", "r", 4), answer());
  EXPECT_EQ(found(kept, "k3", "r", 4), answer());
}

TEST(Idempotency, KeepsSoManyBytesOfAProject) {
  Idempotency kept(open(), {.answers_max = 100, .answer_bytes_max = 100});
  ASSERT_TRUE(kept.keep("p", "a", "r", answer(std::string(60, 'x')), 0).ok());
  ASSERT_TRUE(kept.keep("p", "b", "r", answer(std::string(40, 'x')), 1).ok());
  EXPECT_TRUE(found(kept, "a", "r", 1));
  ASSERT_TRUE(kept.keep("p", "c", "r", answer(std::string(1, 'x')), 2).ok());
  EXPECT_FALSE(found(kept, "a", "r", 2));
  EXPECT_TRUE(found(kept, "b", "r", 2));
  EXPECT_TRUE(found(kept, "c", "r", 2));
}

TEST(Idempotency, OneRequestUnderAKeyIsCarriedOutAtATime) {
  Idempotency kept(open());
  auto held = kept.hold("p", "k");
  ASSERT_TRUE(held);
  EXPECT_FALSE(kept.hold("p", "k"));
  EXPECT_TRUE(kept.hold("p", "other"));
  EXPECT_TRUE(kept.hold("q", "k"));
  held.reset();
  EXPECT_TRUE(kept.hold("p", "k"));
}

TEST(Idempotency, HoldsOverARestart) {
  const std::string path = testing::TempDir() + "/idempotency_test.db";
  std::filesystem::remove(path);
  {
    Idempotency kept(open(path));
    ASSERT_TRUE(kept.keep("p", "k", "r", answer(), 0).ok());
  }
  Idempotency kept(open(path));
  EXPECT_EQ(found(kept, "k", "r"), answer());
  std::filesystem::remove(path);
}

TEST(Idempotency, WhatWasBegunWithoutAnAnswerIsNotCarriedOutAgain) {
  const std::string path = testing::TempDir() + "/idempotency_begun_test.db";
  std::filesystem::remove(path);
  {
    Idempotency kept(open(path));
    ASSERT_TRUE(kept.begin("p", "k", "POST /a", 0).ok());
    ASSERT_TRUE(kept.begin("p", "done", "POST /a", 0).ok());
    ASSERT_TRUE(kept.keep("p", "done", "POST /a", answer(), 0).ok());
  }
  Idempotency kept(open(path));
  const auto again = kept.find("p", "k", "POST /a", 0);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_EQ(kept.find("p", "k", "POST /b", 0).error().code, ErrorCode::limit);
  EXPECT_EQ(found(kept, "k", "POST /a", kIdempotencyMs), std::nullopt);
  EXPECT_EQ(found(kept, "done", "POST /a"), answer());
  std::filesystem::remove(path);
}

TEST(Idempotency, OfWhatWasAbandonedNothingIsLeft) {
  Idempotency kept(open());
  ASSERT_TRUE(kept.begin("p", "k", "POST /a", 0).ok());
  ASSERT_TRUE(kept.abandon("p", "k").ok());
  EXPECT_EQ(found(kept, "k", "POST /a"), std::nullopt);
  ASSERT_TRUE(kept.keep("p", "k", "POST /a", answer(), 0).ok());
  ASSERT_TRUE(kept.abandon("p", "k").ok());
  EXPECT_EQ(found(kept, "k", "POST /a"), answer());
}

TEST(Idempotency, KeysArePrintable) {
  EXPECT_TRUE(Idempotency::is_key("5a9f-1"));
  EXPECT_TRUE(Idempotency::is_key(std::string(kIdempotencyKeyBytesMax, 'k')));
  EXPECT_FALSE(Idempotency::is_key(std::string(kIdempotencyKeyBytesMax + 1, 'k')));
  EXPECT_FALSE(Idempotency::is_key(""));
  EXPECT_FALSE(Idempotency::is_key("a\tb"));
  EXPECT_FALSE(Idempotency::is_key("\xc3\xa9"));
}

TEST(HostingDatabase, LeavesFilesOfOthersAlone) {
  const std::string path = testing::TempDir() + "/hosting_database_test.db";
  std::filesystem::remove(path);
  {
    auto other = adapters::SqliteDatabase::open(path, adapters::SqliteDatabase::Access::create);
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(other->execute("CREATE TABLE x (y); PRAGMA application_id = 7").ok());
  }
  EXPECT_EQ(HostingDatabase::open(path).error().code, ErrorCode::invalid);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace pluv::apps
