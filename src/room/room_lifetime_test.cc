// Silence, garbage collection, teardown and the order of a session's life, under a virtual clock.
#include <gtest/gtest.h>

#include <algorithm>

#include "room/room_testing.h"

namespace pluv::room {
namespace {

constexpr const char* kAnn = R"({"id":"ua","name":"Ann"})";

bool any_contains(const std::vector<std::string>& mail, std::string_view part) {
  return std::any_of(mail.begin(), mail.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

TEST(RoomSilence, ASilentSessionIsPingedThenRemoved) {
  TestRoom room;
  const SessionIndex silent = room.join_fully();
  const SessionIndex alive = room.join_fully();
  room.drop_mail();
  const Limits limits;
  std::int64_t passed = 0;
  for (; passed < limits.silence_ms_max - 1'000; passed += 1'000) {
    room.run_ms(1'000);
    room.step(Heard{alive});
  }
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(std::count(room.pinged.begin(), room.pinged.end(), silent), 1);
  EXPECT_EQ(std::count(room.pinged.begin(), room.pinged.end(), alive), 0);
  room.run_ms(1'001);
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].index, silent);
  EXPECT_EQ(room.closed[0].code, kCloseGoingAway);
  const auto mail = room.take(alive);
  ASSERT_EQ(mail.size(), 2u);
  EXPECT_NE(mail[0].find("$exit"), std::string::npos);
  EXPECT_NE(mail[1].find(R"("type":"$syncStateReceived")"), std::string::npos);
  EXPECT_NE(mail[1].find(R"({"connectionIds":[")" + TestRoom::id_text(alive) + "\"]}"),
            std::string::npos);
  EXPECT_NE(mail[1].find(R"({"connectionId":"p_)"), std::string::npos);
}

TEST(RoomSilence, AnyMessageAndAnyControlFrameCountsAsLife) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  for (int i = 0; i < 20; ++i) {
    room.run_ms(10'000);
    room.send(ann, R"({"type":"e","data":{}})");
    room.step(Heard{bob});
  }
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomSilence, TheLastSessionsDeathEndsTheRoomWithoutAnyClientsHelp) {
  TestRoom room;
  room.join_fully();
  room.run_ms(Limits{}.silence_ms_max + 1'000);
  EXPECT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.finished, 1);
}

TEST(RoomSilence, AJumpOfTheWallClockKillsNobody) {
  TestRoom room;
  room.join_fully();
  room.now().unix_ms += 86'400'000;
  room.step(CollectGarbage{});
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomGarbage, CollectionWithoutALossSaysNothing) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.step(CollectGarbage{});
  EXPECT_TRUE(room.take(ann).empty());
}

TEST(RoomGarbage, ADepartedFirstTabIsListedWhileItsUserIsHere) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn);
  const SessionIndex second = room.join_fully("ua", kAnn);
  const SessionIndex watcher = room.join_fully();
  const SessionIndex lost = room.join_fully();
  room.leave(first);
  const auto keep = [&](std::initializer_list<SessionIndex> alive, int seconds) {
    for (int i = 0; i < seconds; ++i) {
      room.run_ms(1'000);
      for (const SessionIndex index : alive) room.step(Heard{index});
    }
  };
  room.drop_mail();
  keep({second, watcher}, 31);
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].index, lost);
  const auto mail = room.take(watcher);
  EXPECT_TRUE(any_contains(mail, R"(,")" + TestRoom::id_text(first) + "\"]"));

  room.leave(second);
  room.join_fully();
  room.drop_mail();
  keep({watcher}, 31);
  const auto later = room.take(watcher);
  EXPECT_TRUE(any_contains(later, "$syncStateReceived"));
  EXPECT_FALSE(any_contains(later, TestRoom::id_text(first)));
}

TEST(RoomLeave, TellsTheOthersAndTheListener) {
  Definition definition;
  definition.listeners.on_user_disconnected = [](ListenerEvent) {};
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully("ua", kAnn, R"({"count":5})");
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.leave(ann);
  EXPECT_TRUE(any_contains(room.take(bob), R"("type":"$exit","user":{"id":"ua","name":"Ann"}})"));
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::user_disconnected);
  EXPECT_EQ(room.host_calls[0].user_json, kAnn);
  EXPECT_EQ(room.host_calls[0].presence_json, R"({"count":5})");
  EXPECT_EQ(room.host_calls[0].session, TestRoom::id_of(ann));
}

TEST(RoomLeave, NothingOfALeaverIsSentAfterItsExit) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.leave(ann);
  room.drop_mail();
  room.send(ann, R"({"type":"$updatePresence","data":{"presence":{"x":1}}})");
  room.step(Heard{ann});
  room.leave(ann);
  EXPECT_TRUE(room.take(bob).empty());
}

TEST(RoomListeners, HearOfConnectionsAndMessagesInOrder) {
  Definition definition;
  definition.listeners.on_user_connected = [](ListenerEvent) {};
  definition.listeners.on_room_message = [](ListenerEvent) {};
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join("ua", kAnn);
  room.send(ann, R"({"type":"$ping","data":{}})");
  room.send(ann, R"({"type":"sendMessage","data":{"message":"hi"}})");
  room.send(ann, "garbage");
  ASSERT_EQ(room.host_calls.size(), 2u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::user_connected);
  EXPECT_EQ(room.host_calls[1].kind, HostCallKind::room_message);
  EXPECT_EQ(room.host_calls[1].name, "sendMessage");
  EXPECT_EQ(room.host_calls[1].data, R"({"message":"hi"})");
  EXPECT_EQ(room.host_calls[1].user_json, kAnn);
}

Definition with_teardown() {
  Definition definition;
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  return definition;
}

TEST(RoomTeardown, RunsOnceAfterTheLastSession) {
  TestRoom room(with_teardown());
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.leave(ann);
  EXPECT_TRUE(room.host_calls.empty());
  room.leave(bob);
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::room_destroyed);
  EXPECT_EQ(room.finished, 0);
  room.step(HostReplied{room.host_calls[0].ticket, nullptr});
  EXPECT_EQ(room.finished, 1);
  EXPECT_TRUE(room.room().finished());
}

TEST(RoomTeardown, AJoinInsideWaitsAndFindsANewRoom) {
  Definition definition = with_teardown();
  int contexts = 0;
  definition.make_context = [&](std::string_view) -> Result<std::shared_ptr<void>> {
    return std::shared_ptr<void>(std::make_shared<int>(++contexts));
  };
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  room.leave(ann);
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(*std::static_pointer_cast<int>(room.host_calls[0].context), 1);
  room.drop_mail();

  const SessionIndex bob = room.join();
  room.send(bob, R"({"type":"$initializeSession","data":{"presence":{"b":1},"update":""}})");
  room.send(bob, R"({"type":"$ping","data":{}})");
  const auto while_waiting = room.take(bob);
  ASSERT_EQ(while_waiting.size(), 1u);
  EXPECT_NE(while_waiting[0].find("$pong"), std::string::npos);

  room.step(HostReplied{room.host_calls[0].ticket, nullptr});
  EXPECT_EQ(room.finished, 0);
  const auto mail = room.take(bob);
  ASSERT_EQ(mail.size(), 3u);
  EXPECT_NE(mail[0].find("$registered"), std::string::npos);
  EXPECT_NE(mail[1].find("$userJoined"), std::string::npos);
  EXPECT_NE(mail[2].find("$storageReceived"), std::string::npos);
  EXPECT_EQ(contexts, 2);
  room.leave(bob);
  ASSERT_EQ(room.host_calls.size(), 2u);
  EXPECT_EQ(*std::static_pointer_cast<int>(room.host_calls[1].context), 2);
}

TEST(RoomTeardown, AWaitingJoinThatGoesAwayLeavesNoGhost) {
  TestRoom room(with_teardown());
  room.leave(room.join_fully());
  const SessionIndex bob = room.join("ub", R"({"id":"ub"})");
  room.leave(bob);
  room.step(HostReplied{room.host_calls[0].ticket, nullptr});
  EXPECT_EQ(room.finished, 1);
  EXPECT_EQ(room.room().size(), 0u);
  EXPECT_EQ(room.room().user_count(), 0u);
}

TEST(RoomTeardown, WhatAWaitingJoinSendsIsBounded) {
  for (const std::size_t extra : {0u, 1u}) {
    Definition definition = with_teardown();
    TestRoom room(definition);
    room.leave(room.join_fully());
    const SessionIndex bob = room.join();
    const std::string frame = R"({"type":"e","data":{"x":""}})";
    const std::size_t padding = definition.limits.unregistered_bytes_max - frame.size() + extra;
    room.send(bob, R"({"type":"e","data":{"x":")" + std::string(padding, 'x') + R"("}})");
    EXPECT_EQ(room.closed.size(), extra) << extra;
  }
}

TEST(RoomContext, AFailureHoldsTheJoinAndFailsItWith1011) {
  Definition definition;
  definition.make_context = [](std::string_view) -> Result<std::shared_ptr<void>> {
    return Error{ErrorCode::internal, "no database"};
  };
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join();
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseBroken);
  EXPECT_TRUE(room.closed[0].paced);
  const auto mail = room.take(ann);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_EQ(mail[0].find("no database"), std::string::npos);
  EXPECT_EQ(room.finished, 1);
}

}  // namespace
}  // namespace pluv::room
