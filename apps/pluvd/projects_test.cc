#include "apps/pluvd/projects.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;
constexpr std::string_view kUser = R"({"id":"u1","name":"Zoë"})";

ProjectSettings settings(const std::string& id, std::vector<std::string> secrets = {}) {
  ProjectSettings out;
  out.id = id;
  out.public_keys = {"pk-" + id};
  out.secret_keys = std::move(secrets);
  if (out.secret_keys.empty()) out.secret_keys = {"secret key of " + id};
  return out;
}

std::shared_ptr<Projects> two() {
  const std::vector<ProjectSettings> both = {settings("a"), settings("b")};
  return Projects::make(both).value();
}

std::string token(const Projects& projects, const std::string& project, std::string_view room,
                  std::string_view permissions = {}, std::int64_t max_age_ms = 60'000,
                  std::int64_t now_unix_ms = kNowMs) {
  const auto made = projects.make_token(*projects.find(project), {.room = room,
                                                                  .user_json = kUser,
                                                                  .max_age_ms = max_age_ms,
                                                                  .permissions = permissions,
                                                                  .now_unix_ms = now_unix_ms});
  EXPECT_TRUE(made.ok()) << made.error().message;
  return made.ok() ? *made : std::string();
}

net::Request request(const std::string& target) {
  net::RequestParser parser;
  const std::string head = "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::string_view view = head;
  EXPECT_EQ(parser.feed(view), net::HttpProgress::done);
  return parser.take();
}

Result<native::AuthorizedUser> enter(const Projects& projects, const std::string& public_key,
                                     const std::string& room, const std::string& given) {
  const net::Request head =
      request("/api/room/" + room + "?public_key=" + net::percent_encode(public_key));
  return projects.authorize({.http = &head,
                             .room = room,
                             .token = given,
                             .client_address = "127.0.0.1",
                             .now_unix_ms = kNowMs});
}

TEST(Projects, AreFoundByTheirKeys) {
  const auto projects = two();
  EXPECT_EQ(projects->by_public_key("pk-b"), projects->find("b"));
  EXPECT_EQ(projects->by_secret_key("secret key of a"), projects->find("a"));
  EXPECT_EQ(projects->find("c"), nullptr);
  EXPECT_EQ(projects->by_public_key("secret key of a"), nullptr);
  EXPECT_EQ(projects->by_secret_key("pk-a"), nullptr);
  EXPECT_EQ(projects->by_secret_key(""), nullptr);
}

TEST(Projects, LetInWhoHasATokenOfTheirs) {
  const auto projects = two();
  const auto user = enter(*projects, "pk-a", "my-room", token(*projects, "a", "my-room"));
  ASSERT_TRUE(user.ok()) << user.error().message;
  EXPECT_EQ(user->project, "a");
  EXPECT_EQ(user->id, "u1");
  EXPECT_EQ(user->json, kUser);
  EXPECT_EQ(user->permissions, "*");
}

TEST(Projects, GivePermissionsOn) {
  const auto projects = two();
  const auto user = enter(*projects, "pk-a", "r", token(*projects, "a", "r", R"(["read"])"));
  ASSERT_TRUE(user.ok()) << user.error().message;
  EXPECT_EQ(user->permissions, "read");
}

TEST(Projects, RefuseTokensOfEachOther) {
  const auto projects = two();
  const std::string of_a = token(*projects, "a", "r");
  EXPECT_TRUE(enter(*projects, "pk-a", "r", of_a).ok());
  for (const auto& [key, room, given] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"pk-b", "r", of_a},
           {"pk-c", "r", of_a},
           {"", "r", of_a},
           {"pk-a", "other", of_a},
           {"pk-a", "r", ""},
           {"secret key of a", "r", of_a}}) {
    const auto user = enter(*projects, key, room, given);
    ASSERT_FALSE(user.ok()) << key << " " << room;
    EXPECT_EQ(user.error().code, ErrorCode::unauthorized);
  }
  EXPECT_EQ(projects->find("a")->counts.joins_refused.load(), 2U);
  EXPECT_EQ(projects->find("b")->counts.joins_refused.load(), 1U);
}

TEST(Projects, AnUnknownUserObjectMakesNoToken) {
  const auto projects = two();
  for (const std::string_view user : {"", "null", "[]", R"({"name":"x"})", R"({"id":7})"}) {
    const auto made = projects->make_token(*projects->find("a"), {.room = "r",
                                                                  .user_json = user,
                                                                  .max_age_ms = 60'000,
                                                                  .permissions = {},
                                                                  .now_unix_ms = kNowMs});
    ASSERT_FALSE(made.ok()) << user;
    EXPECT_EQ(made.error().code, ErrorCode::invalid);
  }
}

TEST(Projects, RefreshTheTokenOfASessionByItsProject) {
  const auto projects = two();
  const std::string of_a = token(*projects, "a", "r");
  const auto refreshed = [&](std::string_view project) {
    return projects
        ->authorize({.http = nullptr,
                     .room = "r",
                     .token = of_a,
                     .client_address = {},
                     .now_unix_ms = kNowMs,
                     .project = project})
        .ok();
  };
  EXPECT_TRUE(refreshed("a"));
  EXPECT_FALSE(refreshed("b"));
}

TEST(Projects, HaveOnlySoManySessions) {
  std::vector<ProjectSettings> one = {settings("a")};
  one[0].connections_max = 1;
  const auto projects = Projects::make(one).value();
  const std::string of_a = token(*projects, "a", "r");
  EXPECT_TRUE(enter(*projects, "pk-a", "r", of_a).ok());
  projects->find("a")->counts.sessions = 1;
  const auto refused = enter(*projects, "pk-a", "r", of_a);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(projects
                  ->authorize({.http = nullptr,
                               .room = "r",
                               .token = of_a,
                               .client_address = {},
                               .now_unix_ms = kNowMs,
                               .project = "a"})
                  .ok())
      << "who is in already takes no place";
}

TEST(Projects, RefuseTokensOfTheFuture) {
  const auto projects = two();
  const auto made = [&](std::int64_t ahead_ms, std::int64_t age_ms) {
    return enter(*projects, "pk-a", "r", token(*projects, "a", "r", {}, age_ms, kNowMs + ahead_ms));
  };
  EXPECT_TRUE(made(auth::kTokenClockToleranceMsDefault, 60'000).ok());
  EXPECT_TRUE(made(999, auth::kTokenAgeMsMax).ok());
  const auto early = made(auth::kTokenClockToleranceMsDefault + 1'000, 60'000);
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error().code, ErrorCode::unauthorized);
}

TEST(Projects, RefuseUsersWithoutAnId) {
  const auto projects = two();
  const std::string_view secret = "secret key of a";
  const auto keys = auth::TokenKeys::from_secrets({&secret, 1});
  ASSERT_TRUE(keys.ok());
  const auto made = auth::encode_token(
      *keys, {.room = "r", .user_json = R"({"id":""})", .user_id = "", .now_unix_ms = kNowMs});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto entered = enter(*projects, "pk-a", "r", *made);
  ASSERT_FALSE(entered.ok());
  EXPECT_EQ(entered.error().code, ErrorCode::unauthorized);
}

TEST(Projects, RefuseWhoWasRevoked) {
  const auto projects = two();
  projects->set_revoked([](std::string_view project, std::string_view room, std::string_view user,
                           std::int64_t issued_at_s) {
    return project == "a" && room == "r" && user == "u1" && issued_at_s == kNowMs / 1000;
  });
  EXPECT_FALSE(enter(*projects, "pk-a", "r", token(*projects, "a", "r")).ok());
  EXPECT_TRUE(enter(*projects, "pk-a", "r2", token(*projects, "a", "r2")).ok());
  EXPECT_TRUE(enter(*projects, "pk-b", "r", token(*projects, "b", "r")).ok());
}

TEST(Projects, ReplaceTheirKeysWhileTheyServe) {
  const auto projects = two();
  const std::string old = token(*projects, "a", "r");
  std::vector<ProjectSettings> fresh = {
      settings("a", {"the newest secret of a", "secret key of a"}), settings("b"), settings("c")};
  fresh[0].public_keys = {"pk-a2"};
  ASSERT_TRUE(projects->replace_keys(fresh).ok());
  EXPECT_TRUE(enter(*projects, "pk-a2", "r", old).ok());
  EXPECT_TRUE(enter(*projects, "pk-a2", "r", token(*projects, "a", "r")).ok());
  EXPECT_FALSE(enter(*projects, "pk-a", "r", old).ok());
  EXPECT_EQ(projects->find("c"), nullptr) << "a new project waits for a restart";
  EXPECT_EQ(projects->by_secret_key("the newest secret of a"), projects->find("a"));
  fresh[0].secret_keys = {"the newest secret of a"};
  ASSERT_TRUE(projects->replace_keys(fresh).ok());
  EXPECT_FALSE(enter(*projects, "pk-a2", "r", old).ok());
  // One that is gone from the file has no keys.
  ASSERT_TRUE(projects->replace_keys(std::vector<ProjectSettings>{fresh[0]}).ok());
  EXPECT_EQ(projects->by_secret_key("secret key of b"), nullptr);
  EXPECT_EQ(projects->by_public_key("pk-b"), nullptr);
}

TEST(Projects, AreCountedInTheMetrics) {
  const auto projects = two();
  (void)token(*projects, "a", "r");
  const std::string text = projects->metrics_text();
  EXPECT_NE(text.find("pluv_project_tokens_total{project=\"a\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("pluv_project_tokens_total{project=\"b\"} 0\n"), std::string::npos) << text;
  EXPECT_EQ(Projects::make({}).value()->metrics_text(), "");
}

}  // namespace
}  // namespace pluv::apps
