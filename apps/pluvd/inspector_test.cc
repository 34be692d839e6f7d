// The inspector between a server's loops and a store whose answers come when the test lets them.
#include "apps/pluvd/inspector.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pluv::apps {
namespace {

constexpr std::string_view kPostHeaders =
    "X-Pluv-Inspector: 1\r\nContent-Type: application/json\r\n";

net::Request request_of(std::string_view method, std::string_view route,
                        std::string_view headers = "") {
  const std::string text = std::string(method) + " /api/inspector/" + std::string(route) +
                           " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
  net::RequestParser parser;
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), net::HttpProgress::done) << route;
  return parser.take();
}

// Answers nothing by itself.
struct HeldStore final : adapters::Store {
  void load(std::string, Done<adapters::StoredDocument> done) override {
    const std::lock_guard lock(mutex);
    loads.push_back(std::move(done));
  }
  void append(std::string, std::string, Done<std::uint64_t>) override {}
  void compact(std::string, std::uint64_t, std::string, Done<void>) override {}
  void remove(std::string, Done<void>) override {}
  void list(std::string after, std::size_t limit,
            Done<std::vector<adapters::StoredRoom>> done) override {
    EXPECT_EQ(limit, 1U);
    listed_after.push_back(std::move(after));
    done(rooms);
  }
  void flush(Done<void>) override {}
  [[nodiscard]] bool has_history() const noexcept override { return true; }
  void load_number(std::string, std::uint64_t, Done<adapters::PastDocument> done) override {
    pasts.push_back(std::move(done));
  }

  [[nodiscard]] std::vector<Done<adapters::StoredDocument>> loads_so_far() {
    const std::lock_guard lock(mutex);
    return loads;
  }

  std::mutex mutex;  // of loads, which come from the inspector's own thread
  std::vector<Done<adapters::StoredDocument>> loads;
  std::vector<Done<adapters::PastDocument>> pasts;
  std::vector<std::string> listed_after;
  std::vector<adapters::StoredRoom> rooms;
};

class InspectorTest : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string body;
  };
  using Pending = std::shared_ptr<std::promise<Answer>>;

  InspectorTest() {
    native::ServerConfig config;
    config.manual = true;
    native::ServerHooks hooks;
    hooks.store = store_;
    server_ = std::make_unique<native::Server>(config, room::Definition(), std::move(hooks));
    InspectorOptions options;
    options.dev = true;
    options.steady_ms = [] { return 0; };
    options.unix_ms = [] { return 0; };
    options.log = [](std::string_view, std::string_view, std::string_view) {};
    inspector_ = std::make_shared<Inspector>(InspectorAccessOptions{.dev = true, .token = "long"},
                                             std::move(options));
    inspector_->attach(*server_, store_.get());
  }
  ~InspectorTest() override { inspector_->close(); }

  Pending ask(std::string_view method, std::string_view route, std::string body = "") {
    auto pending = std::make_shared<std::promise<Answer>>();
    native::HttpQuestion question;
    question.request = request_of(method, route, std::string(kPostHeaders) + kToken);
    question.body = std::move(body);
    inspector_->hook().answer(std::move(question), [pending](net::Response response) {
      pending->set_value({response.status(), std::string(response.body())});
    });
    return pending;
  }
  Answer wait(const Pending& pending) {
    std::future<Answer> answer = pending->get_future();
    for (int turns = 0; turns < 2'000; ++turns) {
      if (answer.wait_for(std::chrono::milliseconds(0)) == std::future_status::ready) {
        return answer.get();
      }
      server_->poll(std::chrono::milliseconds(5));
    }
    return {};
  }

  static constexpr const char* kToken = "Authorization: Bearer long\r\n";
  std::shared_ptr<HeldStore> store_ = std::make_shared<HeldStore>();
  std::unique_ptr<native::Server> server_;
  std::shared_ptr<Inspector> inspector_;
};

TEST_F(InspectorTest, WhatTheStoreSaysAfterTheServerIsDropped) {
  const Pending restore = ask("POST", "rooms/a/restore", R"({"number":1})");
  const Pending past = ask("GET", "rooms/a/history/1");
  ASSERT_EQ(store_->pasts.size(), 2U);
  inspector_->close();
  server_.reset();
  for (const auto& done : store_->pasts) done(adapters::PastDocument());
  for (const Pending& pending : {restore, past}) {
    EXPECT_EQ(pending->get_future().wait_for(std::chrono::milliseconds(0)),
              std::future_status::timeout);
  }
}

TEST_F(InspectorTest, OnlySoManyDocumentsAreInHandAtOnce) {
  const std::vector<Pending> first = {ask("GET", "rooms/a/document"), ask("GET", "rooms/b/export"),
                                      ask("GET", "rooms/c/history/1"),
                                      ask("POST", "rooms/d/restore", R"({"number":1})")};
  for (const char* route : {"rooms/e/document", "rooms/e/export", "rooms/e/history/1"}) {
    const Answer refused = wait(ask("GET", route));
    EXPECT_EQ(refused.status, 503) << route;
    EXPECT_EQ(refused.body, R"({"error":"The inspector reads other documents; ask again."})");
  }
  EXPECT_EQ(wait(ask("POST", "rooms/e/restore", R"({"number":1})")).status, 503);
  EXPECT_EQ(store_->pasts.size(), 2U);
  store_->pasts.front()(Error{ErrorCode::not_found, "No such record"});
  EXPECT_EQ(wait(first[2]).status, 404);
  const Pending next = ask("GET", "rooms/e/history/1");
  ASSERT_EQ(store_->pasts.size(), 3U);
  store_->pasts.back()(Error{ErrorCode::not_found, "No such record"});
  EXPECT_EQ(wait(next).status, 404);
}

TEST_F(InspectorTest, ARoomThatOnlyTheStoreHasIsToldWithoutItsDocument) {
  store_->rooms = {{.room = "a1", .last = 7, .log_bytes = 20, .snapshot_bytes = 300}};
  EXPECT_EQ(
      wait(ask("GET", "rooms/a1")).body,
      R"({"room":"a1","sessions":[],"sessions_total":0,"document":{"bytes":320,"version":7}})");
  EXPECT_EQ(store_->listed_after.back(), "a0\x7f");
  EXPECT_EQ(wait(ask("GET", "rooms/a1/document?unless=7")).body,
            R"({"version":7,"unchanged":true})");
  EXPECT_TRUE(store_->loads_so_far().empty());
  EXPECT_EQ(wait(ask("GET", "rooms/a0")).status, 404);
  const Pending changed = ask("GET", "rooms/a1/document?unless=6");
  for (int turns = 0; turns < 2'000 && store_->loads_so_far().empty(); ++turns) {
    server_->poll(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(store_->loads_so_far().size(), 1U);
  store_->loads_so_far().front()(Error{ErrorCode::unavailable, "Not now"});
  EXPECT_EQ(wait(changed).status, 503);
}

TEST_F(InspectorTest, RefusesByTheHeadAlone) {
  const native::LaterHttp hook = inspector_->hook();
  const auto status = [&](std::string_view method, std::string_view route,
                          const std::string& headers) {
    const auto refusal = hook.refuse(request_of(method, route, headers), {});
    return refusal ? refusal->status() : 0;
  };
  const std::string all = std::string(kPostHeaders) + kToken;
  EXPECT_EQ(status("POST", "rooms/a/restore", all), 0);
  EXPECT_EQ(status("GET", "rooms", all), 0);
  EXPECT_EQ(status("POST", "rooms/a/restore", std::string(kPostHeaders)), 401);
  EXPECT_EQ(status("POST", "rooms/a/restore", kToken), 403);
  EXPECT_EQ(status("POST", "rooms/a/nothing", all), 404);
  EXPECT_EQ(status("POST", "rooms/a/history/1", all), 405);
  EXPECT_EQ(status("GET", "rooms/a/evict", all), 405);
  EXPECT_EQ(status("GET", "rooms/-/document", all), 400);
  EXPECT_NE(inspector_->metrics_text().find("{code=\"401\"} 1"), std::string::npos);
}

}  // namespace
}  // namespace pluv::apps
