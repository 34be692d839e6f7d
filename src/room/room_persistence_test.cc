// A room with a store: what it loads, what it saves, what it shows when, and what it does when the
// store fails.
#include <gtest/gtest.h>

#include "room/storage_testing.h"

namespace pluv::room {
namespace {

Definition with_initial_storage(bool has_store) {
  Definition definition = yjs_definition(has_store);
  definition.listeners.get_initial_storage = [](ListenerEvent, InitialStorageDone) {};
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  return definition;
}

// The answer of get_initial_storage, whose ticket comes as a host call.
void initial_storage_is(TestRoom& room, std::string document) {
  ASSERT_FALSE(room.host_calls.empty());
  ASSERT_EQ(room.host_calls.back().kind, HostCallKind::initial_storage);
  room.loads.push_back(room.host_calls.back().ticket);
  std::vector<std::string> updates;
  if (!document.empty()) updates.push_back(std::move(document));
  room.loaded(std::move(updates));
}

TEST(RoomPersistence, AJoinWaitsForTheDocument) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  ann.read();
  EXPECT_EQ(ann.received, 0);
  ASSERT_EQ(room.loads.size(), 1u);
  StorageClient bob(room, 2);
  bob.join();
  EXPECT_EQ(room.loads.size(), 1u);  // one load for both
  room.loaded({typed("from the store")}, true);
  ann.read();
  bob.read();
  EXPECT_EQ(ann.change_kind, "unchanged");
  EXPECT_EQ(ann.text(), "from the store");
  EXPECT_EQ(bob.text(), "from the store");
  EXPECT_TRUE(room.appends.empty());
}

TEST(RoomPersistence, WhatAClientSendsMeanwhileIsHandledAfterTheLoadInOrder) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "ab").ok());
  ann.join();
  ann.type(2, "c");
  room.send(ann.index(), R"({"type":"$ping","data":{}})");
  EXPECT_EQ(room.take(ann.index()).size(), 3u);  // $registered, $userJoined, $pong
  room.loaded({});
  std::string saved = room.appended();
  while (!room.appends.empty()) {
    const std::string parts[] = {saved, room.appended()};
    const std::string_view views[] = {parts[0], parts[1]};
    saved = *ycrdt::merge_updates(views);
  }
  EXPECT_EQ(text_of(saved), "abc");
}

TEST(RoomPersistence, NothingIsShownBeforeItIsSaved) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  room.loaded({});
  ann.answer();
  bob.join_fully();
  ann.type(0, "a");
  ASSERT_EQ(room.appends.size(), 1u);
  bob.read();
  EXPECT_EQ(bob.text(), "");
  StorageClient eve(room, 3);
  eve.join();  // her document would show it, too
  eve.read();
  EXPECT_EQ(eve.received, 0);
  EXPECT_EQ(text_of(room.appended()), "a");
  bob.read();
  eve.read();
  EXPECT_EQ(bob.text(), "a");
  EXPECT_EQ(eve.text(), "a");
}

// So many, who have the room's empty document and hear of its changes.
std::vector<StorageClient> at_work(TestRoom& room, std::uint32_t count) {
  std::vector<StorageClient> clients;
  for (std::uint32_t i = 0; i < count; ++i) clients.emplace_back(room, 100 + i).join();
  room.loaded({});
  for (StorageClient& client : clients) client.answer();
  return clients;
}

// One write to the store for all that comes in a burst; write_pacing.h says when it is over.
TEST(RoomPersistence, ABusyRoomSavesSeveralUpdatesAtOnce) {
  Definition definition = yjs_definition(true);
  TestRoom room(definition);
  std::vector<StorageClient> clients = at_work(room, 50);
  const std::int64_t wait_ms = definition.limits.flush_wait_ms(clients.size());
  StorageClient& ann = clients.front();
  StorageClient& bob = clients.back();
  room.run_ms(100);
  ann.type(0, "a");  // the room was at rest
  ASSERT_EQ(room.appends.size(), 1u);
  (void)room.appended();
  ann.type(1, "b");
  room.run_ms(2);
  ann.type(2, "c");
  room.run_ms(wait_ms / 4 - 1);
  EXPECT_TRUE(room.appends.empty());
  bob.read();
  EXPECT_EQ(bob.text(), "a");
  room.run_ms(1);
  ASSERT_EQ(room.appends.size(), 1u);
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text(), "abc");
  EXPECT_TRUE(room.appends.empty());
  bob.type(3, std::string(100'000, 'x'));  // much does not wait for more
  EXPECT_EQ(room.appends.size(), 1u);
}

// However much comes, the first of it waits no longer than sessions are made to.
TEST(RoomPersistence, AStreamOfUpdatesIsSavedOnceAWait) {
  Definition definition = yjs_definition(true);
  TestRoom room(definition);
  std::vector<StorageClient> clients = at_work(room, 50);
  room.run_ms(100);
  std::uint32_t typed = 0;
  int saved = 0;
  for (int ms = 0; ms < 200; ++ms) {
    clients.front().type(typed++, "x");
    if (!room.appends.empty()) {
      (void)room.appended();
      ++saved;
    }
    room.run_ms(1);
    if (!room.appends.empty()) {
      (void)room.appended();
      ++saved;
    }
  }
  EXPECT_EQ(saved, 1 + 200 / definition.limits.flush_wait_ms(50));
}

// Somebody who types fast, alone: what he writes would wait for nothing.
TEST(RoomPersistence, WhoTypesAloneIsSavedAtOnce) {
  TestRoom room(yjs_definition(true));
  std::vector<StorageClient> clients = at_work(room, 20);
  room.run_ms(100);
  int at_once = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    clients.front().type(i, "x");
    if (!room.appends.empty()) {
      ++at_once;
      (void)room.appended();
    }
    room.run_ms(5);
    if (!room.appends.empty()) (void)room.appended();
  }
  EXPECT_GE(at_once, 90);
}

TEST(RoomPersistence, WhatWaitsToBeSavedIsSavedWhenAllHaveGone) {
  TestRoom room(yjs_definition(true));
  std::vector<StorageClient> clients = at_work(room, 10);
  room.run_ms(100);
  clients[0].type(0, "a");
  (void)room.appended();
  clients[0].type(1, "b");
  for (StorageClient& client : clients) client.leave();
  room.step(ForgetIdle{});
  EXPECT_FALSE(room.room().finished());
  room.run_ms(20);
  ASSERT_EQ(room.appends.size(), 1u);
  (void)room.appended();
  room.step(ForgetIdle{});
  EXPECT_TRUE(room.room().finished());
}

// After a restart all come back at once: a step answers a few of them.
TEST(RoomPersistence, AStepAnswersNoMoreThanItsShare) {
  TestRoom room(yjs_definition(true));
  std::vector<StorageClient> clients;
  for (std::uint32_t i = 0; i < 20; ++i) clients.emplace_back(room, 100 + i).join();
  room.loaded({typed(std::string(600'000, 'x'))}, true);
  std::size_t sent = 0;
  for (const Effect& effect : room.effects().list) {
    if (const auto* send = std::get_if<Send>(&effect)) sent += send->size();
  }
  EXPECT_LT(sent, 3'000'000u);
  EXPECT_GT(sent, 800'000u);
  EXPECT_LT(room.effects().bytes.size(), 100'000u);
  room.send(clients.back().index(), R"({"type":"hello","data":{}})");  // waits for its answer
  room.run_ms(100);
  for (StorageClient& client : clients) {
    client.read();
    EXPECT_EQ(client.received, 1);
    EXPECT_EQ(client.text().size(), 600'000u);
  }
}

TEST(RoomPersistence, PresenceDoesNotWaitForTheDocument) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  bob.join();
  room.drop_mail();
  for (int i = 0; i < 2'000; ++i) {
    room.send(ann.index(), R"({"type":"$updatePresence","data":{"presence":{"x":1}}})");
  }
  EXPECT_EQ(room.take(bob.index()).size(), 2'000u);
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomPersistence, WhoSendsTooMuchDuringASlowLoadComesBackLater) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  for (int i = 0; i < 2'000 && room.closed.empty(); ++i) {
    room.send(ann.index(), R"({"type":"event","data":{}})");
  }
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseOverloaded);
  EXPECT_TRUE(room.closed[0].paced);
}

TEST(RoomPersistence, ARoomThatAllHaveLeftKeepsItsDocumentOnce) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({typed(std::string(100'000, 'x'))}, true);
  EXPECT_GT(room.room().document_memory_bytes(), 230'000u);
  EXPECT_FALSE(room.room().may_be_forgotten());
  ann.leave();
  EXPECT_LT(room.room().document_memory_bytes(), 110'000u);
  EXPECT_TRUE(room.room().may_be_forgotten());
}

TEST(RoomPersistence, ALongDocumentIsSentToAllFromOneCopy) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  bob.join();
  room.loaded({typed(std::string(10'000, 'x'))}, true);
  std::vector<std::shared_ptr<const std::string>> bodies;
  for (const Effect& effect : room.effects().list) {
    const auto* send = std::get_if<Send>(&effect);
    if (send != nullptr && send->body != nullptr) bodies.push_back(send->body);
  }
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_EQ(bodies[0], bodies[1]);
  ann.read();
  bob.read();
  EXPECT_EQ(ann.text(), std::string(10'000, 'x'));
  EXPECT_EQ(bob.text(), std::string(10'000, 'x'));
}

// Each answer that waits for a store that stalls would hold a whole document.
TEST(RoomPersistence, WhenMuchWaitsForTheStoreJoinsWaitWithoutAnAnswer) {
  for (const std::size_t gated_bytes_max : {0u, 1u << 20}) {
    Definition definition = yjs_definition(true);
    definition.limits.gated_bytes_max = gated_bytes_max;
    TestRoom room(std::move(definition));
    StorageClient ann(room, 1);
    ann.join();
    room.loaded({});
    ann.answer();
    ann.type(0, "a");  // its own frame is gated
    StorageClient bob(room, 2);
    bob.join();
    bob.type(0, "b");  // waits behind the join, if that waits
    bob.read();
    EXPECT_EQ(bob.received, 0);
    EXPECT_EQ(room.room().document_memory_bytes() > 0, true);
    while (!room.appends.empty()) (void)room.appended();
    bob.read();
    EXPECT_EQ(bob.received, 1);
    ann.read();
    EXPECT_EQ(ann.text(), bob.text());
    EXPECT_EQ(ann.text().size(), 2u);
  }
}

TEST(RoomPersistence, WhatComesDuringAnAppendGoesTogetherWithTheNext) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  room.loaded({});
  ann.answer();
  bob.join_fully();
  for (int i = 0; i < 5; ++i) ann.type(static_cast<std::uint32_t>(i), "x");
  ASSERT_EQ(room.appends.size(), 1u);
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text(), "x");
  ASSERT_EQ(room.appends.size(), 1u);
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text(), "xxxxx");
  EXPECT_EQ(bob.updates.size(), 5u);
  EXPECT_TRUE(room.appends.empty());
}

TEST(RoomPersistence, ASessionThatIsGoneIsSentNothingThatWaited) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  room.loaded({});
  ann.answer();
  bob.join_fully();
  ann.type(0, "a");
  ann.leave();
  bob.leave();
  StorageClient eve(room, 3);
  room.open(bob.index());  // another session in the same place
  room.drop_mail();
  (void)room.appended();
  EXPECT_TRUE(room.take(bob.index()).empty());
}

TEST(RoomPersistence, TheLastSessionsEditsAreSavedBeforeTheRoomEnds) {
  Definition definition = with_initial_storage(true);
  definition.listeners.get_initial_storage = nullptr;
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  ann.type(0, "last words");
  ann.leave();
  EXPECT_TRUE(room.host_calls.empty());
  (void)room.appended();
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::room_destroyed);
  EXPECT_EQ(text_of(room.host_calls[0].document->encode()), "last words");
}

TEST(RoomPersistence, AJoinDuringTheTeardownWaitsForIt) {
  Definition definition = with_initial_storage(false);
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  initial_storage_is(room, "");
  ann.answer();
  ann.type(0, "old");
  ann.leave();
  ASSERT_EQ(room.host_calls.size(), 2u);
  const Ticket teardown = room.host_calls.back().ticket;
  StorageClient bob(room, 2);
  bob.join();
  bob.read();
  EXPECT_EQ(bob.received, 0);
  EXPECT_EQ(room.host_calls.size(), 2u);
  room.step(HostReplied{teardown, nullptr});
  initial_storage_is(room, typed("what the application saved"));
  bob.read();
  EXPECT_EQ(bob.text(), "what the application saved");
}

TEST(RoomPersistence, ARoomLingersWithItsDocumentAndThenGoes) {
  Definition definition = yjs_definition(true);
  definition.limits.linger_ms = 30'000;
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({typed("kept")});
  ann.leave();
  EXPECT_EQ(room.finished, 0);
  room.run_ms(29'999);
  StorageClient bob(room, 2);
  bob.join();
  bob.read();
  EXPECT_EQ(bob.text(), "kept");
  EXPECT_TRUE(room.loads.empty());
  bob.leave();
  room.run_ms(29'999);
  EXPECT_EQ(room.finished, 0);
  room.run_ms(2);
  EXPECT_EQ(room.finished, 1);
  EXPECT_TRUE(room.room().finished());
}

TEST(RoomPersistence, ALingeringRoomGoesAtOnceWhenMemoryIsWanted) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({typed("kept")});
  room.step(ForgetIdle{});
  EXPECT_EQ(room.finished, 0);  // somebody is here
  ann.leave();
  room.step(ForgetIdle{});
  EXPECT_EQ(room.finished, 1);
}

// A server that drains would wait until its deadline for an application that hangs.
TEST(RoomPersistence, WhatTheApplicationDoesNotAnswerIsNotAwaitedByAnEmptyRoom) {
  for (const bool has_store : {false, true}) {
    TestRoom room(with_initial_storage(has_store));
    StorageClient ann(room, 1);
    ann.join();
    const std::function<void(void*)> edit = [](void*) { ADD_FAILURE() << "it has no document"; };
    room.step(EditDocument{.number = 5, .edit = &edit});
    if (has_store) {
      room.step(ForgetIdle{});
      ASSERT_EQ(room.loads.size(), 1u);  // a store is waited for
      room.loaded({});
    }
    ASSERT_EQ(room.host_calls.size(), 1u);
    const Ticket asked = room.host_calls.back().ticket;
    room.step(ForgetIdle{});
    EXPECT_TRUE(room.closed.empty());  // somebody is here
    EXPECT_TRUE(room.edits_done.empty());
    ann.leave();
    EXPECT_EQ(room.host_calls.size(), 1u);
    room.step(ForgetIdle{});
    ASSERT_EQ(room.edits_done.size(), 1u);
    EXPECT_EQ(room.edits_done[0].result.error().code, ErrorCode::unavailable);
    ASSERT_EQ(room.host_calls.size(), 2u);
    EXPECT_EQ(room.host_calls[1].kind, HostCallKind::room_destroyed);
    EXPECT_EQ(room.host_calls[1].document, nullptr);
    // Its answer comes after all.
    room.loads.push_back(asked);
    room.loaded({typed("too late")});
    room.step(HostReplied{room.host_calls[1].ticket, nullptr});
    EXPECT_EQ(room.finished, 1);
    EXPECT_TRUE(room.room().finished());
    EXPECT_TRUE(room.appends.empty());
  }
}

TEST(RoomPersistence, WhatAStoreDoesNotAnswerIsAwaitedByAnEmptyRoom) {
  TestRoom room(with_initial_storage(true));
  StorageClient ann(room, 1);
  ann.join();
  ann.leave();
  room.step(ForgetIdle{});
  EXPECT_FALSE(room.room().finished());
  EXPECT_TRUE(room.host_calls.empty());
  room.loaded({typed("stored")});
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::room_destroyed);
}

TEST(RoomPersistence, ADocumentThatNoMessageCanCarryIsNotServed) {
  Definition definition = yjs_definition(true);
  definition.limits.storage_first_bytes_max = 10'000;
  TestRoom room(definition);
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({typed(std::string(8'000, 'x'))});
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseBroken);
  ASSERT_EQ(room.troubles.size(), 1u);
  EXPECT_NE(room.troubles[0].find("too many for one message of 10000"), std::string::npos);
  StorageClient bob(room, 2);
  bob.join();
  // Many updates that are small when they are one: it is the document's size that counts.
  room.loaded({typed(std::string(8'000, 'y'), 9), typed(std::string(8'000, 'y'), 9)});
  EXPECT_EQ(room.closed.size(), 2u);
  StorageClient eve(room, 3);
  eve.join();
  room.loaded({typed(std::string(6'000, 'z'), 9), typed(std::string(6'000, 'z'), 9)});
  eve.read();
  EXPECT_EQ(eve.text().size(), 6'000u);
}

TEST(RoomPersistence, AFailedLoadSendsEveryoneAwayAndIsNoEmptyDocument) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.load_fails();
  ann.read();
  EXPECT_EQ(ann.received, 0);
  EXPECT_EQ(ann.errors.size(), 1u);
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseBroken);
  EXPECT_TRUE(room.closed[0].paced);
  EXPECT_EQ(room.troubles, std::vector<std::string>{"document_load_failed: The disk is gone"});
  StorageClient bob(room, 2);
  bob.join();
  room.loaded({typed("it is back")});
  bob.read();
  EXPECT_EQ(bob.text(), "it is back");
}

TEST(RoomPersistence, AStoredDocumentThatIsNoneIsAFailedLoad) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({"\xff\xff"});
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kCloseBroken);
  EXPECT_TRUE(room.appends.empty());
}

TEST(RoomPersistence, TheApplicationIsAskedOnlyWhenTheStoreHasNothing) {
  TestRoom room(with_initial_storage(true));
  StorageClient ann(room, 1);
  ann.join();
  EXPECT_TRUE(room.host_calls.empty());
  room.loaded({});
  initial_storage_is(room, base64_encode(typed("from a database")));
  EXPECT_EQ(text_of(room.appended()), "from a database");
  ann.read();
  EXPECT_EQ(ann.change_kind, "unchanged");
  EXPECT_EQ(ann.text(), "from a database");

  TestRoom other(with_initial_storage(true));
  StorageClient bob(other, 2);
  bob.join();
  other.loaded({typed("stored")});
  EXPECT_TRUE(other.host_calls.empty());
}

// Its answers come once each; were one to come twice, the room must not take it for an empty
// document.
TEST(RoomPersistence, ASecondAnswerOfTheStoreIsNotTheApplications) {
  TestRoom room(with_initial_storage(true));
  StorageClient ann(room, 1);
  ann.join();
  ASSERT_EQ(room.loads.size(), 1u);
  const Ticket load = room.loads.front();
  room.loaded({});
  room.loads.push_back(load);
  room.loaded({});
  ann.read();
  EXPECT_EQ(ann.received, 0);
  initial_storage_is(room, typed("from the application"));
  EXPECT_EQ(text_of(room.appended()), "from the application");
  ann.read();
  EXPECT_EQ(ann.text(), "from the application");
}

TEST(RoomPersistence, TheApplicationIsAskedOnceALoad) {
  TestRoom room(with_initial_storage(false));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  bob.join();
  EXPECT_EQ(room.host_calls.size(), 1u);
  initial_storage_is(room, typed("bytes"));
  StorageClient eve(room, 3);
  eve.join();
  for (StorageClient* client : {&ann, &bob, &eve}) {
    client->read();
    EXPECT_EQ(client->text(), "bytes");
  }
  EXPECT_EQ(room.host_calls.size(), 1u);
}

TEST(RoomPersistence, AFailedAppendIsTriedAgain) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  room.loaded({});
  ann.answer();
  bob.join_fully();
  ann.type(0, "a");
  room.append_fails();
  EXPECT_TRUE(room.appends.empty());
  room.run_ms(60);
  room.append_fails();
  ann.type(1, "b");
  room.run_ms(200);
  EXPECT_EQ(text_of(room.appended()), "a");
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text(), "ab");
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(room.troubles.size(), 2u);
}

TEST(RoomPersistence, AStoreThatKeepsFailingRevealsNothingAndLosesNoEdit) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join();
  room.loaded({typed("kept ")});
  ann.answer();
  bob.join_fully();
  ann.type(5, "lost?");
  const std::string kept = typed("kept ");
  for (int tries = 0; room.closed.empty() && tries < 100; ++tries) {
    if (!room.appends.empty()) room.append_fails();
    room.run_ms(100);
  }
  EXPECT_EQ(room.closed.size(), 2u);
  for (const auto& closed : room.closed) {
    EXPECT_EQ(closed.code, kCloseOverloaded);
    EXPECT_TRUE(closed.paced);
  }
  bob.read();
  EXPECT_EQ(bob.text(), "kept ");
  // The store is back: what it kept is loaded, and the client offers its edit again.
  room.closed.clear();
  ann.join();
  room.loaded({kept});
  ann.answer();
  EXPECT_EQ(text_of([&] {
              const std::string parts[] = {kept, room.appended()};
              const std::string_view views[] = {parts[0], parts[1]};
              return *ycrdt::merge_updates(views);
            }()),
            "kept lost?");
  bob.join_fully();
  EXPECT_EQ(bob.text(), "kept lost?");
}

TEST(RoomPersistence, WhatPilesUpBeforeAStoreThatStallsHasALimit) {
  for (const std::size_t extra : {0u, 1u}) {
    Definition definition = yjs_definition(true);
    const std::string first = typed("a", 5);
    const std::string second = typed("b", 6);
    definition.limits.unsaved_bytes_max = second.size() - extra;
    TestRoom room(std::move(definition));
    StorageClient ann(room, 1);
    ann.join();
    room.loaded({});
    ann.send_update("\"$initialized\"", first);
    ann.send_update("null", second);
    EXPECT_EQ(room.closed.size(), extra);
  }
}

TEST(RoomPersistence, ALongLogBecomesASnapshot) {
  Definition definition = yjs_definition(true);
  definition.limits.log_updates_max = 3;
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(room.compactions.empty());
    ann.type(i, "x");
    (void)room.appended();
  }
  ASSERT_EQ(room.compactions.size(), 1u);
  EXPECT_EQ(room.compactions[0].last, 4u);
  ann.type(4, "y");  // meanwhile
  (void)room.appended();
  EXPECT_EQ(text_of(room.compacted().snapshot), "xxxx");
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(room.compactions.empty());
    ann.type(i, "z");
    (void)room.appended();
  }
  EXPECT_EQ(room.compactions.size(), 1u);
}

TEST(RoomPersistence, ACompactionThatFailsIsTriedAgainLater) {
  Definition definition = yjs_definition(true);
  definition.limits.log_updates_max = 0;
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  ann.type(0, "x");
  (void)room.appended();
  room.compact_fails();
  EXPECT_EQ(room.troubles, std::vector<std::string>{"document_compact_failed: The disk is full"});
  ann.type(0, "y");
  (void)room.appended();
  EXPECT_TRUE(room.compactions.empty());
  room.advance_ms(60'000);
  ann.type(0, "z");
  (void)room.appended();
  EXPECT_EQ(text_of(room.compacted().snapshot), "zyx");
}

TEST(RoomPersistence, AnUpdateThatWaitsForOthersIsSavedAsWell) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "a").ok());
  ann.type(1, "b");  // its "a" got lost
  const std::string saved = room.appended();
  const std::string parts[] = {saved, typed("a", 1)};
  const std::string_view views[] = {parts[0], parts[1]};
  EXPECT_EQ(text_of(*ycrdt::merge_updates(views)), "ab");
}

}  // namespace
}  // namespace pluv::room
