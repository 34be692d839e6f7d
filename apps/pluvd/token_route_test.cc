#include "apps/pluvd/token_route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::apps {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

class TokenRouteTest : public testing::Test {
 protected:
  TokenRouteTest() {
    std::vector<ProjectSettings> both(2);
    for (ProjectSettings& one : both) {
      one.id = &one == &both[0] ? "a" : "b";
      one.public_keys = {"pk-" + one.id};
      one.secret_keys = {"secret key of " + one.id};
    }
    projects = Projects::make(both).value();
  }
  net::Response ask(const std::string& body) {
    native::HttpQuestion question;
    question.body = body;
    question.client_address = "10.0.0.1";
    return answer_token_request(
        *projects,
        {.unix_ms = [] { return kNowMs; },
         .audit =
             [this](std::string_view project, std::string_view event, std::string_view fields) {
               noted.append(project).append(" ").append(event).append(" ").append(fields);
             }},
        question);
  }
  static std::string call(const std::string& more, const std::string& secret = "secret key of a",
                          const std::string& public_key = "pk-a") {
    return R"({"publicKey":")" + public_key + R"(","secretKey":")" + secret + R"(",)" + more + "}";
  }

  std::shared_ptr<Projects> projects;
  std::string noted;
};

constexpr const char* kPlain = R"("maxAge":null,"room":"r","user":{"id":"u1"})";

TEST_F(TokenRouteTest, AnswersWithATokenForTheRoom) {
  const net::Response response = ask(call(kPlain));
  ASSERT_EQ(response.status(), 200) << response.body();
  const std::string token(response.body());
  const auto enter = [&](std::string_view room, std::int64_t now_ms) {
    return projects->authorize({.http = nullptr,
                                .room = room,
                                .token = token,
                                .client_address = {},
                                .now_unix_ms = now_ms,
                                .project = "a"});
  };
  EXPECT_TRUE(enter("r", kNowMs + 59'000).ok());
  EXPECT_FALSE(enter("r", kNowMs + 80'000).ok());
  EXPECT_FALSE(enter("other", kNowMs).ok());
  EXPECT_EQ(noted, R"(a token_made {"room":"r","user":"u1","status":200,"address":"10.0.0.1"})");
}

TEST_F(TokenRouteTest, TakesTheAgeInMilliseconds) {
  EXPECT_EQ(ask(call(R"("maxAge":3600000,"room":"r","user":{"id":"u1"})")).status(), 200);
  for (const char* age : {"0", "-1", "1e15", "\"60\"", "true"}) {
    const net::Response response =
        ask(call(std::string(R"("maxAge":)") + age + R"(,"room":"r","user":{"id":"u1"})"));
    EXPECT_EQ(response.status(), 400) << age;
  }
}

TEST_F(TokenRouteTest, RefusesKeysThatAreNotOfOneProject) {
  for (const auto& [secret, public_key] :
       std::vector<std::pair<std::string, std::string>>{{"secret key of b", "pk-a"},
                                                        {"secret key of a", "pk-b"},
                                                        {"wrong", "pk-a"},
                                                        {"", "pk-a"},
                                                        {"secret key of a", ""},
                                                        {"pk-a", "pk-a"}}) {
    const net::Response response = ask(call(kPlain, secret, public_key));
    EXPECT_EQ(response.status(), 401) << secret << " " << public_key;
    EXPECT_EQ(response.body(), "The keys are not those of a project.\n");
  }
  EXPECT_EQ(noted.find("secret"), std::string::npos) << noted;
  EXPECT_TRUE(noted.starts_with(
      R"( token_refused {"room":"r","user":"u1","status":401,"address":"10.0.0.1",)"
      R"("reason":"The keys are not those of a project"})"))
      << noted;
}

TEST_F(TokenRouteTest, SaysWhatIsWrongWithTheRest) {
  EXPECT_EQ(ask("").status(), 400);
  EXPECT_EQ(ask("[]").status(), 400);
  EXPECT_EQ(ask(call(R"("user":{"id":"u1"})")).status(), 400);
  EXPECT_EQ(ask(call(R"("room":"r")")).status(), 400);
  const net::Response room = ask(call(R"("room":"no/room","user":{"id":"u1"})"));
  EXPECT_EQ(room.status(), 400);
  EXPECT_NE(room.body().find("room"), std::string::npos);
  EXPECT_EQ(ask(call(R"("room":"r","user":{"id":7})")).status(), 400);
  EXPECT_EQ(
      ask(call(R"("room":"r","user":{"id":"u1","x":")" + std::string(600, 'x') + "\"}")).status(),
      400);
  EXPECT_EQ(ask(call(R"("room":"r","user":{"id":"u1"},"permissions":["fly away"])")).status(), 400);
}

TEST_F(TokenRouteTest, RefusesWhatItDoesNotKnow) {
  const net::Response misspelt =
      ask(call(R"("room":"r","user":{"id":"u1"},"permission":["read"])"));
  EXPECT_EQ(misspelt.status(), 400);
  EXPECT_EQ(misspelt.body(), "permission: unexpected member.\n");
  for (const char* twice :
       {R"("room":"r","room":"s","user":{"id":"u1"})", R"("room":"r","user":{"id":"u1","id":"u2"})",
        R"("room":"r","user":{"id":"u1"},"permissions":{"r":[],"r":["read"]})"}) {
    const net::Response response = ask(call(twice));
    EXPECT_EQ(response.status(), 400) << twice;
    EXPECT_NE(response.body().find("the member is there twice"), std::string::npos) << twice;
  }
}

TEST_F(TokenRouteTest, MakesNoTokenThatOpensNothing) {
  for (const char* permissions : {"[]", R"(["reed"])", R"({"x":["read"]})"}) {
    const net::Response response =
        ask(call(std::string(R"("room":"r","user":{"id":"u1"},"permissions":)") + permissions));
    EXPECT_EQ(response.status(), 400) << permissions;
    EXPECT_TRUE(response.body().starts_with("these permissions do not allow to enter: "))
        << response.body();
  }
  EXPECT_EQ(ask(call(R"("room":"r-*","user":{"id":"u1"},"permissions":{"r-*":["read"]})")).status(),
            200);
}

TEST_F(TokenRouteTest, AUserHasAnId) {
  const net::Response response = ask(call(R"("room":"r","user":{"id":""})"));
  EXPECT_EQ(response.status(), 400);
  EXPECT_EQ(response.body(), "user: the id is empty.\n");
}

TEST_F(TokenRouteTest, TakesOnlyPosts) {
  const native::LaterHttp route =
      token_route(*projects, {.unix_ms = [] { return kNowMs; }, .audit = {}});
  const auto parse = [](const std::string& method, const std::string& path) {
    net::RequestParser parser;
    const std::string head = method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    std::string_view view = head;
    EXPECT_EQ(parser.feed(view), net::HttpProgress::done);
    return parser.take();
  };
  EXPECT_TRUE(route.takes(parse("POST", "/api/room/token")));
  EXPECT_FALSE(route.takes(parse("POST", "/api/room/tokens")));
  EXPECT_EQ(route.refuse(parse("GET", "/api/room/token"), "10.0.0.1")->status(), 405);
  EXPECT_FALSE(route.refuse(parse("POST", "/api/room/token"), "10.0.0.1"));
}

}  // namespace
}  // namespace pluv::apps
