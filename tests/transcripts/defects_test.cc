// What the original gets wrong and only a virtual clock or the server's own code can show well. The
// rest is in tests/e2e/defects.test.mjs; numbers are those of the reference cases there.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "json/value.h"
#include "scripted_room.h"

namespace pluv::transcripts {
namespace {

using json::Value;
using Types = std::vector<std::string>;

constexpr const char* kPing = R"({"type":"$ping","data":{}})";

std::string id_text(const ScriptedRoom& script, const std::string& name) {
  return std::string(script.id_of(name).text());
}

// The connectionIds of a $syncStateReceived.
std::set<std::string> listed_ids(const std::string& frame) {
  std::set<std::string> ids;
  const auto message = Value::parse(frame);
  for (const Value& id : *message->find("data")->find("connectionIds")->as_array()) {
    ids.insert(*id.as_string());
  }
  return ids;
}

// Everything that the frames say of a connection's presence: which types name it.
int presences_of(const std::vector<std::string>& frames, const std::string& id) {
  return static_cast<int>(std::count_if(frames.begin(), frames.end(), [&](const std::string& one) {
    return type_of(one) == "$presenceUpdated" && one.find("\"connectionId\":\"" + id) == 1;
  }));
}

// Case 26: a client whose socket went silently learns of nothing by itself.
TEST(RoomDefects, AfterALossEveryoneIsToldWhoIsLeft) {
  ScriptedRoom script(chat_definition());
  script.join("A");
  script.join("B");
  script.join("lost");
  script.forget_received();
  for (int i = 0; i < 8; ++i) {
    script.advance(5'000);
    script.say("A", kPing);
    script.say("B", kPing);
  }
  EXPECT_FALSE(script.is_open("lost"));
  Types types;
  std::vector<std::string> synced;
  for (const std::string& frame : script.take("A")) {
    if (type_of(frame) != "$pong") types.push_back(type_of(frame));
    if (type_of(frame) == "$syncStateReceived") synced.push_back(frame);
  }
  EXPECT_EQ(types, (Types{"$exit", "$syncStateReceived"}));
  ASSERT_EQ(synced.size(), 1U);
  EXPECT_EQ(listed_ids(synced[0]), (std::set{id_text(script, "A"), id_text(script, "B")}));
  EXPECT_NE(*Value::parse(synced[0])->find("connectionId")->as_string(), "");
}

TEST(RoomDefects, WithoutALossNothingIsSynced) {
  ScriptedRoom script(chat_definition());
  script.join("A");
  script.join("B");
  script.forget_received();
  for (int i = 0; i < 40; ++i) {
    script.advance(5'000);
    script.say("A", kPing);
    script.say("B", kPing);
  }
  for (const std::string& type : script.take_types("A")) EXPECT_EQ(type, "$pong");
}

// Case 27.
TEST(RoomDefects, EvictionClosesAtOnceAndIsAnnouncedOnce) {
  ScriptedRoom script(chat_definition());
  script.join("A");
  script.join("B");
  script.forget_received();
  script.step(room::Evict{script.id_of("B")});
  ASSERT_EQ(script.closings().size(), 1U);
  EXPECT_EQ(script.closings()[0].session, "B");
  EXPECT_EQ(script.closings()[0].code, room::kCloseEvicted);
  EXPECT_EQ(script.closings()[0].at_ms, script.at_ms());
  script.step(room::Evict{script.id_of("B")});  // and again, after its end
  script.advance(29'999);
  EXPECT_EQ(script.take_types("A"), Types{"$exit"});
  EXPECT_EQ(script.room().size(), 1U);
}

// Case 28.
TEST(RoomDefects, AnyValidMessageKeepsASessionAlive) {
  const char* messages[] = {
      R"({"type":"sendMessage","data":{"message":"x"}})",
      R"({"type":"$updatePresence","data":{"presence":{"count":2}}})",
      R"({"type":"$getOthers","data":{}})",
      R"({"type":"$updateStorage","data":{"origin":null,"update":""}})",
      R"({"type":"unknownEvent","data":{}})",
  };
  for (const char* message : messages) {
    ScriptedRoom script(chat_definition());
    script.join("busy");
    for (int i = 0; i < 20; ++i) {
      script.advance(10'000);
      ASSERT_TRUE(script.is_open("busy")) << message;
      script.say("busy", message);
    }
    EXPECT_TRUE(script.closings().empty()) << message;
  }
}

TEST(RoomDefects, AWebSocketPongKeepsASilentClientAlive) {
  ScriptedRoom script(chat_definition());
  script.join("hidden tab");
  for (std::size_t seen = 0; script.at_ms() < 200'000;) {
    script.advance(1'000);
    ASSERT_TRUE(script.is_open("hidden tab"));
    if (script.pings("hidden tab") == seen) continue;
    seen = script.pings("hidden tab");
    script.hear("hidden tab");
  }
  EXPECT_GE(script.pings("hidden tab"), 10U);
}

// Case 29: nobody else is there whose messages could drive a collection.
TEST(RoomDefects, AHalfOpenSocketAloneInItsRoomIsRemovedByTheServersOwnTimer) {
  ScriptedRoom script(chat_definition());
  script.join("half open");
  script.advance(29'999);
  EXPECT_TRUE(script.is_open("half open"));
  EXPECT_GE(script.pings("half open"), 1U);
  script.advance(1);
  EXPECT_FALSE(script.is_open("half open"));
  EXPECT_TRUE(script.room().finished());
}

// Case 25.
TEST(RoomDefects, ABroadcastOfTheServerReachesEveryone) {
  ScriptedRoom script(chat_definition());
  script.join("A");
  script.join("B");
  script.forget_received();
  script.step(room::ServerBroadcast{"sendMessage", R"({"message":"hi"})"});
  for (const char* name : {"A", "B"}) {
    const auto frames = script.take(name);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(raw_member(frames[0], "type"), R"("receiveMessage")");
    EXPECT_EQ(raw_member(frames[0], "data"), R"({"message":"hi"})");
    EXPECT_EQ(raw_member(frames[0], "connectionId"), "null");
    EXPECT_EQ(raw_member(frames[0], "user"), "null");
  }
}

// Case 34: the original's counts rooms.
TEST(RoomDefects, UsersAreCountedOnceAndSessionsEach) {
  ScriptedRoom script(chat_definition());
  script.open("tab1", {"ann", R"({"id":"ann"})"});
  script.open("tab2", {"ann", R"({"id":"ann"})"});
  script.open("other", {"bob", R"({"id":"bob"})"});
  EXPECT_EQ(script.room().size(), 3U);
  EXPECT_EQ(script.room().user_count(), 2U);
  script.drop("tab1");
  EXPECT_EQ(script.room().user_count(), 2U);
  script.drop("tab2");
  EXPECT_EQ(script.room().user_count(), 1U);
  script.drop("other");
  EXPECT_EQ(script.room().user_count(), 0U);
}

// Case 31: what closes while its join waits for a teardown is no ghost afterwards.
TEST(RoomDefects, ASocketThatClosesDuringRegistrationLeavesNothing) {
  room::Definition definition = chat_definition();
  definition.listeners.on_room_destroyed = [](room::ListenerEvent, room::ListenerDone) {};
  ScriptedRoom script(std::move(definition));
  script.join("first");
  script.drop("first");
  ASSERT_EQ(script.host_calls().size(), 1U);
  script.open("gone");
  script.open("stays");
  EXPECT_TRUE(script.take("stays").empty());
  script.drop("gone");
  script.step(room::HostReplied{script.host_calls()[0].ticket, nullptr});
  EXPECT_EQ(script.take_types("stays"), Types{"$registered"});
  EXPECT_EQ(script.room().size(), 1U);
  script.say("stays", R"({"type":"$getOthers","data":{}})");
  const auto frames = script.take("stays");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(raw_member(frames[0], "data"), R"({"others":{}})");
}

// Case 46: clients know a user by the first id that they saw.
TEST(RoomDefects, ADepartedTabOfAUserWhoIsHereStaysListed) {
  ScriptedRoom script(chat_definition());
  const JoinAs ann{"ann", R"({"id":"ann"})"};
  script.join("tab1", ann);
  script.join("tab2", ann);
  script.join("B", {"bob", R"({"id":"bob"})"});
  script.join("lost", {"eve", R"({"id":"eve"})"});
  script.drop("tab1");
  script.forget_received();
  for (int i = 0; i < 7; ++i) {
    script.advance(5'000);
    script.say("B", kPing);
    script.say("tab2", kPing);
  }
  std::vector<std::string> synced;
  for (const std::string& frame : script.take("B")) {
    if (type_of(frame) == "$syncStateReceived") synced.push_back(frame);
  }
  ASSERT_EQ(synced.size(), 1U);
  EXPECT_EQ(listed_ids(synced[0]),
            (std::set{id_text(script, "tab1"), id_text(script, "tab2"), id_text(script, "B")}));

  // With the user's last tab gone, all of the user's ids are.
  script.drop("tab2");
  script.join("lost again");
  script.forget_received();
  for (int i = 0; i < 7; ++i) {
    script.advance(5'000);
    script.say("B", kPing);
  }
  for (const std::string& frame : script.take("B")) {
    if (type_of(frame) != "$syncStateReceived") continue;
    EXPECT_EQ(listed_ids(frame), std::set{id_text(script, "B")});
  }
}

// Case 47.
TEST(RoomDefects, NoPresenceOfASessionFollowsItsExit) {
  room::Definition definition = chat_definition();
  ScriptedRoom script(std::move(definition));
  script.join("A");
  script.join("B");
  script.forget_received();
  const room::SessionIndex gone = script.index_of("B");
  // The presence waits behind B's own handler, and B goes while both wait.
  script.say("B", R"({"type":"later","data":{}})");
  script.say("B", R"({"type":"$updatePresence","data":{"presence":{"count":9}}})");
  script.drop("B");
  ASSERT_EQ(script.host_calls().size(), 1U);
  Result<room::EventSink> result = room::EventSink{};
  script.step(room::HostReplied{script.host_calls()[0].ticket, &result});
  // What a platform read before it saw the end comes too late as well.
  script.step(room::Message{gone, R"({"type":"$updatePresence","data":{"presence":{"a":1}}})"});
  const auto frames = script.take("A");
  EXPECT_EQ(presences_of(frames, id_text(script, "B")), 0);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(type_of(frames[0]), "$exit");
}

TEST(RoomDefects, AnExitTellsTheQueueWhosePresenceToDrop) {
  ScriptedRoom script(chat_definition());
  script.join("A");
  script.join("B");
  const room::SessionIndex b = script.index_of("B");
  std::vector<room::Send> sends;
  script.observe([&](const ScriptedRoom&, const room::Effects& effects) {
    for (const room::Effect& effect : effects.list) {
      if (const auto* send = std::get_if<room::Send>(&effect)) sends.push_back(*send);
    }
  });
  script.say("B", R"({"type":"$updatePresence","data":{"presence":{"count":1}}})");
  script.drop("B");
  ASSERT_EQ(sends.size(), 2U);
  EXPECT_EQ(sends[0].kind, room::FrameKind::presence);
  EXPECT_EQ(sends[0].subject, b);
  EXPECT_EQ(sends[1].kind, room::FrameKind::exit);
  EXPECT_EQ(sends[1].subject, b);
}

// Case 44: whatever else of the session waits.
TEST(RoomDefects, APingIsAnsweredWhileTheSessionsHandlerWaitsAndWhenItsRateIsSpent) {
  room::Definition definition = chat_definition();
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 2;
  ScriptedRoom script(std::move(definition));
  script.open("A");
  script.say("A", R"({"type":"later","data":{}})");
  script.say("A", R"({"type":"sendMessage","data":{"message":"waits"}})");
  script.forget_received();
  bool urgent = false;
  script.observe([&](const ScriptedRoom&, const room::Effects& effects) {
    urgent = std::get<room::Send>(effects.list.at(0)).kind == room::FrameKind::urgent;
  });
  for (int i = 0; i < 10; ++i) script.say("A", kPing);
  EXPECT_TRUE(urgent);
  EXPECT_EQ(script.take_types("A"), Types(10, "$pong"));
}

// Case 45: for now is not for good; the client would be back within a millisecond.
TEST(RoomDefects, ARefusalForNowIsPaced) {
  room::Definition definition = chat_definition();
  definition.limits.sessions_per_room_max = 1;
  ScriptedRoom script(std::move(definition));
  script.open("A");
  script.open("B");
  ASSERT_EQ(script.closings().size(), 1U);
  EXPECT_EQ(script.closings()[0].session, "B");
  EXPECT_EQ(script.closings()[0].code, room::kCloseOverloaded);
  EXPECT_TRUE(script.closings()[0].paced);
  EXPECT_EQ(script.take_types("B"), Types{"$error"});
}

}  // namespace
}  // namespace pluv::transcripts
