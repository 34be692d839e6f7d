// Joining, presence, others, custom events and limits: what a message does to a room.
#include "room/room.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "room/room_testing.h"

namespace pluv::room {
namespace {

constexpr const char* kAnn = R"({"id":"ua","name":"Ann"})";
constexpr const char* kBob = R"({"id":"ub","name":"Bob"})";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The first message of this type; empty when there is none.
std::string find_type(const std::vector<std::string>& messages, std::string_view type) {
  const std::string part = R"("type":")" + std::string(type) + '"';
  for (const std::string& message : messages) {
    if (contains(message, part)) return message;
  }
  return {};
}

std::size_t count_type(const std::vector<std::string>& messages, std::string_view type) {
  const std::string part = R"("type":")" + std::string(type) + '"';
  return static_cast<std::size_t>(std::count_if(
      messages.begin(), messages.end(), [&](const auto& text) { return contains(text, part); }));
}

std::string presence_message(std::string_view presence) {
  return R"({"type":"$updatePresence","data":{"presence":)" + std::string(presence) + "}}";
}

std::string initialize_message(std::string_view presence) {
  return R"({"type":"$initializeSession","data":{"presence":)" + std::string(presence) +
         R"(,"update":""}})";
}

std::string event_message(std::string_view type, std::string_view data) {
  return R"({"type":")" + std::string(type) + R"(","data":)" + std::string(data) + "}";
}

TEST(RoomJoin, RegistersTheSessionFirst) {
  TestRoom room;
  const SessionIndex ann = room.join("ua", kAnn);
  const auto mail = room.take(ann);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_EQ(mail[0], R"({"connectionId":")" + TestRoom::id_text(ann) +
                         R"(","data":{"presence":null,"sessionId":")" + TestRoom::id_text(ann) +
                         R"(","state":null,"timers":{"presence":null}},"room":"room-1",)"
                         R"("type":"$registered","user":{"id":"ua","name":"Ann"}})");
}

TEST(RoomJoin, TellsEveryoneIncludingTheJoiner) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn);
  room.drop_mail();
  const SessionIndex bob = room.join_fully("ub", kBob, R"({"count":7})");
  for (const SessionIndex receiver : {ann, bob}) {
    const std::string joined = find_type(room.take(receiver), "$userJoined");
    EXPECT_TRUE(contains(joined, R"("presence":{"count":7})")) << joined;
    EXPECT_TRUE(contains(joined, R"("user":{"id":"ub","name":"Bob"}})")) << joined;
    EXPECT_TRUE(contains(joined, R"("timers":{"presence":1795467862000})")) << joined;
  }
}

TEST(RoomJoin, StorageIsAnsweredAsEmptyWhileThereAreNoDocuments) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const std::string received = find_type(room.take(ann), "$storageReceived");
  EXPECT_TRUE(contains(received, R"("data":{"changeKind":"empty","state":""})")) << received;
}

TEST(RoomJoin, ASecondInitializeSessionIsNoSecondJoin) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.send(bob, R"({"type":"$initializeSession","data":{"presence":{"count":9},"update":""}})");
  EXPECT_TRUE(room.take(ann).empty());
  EXPECT_EQ(count_type(room.take(bob), "$storageReceived"), 1u);
}

TEST(RoomOthers, AreAnsweredOnceWithoutTheAskerAndWithTheirPresence) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn, R"({"count":3})");
  const SessionIndex bob = room.join_fully("ub", kBob);
  const auto mail = room.take(bob);
  ASSERT_EQ(count_type(mail, "$othersReceived"), 1u);
  const std::string others = find_type(mail, "$othersReceived");
  EXPECT_TRUE(contains(others, R"("data":{"others":{")" + TestRoom::id_text(ann) +
                                   R"(":{"connectionId":")" + TestRoom::id_text(ann) +
                                   R"(","presence":{"count":3},"room":"room-1")"))
      << others;
  EXPECT_FALSE(contains(others, "\"" + TestRoom::id_text(bob) + "\":{")) << others;
}

// A client that knew of a session before its presence would show its own initial presence for it,
// since it takes none from a later $userJoined.
TEST(RoomOthers, LeaveOutSessionsThatHaveNotJoinedYet) {
  TestRoom room;
  const SessionIndex ann = room.join("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", kBob);
  const std::string others = find_type(room.take(bob), "$othersReceived");
  EXPECT_TRUE(contains(others, R"("data":{"others":{}})")) << others;
  room.send(ann, initialize_message(R"({"count":3})"));
  const std::string joined = find_type(room.take(bob), "$userJoined");
  EXPECT_TRUE(contains(joined, R"("presence":{"count":3})")) << joined;
  room.send(bob, R"({"type":"$getOthers","data":{}})");
  EXPECT_TRUE(contains(find_type(room.take(bob), "$othersReceived"), R"("presence":{"count":3})"));
}

TEST(RoomPresence, PatchesFromBeforeTheJoinAreLaidOverTheInitialOne) {
  TestRoom room;
  const SessionIndex bob = room.join_fully("ub", kBob);
  const SessionIndex ann = room.join("ua", kAnn);
  room.drop_mail();
  room.send(ann, presence_message(R"({"x":8})"));
  room.send(ann, presence_message(R"({"x":9,"y":1})"));
  EXPECT_TRUE(room.take(bob).empty());
  room.send(ann, initialize_message(R"({"x":0,"name":"Ann"})"));
  const auto mail = room.take(bob);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_TRUE(contains(mail[0], R"("type":"$userJoined")")) << mail[0];
  EXPECT_TRUE(contains(mail[0], R"("presence":{"x":9,"name":"Ann","y":1})")) << mail[0];
}

TEST(RoomPresence, PatchesOfANewTabFromBeforeItsJoinReachTheOthers) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn, R"({"x":1,"name":"Ann"})");
  const SessionIndex bob = room.join_fully("ub", kBob);
  const SessionIndex second = room.join("ua", kAnn);
  room.drop_mail();
  room.send(second, presence_message(R"({"x":9})"));
  EXPECT_TRUE(room.take(bob).empty());
  room.send(second, initialize_message(R"({"x":0,"name":"?"})"));
  for (const SessionIndex receiver : {first, bob}) {
    const std::string update = find_type(room.take(receiver), "$presenceUpdated");
    EXPECT_TRUE(contains(update, R"("presence":{"x":9,"name":"Ann"})")) << update;
  }
}

// Clients that know a user from another tab take no presence from the new tab's $userJoined.
TEST(RoomPresence, TheFirstPresenceThatANewTabBringsReachesTheOthers) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn, "null");
  const SessionIndex bob = room.join_fully("ub", kBob);
  const SessionIndex second = room.join("ua", kAnn);
  room.drop_mail();
  room.send(second, initialize_message(R"({"x":1})"));
  for (const SessionIndex receiver : {first, bob}) {
    const std::string update = find_type(room.take(receiver), "$presenceUpdated");
    EXPECT_TRUE(contains(update, R"("presence":{"x":1})")) << update;
  }
}

TEST(RoomPresence, TheLimitHoldsBeforeTheJoinToo) {
  TestRoom room;
  const SessionIndex ann = room.join("ua", kAnn);
  room.drop_mail();
  room.send(ann, presence_message(R"({"a":")" + std::string(600, 'x') + R"("})"));
  EXPECT_EQ(count_type(room.take(ann), "$error"), 1u);
  room.send(ann, initialize_message(R"({"x":1})"));
  EXPECT_TRUE(contains(find_type(room.take(ann), "$userJoined"), R"("presence":{"x":1})"));
}

TEST(RoomPresence, PatchesAreLaidOverAndTheWholeIsSent) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", kBob);
  room.drop_mail();
  room.advance_ms(5);
  room.send(ann, presence_message(R"({"name":"x"})"));
  for (const SessionIndex receiver : {ann, bob}) {
    const std::string update = find_type(room.take(receiver), "$presenceUpdated");
    EXPECT_TRUE(contains(update, R"("data":{"presence":{"count":0,"name":"x"},)"
                                 R"("timers":{"presence":1795467862005}})"))
        << update;
    EXPECT_TRUE(contains(update, R"("user":{"id":"ua","name":"Ann"})")) << update;
  }
}

TEST(RoomPresence, TwoPatchesInARowBothApply) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.send(ann, presence_message(R"({"a":1})"));
  room.send(ann, presence_message(R"({"b":2})"));
  const auto mail = room.take(ann);
  EXPECT_TRUE(contains(mail.back(), R"({"count":0,"a":1,"b":2})")) << mail.back();
}

TEST(RoomPresence, AnythingButAnObjectIsRefused) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  for (const char* presence : {"\"s\"", "[1]", "5", "true"}) {
    room.drop_mail();
    room.send(ann, presence_message(presence));
    EXPECT_TRUE(room.take(bob).empty());
    const auto mail = room.take(ann);
    ASSERT_EQ(mail.size(), 1u);
    EXPECT_TRUE(contains(mail[0], R"("type":"$error")"));
    EXPECT_TRUE(contains(mail[0], R"("stack":null)"));
  }
}

TEST(RoomPresence, ItsLimitCountsCompactBytesAndLeavesTheOldOne) {
  Definition definition;
  definition.limits.presence_bytes_max = 20;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully({}, {}, "{}");
  const auto send_of_size = [&](std::size_t bytes) {
    room.drop_mail();
    // {"a":"xxx"} is 8 bytes around the text; the white space does not count.
    room.send(ann, presence_message("{ \"a\" : \"" + std::string(bytes - 8, 'x') + "\" }"));
    return room.take(ann).back();
  };
  EXPECT_TRUE(contains(send_of_size(19), "$presenceUpdated"));
  EXPECT_TRUE(contains(send_of_size(20), "$presenceUpdated"));
  EXPECT_TRUE(contains(send_of_size(21), "Current size: 21 bytes"));
  room.drop_mail();
  room.send(ann, presence_message("{}"));
  EXPECT_TRUE(contains(room.take(ann).back(), "\"" + std::string(12, 'x') + "\""));
}

TEST(RoomPresence, ALargeInitialPresenceIsRefusedButTheJoinGoesOn) {
  TestRoom room;
  const SessionIndex ann = room.join_fully({}, {}, R"({"a":")" + std::string(600, 'x') + R"("})");
  const auto mail = room.take(ann);
  EXPECT_EQ(count_type(mail, "$error"), 1u);
  EXPECT_TRUE(contains(find_type(mail, "$userJoined"), R"("presence":null)"));
  EXPECT_EQ(count_type(mail, "$storageReceived"), 1u);
}

TEST(RoomUsers, TwoTabsOfAUserShareOnePresence) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn, R"({"count":3})");
  const SessionIndex bob = room.join_fully("ub", kBob);
  room.drop_mail();
  const SessionIndex second = room.join_fully("ua", kAnn, R"({"count":99})");
  const auto mail = room.take(second);
  EXPECT_TRUE(contains(find_type(mail, "$registered"), R"("presence":{"count":3})"));
  EXPECT_TRUE(contains(find_type(mail, "$userJoined"), R"("presence":{"count":3})"));
  room.drop_mail();
  room.send(second, presence_message(R"({"count":4})"));
  room.drop_mail();
  room.send(bob, R"({"type":"$getOthers","data":{}})");
  const std::string others = find_type(room.take(bob), "$othersReceived");
  EXPECT_TRUE(contains(others, TestRoom::id_text(first) + R"(":{"connectionId":")" +
                                   TestRoom::id_text(first) + R"(","presence":{"count":4})"))
      << others;
  EXPECT_EQ(room.room().size(), 3u);
  EXPECT_EQ(room.room().user_count(), 2u);
}

TEST(RoomUsers, WithoutAuthorizationEverySessionIsItsOwn) {
  TestRoom room;
  room.join_fully();
  room.join_fully();
  EXPECT_EQ(room.room().user_count(), 2u);
}

TEST(RoomUsers, APlaceIsReusedWithoutTheOldPresence) {
  TestRoom room;
  const SessionIndex ann = room.join_fully({}, {}, R"({"secret":1})");
  room.join_fully();
  room.leave(ann);
  room.drop_mail();
  room.open(ann);
  EXPECT_TRUE(contains(room.take(ann).at(0), R"("presence":null)"));
}

TEST(RoomPing, IsAnsweredToTheSenderAlone) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.kinds.clear();
  room.send(ann, R"({"type":"$ping","data":{}})");
  EXPECT_TRUE(room.take(bob).empty());
  EXPECT_EQ(room.take(ann).at(0), R"({"connectionId":")" + TestRoom::id_text(ann) +
                                      R"(","data":{},"room":"room-1","type":"$pong","user":null})");
  EXPECT_EQ(room.kinds, std::vector{FrameKind::urgent});
}

TEST(RoomOfAProject, IsCalledByItsNameInEverythingItSends) {
  TestRoom room({}, "acme/note");
  EXPECT_EQ(room.room().id(), "acme/note");
  const SessionIndex ann = room.join_fully("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", kBob);
  room.send(ann, R"({"type":"$updatePresence","data":{"presence":{"x":1}}})");
  room.send(ann, R"({"type":"$updatePresence","data":{"presence":1}})");
  room.send(ann, R"({"type":"$ping","data":{}})");
  room.send(ann, R"({"type":"wave","data":{}})");
  room.step(ServerEmit{"news", "{}"});
  room.leave(bob);
  const auto mail = room.take(ann);
  EXPECT_EQ(mail.size(), 11u);
  for (const std::string& text : mail) {
    EXPECT_TRUE(contains(text, R"(,"room":"note",)")) << text;
    EXPECT_FALSE(contains(text, "acme")) << text;
  }
}

TEST(RoomEvents, UnknownOnesAreForwardedToAllWithTheSendersUser) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", kBob);
  room.drop_mail();
  room.send(ann,
            R"({"type":"wave","data":{"x": [1, 2]},"user":{"id":"root"},"connectionId":"p_x"})");
  const auto to_ann = room.take(ann);
  const auto to_bob = room.take(bob);
  ASSERT_EQ(to_ann.size(), 1u);
  EXPECT_EQ(to_ann, to_bob);
  EXPECT_EQ(to_bob[0], R"({"connectionId":")" + TestRoom::id_text(ann) +
                           R"(","data":{"x": [1, 2]},"room":"room-1","type":"wave",)"
                           R"("user":{"id":"ua","name":"Ann"}})");
}

TEST(RoomEvents, StrictRefusesUnknownOnes) {
  Definition definition;
  definition.strict = true;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.send(ann, event_message("wave", "{}"));
  EXPECT_TRUE(room.take(bob).empty());
  EXPECT_TRUE(contains(room.take(ann).at(0), "$error"));
}

TEST(RoomEvents, InternalNamesAreNeverForwarded) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  for (const char* type : {"$exit", "$presenceUpdated", "$storageUpdated", "$registered", "$x",
                           "$syncStateReceived", "$error", "$", "\\u0024exit"}) {
    room.send(ann, event_message(type, R"({"sessionId":"x"})"));
  }
  EXPECT_TRUE(room.take(bob).empty());
  EXPECT_TRUE(room.take(ann).empty());
  EXPECT_EQ(std::count(room.refused.begin(), room.refused.end(), RefusalReason::unknown_internal),
            9);
}

TEST(RoomLimits, EventNamesAreBounded) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  for (const std::size_t size : {63u, 64u, 65u}) {
    room.drop_mail();
    room.send(ann, event_message(std::string(size, 'n'), "{}"));
    EXPECT_EQ(contains(room.take(ann).at(0), "$error"), size > 64) << size;
  }
}

TEST(RoomLimits, MessagesOverTheirSizeCloseTheSession) {
  Definition definition;
  definition.limits.message_bytes_max = 100;
  for (const std::size_t size : {99u, 100u, 101u}) {
    TestRoom room(definition);
    const SessionIndex ann = room.join_fully();
    const std::string text = event_message("e", R"({"a":"")") + "";
    const std::size_t around = event_message("e", R"({"a":""})").size();
    room.send(ann, event_message("e", R"({"a":")" + std::string(size - around, 'x') + R"("})"));
    EXPECT_EQ(room.closed.size(), size > 100 ? 1u : 0u) << size;
    if (size > 100) {
      EXPECT_EQ(room.closed[0].code, kCloseTooBig);
    }
  }
}

TEST(RoomLimits, StorageMessagesHaveALimitOfTheirOwn) {
  Definition definition;
  definition.limits.message_bytes_max = 100;
  definition.limits.storage_update_bytes_max = 200;
  definition.limits.storage_first_bytes_max = 400;
  TestRoom room(definition);
  const SessionIndex ann = room.join_fully();
  EXPECT_EQ(room.room().message_bytes_max(ann), 400u);
  const auto update = [](std::string_view origin, std::size_t size) {
    std::string text =
        R"({"type":"$updateStorage","data":{"origin":)" + std::string(origin) + R"(,"update":"")";
    text.insert(text.size() - 1, std::string(size - text.size() - 2, 'A'));
    return text + "}}";
  };
  room.send(ann, update("\"$initialized\"", 400));
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(room.room().message_bytes_max(ann), 200u);
  room.send(ann, update("null", 200));
  EXPECT_TRUE(room.closed.empty());
  room.send(ann, update("null", 201));
  ASSERT_EQ(room.closed.size(), 1u);
}

TEST(RoomLimits, TheRateIsATokenBucketThatPingsDoNotDrain) {
  Definition definition;
  definition.limits.messages_per_second_max = 10;
  definition.limits.messages_burst_max = 5;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join();
  for (int i = 0; i < 5; ++i) room.send(ann, event_message("e", "{}"));
  for (int i = 0; i < 50; ++i) room.send(ann, R"({"type":"$ping","data":{}})");
  EXPECT_TRUE(room.closed.empty());
  room.advance_ms(100);
  room.send(ann, event_message("e", "{}"));
  EXPECT_TRUE(room.closed.empty());
  room.send(ann, event_message("e", "{}"));
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

TEST(RoomLimits, ZeroTurnsTheRateOff) {
  Definition definition;
  definition.limits.messages_per_second_max = 0;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join();
  for (int i = 0; i < 10'000; ++i) room.send(ann, event_message("e", "{}"));
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomLimits, MalformedMessagesAreIgnoredUntilThereAreTooMany) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  for (std::uint32_t i = 0; i < Limits{}.malformed_messages_max; ++i) room.send(ann, "garbage");
  EXPECT_TRUE(room.closed.empty());
  EXPECT_TRUE(room.take(bob).empty());
  room.send(ann, "[]");
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
  EXPECT_EQ(count_type(room.take(bob), "$exit"), 1u);
}

TEST(RoomLimits, AFullRoomHoldsTheNextJoinBeforeItRefuses) {
  Definition definition;
  definition.limits.sessions_per_room_max = 2;
  TestRoom room(std::move(definition));
  room.join();
  room.join();
  const SessionIndex third = room.join();
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].index, third);
  EXPECT_EQ(room.closed[0].code, kCloseOverloaded);
  EXPECT_TRUE(room.closed[0].paced);
  EXPECT_EQ(room.room().size(), 2u);
  EXPECT_EQ(room.room().user_count(), 2u);
}

TEST(RoomEvict, ClosesAtOnceAndTellsTheOthersOnce) {
  TestRoom room;
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.step(Evict{TestRoom::id_of(ann)});
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].index, ann);
  EXPECT_EQ(room.closed[0].code, kCloseEvicted);
  const auto mail = room.take(bob);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_TRUE(contains(mail[0], R"("data":{"sessionId":")" + TestRoom::id_text(ann) + "\"}"));
  EXPECT_TRUE(room.take(ann).empty());
  room.step(Evict{TestRoom::id_of(ann)});
  EXPECT_EQ(room.closed.size(), 1u);
}

TEST(RoomEvict, AllEmptiesTheRoom) {
  TestRoom room;
  room.join_fully();
  room.join_fully();
  room.step(EvictAll{});
  EXPECT_EQ(room.closed.size(), 2u);
  EXPECT_EQ(room.finished, 1);
  EXPECT_TRUE(room.room().finished());
}

TEST(RoomServerEvents, ReachEverySessionWithoutASender) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn);
  room.drop_mail();
  room.step(ServerBroadcast{"notice", R"({"text":"hi"})"});
  EXPECT_EQ(room.take(ann).at(0),
            R"({"connectionId":null,"data":{"text":"hi"},"room":"room-1","type":"notice",)"
            R"("user":null})");
}

TEST(RoomSends, OneFrameServesAllReceivers) {
  TestRoom room;
  for (int i = 0; i < 10; ++i) room.join_fully();
  room.send(SessionIndex{0}, presence_message(R"({"x":1})"));
  int sends = 0;
  for (const Effect& effect : room.effects().list) {
    if (const auto* send = std::get_if<Send>(&effect)) {
      ++sends;
      EXPECT_EQ(send->receivers_count, 10u);
      EXPECT_EQ(send->kind, FrameKind::presence);
      EXPECT_EQ(send->subject, SessionIndex{0});
    }
  }
  EXPECT_EQ(sends, 1);
}

}  // namespace
}  // namespace pluv::room
