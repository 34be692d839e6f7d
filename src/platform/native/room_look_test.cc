// Looking into rooms from outside: lists of all, copies of one, and messages as they pass.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <set>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"
#include "room/yjs_document.h"

namespace pluv::native {
namespace {

using test::Client;
using test::eventually;
using test::RunningServer;

room::Definition with_documents() {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  return definition;
}

std::vector<RoomLine> list(Server& server) {
  std::promise<std::vector<RoomLine>> promise;
  server.list_rooms([&](std::vector<RoomLine> lines) { promise.set_value(std::move(lines)); });
  return promise.get_future().get();
}

std::optional<RoomLook> look(Server& server, std::string_view room, RoomQuestion question) {
  std::promise<std::optional<RoomLook>> promise;
  server.look(room, question,
              [&](std::optional<RoomLook> got) { promise.set_value(std::move(got)); });
  return promise.get_future().get();
}

struct Recorder final : MessageTap {
  using MessageTap::turn_off;
  using MessageTap::turn_on;

  void take(const TappedMessage& message) override {
    const std::lock_guard lock(mutex);
    lines.push_back(std::string(message.inbound ? "in " : "out ") + std::string(message.room) +
                    " " + std::to_string(message.receivers) + " " + std::string(message.text));
  }
  [[nodiscard]] std::size_t count(std::string_view part) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  std::mutex mutex;
  std::vector<std::string> lines;
};

TEST(RoomLook, ListsTheRoomsOfAllLoops) {
  ServerConfig config;
  config.threads = 3;
  RunningServer running(std::move(config));
  EXPECT_TRUE(list(*running.server).empty());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(Client::join(running.port(), "room" + std::to_string(i / 2)));
    ASSERT_FALSE(clients.back()->initialize().empty());
  }
  std::set<std::string> names;
  for (const RoomLine& line : list(*running.server)) {
    EXPECT_EQ(line.sessions, 2U);
    EXPECT_EQ(line.users, 2U);
    EXPECT_FALSE(line.idle);
    EXPECT_GT(line.messages_per_second, 0);
    names.insert(line.room);
  }
  EXPECT_EQ(names.size(), 20U);
  for (const RoomLine& line : list(*running.server)) EXPECT_EQ(line.messages_per_second, 0);
}

TEST(RoomLook, AListInSlicesNamesEachRoomOnceWhileRoomsComeAndGo) {
  ServerConfig config;
  config.threads = 1;
  RunningServer running(std::move(config), with_documents());
  // More than a slice has, and all stay a while after their edit.
  constexpr int kRooms = 1'200;
  std::atomic<int> edited = 0;
  for (int i = 0; i < kRooms; ++i) {
    running.server->edit(
        "room" + std::to_string(i), [](void*) {}, [&](const Result<void>&) { ++edited; });
  }
  ASSERT_TRUE(eventually([&] { return edited == kRooms; }));
  std::promise<std::vector<RoomLine>> promise;
  running.server->list_rooms(
      [&](std::vector<RoomLine> lines) { promise.set_value(std::move(lines)); });
  for (int i = 0; i < 100; ++i) {
    running.server->edit("late" + std::to_string(i), [](void*) {}, [](const Result<void>&) {});
  }
  std::set<std::string> names;
  const std::vector<RoomLine> lines = promise.get_future().get();
  for (const RoomLine& line : lines) names.insert(line.room);
  EXPECT_EQ(names.size(), lines.size());
}

TEST(RoomLook, ShowsWhoIsThereAndWhatTheyHave) {
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest&) {
    return Result<AuthorizedUser>(
        AuthorizedUser{.id = "ann", .json = R"({"id":"ann"})", .user = nullptr});
  };
  RunningServer running({}, with_documents(), std::move(hooks));
  EXPECT_FALSE(look(*running.server, "room", {}));
  const auto a = Client::join(running.port(), "room");
  const auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize(R"({"x":1})").empty());
  ASSERT_FALSE(b->initialize(R"({"x":2})").empty());
  const auto all = look(*running.server, "room", {.sessions_max = 10, .document_unless = {}});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->sessions_total, 2U);
  ASSERT_EQ(all->sessions.size(), 2U);
  EXPECT_EQ(all->sessions[0].user_id, "ann");
  EXPECT_EQ(all->sessions[0].user_json, R"({"id":"ann"})");
  // Tabs of one user share the first one's.
  EXPECT_EQ(all->sessions[1].presence_json, R"({"x":1})");
  EXPECT_GE(all->sessions[0].idle_ms, 0);
  const auto one = look(*running.server, "room", {.sessions_max = 1, .document_unless = {}});
  EXPECT_EQ(one->sessions.size(), 1U);
  EXPECT_EQ(one->sessions_total, 2U);
}

TEST(RoomLook, ADocumentIsCopiedOnlyWhenItHasChanged) {
  RunningServer running({}, with_documents());
  const auto client = Client::join(running.port(), "room");
  ASSERT_FALSE(client->initialize().empty());
  const auto first = look(*running.server, "room", {.sessions_max = 0, .document_unless = 0});
  ASSERT_TRUE(first && first->document);
  const std::uint64_t version = first->document->version;
  EXPECT_GT(version, 1U << 24);
  EXPECT_LT(version, std::uint64_t{1} << 53);
  const auto same = look(*running.server, "room", {.sessions_max = 0, .document_unless = version});
  EXPECT_EQ(same->document->version, version);
  EXPECT_TRUE(same->document->updates.empty());
  EXPECT_TRUE(look(*running.server, "room", {})->document->updates.empty());
}

TEST(MessageTap, IsShownMessagesOnlyWhileItIsOnAndOnceForAllReceivers) {
  auto tap = std::make_shared<Recorder>();
  ServerHooks hooks;
  hooks.tap = tap;
  RunningServer running({}, with_documents(), std::move(hooks));
  const auto a = Client::join(running.port(), "room");
  const auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  ASSERT_FALSE(b->initialize().empty());
  EXPECT_EQ(tap->count(""), 0U);
  tap->turn_on();
  a->send_text(R"({"type":"hello","data":{"n":1}})");
  ASSERT_FALSE(b->next_of_type("hello").empty());
  EXPECT_EQ(tap->count(R"(in room 1 {"type":"hello","data":{"n":1}})"), 1U);
  EXPECT_EQ(tap->count("out room 2 "), 1U);
  tap->turn_off();
  const std::size_t before = tap->count("");
  a->send_text(R"({"type":"again","data":{}})");
  ASSERT_FALSE(b->next_of_type("again").empty());
  EXPECT_EQ(tap->count(""), before);
}

}  // namespace
}  // namespace pluv::native
