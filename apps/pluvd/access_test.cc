#include "apps/pluvd/access.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "json/value.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

Access access_of(std::vector<std::string> secrets) {
  return Access::make(secrets, Limits{}).value();
}

Result<native::AuthorizedUser> enter(const Access& access, std::string_view room,
                                     std::string_view token, std::int64_t now_ms = kNowMs) {
  return access.authorize({.http = nullptr,
                           .room = room,
                           .token = token,
                           .client_address = "127.0.0.1",
                           .now_unix_ms = now_ms});
}

TEST(Access, LetsInWhoHasATokenOfTheRoom) {
  const Access access = access_of({"secret"});
  const std::string token = access.make_token("my-room", "u1", "Zoë", kNowMs).value();
  const auto user = enter(access, "my-room", token);
  ASSERT_TRUE(user.ok()) << user.error().message;
  EXPECT_EQ(user.value().id, "u1");
  EXPECT_EQ(user.value().json, R"({"id":"u1","name":"Zoë"})");
}

TEST(Access, RefusesEverybodyElse) {
  const Access access = access_of({"secret"});
  const std::string token = access.make_token("my-room", "u1", "Zoë", kNowMs).value();
  const std::string foreign = access_of({"other"}).make_token("my-room", "u1", "Z", kNowMs).value();
  const auto refused = [&](std::string_view room, std::string_view given,
                           std::int64_t now_ms = kNowMs) {
    const auto user = enter(access, room, given, now_ms);
    return !user.ok() && user.error().code == ErrorCode::unauthorized;
  };
  EXPECT_TRUE(refused("my-room", ""));
  EXPECT_TRUE(refused("my-room", "garbage"));
  EXPECT_TRUE(refused("my-room", foreign));
  EXPECT_TRUE(refused("other-room", token));
  EXPECT_TRUE(refused("my-room", token, kNowMs + 60'000 + 15'000));
  EXPECT_FALSE(refused("my-room", token, kNowMs + 60'000 + 14'000));
}

TEST(Access, SignsWithTheNewestSecretAndReadsAll) {
  const std::string old_token = access_of({"old"}).make_token("r", "u", "U", kNowMs).value();
  const Access access = access_of({"new", "old"});
  EXPECT_TRUE(enter(access, "r", old_token).ok());
  const std::string token = access.make_token("r", "u", "U", kNowMs).value();
  EXPECT_TRUE(enter(access_of({"new"}), "r", token).ok());
  EXPECT_FALSE(enter(access_of({"old"}), "r", token).ok());
}

TEST(Access, TakesSecretsInThePlaceOfOthers) {
  const std::string before = access_of({"old"}).make_token("r", "u", "U", kNowMs).value();
  const std::string after = access_of({"new"}).make_token("r", "u", "U", kNowMs).value();
  Access access = access_of({"old"});
  EXPECT_FALSE(enter(access, "r", after).ok());
  const std::vector<std::string> both = {"new", "old"};
  ASSERT_TRUE(access.replace_secrets(both).ok());
  EXPECT_TRUE(enter(access, "r", before).ok());
  EXPECT_TRUE(enter(access, "r", after).ok());
  const std::string signed_now = access.make_token("r", "u", "U", kNowMs).value();
  EXPECT_TRUE(enter(access_of({"new"}), "r", signed_now).ok());
  ASSERT_TRUE(access.replace_secrets(std::span(both).first(1)).ok());
  EXPECT_FALSE(enter(access, "r", before).ok());
  EXPECT_TRUE(enter(access, "r", after).ok());
}

TEST(Access, KeepsItsSecretsWhenItCannotTakeOthers) {
  Access access = access_of({"old"});
  const std::string token = access.make_token("r", "u", "U", kNowMs).value();
  EXPECT_FALSE(access.replace_secrets({}).ok());
  EXPECT_FALSE(access.replace_secrets(std::vector<std::string>{"new", ""}).ok());
  EXPECT_FALSE(access.replace_secrets(std::vector<std::string>(9, "one of too many")).ok());
  EXPECT_TRUE(enter(access, "r", token).ok());
}

TEST(Access, LetsPeopleInWhileItsSecretsAreReplaced) {
  Access access = access_of({"old"});
  const std::string token = access.make_token("r", "u", "U", kNowMs).value();
  std::atomic<bool> enough = false;
  std::atomic<int> refused = 0;
  std::thread joining([&] {
    while (!enough) refused += enter(access, "r", token).ok() ? 0 : 1;
  });
  const std::vector<std::string> one = {"new", "old"};
  const std::vector<std::string> other = {"old", "new"};
  for (int at = 0; at < 200; ++at) {
    EXPECT_TRUE(access.replace_secrets(at % 2 == 0 ? one : other).ok());
  }
  enough = true;
  joining.join();
  EXPECT_EQ(refused, 0);
}

TEST(Access, InventsAUserWhoWasNotNamed) {
  const Access access = access_of({"secret"});
  const auto user_of = [&] {
    const std::string token = access.make_token("r", "", "", kNowMs).value();
    return json::Value::parse(enter(access, "r", token).value().json).value();
  };
  const json::Value first = user_of();
  const json::Value second = user_of();
  EXPECT_EQ(first.find("id")->as_string()->size(), kUuidSize);
  EXPECT_NE(*first.find("id")->as_string(), *second.find("id")->as_string());
  EXPECT_NE(first.find("name")->as_string()->find(' '), std::string::npos);
}

TEST(Access, MakesNoTokenForWhatNobodyMayBe) {
  Limits limits;
  limits.user_id_chars_max = 8;
  const std::vector<std::string> secrets = {"secret"};
  const Access access = Access::make(secrets, limits).value();
  EXPECT_TRUE(access.make_token("r", "1234567", "U", kNowMs).ok());
  EXPECT_TRUE(access.make_token("r", "12345678", "U", kNowMs).ok());
  EXPECT_FALSE(access.make_token("r", "123456789", "U", kNowMs).ok());
  EXPECT_FALSE(access.make_token("r", "u", std::string(600, 'x'), kNowMs).ok());
  EXPECT_FALSE(access.make_token("no room", "u", "U", kNowMs).ok());
}

TEST(Access, DrawsANewSecretEachTime) {
  const std::string first = random_secret().value();
  EXPECT_EQ(first.size(), 43U);  // 32 bytes in base64url
  EXPECT_NE(first, random_secret().value());
}

}  // namespace
}  // namespace pluv::apps
