// What one step may grow to, and what may wait: a session's own queue, a join during teardown, many
// sessions lost at once.
#include <gtest/gtest.h>

#include <algorithm>

#include "room/room_testing.h"
#include "room/storage_testing.h"

namespace pluv::room {
namespace {

constexpr const char* kGetOthers = R"({"type":"$getOthers","data":{}})";

std::string event_message(std::string_view type, std::string_view data = "{}") {
  return R"({"type":")" + std::string(type) + R"(","data":)" + std::string(data) + "}";
}

Definition with_waiting() {
  Definition definition;
  definition.procedures.push_back({"slow", nullptr, [](ProcedureStart, ProcedureDone) {}});
  return definition;
}

Definition with_teardown() {
  Definition definition;
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  return definition;
}

std::size_t count_type(const std::vector<std::string>& mail, std::string_view type) {
  const std::string part = R"("type":")" + std::string(type) + '"';
  return static_cast<std::size_t>(
      std::count_if(mail.begin(), mail.end(),
                    [&](const std::string& text) { return text.find(part) != std::string::npos; }));
}

TEST(RoomBounds, WhatWaitedIsHandledAPartAStepAndInOrder) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  const std::string presence = R"({"p":")" + std::string(480, 'p') + R"("})";
  for (int i = 0; i < 30; ++i) room.join_fully({}, {}, presence);
  room.send(ann, event_message("slow"));
  for (int i = 0; i < 999; ++i) room.send(ann, kGetOthers);
  room.send(ann, event_message("last"));
  room.drop_mail();

  room.reply(room.host_calls[0].ticket, EventSink{});
  EXPECT_LT(room.effects().bytes.size(), 2u * 1024 * 1024) << "one step's output is bounded";
  room.send(ann, event_message("later"));
  std::vector<std::string> mail = room.take(ann);
  EXPECT_LT(mail.size(), 1'000u);
  EXPECT_EQ(count_type(mail, "later"), 0u) << "it waits behind what waited before";
  for (int i = 0; i < 1'000 && count_type(mail, "later") == 0; ++i) {
    room.run_ms(1);
    EXPECT_LT(room.effects().bytes.size(), 2u * 1024 * 1024);
    for (std::string& text : room.take(ann)) mail.push_back(std::move(text));
  }
  ASSERT_EQ(mail.size(), 1'001u);
  EXPECT_EQ(count_type(mail, "$othersReceived"), 999u);
  EXPECT_NE(mail[999].find(R"("type":"last")"), std::string::npos);
  EXPECT_NE(mail[1'000].find(R"("type":"later")"), std::string::npos);
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomBounds, WhatWaitedOfASessionThatLeftIsForgotten) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.send(ann, event_message("slow"));
  for (int i = 0; i < 1'000; ++i) room.send(ann, event_message("e"));
  room.reply(room.host_calls[0].ticket, EventSink{});
  room.leave(ann);
  room.drop_mail();
  room.open(ann);
  room.drop_mail();
  room.run_ms(100);
  EXPECT_TRUE(room.take(bob).empty());
  EXPECT_TRUE(room.take(ann).empty());
}

TEST(RoomBounds, JoinsThatWaitedAreServedAPartAStep) {
  TestRoom room(with_teardown());
  room.leave(room.join_fully());
  std::vector<SessionIndex> joining;
  for (int i = 0; i < 50; ++i) {
    joining.push_back(room.join());
    room.send(joining.back(),
              R"({"type":"$initializeSession","data":{"presence":{},"update":""}})");
    for (int n = 0; n < 100; ++n) room.send(joining.back(), kGetOthers);
  }
  room.drop_mail();
  room.step(HostReplied{room.host_calls[0].ticket, nullptr});
  EXPECT_LT(room.effects().bytes.size(), 2u * 1024 * 1024);
  EXPECT_EQ(room.room().size(), 50u) << "all are in at once";
  room.run_ms(2'000);
  for (const SessionIndex index : joining) {
    const auto mail = room.take(index);
    ASSERT_FALSE(mail.empty());
    EXPECT_NE(mail[0].find("$registered"), std::string::npos);
    EXPECT_EQ(count_type(mail, "$userJoined"), 50u);
    EXPECT_EQ(count_type(mail, "$othersReceived"), 100u);
  }
}

TEST(RoomBounds, TheFirstMessageOverTheWaitingBytesStillWaits) {
  Definition definition = with_waiting();
  definition.limits.waiting_bytes_max = 100;
  for (const std::size_t bytes : {99u, 100u, 101u}) {
    TestRoom room(definition);
    const SessionIndex ann = room.join_fully();
    room.send(ann, event_message("slow"));
    const std::size_t around = event_message("e", R"({"x":""})").size();
    room.send(ann, event_message("e", R"({"x":")" + std::string(bytes - around, 'x') + R"("})"));
    EXPECT_TRUE(room.closed.empty()) << "a large message alone is no flood";
    room.send(ann, event_message("e"));
    EXPECT_EQ(room.closed.size(), bytes >= 100 ? 1u : 0u) << bytes;
  }
}

TEST(RoomBounds, AWholeDocumentMayWaitForAHandler) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  room.send(ann, R"({"type":"$updateStorage","data":{"origin":"$initialized","update":")" +
                     std::string(6 * 1024 * 1024, 'A') + R"("}})");
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomBounds, SessionsLostTogetherDoNotHearOfEachOther) {
  TestRoom room;
  std::vector<SessionIndex> lost;
  for (int i = 0; i < 50; ++i) lost.push_back(room.join_fully());
  const SessionIndex alive = room.join_fully();
  room.advance_ms(Limits{}.silence_ms_max);
  room.step(Heard{alive});
  room.drop_mail();
  room.step(CollectGarbage{});
  EXPECT_EQ(room.closed.size(), 50u);
  std::size_t deliveries = 0;
  for (const Effect& effect : room.effects().list) {
    if (const auto* send = std::get_if<Send>(&effect)) deliveries += send->receivers_count;
  }
  EXPECT_EQ(deliveries, 51u) << "50 of $exit and one of $syncStateReceived, to the one who is left";
  const auto mail = room.take(alive);
  EXPECT_EQ(count_type(mail, "$exit"), 50u);
  EXPECT_EQ(count_type(mail, "$syncStateReceived"), 1u);
}

TEST(RoomBounds, EvictingAllTellsNobodyWhoIsEvicted) {
  Definition definition;
  definition.listeners.on_user_disconnected = [](ListenerEvent) {};
  TestRoom room(std::move(definition));
  for (int i = 0; i < 20; ++i) room.join_fully("ua", R"({"id":"ua"})");
  room.drop_mail();
  room.step(EvictAll{});
  EXPECT_EQ(room.closed.size(), 20u);
  EXPECT_EQ(room.host_calls.size(), 20u);
  EXPECT_EQ(room.finished, 1);
  EXPECT_EQ(room.room().user_count(), 0u);
  for (std::uint32_t i = 0; i < 20; ++i) EXPECT_TRUE(room.take(SessionIndex{i}).empty());
}

TEST(RoomBounds, AskingForTheOthersCostsAsMuchAsThereAre) {
  Definition definition;
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 100;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join();
  for (int i = 0; i < 50; ++i) room.send(ann, kGetOthers);
  EXPECT_TRUE(room.closed.empty()) << "one each while there are few";
  for (int i = 0; i < 640; ++i) room.join();
  for (int i = 0; i < 4; ++i) room.send(ann, kGetOthers);
  EXPECT_TRUE(room.closed.empty());
  room.send(ann, kGetOthers);
  ASSERT_EQ(room.closed.size(), 1u) << "11 each now";
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

TEST(RoomBounds, TheFirstQuestionIsAnsweredHoweverLargeTheRoomAndSmallTheBurst) {
  Definition definition;
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 3;
  TestRoom room(std::move(definition));
  for (int i = 0; i < 640; ++i) room.join();
  const SessionIndex ann = room.join_fully();
  EXPECT_EQ(count_type(room.take(ann), "$othersReceived"), 1u);
  EXPECT_TRUE(room.closed.empty());
}

// A message of so many bytes that changes nothing: most of them are spaces.
std::string padded(std::string_view type, std::string_view origin, std::size_t size) {
  const std::string begin = R"({"type":")" + std::string(type) +
                            R"(","data":{"presence":{},"update":"","origin":)" +
                            std::string(origin);
  return begin + std::string(size - begin.size() - 2, ' ') + "}}";
}

TEST(RoomBounds, ALargeMessageCountsAsManyOfTheUsualSize) {
  Definition definition;
  definition.limits.message_bytes_max = 1'000;
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 100;
  TestRoom room(std::move(definition));
  // Its join takes some of the hundred, less than ten; the document that it has to send, one.
  const SessionIndex ann = room.join_fully();
  room.send(ann, padded("$updateStorage", R"("$initialized")", 50'000));
  for (const char* type : {"$updateStorage", "$initializeSession"}) {
    for (int i = 0; i < 4; ++i) room.send(ann, padded(type, "null", 9'999));
  }
  room.send(ann, padded("$updateStorage", "null", 9'999));
  EXPECT_TRUE(room.closed.empty()) << "9 of 10 each";
  room.send(ann, padded("$updateStorage", "null", 9'999));
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

TEST(RoomBounds, ALargeMessageIsTakenHoweverSmallTheBurst) {
  Definition definition;
  definition.limits.message_bytes_max = 1'000;
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 8;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  room.send(ann, padded("$updateStorage", R"("$initialized")", 50'000));
  room.send(ann, padded("$updateStorage", "null", 50'000));
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomBounds, AMalformedMessageCountsForItsSize) {
  for (const std::size_t size : {9'999u, 10'000u}) {
    Definition definition;
    definition.limits.message_bytes_max = 1'000;
    definition.limits.malformed_messages_max = 10;
    TestRoom room(std::move(definition));
    const SessionIndex ann = room.join();
    room.send(ann, std::string(size, 'x'));
    EXPECT_EQ(room.closed.size(), size < 10'000 ? 0u : 1u) << size;
  }
}

TEST(RoomBounds, AnInitialPresenceIsNotReadPastTheSizeOfAMessage) {
  Definition definition;
  definition.limits.message_bytes_max = 1'000;
  for (const std::size_t size : {999u, 1'000u, 1'001u}) {
    TestRoom room(definition);
    const std::string presence = R"({"a":1)" + std::string(size - 7, ' ') + "}";
    const SessionIndex ann = room.join_fully({}, {}, presence);
    const auto mail = room.take(ann);
    EXPECT_EQ(count_type(mail, "$error"), size > 1'000 ? 1u : 0u) << size;
    EXPECT_EQ(count_type(mail, "$userJoined"), 1u);
    const bool taken = mail[mail.size() - 3].find(R"("presence":{"a":1})") != std::string::npos;
    EXPECT_EQ(taken, size <= 1'000) << size;
  }
}

TEST(RoomBounds, APresenceOfAMillionMembersIsRefusedUnread) {
  TestRoom room;
  const SessionIndex ann = room.join();
  std::string presence = "{\"\":0";
  for (int i = 0; i < 1'000'000; ++i) presence += ",\"\":0";
  room.send(ann,
            R"({"type":"$initializeSession","data":{"update":"","presence":)" + presence + "}}}");
  const auto mail = room.take(ann);
  EXPECT_EQ(count_type(mail, "$error"), 1u)
      << "it is too large, though its last member alone is not";
  EXPECT_EQ(count_type(mail, "$storageReceived"), 1u);
}

TEST(RoomBounds, APingIsAMessageAndHasItsSize) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const std::size_t around = event_message("$ping", R"({"x":""})").size();
  const std::size_t max = Limits{}.message_bytes_max;
  for (const std::size_t size : {max - 1, max, max + 1}) {
    room.drop_mail();
    room.send(ann, event_message("$ping", R"({"x":")" + std::string(size - around, 'x') + R"("})"));
    EXPECT_EQ(count_type(room.take(ann), "$pong"), size > max ? 0u : 1u) << size;
  }
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseTooBig);
}

TEST(RoomBounds, AMessageThatIsRefusedIsNotToldToTheListener) {
  Definition definition;
  definition.listeners.on_room_message = [](ListenerEvent) {};
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join();
  room.send(ann, event_message("$exit"));
  room.send(ann, event_message("$roomDeleted"));
  room.send(ann, event_message(std::string(65, 'n')));
  EXPECT_TRUE(room.host_calls.empty());
  room.send(ann, kGetOthers);
  room.send(ann, event_message(std::string(64, 'n')));
  EXPECT_EQ(room.host_calls.size(), 2u);
}

// The answer is the whole document, for a message of 60 bytes.
TEST(RoomBounds, ToBeginAgainAndAgainIsDearWhenTheDocumentIsLarge) {
  for (const bool large : {false, true}) {
    TestRoom room(yjs_definition());
    StorageClient ann(room, 1);
    ann.join_fully();
    if (large) ann.type(0, std::string(10'000'000, 'x'));
    StorageClient eve(room, 3);
    eve.join();
    int answers = 0;
    while (room.closed.empty() && answers < 100) {
      room.send(eve.index(), R"({"type":"$initializeSession","data":{"presence":{},"update":""}})");
      room.drop_mail();
      ++answers;
    }
    if (large) {
      EXPECT_LT(answers, 12);
    } else {
      EXPECT_EQ(answers, 100);
    }
  }
}

}  // namespace
}  // namespace pluv::room
