#include "apps/pluvd/webhook_delivery.h"

#include <gtest/gtest.h>

#include <future>

#include "platform/hosted/http_server_testing.h"
#include "platform/hosted/signature.h"

namespace pluv::apps {
namespace {

using hosted::test_reply;
using hosted::TestHttpServer;
using hosted::TestReply;
using hosted::TestRequest;

// What receivers were asked, in the order of its coming.
class Record {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  // Waits until there are so many.
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return lines_.size() >= count; }));
    return lines_;
  }
  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(mutex_);
    return lines_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class Delivery : public testing::Test {
 protected:
  Delivery() {
    OutboxOptions options;
    options.unix_ms = [this] { return now_.load(); };
    options.log = [](auto...) {};
    outbox_ = std::move(WebhookOutbox::open(std::move(options))).value();
    outbox_->on_added([this](OutboxItem item) {
      if (delivery_) delivery_->added(std::move(item));
    });
  }
  ~Delivery() override { delivery_.reset(); }

  void start(std::vector<WebhookEndpoint> endpoints, WebhookQueueLimits limits = {}) {
    endpoints_.emplace(std::move(endpoints));
    DeliveryOptions options;
    options.unix_ms = [this] { return now_.load(); };
    options.steady_ms = [this] { return webhook_steady_ms() + passed_; };
    options.log = [this](std::string_view, std::string_view event, std::string_view) {
      log_.add(std::string(event));
    };
    options.audit = [this](std::string_view project, std::string_view event,
                           std::string_view fields) {
      audit_.add(std::string(project) + " " + std::string(event) + " " + std::string(fields));
    };
    options.retry = {.first_ms = 2, .max_ms = 20};
    options.queue = limits;
    options.close_ms = 200;
    delivery_ = std::make_unique<WebhookDelivery>(*outbox_, *endpoints_, client_, options);
    delivery_->start();
  }

  void add(std::string_view project, std::string_view room, std::string body) {
    std::vector<OutboxEvent> events;
    events.push_back({"room-destroyed", std::move(body)});
    outbox_->destroyed(project, room, std::move(events));
  }

  static WebhookEndpoint endpoint(std::string project, const TestHttpServer& server) {
    WebhookEndpoint out;
    out.project = std::move(project);
    out.url = server.url("/hook");
    out.secrets = {"new secret", "old secret"};
    return out;
  }

  std::size_t pending() {
    std::size_t sum = 0;
    for (const auto& [project, counts] : delivery_->pending()) sum += counts.pending;
    return sum;
  }
  void wait_until(const std::function<bool()>& holds) {
    for (int i = 0; i < 4'000 && !holds(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(holds());
  }

  std::atomic<std::int64_t> now_ = 1'000'000;
  std::atomic<std::int64_t> passed_ = 0;
  Record log_;
  Record audit_;
  hosted::HttpClient client_;
  std::optional<WebhookEndpoints> endpoints_;
  std::unique_ptr<WebhookOutbox> outbox_;
  std::unique_ptr<WebhookDelivery> delivery_;
};

TEST_F(Delivery, SendsSignedEventsAndForgetsThem) {
  std::promise<TestRequest> seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.set_value(request);
    return test_reply(200, R"({"ok":true})");
  });
  start({endpoint("a", server)});
  add("a", "room", R"({"data":{"room":"room"},"event":"room-destroyed"})");
  const TestRequest request = seen.get_future().get();
  EXPECT_TRUE(request.head.starts_with("POST /hook HTTP/1.1\r\n"));
  EXPECT_EQ(request.body, R"({"data":{"room":"room"},"event":"room-destroyed"})");
  EXPECT_TRUE(
      hosted::verify_webhook("new secret", request.header("x-pluv-signature-256"), request.body));
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_EQ(request.header("x-pluv-event"), "room-destroyed");
  EXPECT_EQ(request.header("x-pluv-delivery"), outbox_->instance() + "-1");
  wait_until([this] { return pending() == 0; });
  EXPECT_TRUE(outbox_->list()->empty());
  EXPECT_EQ(delivery_->counts()["a"].delivered, 1U);
  EXPECT_EQ(delivery_->counts()["a"].failed, 0U);
}

TEST_F(Delivery, TakesSuccessAtItsWordWhateverTheAnswersBody) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n";
  Record seen;
  TestHttpServer server([&](const TestRequest& request) {
    seen.add(request.body);
    if (request.body == "large") return test_reply(200, std::string(70'000, 'x'));
    return TestReply{.bytes = head + "x", .hang = true};
  });
  start({endpoint("a", server)});
  for (const char* body : {"large", "endless", "large", "endless"}) add("a", "room", body);
  seen.wait(4);
  wait_until([this] { return pending() == 0; });
  EXPECT_EQ(seen.wait(4), (std::vector<std::string>{"large", "endless", "large", "endless"}));
  EXPECT_EQ(delivery_->counts()["a"].delivered, 4U);
  EXPECT_EQ(delivery_->counts()["a"].failed, 0U);
}

TEST_F(Delivery, SignsWithAFreshSecretOnceThereIsOne) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    const bool is_fresh =
        hosted::verify_webhook("fresh", request.header("x-pluv-signature-256"), request.body);
    seen.add(is_fresh ? "fresh" : "other");
    return test_reply(200, "");
  });
  start({endpoint("a", server)});
  add("a", "room", "1");
  seen.wait(1);
  WebhookEndpoint fresh = endpoint("a", server);
  fresh.secrets = {"fresh", "new secret"};
  fresh.url = "http://127.0.0.1:1/";
  WebhookEndpoint unknown = fresh;
  unknown.project = "b";
  endpoints_->set_secrets({fresh, unknown});
  EXPECT_EQ(endpoints_->find("b"), nullptr);
  add("a", "room", "2");
  EXPECT_EQ(seen.wait(2), (std::vector<std::string>{"other", "fresh"}));
}

TEST_F(Delivery, KeepsTheOrderOfARoomThroughFailures) {
  Record seen;
  std::atomic<unsigned> answers = 0;
  TestHttpServer server([&](const TestRequest& request) {
    const unsigned number = answers++;
    if (number % 3 == 0) return test_reply(500, "");
    if (number % 7 == 1) return TestReply{.bytes = ""};
    seen.add(request.body);
    return test_reply(204, "");
  });
  start({endpoint("a", server)});
  for (int n = 100; n < 120; ++n) {
    for (const char* room : {"one", "two", "three"}) {
      add("a", room, std::string(room) + std::to_string(n));
    }
  }
  const std::vector<std::string> lines = seen.wait(60);
  wait_until([this] { return pending() == 0; });
  for (const std::string room : {"one", "two", "three"}) {
    std::vector<std::string> of_room;
    for (const std::string& line : lines) {
      if (line.starts_with(room)) of_room.push_back(line);
    }
    ASSERT_EQ(of_room.size(), 20U);
    EXPECT_TRUE(std::is_sorted(of_room.begin(), of_room.end()));
  }
  EXPECT_GE(delivery_->counts()["a"].failed, 20U);
}

TEST_F(Delivery, RepeatsWithTheSameId) {
  Record ids;
  TestHttpServer server([&ids](const TestRequest& request) {
    ids.add(request.header("x-pluv-delivery"));
    return test_reply(ids.size() < 4 ? 503 : 200, "");
  });
  start({endpoint("a", server)});
  add("a", "room", "{}");
  const std::vector<std::string> seen = ids.wait(4);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 1U);
  wait_until([this] { return pending() == 0; });
  EXPECT_EQ(log_.wait(2), (std::vector<std::string>{"webhook_failing", "webhook_well"}));
}

TEST_F(Delivery, GoesOnWithWhatAnEarlierProcessLeft) {
  add("a", "room", "1");
  add("a", "room", "2");
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(200, "");
  });
  start({endpoint("a", server)});
  add("a", "room", "3");
  EXPECT_EQ(seen.wait(3), (std::vector<std::string>{"1", "2", "3"}));
  wait_until([this] { return pending() == 0; });
}

TEST_F(Delivery, BuriesWhatIsGoneAndGoesOn) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(request.body == "1" ? 410 : 200, "");
  });
  start({endpoint("a", server)});
  add("a", "room", "1");
  add("a", "room", "2");
  EXPECT_EQ(seen.wait(2), (std::vector<std::string>{"1", "2"}));
  wait_until([this] { return pending() == 0; });
  const auto letters = outbox_->dead("a", 0, 10);
  ASSERT_EQ(letters->size(), 1U);
  EXPECT_EQ(letters->at(0).attempts, 1U);
  EXPECT_EQ(letters->at(0).reason, "The receiver answered with status 410");
  EXPECT_EQ(delivery_->counts()["a"].dead, 1U);
  EXPECT_EQ(audit_.wait(1).at(0),
            R"(a webhook_dead {"room":"room","webhook":"room-destroyed","delivery":")" +
                outbox_->instance() +
                R"(-1","attempts":1,"reason":"The receiver answered with status 410"})");
}

TEST_F(Delivery, GivesUpAfterTheTimeOfTheProject) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(500, "");
  });
  WebhookEndpoint given_up = endpoint("a", server);
  given_up.give_up_ms = 600'000;
  start({given_up});
  add("a", "room", "1");
  add("a", "room", "2");
  seen.wait(3);
  now_ += 48 * 3'600'000;  // the clock is set; no time has passed
  seen.wait(seen.size() + 4);
  EXPECT_TRUE(outbox_->dead("a", 0, 10)->empty());
  passed_ = 500'000;
  seen.wait(seen.size() + 4);
  EXPECT_TRUE(outbox_->dead("a", 0, 10)->empty());
  passed_ = 600'000;
  wait_until([this] { return pending() == 0; });
  EXPECT_EQ(outbox_->dead("a", 0, 10)->size(), 2U);
  EXPECT_EQ(seen.wait(1).back(), "2");  // each was tried before it was given up
}

TEST_F(Delivery, TriesForAWhileWhatTheClockCallsOldAtAStart) {
  add("a", "room", "1");
  now_ += 48 * 3'600'000;
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(500, "");
  });
  start({endpoint("a", server)});
  seen.wait(4);
  passed_ = 600'000;
  seen.wait(seen.size() + 4);
  EXPECT_TRUE(outbox_->dead("a", 0, 10)->empty());
  passed_ = 15 * 60'000;
  wait_until([this] { return outbox_->dead("a", 0, 10)->size() == 1; });
}

TEST_F(Delivery, ReplaysDeadLettersAtTheEnd) {
  Record seen;
  std::atomic<bool> refuses = true;
  TestHttpServer server([&](const TestRequest& request) {
    if (refuses) return test_reply(410, "");
    seen.add(request.body + " " + request.header("x-pluv-delivery"));
    return test_reply(200, "");
  });
  start({endpoint("a", server)});
  for (int n = 0; n < 150; ++n) add("a", "room", std::to_string(n));
  wait_until([this] { return pending() == 0; });
  now_ -= 500'000;  // what died is not of the past by the clock, which was set back
  refuses = false;
  add("a", "room", "new");
  seen.wait(1);
  delivery_->replay_all("a");
  const std::vector<std::string> lines = seen.wait(151);
  EXPECT_EQ(lines[0], "new " + outbox_->instance() + "-151");
  for (int n = 0; n < 150; ++n) {
    EXPECT_EQ(lines[static_cast<std::size_t>(n) + 1],
              std::to_string(n) + " " + outbox_->instance() + "-" + std::to_string(n + 1));
  }
  wait_until([this] { return pending() == 0; });
  EXPECT_TRUE(outbox_->dead("a", 0, 10)->empty());
}

TEST_F(Delivery, ReplaysOnceWhatDiesAgain) {
  Record seen;
  TestHttpServer server([&](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(410, "");
  });
  start({endpoint("a", server)});
  for (int n = 0; n < 100; ++n) add("a", std::to_string(n), std::to_string(n));
  wait_until([this] { return outbox_->dead("a", 0, 1'000)->size() == 100; });
  delivery_->replay_all("a");
  seen.wait(200);
  wait_until([this] { return outbox_->dead("a", 0, 1'000)->size() == 100; });
  EXPECT_EQ(seen.size(), 200U);
}

TEST_F(Delivery, AReceiverThatHangsDoesNotSlowOthers) {
  TestHttpServer hanging([](const TestRequest&) { return TestReply{.bytes = "", .hang = true}; });
  Record seen;
  TestHttpServer answering([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(200, "");
  });
  std::vector<WebhookEndpoint> endpoints = {endpoint("answers", answering)};
  for (const char* project : {"hangs-1", "hangs-2", "hangs-3"}) {
    endpoints.push_back(endpoint(project, hanging));
  }
  start(std::move(endpoints));
  for (int n = 0; n < 50; ++n) {
    for (const char* project : {"hangs-1", "hangs-2", "hangs-3"}) {
      add(project, std::to_string(n), "{}");
    }
  }
  for (int n = 0; n < 200; ++n) add("answers", std::to_string(n % 20), std::to_string(n));
  seen.wait(200);  // while the others' timeouts are ten seconds
  EXPECT_EQ(delivery_->counts()["hangs-1"].failed, 0U);
}

TEST_F(Delivery, BuriesTheOldestWhenTooManyWait) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return TestReply{.bytes = "", .hang = true};
  });
  start({endpoint("a", server)}, {.waiting_max = 10});
  add("a", "room", "0");
  seen.wait(1);
  for (int n = 1; n < 30; ++n) add("a", "room", std::to_string(n));
  wait_until([this] { return delivery_->counts()["a"].dead == 20; });
  const auto letters = outbox_->dead("a", 0, 100);
  ASSERT_EQ(letters->size(), 20U);
  EXPECT_EQ(letters->at(0).reason, "Too many events wait for the receiver");
  EXPECT_EQ(pending(), 10U);
  EXPECT_EQ(delivery_->counts()["a"].overflow, 20U);
  EXPECT_EQ(delivery_->counts()["a"].dead, 20U);
  const auto left = outbox_->list();
  EXPECT_EQ(left->at(0).id, 1U);  // it is under way
  EXPECT_EQ(left->at(1).id, 22U);
}

TEST_F(Delivery, KeepsTheEventsOfAProjectWithoutWebhook) {
  start({});
  add("a", "room", "{}");
  log_.wait(1);
  EXPECT_EQ(outbox_->list()->size(), 1U);
  EXPECT_EQ(pending(), 1U);
}

TEST_F(Delivery, KeepsWhatItsEndCutsOff) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return TestReply{.bytes = "", .hang = true};
  });
  start({endpoint("a", server)});
  add("a", "room", "1");
  seen.wait(1);
  delivery_->close();
  const auto left = outbox_->list();
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->at(0).attempts, 0U);
}

TEST_F(Delivery, SendsWhatIsDueBeforeItEnds) {
  Record seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen.add(request.body);
    return test_reply(200, "");
  });
  start({endpoint("a", server)});
  for (int n = 0; n < 5; ++n) add("a", "room", std::to_string(n));
  delivery_->close();
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_TRUE(outbox_->list()->empty());
}

}  // namespace
}  // namespace pluv::apps
