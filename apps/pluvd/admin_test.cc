// The admin API between a server's loop, which the test turns, and a store in memory.
#include "apps/pluvd/admin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/faulty_store.h"
#include "adapters/memory_store.h"
#include "apps/pluvd/admin_table.h"
#include "json/value.h"
#include "room/definition.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"

namespace pluv::apps {
namespace {

constexpr std::size_t kSmallDocumentBytes = 10'000;
constexpr const char* kAddress = "192.0.2.7";
constexpr std::int64_t kNowMs = 1'800'000'000'000;

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
};

Answer answer_of(const net::Response& response) {
  std::string head;
  net::append_response_head(head, response, {});
  return {response.status(), std::move(head), std::string(response.body())};
}

net::Request request_of(const std::string& text) {
  net::RequestParser parser;
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), net::HttpProgress::done) << text;
  return parser.take();
}

class AdminTest : public testing::Test {
 protected:
  using Pending = std::shared_ptr<std::promise<Answer>>;

  explicit AdminTest(AdminOptions options = {}, room::Listeners listeners = {}) {
    native::ServerConfig config;
    config.manual = true;
    room::Definition definition;
    definition.listeners = std::move(listeners);
    definition.storage = room::yjs_storage();
    native::ServerHooks server_hooks;
    server_hooks.store = store_;
    server_ =
        std::make_unique<native::Server>(config, std::move(definition), std::move(server_hooks));
    auto database = HostingDatabase::open("");
    AdminHooks& hooks = options.hooks;
    hooks.project_of = [this](std::string_view key) -> std::optional<AdminProject> {
      if (key == "key of a") return AdminProject{.id = "a", .limits = {}};
      if (key == "key of b") return AdminProject{.id = "b", .limits = {}};
      if (key == "key of small") {
        AdminProject small{.id = "small", .limits = {}};
        small.limits.document_bytes_max = document_bytes_max_;
        return small;
      }
      return std::nullopt;
    };
    hooks.make_token = [](const AdminTokenRequest& request) -> Result<std::string> {
      return "token for " + std::string(request.project) + "/" + std::string(request.room);
    };
    hooks.audit = [this](std::string_view project, std::string_view event,
                         std::string_view fields) {
      const std::lock_guard lock(mutex_);
      audited_.push_back(std::string(project) + " " + std::string(event) + " " +
                         std::string(fields));
    };
    hooks.unix_ms = [this] {
      if (drains_meanwhile_) draining_ = true;
      return kNowMs;
    };
    hooks.draining = [this] { return draining_.load(); };
    hooks.revocations = revocations_ = *Revocations::open(*database);
    hooks.idempotency = std::make_shared<Idempotency>(*database);
    admin_ = std::make_shared<Admin>(std::move(options));
    admin_->attach(*server_, store_.get());
  }
  ~AdminTest() override { admin_->close(); }

  static std::string head(std::string_view method, std::string_view target,
                          std::string_view project, std::string_view more = "") {
    return std::string(method) + " /api/v1" + std::string(target) +
           " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key of " + std::string(project) +
           "\r\n" + std::string(more) + "\r\n";
  }

  Pending begin(const std::string& text, std::string body = "") {
    auto pending = std::make_shared<std::promise<Answer>>();
    native::HttpQuestion question;
    question.request = request_of(text);
    question.body = std::move(body);
    question.client_address = kAddress;
    admin_->hook().answer(std::move(question), [pending](net::Response response) {
      pending->set_value(answer_of(response));
    });
    return pending;
  }
  Answer wait(const Pending& pending) {
    std::future<Answer> answer = pending->get_future();
    for (int turns = 0; turns < 20'000; ++turns) {
      if (answer.wait_for(std::chrono::milliseconds(0)) == std::future_status::ready) {
        return answer.get();
      }
      server_->poll(std::chrono::milliseconds(1));
    }
    return {};
  }
  Answer ask(std::string_view method, std::string_view target, std::string_view body = "",
             std::string_view project = "a", std::string_view more = "",
             std::string_view type = "application/json") {
    std::string headers(more);
    if (!body.empty()) {
      headers += "Content-Type: " + std::string(type) +
                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return wait(begin(head(method, target, project, headers), std::string(body)));
  }

  adapters::MemoryStore memory_;
  std::shared_ptr<adapters::FaultyStore> store_ = std::make_shared<adapters::FaultyStore>(memory_);
  std::unique_ptr<native::Server> server_;
  std::shared_ptr<Admin> admin_;
  std::shared_ptr<Revocations> revocations_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> drains_meanwhile_{false};  // once a request looks at the clock
  std::atomic<std::size_t> document_bytes_max_{kSmallDocumentBytes};
  std::mutex mutex_;  // of audited_
  std::vector<std::string> audited_;
};

std::string body_of(const AdminRoute& route) {
  switch (route.id) {
    case AdminRouteId::create_room: return R"({"room":"made"})";
    case AdminRouteId::post_update: return R"({"update":"AAA="})";
    case AdminRouteId::patch_document: return R"([{"op":"add","path":"/m","value":{"x":1}}])";
    case AdminRouteId::set_permissions: return R"({"permissions":["read"]})";
    case AdminRouteId::send_event: return R"({"event":"x"})";
    case AdminRouteId::create_token: return R"({"room":"r","user":{"id":"ann"}})";
    default: return "";
  }
}

TEST_F(AdminTest, EveryRouteOfTheTableHasAHandler) {
  for (const AdminRoute& route : admin_routes()) {
    std::string path;
    for (std::size_t at = 0; at < route.path.size(); ++at) {
      if (route.path[at] == '{') {
        at = route.path.find('}', at);
        path += '7';
      } else {
        path += route.path[at];
      }
    }
    const std::string type = route.id == AdminRouteId::patch_document
                                 ? "application/json-patch+json"
                                 : "application/json";
    const Answer answer = ask(route.method, path, body_of(route), "a", "", type);
    EXPECT_TRUE(answer.status == route.answer.status || answer.status == 404)
        << route.name << " " << answer.status << " " << answer.body;
  }
}

TEST_F(AdminTest, NobodyIsHeardWithoutAKey) {
  const auto refuse = admin_->hook().refuse;
  for (const char* project : {"c", "", "a "}) {
    const auto refusal = refuse(request_of(head("GET", "/rooms", project)), kAddress);
    if (std::string_view(project) == "a ") {  // white space around a header's value is none of it
      EXPECT_FALSE(refusal);
      continue;
    }
    ASSERT_TRUE(refusal);
    const Answer answer = answer_of(*refusal);
    EXPECT_EQ(answer.status, 401);
    EXPECT_NE(answer.head.find("WWW-Authenticate: Bearer"), std::string::npos);
  }
  // Routes and methods that there are not tell a stranger nothing.
  EXPECT_EQ(refuse(request_of(head("GET", "/nothing", "c")), kAddress)->status(), 401);
  EXPECT_EQ(refuse(request_of(head("BREW", "/rooms", "c")), kAddress)->status(), 401);
  EXPECT_EQ(refuse(request_of(head("GET", "/nothing", "a")), kAddress)->status(), 404);
  EXPECT_FALSE(refuse(request_of(head("GET", "/openapi.json", "c")), kAddress));
  EXPECT_NE(admin_->metrics_text().find("pluv_admin_requests_total{code=\"401\"} 4\n"),
            std::string::npos)
      << admin_->metrics_text();
}

TEST_F(AdminTest, TakesWhatIsUnderItsPath) {
  const auto takes = [&](const std::string& path) {
    return admin_->hook().takes(request_of("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"));
  };
  EXPECT_TRUE(takes("/api/v1"));
  EXPECT_TRUE(takes("/api/v1/rooms"));
  EXPECT_FALSE(takes("/api/v10/rooms"));
  EXPECT_FALSE(takes("/api/inspector/rooms"));
}

TEST_F(AdminTest, ProjectsHaveRoomsOfTheirOwn) {
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"m":{"x":1}}})").status, 201);
  EXPECT_EQ(ask("GET", "/rooms/r/document").body, R"({"m":{"x":1}})");
  EXPECT_EQ(ask("GET", "/rooms/r/document", "", "b").status, 404);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"m":{"x":2}}})", "b").status, 201);
  EXPECT_EQ(ask("GET", "/rooms/r/document").body, R"({"m":{"x":1}})");
  EXPECT_EQ(ask("GET", "/rooms/r/document", "", "b").body, R"({"m":{"x":2}})");
  EXPECT_NE(ask("POST", "/tokens", R"({"room":"r","user":{"id":"x"}})").body.find("a/r"),
            std::string::npos);
}

TEST_F(AdminTest, TheSameRequestUnderAKeyIsCarriedOutOnce) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  const Answer first = ask("POST", "/rooms", R"({"room":"r"})", "a", kKey);
  const Answer again = ask("POST", "/rooms", R"({"room":"r"})", "a", kKey);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_NE(again.head.find("Idempotency-Replayed: true"), std::string::npos);
  EXPECT_NE(again.head.find("Location: /api/v1/rooms/r"), std::string::npos);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"s"})", "a", kKey).status, 422);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r"})", "b", kKey).status, 201);
}

TEST_F(AdminTest, NoTokenIsKeptUnderAKey) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  constexpr std::string_view kBody = R"({"room":"r","user":{"id":"ann"}})";
  EXPECT_EQ(ask("POST", "/tokens", kBody, "a", kKey).status, 200);
  const Answer again = ask("POST", "/tokens", kBody, "a", kKey);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.head.find("Idempotency-Replayed"), std::string::npos);
}

TEST_F(AdminTest, WhileItDrainsNothingIsChanged) {
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r"})").status, 201);
  draining_ = true;
  const Answer refused = ask("DELETE", "/rooms/r");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.head.find("Retry-After: 1"), std::string::npos);
  EXPECT_EQ(ask("POST", "/users/ann/revoke").status, 503);
  EXPECT_EQ(ask("GET", "/rooms/r").status, 200);
  draining_ = false;
  // It waits for the loop, which stands still: nothing is done after the drain began.
  std::vector<Pending> all;
  for (int i = 0; i < 10; ++i) all.push_back(begin(head("DELETE", "/rooms/r", "a")));
  draining_ = true;
  EXPECT_EQ(wait(all.back()).status, 503);
  for (std::size_t i = 0; i + 1 < all.size(); ++i) (void)wait(all[i]);
}

// Its successor may have read the file before, and would not know of it.
TEST_F(AdminTest, ARevocationDuringWhichAHandOverBeginsIsNotSaidToBeDone) {
  drains_meanwhile_ = true;
  const Answer refused = ask("POST", "/users/ann/revoke");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.head.find("Retry-After: 1"), std::string::npos);
  EXPECT_TRUE(revocations_->revoked("a", "r", "ann", kNowMs / 1'000));
}

TEST_F(AdminTest, WhileARequestIsCarriedOutItsKeyIsTaken) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  // It asks the loop, which stands still.
  const Pending first = begin(head("DELETE", "/rooms/r", "a", kKey));
  EXPECT_EQ(begin(head("DELETE", "/rooms/r", "a", kKey))->get_future().get().status, 409);
  EXPECT_EQ(wait(first).status, 404);
  EXPECT_EQ(ask("DELETE", "/rooms/r", "", "a", kKey).status, 404);
}

TEST_F(AdminTest, AProjectAsksForSoMuchAtOnce) {
  std::vector<Pending> all;
  int refused = 0;
  for (int i = 0; i < 100; ++i) all.push_back(begin(head("GET", "/rooms/r", "a")));
  const Answer other = ask("GET", "/rooms/r", "", "b");
  EXPECT_EQ(other.status, 404);
  for (const Pending& one : all) refused += wait(one).status == 429 ? 1 : 0;
  EXPECT_GE(refused, 100 - 64 - 4);
}

// Keeps a history that the test gives, with pages as the SQLite store has them.
class PastStore final : public adapters::Store {
 public:
  PastStore(adapters::Store& now, std::vector<adapters::HistoryEntry> past)
      : now_(now), past_(std::move(past)) {}
  void load(std::string room, Done<adapters::StoredDocument> done) override {
    now_.load(std::move(room), std::move(done));
  }
  void append(std::string room, std::string update, Done<std::uint64_t> done) override {
    now_.append(std::move(room), std::move(update), std::move(done));
  }
  void compact(std::string room, std::uint64_t last, std::string snapshot,
               Done<void> done) override {
    now_.compact(std::move(room), last, std::move(snapshot), std::move(done));
  }
  void remove(std::string room, Done<void> done) override {
    now_.remove(std::move(room), std::move(done));
  }
  void list(std::string after, std::size_t limit,
            Done<std::vector<adapters::StoredRoom>> done) override {
    now_.list(std::move(after), limit, std::move(done));
  }
  void flush(Done<void> done) override { now_.flush(std::move(done)); }
  [[nodiscard]] bool has_history() const noexcept override { return true; }
  void history_before(std::string, std::uint64_t number, std::size_t limit,
                      Done<std::vector<adapters::HistoryEntry>> done) override {
    std::vector<adapters::HistoryEntry> page;
    for (const adapters::HistoryEntry& entry : past_) {
      if (entry.number >= number) continue;
      if (page.size() >= limit && page.back().number != entry.number) break;
      page.push_back(entry);
    }
    done(std::move(page));
  }

 private:
  adapters::Store& now_;
  const std::vector<adapters::HistoryEntry> past_;  // newest first
};

TEST_F(AdminTest, PagesOfVersionsGoOnOverSnapshots) {
  std::vector<adapters::HistoryEntry> past;
  for (std::uint64_t number = 9; number > 0; --number) {
    past.push_back({.number = number, .is_snapshot = false, .unix_ms = 0, .bytes = 1});
    // Two have replaced one another.
    for (int i = 0; number % 3 == 0 && i < 2; ++i) {
      past.push_back({.number = number, .is_snapshot = true, .unix_ms = 0, .bytes = 9});
    }
  }
  PastStore store(memory_, past);
  admin_->attach(*server_, &store);
  for (const std::size_t limit : {1U, 2U, 3U, 8U, 9U, 10U}) {
    std::vector<double> numbers;
    std::string after;
    for (bool more = true; more;) {
      const Answer answer = ask("GET", "/rooms/r/versions?limit=" + std::to_string(limit) + after);
      const auto page = json::Value::parse(answer.body);
      ASSERT_TRUE(page.ok()) << answer.body;
      const auto& versions = *page->find("versions")->as_array();
      ASSERT_LE(versions.size(), limit);
      for (const json::Value& version : versions) {
        numbers.push_back(*version.find("number")->as_number());
      }
      more = !page->find("next")->is_null();
      if (more) after = "&after=" + *page->find("next")->as_string();
    }
    EXPECT_EQ(numbers, (std::vector<double>{9, 8, 7, 6, 5, 4, 3, 2, 1})) << limit;
  }
  admin_->attach(*server_, store_.get());
}

TEST_F(AdminTest, MembersThatAreThereTwiceAreRefused) {
  const Answer room = ask("POST", "/rooms", R"({"room":"r","room":"s"})");
  EXPECT_EQ(room.status, 400);
  EXPECT_NE(room.body.find("room: the member is there twice"), std::string::npos) << room.body;
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"m":{},"m":{}}})").status, 400);
  EXPECT_EQ(ask("POST", "/tokens", R"({"room":"r","user":{"id":"ann","id":"eve"}})").status, 400);
  const Answer patch =
      ask("PATCH", "/rooms/r/document", R"([{"op":"add","path":"/m","path":"/n","value":{}}])", "a",
          "", "application/json-patch+json");
  EXPECT_EQ(patch.status, 400);
  EXPECT_NE(patch.body.find("[0].path: the member is there twice"), std::string::npos)
      << patch.body;
  EXPECT_EQ(ask("GET", "/rooms/r").status, 404);
}

class AdminSlowStoreTest : public AdminTest {
 protected:
  AdminSlowStoreTest() : AdminTest({.hooks = {}, .wait_ms_max = 1'000}) {}
  Answer add(std::string_view value, std::string_view more) {
    return ask("PATCH", "/rooms/r/document",
               R"([{"op":"add","path":"/list/-","value":)" + std::string(value) + "}]", "a", more,
               "application/json-patch+json");
  }
};

TEST_F(AdminSlowStoreTest, WhatMayHaveBeenDoneIsNotDoneAgain) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"list":[7]}})").status, 201);
  EXPECT_EQ(add("0", "").status, 200);  // the room is in memory now
  store_->hold();
  const Answer late = add("1", kKey);
  EXPECT_EQ(late.status, 503);
  EXPECT_NE(late.body.find("it may have been"), std::string::npos) << late.body;
  store_->release_all();
  const Answer again = add("1", kKey);
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.body.find("its outcome is not known"), std::string::npos) << again.body;
  EXPECT_EQ(ask("GET", "/rooms/r/document").body, R"({"list":[7,0,1]})");
}

TEST_F(AdminSlowStoreTest, WhatWasNotBegunMayBeAskedAgain) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  store_->fail(adapters::FaultyStore::Method::load, 1);
  const std::string body = R"([{"op":"add","path":"/list","value":[1]}])";
  const auto add_list = [&] {
    return ask("PATCH", "/rooms/r/document", body, "a", kKey, "application/json-patch+json");
  };
  EXPECT_EQ(add_list().status, 503);
  EXPECT_EQ(add_list().status, 200);
  EXPECT_EQ(ask("GET", "/rooms/r/document").body, R"({"list":[1]})");
}

// What rooms ask, and nobody answers before the test does.
struct AskedDocuments {
  std::vector<room::InitialStorageDone> asked;
  int destroyed = 0;

  room::Listeners listeners() {
    room::Listeners out;
    out.get_initial_storage = [this](const room::ListenerEvent&, room::InitialStorageDone done) {
      asked.push_back(std::move(done));
    };
    out.on_room_destroyed = [this](const room::ListenerEvent&, const room::ListenerDone& done) {
      ++destroyed;
      done();
    };
    return out;
  }
};

class AdminAskedTest : protected AskedDocuments, public AdminTest {
 protected:
  AdminAskedTest() : AdminTest({}, listeners()) {}
  Answer add(std::string_view name, std::string_view more) {
    return ask("PATCH", "/rooms/r/document",
               R"([{"op":"add","path":"/)" + std::string(name) + R"(","value":{"x":1}}])", "a",
               more, "application/json-patch+json");
  }
};

TEST_F(AdminAskedTest, NobodyIsAskedWhatAnExplicitDocumentIs) {
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"m":{"x":1}}})").status, 201);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"s","copy_of":"r"})").status, 201);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"t"})").status, 201);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{}})").status, 409);
  EXPECT_EQ(ask("GET", "/rooms/s/document").body, R"({"m":{"x":1}})");
  EXPECT_EQ(ask("GET", "/rooms/t/document").body, "{}");
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(destroyed, 0);
}

TEST_F(AdminAskedTest, TwoThatGiveARoomADocumentAreOne) {
  std::vector<Pending> all;
  for (const char* project : {"a", "a", "b"}) {
    const std::string body = R"({"room":"r","json":{"m":{"x":1}}})";
    all.push_back(begin(head("POST", "/rooms", project,
                             "Content-Type: application/json\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n"),
                        body));
  }
  std::vector<int> statuses;
  for (const Pending& one : all) statuses.push_back(wait(one).status);
  EXPECT_EQ(statuses[0] + statuses[1], 201 + 409);
  EXPECT_EQ(statuses[2], 201);
}

TEST_F(AdminAskedTest, WhatNobodyGaveADocumentIsNotEdited) {
  constexpr std::string_view kKey = "Idempotency-Key: k\r\n";
  const Answer given_up = add("first", kKey);
  EXPECT_EQ(given_up.status, 503);
  EXPECT_NE(given_up.body.find("initial-storage gave no document; nothing was done"),
            std::string::npos)
      << given_up.body;
  EXPECT_NE(given_up.head.find("Retry-After: 1"), std::string::npos);
  ASSERT_EQ(asked.size(), 1U);
  asked[0](std::string());
  EXPECT_EQ(add("second", "").status, 200);
  EXPECT_EQ(ask("GET", "/rooms/r/document").body, R"({"second":{"x":1}})");
  EXPECT_EQ(add("first", kKey).status, 200);
}

TEST_F(AdminAskedTest, AFailedQuestionIsToldAtOnce) {
  const std::string body = R"([{"op":"add","path":"/m","value":{"x":1}}])";
  const Pending pending = begin(head("PATCH", "/rooms/r/document", "a",
                                     "Content-Type: application/json-patch+json\r\n"
                                     "Content-Length: " +
                                         std::to_string(body.size()) + "\r\n"),
                                body);
  while (asked.empty()) server_->poll(std::chrono::milliseconds(1));
  asked[0](Error{ErrorCode::unavailable, "initial-storage: status 500"});
  const Answer answer = wait(pending);
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("initial-storage gave no document; nothing was done"),
            std::string::npos)
      << answer.body;
}

class AdminBodiesTest : public AdminTest {
 protected:
  AdminBodiesTest()
      : AdminTest({.hooks = {}, .project_bodies_bytes_max = 100, .bodies_bytes_max = 150}) {}
  // A body of so many bytes; the loop, which it asks, stands still.
  Pending post(std::string_view project, std::size_t bytes) {
    std::string body = R"({"update":"AAA="})";
    body.resize(bytes, ' ');
    return begin(
        head("POST", "/rooms/r/document/update", project,
             "Content-Type: application/json\r\nContent-Length: " + std::to_string(bytes) + "\r\n"),
        body);
  }
  static int now(const Pending& pending) {
    auto answer = pending->get_future();
    const bool ready = answer.wait_for(std::chrono::milliseconds(0)) == std::future_status::ready;
    return ready ? answer.get().status : 0;
  }
};

TEST_F(AdminBodiesTest, SoManyBytesAreInHand) {
  const Pending first = post("a", 60);
  EXPECT_EQ(now(post("a", 41)), 503);
  const Pending second = post("a", 40);
  EXPECT_EQ(now(post("b", 51)), 503);
  const Pending third = post("b", 50);
  for (const Pending& one : {first, second, third}) EXPECT_EQ(wait(one).status, 200);
  EXPECT_EQ(wait(post("a", 100)).status, 200);
}

std::string text_update(ycrdt::ClientId writer, std::size_t letters) {
  ycrdt::Doc doc({.client_id = writer});
  EXPECT_TRUE(doc.get_text("t").insert(0, std::string(letters, 'x')).ok());
  return doc.encode_state_as_update();
}

class AdminDocumentTest : public AdminTest {
 protected:
  static std::string head_of(std::string_view method, std::string_view target,
                             std::string_view type, std::size_t bytes) {
    return head(method, target, "small",
                "Content-Type: " + std::string(type) +
                    "\r\nContent-Length: " + std::to_string(bytes) + "\r\n");
  }
  Pending post(const std::string& update) {
    return begin(
        head_of("POST", "/rooms/r/document/update", "application/octet-stream", update.size()),
        update);
  }
  Pending patch(const std::string& operations) {
    return begin(
        head_of("PATCH", "/rooms/r/document", "application/json-patch+json", operations.size()),
        operations);
  }
  std::size_t bytes() {
    return ask("GET", "/rooms/r/document?format=update", "", "small").body.size();
  }
};

TEST_F(AdminDocumentTest, WhatComesAtOnceIsMeasuredTogether) {
  EXPECT_EQ(wait(post(text_update(1, 10))).status, 200);
  const std::string value(6'000, 'y');
  const std::vector<Pending> all = {
      post(text_update(2, 6'000)), post(text_update(3, 6'000)),
      patch(R"([{"op":"add","path":"/m","value":{"x":")" + value + R"("}}])")};
  std::vector<int> statuses;
  for (const Pending& one : all) statuses.push_back(wait(one).status);
  EXPECT_EQ(std::ranges::count(statuses, 200), 1);
  EXPECT_EQ(std::ranges::count(statuses, 422), 2);
  EXPECT_LE(bytes(), kSmallDocumentBytes);
}

TEST_F(AdminDocumentTest, OfAnUpdateOnlyWhatIsNewCounts) {
  ycrdt::Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_text("t").insert(0, std::string(6'000, 'x')).ok());
  EXPECT_EQ(wait(post(doc.encode_state_as_update())).status, 200);
  ASSERT_TRUE(doc.get_text("t").insert(3, "!").ok());
  EXPECT_EQ(wait(post(doc.encode_state_as_update())).status, 200);
  EXPECT_LE(bytes(), 6'100U);
}

TEST_F(AdminDocumentTest, WhatCutsTheDocumentIsMeasuredByWhatItMakes) {
  ycrdt::Doc doc({.client_id = 1});
  ycrdt::Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, std::string(3'000, 'x')).ok());
  EXPECT_EQ(wait(post(doc.encode_state_as_update())).status, 200);
  const ycrdt::StateVector known = doc.state_vector();
  for (std::uint32_t at = 0; at < 1'500; ++at) ASSERT_TRUE(text.erase(at, 1).ok());
  const std::string cuts = doc.encode_state_as_update(known);
  ASSERT_LT(cuts.size() + 3'100, kSmallDocumentBytes);
  EXPECT_EQ(wait(post(cuts)).status, 422);
}

TEST_F(AdminDocumentTest, WhatIsOverALoweredLimitMayOnlyBecomeSmaller) {
  const std::string value = "\"" + std::string(3'000, 'y') + "\"";
  EXPECT_EQ(
      wait(patch(R"([{"op":"add","path":"/m","value":{"x":)" + value + R"(,"y":)" + value + "}}]"))
          .status,
      200);
  document_bytes_max_ = 1'000;
  EXPECT_EQ(wait(patch(R"([{"op":"add","path":"/m/z","value":1}])")).status, 422);
  EXPECT_EQ(wait(patch(R"([{"op":"remove","path":"/m/x"}])")).status, 200);
  EXPECT_EQ(wait(patch(R"([{"op":"add","path":"/m/z","value":1}])")).status, 422);
  EXPECT_EQ(wait(patch(R"([{"op":"remove","path":"/m/y"}])")).status, 200);
  EXPECT_EQ(wait(patch(R"([{"op":"add","path":"/m/z","value":1}])")).status, 200);
  EXPECT_LE(bytes(), 1'000U);
}

TEST_F(AdminTest, WhoeverWaitsIsToldOfTheEnd) {
  const Pending pending = begin(head("GET", "/rooms/r", "a"));
  admin_->close();
  // It may have been dropped before it began.
  auto answer = pending->get_future();
  if (answer.wait_for(std::chrono::milliseconds(0)) == std::future_status::ready) {
    EXPECT_EQ(answer.get().status, 503);
  }
}

class AdminLateTest : public AdminTest {
 protected:
  AdminLateTest() : AdminTest({.hooks = {}, .answer_ms_max = 500}) {}
};

TEST_F(AdminLateTest, WhatNobodyWaitsForIsNotBegun) {
  // Two are begun and wait for the loop, which stands still.
  std::vector<Pending> all;
  for (int i = 0; i < 3; ++i) all.push_back(begin(head("DELETE", "/rooms/r", "a")));
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(wait(all[0]).status, 404);
  EXPECT_EQ(wait(all[1]).status, 404);
  EXPECT_EQ(ask("GET", "/rooms/r").status, 404);  // behind the third
  EXPECT_NE(all[2]->get_future().wait_for(std::chrono::milliseconds(0)), std::future_status::ready);
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(std::ranges::count_if(audited_,
                                  [](const std::string& line) {
                                    return line.find("\"status\":503") != std::string::npos;
                                  }),
            1);
}

TEST_F(AdminTest, WhatIsRefusedByItsHeadIsALineToo) {
  EXPECT_EQ(admin_->hook().refuse(request_of(head("PUT", "/rooms", "a")), kAddress)->status(), 405);
  EXPECT_EQ(admin_->hook().refuse(request_of(head("GET", "/rooms?x=1", "a")), kAddress)->status(),
            400);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r"})", "a", "Idempotency-Key: k\r\n").status, 201);
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r"})", "a", "Idempotency-Key: k\r\n").status, 201);
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(audited_.size(), 4U);
  EXPECT_EQ(audited_[0], R"(a admin {"method":"PUT","path":"/api/v1/rooms","status":405,)"
                         R"("address":"192.0.2.7"})");
  EXPECT_EQ(audited_[1], R"(a admin {"method":"GET","path":"/api/v1/rooms","status":400,)"
                         R"("address":"192.0.2.7"})");
  EXPECT_EQ(audited_[3],
            R"(a admin {"method":"POST","path":"/api/v1/rooms","room":"r","status":201,)"
            R"("replayed":true,"address":"192.0.2.7"})");
}

TEST_F(AdminTest, EachActIsALineOfTheAuditLog) {
  EXPECT_EQ(ask("POST", "/rooms", R"({"room":"r","json":{"secret":{"x":1}}})").status, 201);
  EXPECT_EQ(ask("DELETE", "/rooms/s").status, 404);
  EXPECT_EQ(ask("POST", "/tokens", R"({"room":"r","user":{"id":"ann","name":"Ann"}})").status, 200);
  EXPECT_EQ(ask("DELETE", "/rooms/r/users/ann%2F").status, 404);
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(audited_.size(), 4U);
  EXPECT_EQ(audited_[2],
            R"(a admin {"method":"POST","path":"/api/v1/tokens","room":"r","user":"ann",)"
            R"("status":200,"address":"192.0.2.7"})");
  EXPECT_EQ(audited_[3],
            R"(a admin {"method":"DELETE","path":"/api/v1/rooms/r/users/ann%2F","room":"r",)"
            R"("user":"ann/","status":404,"address":"192.0.2.7"})");
  EXPECT_EQ(audited_[0],
            R"(a admin {"method":"POST","path":"/api/v1/rooms","room":"r","status":201,)"
            R"("address":"192.0.2.7"})");
  EXPECT_EQ(audited_[1],
            R"(a admin {"method":"DELETE","path":"/api/v1/rooms/s","room":"s","status":404,)"
            R"("address":"192.0.2.7"})");
}

}  // namespace
}  // namespace pluv::apps
