#include "apps/pluvd/webhook_initial_storage.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

#include "platform/hosted/http_server_testing.h"
#include "platform/hosted/signature.h"

namespace pluv::apps {
namespace {

using hosted::test_reply;
using hosted::TestHttpServer;
using hosted::TestReply;
using hosted::TestRequest;

Result<std::string> read(std::string body, int status = 200) {
  return read_initial_storage("room", {.status = status, .headers = {}, .body = std::move(body)});
}

TEST(InitialStorage, ReadsADocumentOrNull) {
  const auto some =
      read(R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":"aGVsbG8="}})");
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(*some, "hello");
  const auto none =
      read(R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":null}})");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, "");
}

TEST(InitialStorage, TakesNoBadAnswerForAnEmptyDocument) {
  const std::string good =
      R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":null}})";
  ASSERT_TRUE(read(good, 201).ok());
  for (const int status : {199, 302, 404, 500}) EXPECT_FALSE(read(good, status).ok()) << status;
  for (const char* body :
       {"", "{}", "null", "[]", "\"aGVsbG8=\"", "<html>",
        R"({"ok":false,"data":{"event":"initial-storage","room":"room","storage":null}})",
        R"({"ok":1,"data":{"event":"initial-storage","room":"room","storage":null}})",
        R"({"data":{"event":"initial-storage","room":"room","storage":null}})",
        R"({"ok":true,"data":null})",
        R"({"ok":true,"data":{"event":"room-destroyed","room":"room","storage":null}})",
        R"({"ok":true,"data":{"event":"initial-storage","room":"other","storage":null}})",
        R"({"ok":true,"data":{"event":"initial-storage","room":"room"}})",
        R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":{}}})",
        R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":""}})",
        R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":"!"}})"}) {
    const auto answer = read(body);
    EXPECT_FALSE(answer.ok()) << body;
    if (!answer.ok()) {
      EXPECT_EQ(answer.error().code, ErrorCode::unavailable) << body;
    }
  }
}

class Asking : public testing::Test {
 protected:
  Result<std::string> ask(const TestHttpServer& server, std::int64_t timeout_ms = 10'000) {
    auto endpoint = std::make_shared<WebhookEndpoint>();
    endpoint->project = "a";
    endpoint->url = server.url();
    endpoint->secrets = {"secret"};
    endpoint->timeout_ms = timeout_ms;
    std::promise<Result<std::string>> promise;
    auto answer = promise.get_future();
    ask_initial_storage(
        client_,
        {.endpoint = endpoint,
         .room = "room",
         .delivery = "d-1",
         .answer_bytes_max = 1'000,
         .place = questions_.begin("a"),
         .after = [this](std::int64_t, std::function<void()> fn) { repeats_.emplace_back(fn); }},
        [&promise](Result<std::string> storage) { promise.set_value(std::move(storage)); });
    auto storage = answer.get();
    for (std::thread& thread : repeats_) thread.join();
    repeats_.clear();
    return storage;
  }

  WebhookQuestions questions_{{.bytes_of_project_max = 500}};
  hosted::HttpClient client_;
  std::vector<std::thread> repeats_;
};

constexpr std::string_view kAnswer =
    R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":"aGVsbG8="}})";

TEST_F(Asking, SignsItsQuestion) {
  TestRequest seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen = request;
    return test_reply(200, kAnswer);
  });
  EXPECT_EQ(*ask(server), "hello");
  EXPECT_EQ(seen.body, R"({"data":{"room":"room"},"event":"initial-storage"})");
  EXPECT_EQ(seen.header("x-pluv-event"), "initial-storage");
  EXPECT_EQ(seen.header("x-pluv-delivery"), "d-1");
  EXPECT_TRUE(hosted::verify_webhook("secret", seen.header("x-pluv-signature-256"), seen.body));
}

TEST_F(Asking, RepeatsAFewTimes) {
  std::atomic<int> asked = 0;
  TestHttpServer server([&asked](const TestRequest&) {
    return ++asked < 4 ? test_reply(503, "") : test_reply(200, kAnswer);
  });
  EXPECT_EQ(*ask(server), "hello");
  EXPECT_EQ(asked, 4);
  asked = -1'000;
  EXPECT_FALSE(ask(server).ok());
  EXPECT_EQ(asked, -996);
}

TEST_F(Asking, EndsAtItsTimeout) {
  TestHttpServer server([](const TestRequest&) { return TestReply{.bytes = "", .hang = true}; });
  EXPECT_FALSE(ask(server, 50).ok());
}

TEST_F(Asking, BoundsTheAnswer) {
  TestHttpServer server(
      [](const TestRequest&) { return test_reply(200, std::string(1'001, 'x')); });
  EXPECT_FALSE(ask(server).ok());
}

TEST_F(Asking, BoundsTheAnswersOfAll) {
  std::atomic<int> asked = 0;
  TestHttpServer server([&asked](const TestRequest&) {
    ++asked;
    return test_reply(200, std::string(kAnswer) + std::string(420 - kAnswer.size(), ' '));
  });
  {
    const auto other = questions_.begin("a");
    ASSERT_TRUE(other->take(100));
    const auto none = ask(server);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::unavailable);
    EXPECT_EQ(asked, 4);
  }
  EXPECT_EQ(*ask(server), "hello");
}

}  // namespace
}  // namespace pluv::apps
