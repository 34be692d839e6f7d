// Permissions of live sessions, tokens that are presented anew, and rooms that are forgotten, over
// real sockets.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "adapters/memory_store.h"
#include "platform/native/message_tap.h"
#include "platform/native/server.h"
#include "platform/native/test_kit.h"
#include "room/yjs_document.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

// A token is "project.user.permissions", of these with '+' between them.
Result<AuthorizedUser> read_token(const JoinRequest& request) {
  const std::string_view token = request.token;
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return Error{ErrorCode::unauthorized, "No"};
  if (request.http == nullptr && request.project != token.substr(0, first)) {
    return Error{ErrorCode::unauthorized, "Another project"};
  }
  AuthorizedUser user;
  user.project = token.substr(0, first);
  user.id = token.substr(first + 1, second - first - 1);
  user.json = R"({"id":")" + user.id + "\"}";
  user.permissions = token.substr(second + 1);
  for (char& c : user.permissions) c = c == '+' ? ' ' : c;
  return user;
}

ServerHooks hooks() {
  ServerHooks hooks;
  hooks.authorize = read_token;
  return hooks;
}

std::unique_ptr<Client> join(const RunningServer& running, std::string_view token) {
  auto client = std::make_unique<Client>(connect_to(running.port()));
  EXPECT_TRUE(client->upgrade("/api/pluv/room/note?token=" + std::string(token)));
  return client;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void refresh(Client& client, std::string_view token) {
  client.send_text(R"({"type":"$refreshToken","data":{"token":")" + std::string(token) + "\"}}");
}

TEST(LivePermissions, WithoutReadNobodyIsLetIn) {
  RunningServer running({}, {}, hooks());
  for (const char* token : {"p.ann.", "p.ann.presence", "p.ann.read++write", "p.ann.a/b"}) {
    const auto client = join(running, token);
    EXPECT_TRUE(contains(client->next_of_type("$error"), "Not authorized")) << token;
    EXPECT_EQ(client->close_code(), 3000) << token;
  }
  EXPECT_EQ(running.server->metrics().connections_refused_total["unauthorized"], 4U);
  EXPECT_EQ(running.server->metrics().rooms, 0U);
  EXPECT_FALSE(join(running, "p.ann.write")->next_of_type("$registered").empty());
}

TEST(LivePermissions, ARefusalIsLoggedWithItsProjectAndCauseAndWithoutTheToken) {
  std::mutex mutex;
  std::vector<std::string> lines;
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest& request) -> Result<AuthorizedUser> {
    if (request.token == "full") return Error{ErrorCode::unavailable, "there is no place"};
    return read_token(request);
  };
  hooks.project_of = [](const JoinRequest& request) {
    return request.http->query_get("public_key").value_or(std::string());
  };
  hooks.log = [&](std::string_view, std::string_view event, std::string_view fields) {
    const std::lock_guard lock(mutex);
    if (event == "refused") lines.emplace_back(fields);
  };
  RunningServer running({}, {}, std::move(hooks));
  for (const char* token : {"garbage", "p.ann.presence", "full", "garbage&public_key=acme"}) {
    const auto client = join(running, token);
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return !lines.empty();
    }));
    const std::lock_guard lock(mutex);
    const std::string line = std::exchange(lines, {}).at(0);
    const std::string_view text = token;
    EXPECT_EQ(line,
              text == "garbage" ? R"({"room":"note","reason":"unauthorized","cause":"No"})"
              : text == "full"
                  ? R"({"room":"note","reason":"unavailable","cause":"there is no place"})"
              : text == "p.ann.presence"
                  ? R"({"room":"note","reason":"unauthorized",)"
                    R"("cause":"the permissions do not allow to read"})"
                  : R"({"project":"acme","room":"note","reason":"unauthorized","cause":"No"})");
  }
}

TEST(LivePermissions, AreEnforcedAndMayChange) {
  RunningServer running({}, {}, hooks());
  const auto ann = join(running, "p.ann.read");
  EXPECT_FALSE(ann->initialize().empty());
  ann->send_text(R"({"type":"wave","data":{}})");
  EXPECT_TRUE(contains(ann->next_of_type("$error"), "Not permitted: event:wave"));
  running.server->set_permissions("p/note", "ann", "read event:wave");
  running.server->emit("p/note", "changed", "{}");
  EXPECT_FALSE(ann->next_of_type("changed").empty());
  ann->send_text(R"({"type":"wave","data":{}})");
  EXPECT_FALSE(ann->next_of_type("wave").empty());
  EXPECT_TRUE(eventually([&] {
    return running.server->metrics()
               .refused_total[static_cast<std::size_t>(room::RefusalReason::not_permitted)] > 0;
  }));
}

TEST(LivePermissions, UsersAreEvictedAndRevokedInTheirProjectAlone) {
  RunningServer running({}, {}, hooks());
  const auto first = join(running, "p.ann.read");
  const auto second = join(running, "p.ann.read");
  const auto elsewhere = join(running, "q.ann.read");
  const auto bob = join(running, "p.bob.read");
  for (Client* client : {first.get(), second.get(), elsewhere.get(), bob.get()}) {
    EXPECT_FALSE(client->next_of_type("$registered").empty());
  }
  running.server->evict_user("p/note", "ann");
  EXPECT_EQ(first->close_code(), 4001);
  EXPECT_EQ(second->close_code(), 4001);
  running.server->revoke("p/note", "bob");
  EXPECT_TRUE(contains(bob->next_of_type("$error"), "Not authorized"));
  EXPECT_EQ(bob->close_code(), 3000);
  EXPECT_EQ(running.server->size("q/note"), 1U);
  running.server->emit("q/note", "news", "{}");
  EXPECT_FALSE(elsewhere->next_of_type("news").empty());
}

TEST(TokenRefresh, GivesTheNewTokensPermissions) {
  RunningServer running({}, {}, hooks());
  const auto ann = join(running, "p.ann.read");
  EXPECT_FALSE(ann->initialize().empty());
  refresh(*ann, "p.ann.write+event:a");
  const std::string refreshed = ann->next_of_type("$tokenRefreshed");
  EXPECT_TRUE(contains(refreshed, R"({"permissions":["event:a","read","write"]})")) << refreshed;
  ann->send_text(R"({"type":"a","data":{}})");
  EXPECT_FALSE(ann->next_of_type("a").empty());
  for (const char* token : {"q.ann.read", "p.bob.*", "p.ann.presence", "nonsense", ""}) {
    refresh(*ann, token);
    EXPECT_TRUE(contains(ann->next_of_type("$error"), "Not authorized")) << token;
  }
  ann->send_text(R"({"type":"a","data":{}})");
  EXPECT_FALSE(ann->next_of_type("a").empty());
}

TEST(TokenRefresh, WithoutAnAuthorizerIsRefused) {
  RunningServer running;
  const auto ann = Client::join(running.port(), "note");
  refresh(*ann, "x");
  EXPECT_TRUE(contains(ann->next_of_type("$error"), "Not authorized"));
}

TEST(TokenRefresh, IsNotShownToWhoLooksOn) {
  std::mutex mutex;
  std::vector<std::string> seen;
  class Tap final : public MessageTap {
   public:
    Tap(std::mutex& lock, std::vector<std::string>& texts) : mutex_(lock), seen_(texts) {
      turn_on();
    }
    void take(const TappedMessage& message) override {
      const std::lock_guard lock(mutex_);
      seen_.emplace_back(message.text);
    }

   private:
    std::mutex& mutex_;
    std::vector<std::string>& seen_;
  };
  ServerHooks with_tap = hooks();
  with_tap.tap = std::make_shared<Tap>(mutex, seen);
  RunningServer running({}, {}, std::move(with_tap));
  const auto ann = join(running, "p.ann.read");
  refresh(*ann, "p.ann.secret");
  refresh(*ann, "p.ann.read");
  EXPECT_FALSE(ann->next_of_type("$tokenRefreshed").empty());
  const std::lock_guard lock(mutex);
  EXPECT_GT(seen.size(), 2U);
  for (const std::string& text : seen) EXPECT_FALSE(contains(text, "secret")) << text;
}

room::Definition with_documents() {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  definition.limits.pacing_ms_min = 50;
  definition.limits.pacing_ms_max = 60;
  return definition;
}

std::size_t rooms_in_memory(const RunningServer& running) {
  return running.server->metrics().rooms;
}

TEST(ForgetRoom, EvictsEverybodyAndDropsTheDocument) {
  ServerHooks with_store = hooks();
  with_store.store = std::make_shared<adapters::MemoryStore>();
  RunningServer running({}, with_documents(), std::move(with_store));
  const auto ann = join(running, "p.ann.*");
  EXPECT_FALSE(ann->initialize().empty());
  std::atomic<int> done{0};
  std::atomic<std::size_t> rooms_then{99};
  running.server->forget("p/note", [&] {
    rooms_then = rooms_in_memory(running);
    ++done;
  });
  EXPECT_EQ(ann->close_code(), 4001);
  EXPECT_TRUE(eventually([&] { return done == 1; }));
  EXPECT_EQ(rooms_then, 0U);
  // And one that only lingers, and one that there is not.
  {
    const auto bob = join(running, "p.bob.*");
    EXPECT_FALSE(bob->initialize().empty());
  }
  EXPECT_TRUE(eventually([&] { return running.server->size("p/note") == 0; }));
  running.server->forget("p/note", [&] { ++done; });
  EXPECT_TRUE(eventually([&] { return done == 2; }));
  EXPECT_EQ(rooms_in_memory(running), 0U);
  running.server->forget("p/note", [&] { ++done; });
  EXPECT_TRUE(eventually([&] { return done == 3; }));
}

// The teardown waits for the application meanwhile.
TEST(ForgetRoom, RefusesJoinsAndEditsForNowUntilItIsDone) {
  std::mutex mutex;
  room::ListenerDone release;
  room::Definition definition = with_documents();
  definition.listeners.on_room_destroyed = [&](room::ListenerEvent, room::ListenerDone destroyed) {
    const std::lock_guard lock(mutex);
    release = std::move(destroyed);
  };
  RunningServer running({}, std::move(definition), hooks());
  const auto ann = join(running, "p.ann.*");
  EXPECT_FALSE(ann->initialize().empty());
  std::atomic<int> done{0};
  running.server->forget("p/note", [&] { ++done; });
  running.server->forget("p/note", [&] { ++done; });
  EXPECT_EQ(ann->close_code(), 4001);
  EXPECT_EQ(join(running, "p.ann.*")->close_code(), 1013);
  std::atomic<bool> edit_refused{false};
  running.server->edit(
      "p/note", [](void*) {},
      [&](const Result<void>& result) {
        edit_refused = !result.ok() && result.error().code == ErrorCode::unavailable;
      });
  EXPECT_TRUE(eventually([&] { return edit_refused.load(); }));
  EXPECT_EQ(done, 0);
  running.server->post("p/note", [&] {
    const std::lock_guard lock(mutex);
    release();
  });
  EXPECT_TRUE(eventually([&] { return done == 2; }));
  EXPECT_FALSE(join(running, "p.ann.*")->next_of_type("$registered").empty());
  const std::lock_guard lock(mutex);
  release = nullptr;
}

}  // namespace
}  // namespace pluv::native
