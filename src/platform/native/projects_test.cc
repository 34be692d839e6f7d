// Projects on one server: rooms and users of the same name that have nothing to do with each other.
#include <gtest/gtest.h>

#include <mutex>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

// A token is "project.user".
Result<AuthorizedUser> read_token(const JoinRequest& request) {
  const std::size_t dot = request.token.find('.');
  if (dot == std::string_view::npos) return Error{ErrorCode::unauthorized, "No"};
  const std::string id(request.token.substr(dot + 1));
  AuthorizedUser user{.id = id, .json = R"({"id":")" + id + "\"}", .user = nullptr};
  user.project = request.token.substr(0, dot);
  return user;
}

ServerHooks hooks_of_projects() {
  ServerHooks hooks;
  hooks.authorize = read_token;
  return hooks;
}

std::unique_ptr<Client> join(const RunningServer& running, std::string_view token,
                             std::string_view path = "/api/pluv/room/note") {
  auto client = std::make_unique<Client>(connect_to(running.port()));
  EXPECT_TRUE(client->upgrade(std::string(path) + "?token=" + std::string(token)));
  return client;
}

TEST(Projects, RoomsOfTheSameNameHearNothingOfEachOther) {
  ServerConfig config;
  config.threads = 3;
  RunningServer running(std::move(config), {}, hooks_of_projects());
  const auto one = join(running, "one.ann");
  const auto two = join(running, "two.ann");
  const auto none = join(running, ".ann");
  for (Client* client : {one.get(), two.get(), none.get()}) {
    const std::string registered = client->next_of_type("$registered");
    EXPECT_NE(registered.find(R"("room":"note")"), std::string::npos) << registered;
    EXPECT_EQ(registered.find("one"), std::string::npos) << registered;
  }
  EXPECT_EQ(running.server->size("one/note"), 1U);
  EXPECT_EQ(running.server->size("two/note"), 1U);
  EXPECT_EQ(running.server->size("note"), 1U);
  EXPECT_EQ(running.server->metrics().rooms, 3U);
  running.server->emit("two/note", "news", "{}");
  const std::string news = two->next_of_type("news");
  EXPECT_NE(news.find(R"("room":"note")"), std::string::npos) << news;
  running.server->evict_all("one/note");
  EXPECT_EQ(one->close_code(), 4001);
  EXPECT_EQ(none->next_of_type("news", test::kQuietMs), "");
  EXPECT_TRUE(eventually([&] { return running.server->size("one/note") == 0; }));
}

TEST(Projects, OneThatHasNoIdIsNobodys) {
  RunningServer running({}, {}, hooks_of_projects());
  for (const char* token : {"-.ann", "a/b.ann", "a%20b.ann"}) {
    const auto client = join(running, token);
    EXPECT_NE(client->next_of_type("$error").find("Not authorized"), std::string::npos) << token;
    EXPECT_EQ(client->close_code(), 3000) << token;
  }
  EXPECT_EQ(running.server->metrics().rooms, 0U);
}

TEST(Projects, EachMayHaveARoomDefinitionOfItsOwn) {
  std::mutex mutex;
  std::vector<std::string> connected;
  room::Definition own;
  own.limits.presence_bytes_max = 20;
  own.limits.message_bytes_max = 200;
  own.limits.storage_first_bytes_max = 200;
  own.limits.storage_update_bytes_max = 200;
  own.listeners.on_user_connected = [&](room::ListenerEvent event) {
    const std::lock_guard lock(mutex);
    connected.push_back(event.room);
  };
  own.procedures.push_back({"shout",
                            [](room::ProcedureCall& call) -> Result<void> {
                              call.events.emit(room::Audience::broadcast, "shouted", "{}");
                              return {};
                            },
                            nullptr});
  own.freeze();
  ServerHooks hooks = hooks_of_projects();
  hooks.definition_of = [&own](std::string_view project) {
    return project == "small" ? &own : nullptr;
  };
  RunningServer running({}, {}, std::move(hooks));
  const auto small = join(running, "small.ann");
  const auto large = join(running, "large.ann");
  const std::string patch =
      R"({"type":"$updatePresence","data":{"presence":{"text":"0123456789012345"}}})";
  for (Client* client : {small.get(), large.get()}) {
    EXPECT_FALSE(client->initialize().empty());
    client->send_text(patch);
  }
  EXPECT_NE(small->next_of_type("$error").find("at most 20 bytes"), std::string::npos);
  EXPECT_FALSE(large->next_of_type("$presenceUpdated").empty());
  small->send_text(R"({"type":"shout","data":{}})");
  large->send_text(R"({"type":"shout","data":{}})");
  EXPECT_FALSE(small->next_of_type("shouted").empty());
  EXPECT_FALSE(large->next_of_type("shout").empty());
  const std::string long_text =
      R"({"type":"wave","data":{"text":")" + std::string(200, 'x') + "\"}}";
  large->send_text(long_text);
  EXPECT_FALSE(large->next_of_type("wave").empty());
  small->send_text(long_text);
  EXPECT_EQ(small->close_code(), 1009);
  const std::lock_guard lock(mutex);
  EXPECT_EQ(connected, std::vector<std::string>{"small/note"});
}

TEST(Projects, ConnectionsOfAUserAreCountedByProject) {
  room::Definition definition;
  definition.limits.connections_per_user_max = 1;
  definition.limits.pacing_ms_min = 50;
  definition.limits.pacing_ms_max = 60;
  room::Definition generous;
  generous.limits.connections_per_user_max = 2;
  generous.freeze();
  ServerHooks hooks = hooks_of_projects();
  hooks.definition_of = [&generous](std::string_view project) {
    return project == "generous" ? &generous : nullptr;
  };
  RunningServer running({}, std::move(definition), std::move(hooks));
  std::vector<std::unique_ptr<Client>> in;
  for (const char* token :
       {"one.ann", "two.ann", ".ann", ".one/ann", "generous.ann", "generous.ann"}) {
    in.push_back(join(running, token));
    EXPECT_FALSE(in.back()->next_of_type("$registered").empty()) << token;
  }
  for (const char* token : {"one.ann", ".ann", "generous.ann"}) {
    EXPECT_EQ(join(running, token)->close_code(), 1013) << token;
  }
  in.front()->close();
  EXPECT_TRUE(eventually([&] { return running.server->size("one/note") == 0; }));
  EXPECT_FALSE(join(running, "one.ann")->next_of_type("$registered").empty());
}

TEST(Projects, RoomsMayBeServedAtSeveralPaths) {
  ServerConfig config;
  config.room_paths = {"/api/pluv/room/", "/v0/rooms/"};
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest& request) -> Result<AuthorizedUser> {
    AuthorizedUser user{.id = "u", .json = R"({"id":"u"})", .user = nullptr};
    if (request.http->path().starts_with("/v0/")) user.project = "hosted";
    return user;
  };
  RunningServer running(std::move(config), {}, std::move(hooks));
  const auto own = join(running, "x");
  EXPECT_FALSE(own->next_of_type("$registered").empty());
  const auto hosted = join(running, "x", "/v0/rooms/note");
  EXPECT_FALSE(hosted->next_of_type("$registered").empty());
  EXPECT_EQ(running.server->size("note"), 1U);
  EXPECT_EQ(running.server->size("hosted/note"), 1U);
}

}  // namespace
}  // namespace pluv::native
