#include "apps/pluvd/webhooks.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "base/base64.h"
#include "platform/hosted/http_server_testing.h"
#include "pluv/ycrdt.h"
#include "room/yjs_document.h"

namespace pluv::apps {
namespace {

using hosted::test_reply;
using hosted::TestHttpServer;
using hosted::TestReply;
using hosted::TestRequest;

class WebhooksTest : public testing::Test {
 protected:
  WebhooksTest()
      : server_([this](const TestRequest& request) {
          const std::lock_guard lock(mutex_);
          if (request.header("x-pluv-event") == "initial-storage") {
            return hangs_ ? TestReply{.bytes = "", .hang = true} : test_reply(200, answer_);
          }
          seen_.push_back(request.body);
          changed_.notify_all();
          return test_reply(200, R"({"ok":true})");
        }) {}
  ~WebhooksTest() override {
    if (webhooks_) webhooks_->close();
  }

  void open(WebhookEndpoint endpoint) {
    endpoint.project = "p";
    endpoint.url = server_.url();
    endpoint.secrets = {"secret"};
    WebhookOptions options;
    options.unix_ms = [] { return std::int64_t{10'000}; };
    options.log = [](auto...) {};
    webhooks_ = std::move(Webhooks::open({std::move(endpoint)}, std::move(options))).value();
    webhooks_->start();
  }

  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() >= count; }));
    return seen_;
  }

  static room::ListenerEvent event(std::string user, bool with_document) {
    room::ListenerEvent out;
    out.room = "p/room";
    out.has_session = true;
    out.user_json = std::move(user);
    if (with_document) {
      std::shared_ptr<room::Document> document = room::yjs_storage()->make(1);
      auto* const doc = static_cast<ycrdt::Doc*>(document->begin_edit().value());
      EXPECT_TRUE(doc->get_text("text").insert(0, "hello").ok());
      (void)document->end_edit();
      out.document = std::move(document);
    }
    return out;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> seen_;
  std::string answer_;
  bool hangs_ = false;
  TestHttpServer server_;
  std::shared_ptr<Webhooks> webhooks_;
};

TEST_F(WebhooksTest, TellsOfPeopleAndOfTheEndOfARoom) {
  open({});
  const room::Listeners listeners = webhooks_->listeners("p");
  EXPECT_FALSE(listeners.get_initial_storage);
  listeners.on_user_connected(event(R"({"id":"u","name":"\u00dc"})", true));
  listeners.on_user_disconnected(event("", true));
  int done = 0;
  const room::ListenerEvent last = event("", true);
  listeners.on_room_destroyed(last, [&done] { ++done; });
  EXPECT_EQ(done, 1);
  const std::vector<std::string> seen = wait(4);
  EXPECT_EQ(seen[0],
            "{\"data\":{\"room\":\"room\",\"storage\":null,\"user\":{\"id\":\"u\",\"name\":"
            "\"\xc3\x9c\"}},"
            "\"event\":\"user-connected\"}");
  EXPECT_EQ(seen[1], R"({"data":{"room":"room","storage":null,"user":{"id":")" +
                         std::string(last.session.text()) + R"("}},"event":"user-disconnected"})");
  EXPECT_EQ(seen[2], R"({"data":{"room":"room","storage":")" +
                         base64_encode(last.document->encode()) +
                         R"("},"event":"storage-destroyed"})");
  EXPECT_EQ(seen[3], R"({"data":{"room":"room"},"event":"room-destroyed"})");
}

TEST_F(WebhooksTest, SaysNothingOfStorageThatNobodyHasWrittenInto) {
  open({});
  const room::Listeners listeners = webhooks_->listeners("p");
  room::ListenerEvent nothing = event("", false);
  nothing.document = room::yjs_storage()->make(1);
  for (const room::ListenerEvent& last : {nothing, event("", false)}) {
    listeners.on_user_connected(event(R"({"id":"u"})", false));
    listeners.on_room_destroyed(last, [] {});
  }
  const std::vector<std::string> seen = wait(4);
  for (const std::size_t at : {1U, 3U}) {
    EXPECT_EQ(seen[at], R"({"data":{"room":"room"},"event":"room-destroyed"})");
  }
}

TEST_F(WebhooksTest, TellsOfTheDocumentAloneWhereNobodyWas) {
  open({});
  const room::Listeners listeners = webhooks_->listeners("p");
  const room::ListenerEvent edited = event("", true);
  int done = 0;
  listeners.on_room_destroyed(edited, [&done] { ++done; });
  listeners.on_room_destroyed(event("", false), [&done] { ++done; });  // nothing at all
  listeners.on_user_connected(event(R"({"id":"u"})", false));
  listeners.on_room_destroyed(event("", false), [&done] { ++done; });
  listeners.on_room_destroyed(edited, [&done] { ++done; });
  EXPECT_EQ(done, 4);
  const std::string storage = R"({"data":{"room":"room","storage":")" +
                              base64_encode(edited.document->encode()) +
                              R"("},"event":"storage-destroyed"})";
  const std::vector<std::string> seen = wait(4);
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0], storage);
  EXPECT_NE(seen[1].find("user-connected"), std::string::npos);
  EXPECT_EQ(seen[2], R"({"data":{"room":"room"},"event":"room-destroyed"})");
  EXPECT_EQ(seen[3], storage);
}

TEST_F(WebhooksTest, SendsTheDocumentAlongWhereThatIsWanted) {
  WebhookEndpoint endpoint;
  endpoint.sends_storage = true;
  open(std::move(endpoint));
  const room::ListenerEvent joined = event(R"({"id":"u"})", true);
  webhooks_->listeners("p").on_user_connected(joined);
  EXPECT_EQ(wait(1).at(0), R"({"data":{"room":"room","storage":")" +
                               base64_encode(joined.document->encode()) +
                               R"(","user":{"id":"u"}},"event":"user-connected"})");
}

TEST_F(WebhooksTest, HasNoListenersForAProjectWithoutEndpoint) {
  open({});
  const room::Listeners listeners = webhooks_->listeners("other");
  EXPECT_FALSE(listeners.on_user_connected);
  EXPECT_FALSE(listeners.on_room_destroyed);
}

TEST_F(WebhooksTest, HandsInitialStorageToTheLoopOfItsRoom) {
  WebhookEndpoint endpoint;
  endpoint.initial_storage = true;
  open(std::move(endpoint));
  native::ServerConfig config;
  config.port = 0;
  config.threads = 2;
  native::Server server(config, {}, {});
  ASSERT_TRUE(server.listen().ok());
  server.start();
  webhooks_->attach(server);
  const room::Listeners listeners = webhooks_->listeners("p");
  const auto ask = [&](std::string answer) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = std::move(answer);
    }
    std::promise<std::pair<Result<std::string>, bool>> promise;
    auto answered = promise.get_future();
    listeners.get_initial_storage(event("", false), [&promise](Result<std::string> storage) {
      promise.set_value({std::move(storage), native::Server::on_loop_thread()});
    });
    return answered.get();
  };
  const auto some =
      ask(R"({"ok":true,"data":{"event":"initial-storage","room":"room","storage":"aGVsbG8="}})");
  ASSERT_TRUE(some.first.ok());
  EXPECT_EQ(*some.first, "hello");
  EXPECT_TRUE(some.second);
  const auto bad = ask("{}");
  EXPECT_FALSE(bad.first.ok());
  EXPECT_TRUE(bad.second);
  EXPECT_NE(webhooks_->metrics_text().find("pluv_webhook_questions_total{outcome=\"failed\"} 1"),
            std::string::npos);
  webhooks_->close();
  server.stop();
  server.join();
}

TEST_F(WebhooksTest, AsksForSoManyDocumentsAtATime) {
  WebhookEndpoint endpoint;
  endpoint.initial_storage = true;
  hangs_ = true;
  open(std::move(endpoint));
  const room::Listeners listeners = webhooks_->listeners("p");
  std::vector<Error> refused;
  for (std::size_t i = 0; i < WebhookQuestionLimits().of_project_max + 3; ++i) {
    listeners.get_initial_storage(event("", false), [&refused](const Result<std::string>& storage) {
      refused.push_back(storage.error());
    });
  }
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[0].code, ErrorCode::unavailable);
  listeners.on_user_connected(event(R"({"id":"u"})", false));
  wait(1);
  EXPECT_NE(webhooks_->metrics_text().find("pluv_webhook_questions_total{outcome=\"refused\"} 3"),
            std::string::npos);
}

TEST_F(WebhooksTest, HasFigures) {
  open({});
  const room::Listeners listeners = webhooks_->listeners("p");
  listeners.on_user_connected(event(R"({"id":"u"})", false));
  wait(1);
  while (webhooks_->counts("p").delivered < 1) std::this_thread::yield();
  EXPECT_EQ(webhooks_->counts("p").pending, 0U);
  EXPECT_EQ(webhooks_->counts("other").delivered, 0U);
  const std::string text = webhooks_->metrics_text();
  for (const char* line :
       {"pluv_webhook_events_total{event=\"user-connected\"} 1\n",
        "pluv_webhook_deliveries_total{outcome=\"delivered\"} 1\n",
        "pluv_webhook_deliveries_total{outcome=\"failed\"} 0\n", "pluv_webhook_pending 0\n",
        "pluv_webhook_oldest_pending_seconds 0\n", "pluv_webhook_dead_letters 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace pluv::apps
