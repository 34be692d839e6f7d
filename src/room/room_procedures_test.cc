// Procedures, at once and waiting, as the room sees them: type-erased functions.
#include <gtest/gtest.h>

#include <algorithm>

#include "room/room_testing.h"

namespace pluv::room {
namespace {

bool any_contains(const std::vector<std::string>& mail, std::string_view part) {
  return std::any_of(mail.begin(), mail.end(),
                     [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

std::string event_message(std::string_view type, std::string_view data = "{}") {
  return R"({"type":")" + std::string(type) + R"(","data":)" + std::string(data) + "}";
}

Procedure immediate(std::string name, std::function<Result<void>(ProcedureCall&)> run) {
  return {std::move(name), std::move(run), nullptr};
}

Procedure waiting(std::string name) {
  return {std::move(name), nullptr, [](ProcedureStart, ProcedureDone) {}};
}

EventSink outputs(Audience audience, std::string_view name, std::string_view data) {
  EventSink sink;
  sink.emit(audience, name, data);
  return sink;
}

Definition three_audiences() {
  Definition definition;
  definition.procedures.push_back(immediate("say", [](ProcedureCall& call) -> Result<void> {
    call.events.emit(Audience::broadcast, "said", call.data);
    if (!call.broadcast_only) {
      call.events.emit(Audience::self, "echo", call.data);
      call.events.emit(Audience::sync, "synced", call.data);
    }
    return {};
  }));
  return definition;
}

TEST(Procedures, OutputsReachTheirAudience) {
  TestRoom room(three_audiences());
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.send(ann, event_message("say", R"({"a":1})"));
  const auto to_ann = room.take(ann);
  const auto to_bob = room.take(bob);
  ASSERT_EQ(to_ann.size(), 3u);
  EXPECT_NE(to_ann[0].find(R"("data":{"a":1},"room":"room-1","type":"said")"), std::string::npos);
  EXPECT_NE(to_ann[1].find(R"("type":"echo")"), std::string::npos);
  EXPECT_NE(to_ann[2].find(R"("type":"synced")"), std::string::npos);
  ASSERT_EQ(to_bob.size(), 2u);
  EXPECT_FALSE(any_contains(to_bob, "echo"));
}

TEST(Procedures, TheServersBroadcastRunsOnlyThatResolver) {
  TestRoom room(three_audiences());
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.step(ServerBroadcast{"say", R"({"a":2})"});
  const auto mail = room.take(ann);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_EQ(mail[0],
            R"({"connectionId":null,"data":{"a":2},"room":"room-1","type":"said","user":null})");
}

TEST(Procedures, EmitSendsAnEventAsItIs) {
  TestRoom room(three_audiences());
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.step(ServerEmit{"say", R"({"a":2})"});
  EXPECT_TRUE(any_contains(room.take(ann), R"("type":"say")"));
}

TEST(Procedures, AFailureReachesTheSenderAloneAndNothingElseHappens) {
  Definition definition;
  definition.procedures.push_back(immediate("boom", [](ProcedureCall& call) -> Result<void> {
    call.events.emit(Audience::broadcast, "half", "{}");
    return Error{ErrorCode::internal, "it broke"};
  }));
  for (const bool detailed : {true, false}) {
    definition.detailed_errors = detailed;
    TestRoom room(definition);
    const SessionIndex ann = room.join_fully();
    const SessionIndex bob = room.join_fully();
    room.drop_mail();
    room.send(ann, event_message("boom"));
    EXPECT_TRUE(room.take(bob).empty());
    const auto mail = room.take(ann);
    ASSERT_EQ(mail.size(), 1u);
    EXPECT_TRUE(any_contains(mail, detailed ? "it broke" : "Internal error"));
    EXPECT_EQ(any_contains(mail, "it broke"), detailed);
    room.send(ann, event_message("other"));
    EXPECT_TRUE(any_contains(room.take(bob), R"("type":"other")"));
  }
}

TEST(Procedures, SeeTheRoomAndItsContext) {
  Definition definition;
  definition.make_context = [](std::string_view) -> Result<std::shared_ptr<void>> {
    return std::shared_ptr<void>(std::make_shared<int>(40));
  };
  definition.procedures.push_back(immediate("count", [](ProcedureCall& call) -> Result<void> {
    int& value = *static_cast<int*>(call.context);
    std::size_t sessions = 0;
    call.room.for_each_session([&](const SessionView&) { ++sessions; });
    value += static_cast<int>(sessions);
    call.events.emit(Audience::self, "counted",
                     R"({"value":)" + std::to_string(value) + R"(,"presence":)" +
                         std::string(call.session->presence_json) + "}");
    return {};
  }));
  TestRoom room(std::move(definition));
  room.join_fully();
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.send(ann, event_message("count"));
  EXPECT_TRUE(any_contains(room.take(ann), R"("data":{"value":42,"presence":{"count":0}})"));
}

TEST(Procedures, MayAskForGarbageCollection) {
  Definition definition;
  definition.procedures.push_back(immediate("sweep", [](ProcedureCall& call) -> Result<void> {
    call.room.request_garbage_collection();
    return {};
  }));
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  const SessionIndex lost = room.join_fully();
  room.advance_ms(Limits{}.silence_ms_max);
  room.send(ann, event_message("sweep"));
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].index, lost);
}

Definition with_waiting() {
  Definition definition;
  definition.procedures.push_back(waiting("slow"));
  return definition;
}

TEST(WaitingProcedures, TheirSessionsMessagesKeepTheirOrderAndOthersGoOn) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.drop_mail();
  room.send(ann, event_message("slow", R"({"q":1})"));
  room.send(ann, event_message("after"));
  room.send(ann, R"({"type":"$ping","data":{}})");
  room.send(bob, event_message("meanwhile"));
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].data, R"({"q":1})");
  const auto before = room.take(ann);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_TRUE(any_contains(before, "$pong"));
  EXPECT_TRUE(any_contains(before, "meanwhile"));
  room.drop_mail();
  room.reply(room.host_calls[0].ticket, outputs(Audience::broadcast, "done", "{}"));
  const auto mail = room.take(bob);
  ASSERT_EQ(mail.size(), 2u);
  EXPECT_NE(mail[0].find(R"("type":"done")"), std::string::npos);
  EXPECT_NE(mail[0].find(TestRoom::id_text(ann)), std::string::npos);
  EXPECT_NE(mail[1].find(R"("type":"after")"), std::string::npos);
}

TEST(WaitingProcedures, RunOneAfterAnotherForOneSession) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  room.send(ann, event_message("slow"));
  EXPECT_EQ(room.host_calls.size(), 1u);
  room.reply(room.host_calls[0].ticket, EventSink{});
  EXPECT_EQ(room.host_calls.size(), 2u);
}

TEST(WaitingProcedures, AFailureReachesTheSender) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  room.drop_mail();
  room.reply(room.host_calls[0].ticket, Error{ErrorCode::internal, "no database"});
  EXPECT_TRUE(any_contains(room.take(ann), "no database"));
}

TEST(WaitingProcedures, OutliveTheirSessionButNeverReachItsSuccessor) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully("ua", R"({"id":"ua"})");
  const SessionIndex bob = room.join_fully();
  room.send(ann, event_message("slow"));
  room.leave(ann);
  room.step(Opened{ann, TestRoom::id_of(SessionIndex{77}), {}, {}, nullptr});
  room.drop_mail();
  EventSink sink = outputs(Audience::self, "private", "{}");
  sink.emit(Audience::broadcast, "public", "{}");
  room.reply(room.host_calls[0].ticket, std::move(sink));
  const auto mail = room.take(ann);
  ASSERT_EQ(mail.size(), 1u);
  EXPECT_TRUE(any_contains(mail, R"("type":"public","user":{"id":"ua"})"));
  EXPECT_EQ(room.take(bob).size(), 1u);
}

TEST(WaitingProcedures, KeepTheirRoomUntilTheyAreDone) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  room.leave(ann);
  EXPECT_EQ(room.finished, 0);
  EXPECT_FALSE(room.room().finished());
  room.reply(room.host_calls[0].ticket, EventSink{});
  EXPECT_EQ(room.finished, 1);
}

TEST(WaitingProcedures, AnUnknownOrRepeatedReplyIsIgnored) {
  TestRoom room(with_waiting());
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  const Ticket ticket = room.host_calls[0].ticket;
  room.reply(ticket, EventSink{});
  room.drop_mail();
  room.reply(ticket, outputs(Audience::broadcast, "twice", "{}"));
  room.reply(Ticket{999}, outputs(Audience::broadcast, "never", "{}"));
  EXPECT_TRUE(room.take(ann).empty());
}

TEST(WaitingProcedures, WhatWaitsIsBounded) {
  Definition definition = with_waiting();
  definition.limits.waiting_messages_max = 3;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  room.send(ann, event_message("slow"));
  for (int i = 0; i < 3; ++i) room.send(ann, event_message("e"));
  EXPECT_TRUE(room.closed.empty());
  room.send(ann, event_message("e"));
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

}  // namespace
}  // namespace pluv::room
