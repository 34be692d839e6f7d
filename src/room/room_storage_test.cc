// What sessions send of a room's document and what they are sent: no store, so all of it at once.
#include <gtest/gtest.h>

#include "room/storage_testing.h"

namespace pluv::room {
namespace {

TEST(RoomStorage, TheFirstClientBringsTheDocument) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "mine").ok());
  ann.join();
  ann.read();
  EXPECT_EQ(ann.registered_state, "");
  EXPECT_EQ(ann.change_kind, "initialized");
  ann.answer();
  StorageClient bob(room, 2);
  bob.join();
  bob.read();
  EXPECT_EQ(bob.registered_state, "AAA=");
  EXPECT_EQ(bob.change_kind, "unchanged");
  EXPECT_EQ(bob.text(), "mine");
}

TEST(RoomStorage, WithoutADocumentItIsEmpty) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join();
  ann.read();
  EXPECT_EQ(ann.change_kind, "empty");
  EXPECT_EQ(ann.received, 1);
}

// What the original's client sends when it was made without storage.
TEST(RoomStorage, AClientWithoutStorageSendsNothingAndIsNotRefused) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join();
  ann.send_update("\"$initialized\"", "");
  ann.send_update("null", "");
  ann.read();
  EXPECT_TRUE(ann.errors.empty());
  EXPECT_EQ(ann.received, 1);
  StorageClient bob(room, 2);
  bob.join_fully();
  bob.type(0, "hers");
  ann.read();
  EXPECT_EQ(ann.text(), "hers");
}

TEST(RoomStorage, AnEditReachesTheOthersAndOnlyWhatItAdded) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  StorageClient eve(room, 3);
  for (StorageClient* client : {&ann, &bob, &eve}) client->join_fully();
  ann.type(0, std::string(100'000, 'x'));
  for (StorageClient* client : {&ann, &bob, &eve}) client->read();
  const std::size_t before = bob.updates.size();
  ann.type(5, "y");
  for (StorageClient* client : {&ann, &bob, &eve}) client->read();
  ASSERT_EQ(bob.updates.size(), before + 1);
  EXPECT_LT(bob.updates.back().size(), 40u);
  EXPECT_EQ(bob.updates.back(), eve.updates.back());
  EXPECT_TRUE(ann.updates.empty());
  EXPECT_EQ(bob.text(), ann.text());
  EXPECT_EQ(eve.text(), ann.text());
}

TEST(RoomStorage, WhatIsKnownIsToldToNobody) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  ann.type(0, "hello");
  bob.join_fully();  // with the document that it was sent a moment ago
  ann.read();
  EXPECT_TRUE(ann.updates.empty());
  ann.send_update("null", ann.own());
  bob.read();
  EXPECT_TRUE(bob.updates.empty());
}

TEST(RoomStorage, OfAnOfflineDocumentOnlyWhatIsNewReachesTheOthers) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  ann.type(0, std::string(10'000, 'x'));
  bob.join_fully();
  bob.leave();
  ASSERT_TRUE(bob.doc().get_text("t").insert(0, "offline ").ok());
  bob.join_fully();
  ann.read();
  ASSERT_EQ(ann.updates.size(), 1u);
  EXPECT_LT(ann.updates[0].size(), 60u);
  EXPECT_EQ(ann.text(), bob.text());
}

// The original's client never builds its storage when a change comes first.
TEST(RoomStorage, NoChangeComesBeforeTheClientHasAnswered) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join();
  ann.type(0, "while bob loads");
  ann.type(0, "twice ");
  bob.read();
  EXPECT_TRUE(bob.updates.empty());
  bob.answer();
  bob.read();
  ASSERT_EQ(bob.updates.size(), 1u);  // what it missed, as one
  EXPECT_EQ(bob.text(), "twice while bob loads");
  ann.type(0, "now ");
  bob.read();
  EXPECT_EQ(bob.updates.size(), 2u);
}

TEST(RoomStorage, AClientThatNeverAnswersHearsOfChangesAfterTenSeconds) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join();
  ann.type(0, "a");
  room.run_ms(9'999);
  bob.read();
  EXPECT_TRUE(bob.updates.empty());
  room.run_ms(20);  // and what a slow link takes for the answer
  bob.read();
  EXPECT_EQ(bob.text(), "a");
}

// It begins anew with its answer, and with it goes what it was sent before.
TEST(RoomStorage, AClientThatAnswersLateIsSentWhatCameSinceOnceMore) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join();
  bob.read();
  EXPECT_EQ(bob.change_kind, "empty");
  ann.type(0, "a");
  room.run_ms(10'001);
  room.take(bob.index());  // thrown away
  ann.type(1, "b");
  bob.answer();
  bob.read();
  EXPECT_EQ(bob.text(), "ab");
  ann.type(2, "c");
  bob.answer();  // a second answer finds it up to date
  const std::size_t updates = bob.updates.size();
  bob.read();
  EXPECT_EQ(bob.text(), "abc");
  EXPECT_EQ(bob.updates.size(), updates);
}

// The change would reach it right behind the document that it is still reading.
TEST(RoomStorage, AClientOfALargeDocumentIsGivenTheTimeToReadIt) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  ann.type(0, std::string(1'000'000, 'x'));
  bob.join();
  ann.type(0, "a");
  for (int i = 0; i < 5; ++i) {
    room.run_ms(9'000);
    for (StorageClient* client : {&ann, &bob}) {
      room.send(client->index(), R"({"type":"$ping","data":{}})");
    }
    bob.read();
  }
  EXPECT_TRUE(bob.updates.empty());  // 1.3 MB at 256 kbit/s take 41 s, and ten more
  room.run_ms(9'000);
  bob.read();
  EXPECT_EQ(bob.updates.size(), 1u);
}

// Bob's edit builds upon one of Ann's that only he has got: when hers comes, she lacks his.
TEST(RoomStorage, WhoBringsWhatAnotherEditWaitedForHearsOfThatEdit) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join_fully();
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "a").ok());
  const std::string lost = ann.own();
  ASSERT_TRUE(bob.doc().apply_update(lost).ok());
  bob.type(1, "b");
  ann.send_update("null", lost);
  ann.read();
  EXPECT_EQ(ann.text(), "ab");
}

TEST(RoomStorage, EditsThatComeBeforeTheAnswerToAResyncAreForgiven) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "a").ok());  // lost on the way
  for (std::uint32_t i = 0; i < 500; ++i) ann.type(i + 1, "b");
  EXPECT_TRUE(room.closed.empty());
  ann.answer();
  StorageClient bob(room, 2);
  bob.join_fully();
  EXPECT_EQ(bob.text().size(), 501u);
}

TEST(RoomStorage, RefusalsAreCountedWhileTheDocumentIsAwaited) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  for (int i = 0; i < 200 && room.closed.empty(); ++i) ann.send_update("null", "\xff");
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

// Each joiner of a document near its limit sends it back whole: that is no news, and cheap.
TEST(RoomStorage, TheEchoOfALargeDocumentIsNotTooLarge) {
  Definition definition = yjs_definition();
  definition.limits.document_bytes_max = 1'200;
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join_fully();
  ann.type(0, std::string(1'000, 'x'));
  for (std::uint32_t i = 0; i < 20; ++i) {
    StorageClient bob(room, 2 + i);
    bob.join_fully();
    EXPECT_TRUE(bob.errors.empty());
    EXPECT_EQ(bob.text().size(), 1'000u);
  }
}

// More writers than an update may have: two updates brought them.
TEST(RoomStorage, ADocumentOfManyUpdatesIsOverNoLimitOfOne) {
  Definition definition = yjs_definition(true);
  ycrdt::UpdateLimits limits;
  limits.clients_max = 2;
  limits.update_bytes_max = 60;
  definition.storage = yjs_storage(limits);
  TestRoom room(definition);
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.send_update("\"$initialized\"", typed("a", 5));
  StorageClient bob(room, 2);
  bob.join();
  std::vector<std::string> kept;
  for (const ycrdt::ClientId client : {6u, 7u, 8u, 9u}) {
    ann.send_update("null", typed(std::string(20, 'x'), client));
  }
  while (!room.appends.empty()) kept.push_back(room.appended());
  bob.read();
  bob.answer();  // what it has missed is told from the document's state
  bob.read();
  EXPECT_EQ(bob.text().size(), 81u);
  // And it is loaded again, in one.
  std::vector<std::string_view> views(kept.begin(), kept.end());
  TestRoom later(definition);
  StorageClient eve(later, 3);
  eve.join();
  later.loaded({*ycrdt::merge_updates(views)}, true);
  eve.read();
  EXPECT_EQ(eve.text().size(), 81u);
}

TEST(RoomStorage, AnEditOfItsOwnOpensAClientThatDoesNotAnswer) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join();
  ann.type(0, "a");
  bob.type(0, "b");
  bob.read();
  ann.read();
  EXPECT_EQ(bob.updates.size(), 1u);
  EXPECT_EQ(bob.text(), ann.text());
}

TEST(RoomStorage, WhatIsNoUpdateIsRefusedAndLeavesNoTrace) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  ann.type(0, "good");
  bob.join_fully();
  bob.read();
  ann.send_update("null", "\xff\xff\xff");
  ann.read();
  bob.read();
  ASSERT_EQ(ann.errors.size(), 1u);
  EXPECT_EQ(ann.errors[0].find("Invalid storage."), 0u) << ann.errors[0];
  EXPECT_TRUE(bob.errors.empty());
  EXPECT_TRUE(bob.updates.empty());
  // It is asked for its document, whose place in the room it keeps.
  EXPECT_EQ(ann.received, 2);
  EXPECT_EQ(ann.change_kind, "unchanged");
  EXPECT_TRUE(room.closed.empty());
  ann.answer();
  ann.type(4, "!");
  bob.read();
  EXPECT_EQ(bob.text(), "good!");
}

TEST(RoomStorage, AClientThatIsRefusedAgainIsClosed) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  ann.send_update("null", "\xff");
  ann.send_update("null", "\xff");  // it has not read the first answer yet
  EXPECT_TRUE(room.closed.empty());
  ann.answer();
  ann.send_update("null", "\xff");
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

TEST(RoomStorage, RefusedOnceAMinuteAClientStays) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  for (int i = 0; i < 3; ++i) {
    ann.send_update("null", "\xff");
    ann.answer();
    for (int seconds = 0; seconds < 60; seconds += 10) {
      room.run_ms(10'000);
      room.send(ann.index(), R"({"type":"$ping","data":{}})");
    }
  }
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomStorage, AnUpdateThatIsNotBase64IsRefused) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  room.send(ann.index(), R"({"type":"$updateStorage","data":{"origin":null,"update":"!!!!"}})");
  ann.read();
  ASSERT_EQ(ann.errors.size(), 1u);
  EXPECT_EQ(ann.errors[0], "Invalid storage. The update is not base64");
}

TEST(RoomStorage, MissingUpdatesAreHealedByAskingTheSender) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join_fully();
  // Its first letter got lost on the way.
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "a").ok());
  ann.type(1, "b");
  bob.read();
  EXPECT_EQ(bob.text(), "");
  ann.read();
  EXPECT_EQ(ann.received, 2);
  EXPECT_EQ(ann.change_kind, "unchanged");
  ann.type(2, "c");  // on its way already
  ann.answer();
  bob.read();
  EXPECT_EQ(bob.text(), "abc");
  EXPECT_TRUE(room.closed.empty());
  EXPECT_TRUE(ann.errors.empty());
}

// Who joins in the meantime would send it back, and be taken for the one who lost something.
TEST(RoomStorage, WhatWaitsIsSentToNobody) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  ann.type(0, "a");
  bob.join();
  ASSERT_TRUE(ann.doc().get_text("t").insert(1, "b").ok());  // lost on the way
  ann.type(2, "c");
  StorageClient eve(room, 3);
  eve.join();
  for (StorageClient* client : {&bob, &eve}) {
    client->answer();
    client->read();
    EXPECT_EQ(client->received, 1);
    EXPECT_FALSE(client->doc().has_pending());
    EXPECT_EQ(client->text(), "a");
  }
  ann.answer();
  for (StorageClient* client : {&bob, &eve}) {
    client->read();
    EXPECT_EQ(client->text(), "abc");
  }
  EXPECT_TRUE(room.closed.empty());
}

TEST(RoomStorage, ADocumentMayHaveItsLimitButNoByteMore) {
  const std::string first = typed("some text");
  ycrdt::Doc doc({.client_id = 7});
  ASSERT_TRUE(doc.apply_update(first).ok());
  ASSERT_TRUE(doc.get_text("t").insert(9, "!").ok());
  const std::string whole = doc.encode_state_as_update();
  for (const std::size_t bytes_max : {whole.size() - 1, whole.size(), whole.size() + 1}) {
    Definition definition = yjs_definition();
    definition.limits.document_bytes_max = bytes_max;
    TestRoom room(std::move(definition));
    StorageClient ann(room, 1);
    StorageClient bob(room, 2);
    ann.join_fully();
    bob.join_fully();
    ann.send_update("null", first);
    ann.send_update("null", whole);
    ann.read();
    bob.read();
    const bool fits = bytes_max >= whole.size();
    EXPECT_EQ(bob.text(), fits ? "some text!" : "some text");
    EXPECT_EQ(ann.errors.size(), fits ? 0u : 1u);
    if (!fits) {
      EXPECT_EQ(ann.errors[0].find("Large storage."), 0u) << ann.errors[0];
      EXPECT_EQ(room.refused.back(), RefusalReason::update_over_limit);
    }
  }
}

// From before the limit was set lower.
TEST(RoomStorage, ADocumentOverItsLimitIsEnteredAndMayOnlyBecomeSmaller) {
  Definition definition = yjs_definition(true);
  definition.limits.document_bytes_max = 500;
  definition.limits.messages_per_second_max = 0;  // trials near the limit cost of it
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({typed(std::string(1'000, 'x'))});
  ann.answer();
  ann.read();
  EXPECT_TRUE(ann.errors.empty());
  ASSERT_EQ(ann.text().size(), 1'000u);
  StorageClient carl(room, 3);
  carl.join_fully();
  EXPECT_TRUE(carl.errors.empty());
  carl.type(0, "more");
  carl.read();
  ASSERT_EQ(carl.errors.size(), 1u);
  EXPECT_EQ(carl.errors[0].find("Large storage."), 0u) << carl.errors[0];

  ycrdt::Doc less({.client_id = 9});
  ASSERT_TRUE(less.apply_update(typed(std::string(1'000, 'x'))).ok());
  for (const std::uint32_t length : {300u, 600u}) {  // still over it, then under it
    const ycrdt::StateVector before = less.state_vector();
    ASSERT_TRUE(less.get_text("t").erase(0, length).ok());
    ann.send_update("null", less.encode_state_as_update(before));
    ann.read();
    EXPECT_TRUE(ann.errors.empty()) << ann.errors.back();
    EXPECT_NE(room.appended(), "");
  }
  StorageClient bob(room, 2);
  bob.join_fully();
  EXPECT_TRUE(bob.errors.empty());
  EXPECT_EQ(bob.text().size(), 100u);
  bob.type(0, "more");
  bob.read();
  EXPECT_TRUE(bob.errors.empty());
}

// What is typed and deleted over and over fits each time, and must not pile up.
TEST(RoomStorage, DeletedTextDoesNotPileUpAtTheLimit) {
  Definition definition = yjs_definition();
  definition.limits.document_bytes_max = 1'000;
  definition.limits.messages_per_second_max = 0;  // trials near the limit cost of it
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join_fully();
  for (int i = 0; i < 30; ++i) {
    const ycrdt::StateVector before = ann.doc().state_vector();
    ycrdt::Text text = ann.doc().get_text("t");
    ASSERT_TRUE(text.erase(0, i == 0 ? 0 : 600).ok());
    ASSERT_TRUE(text.insert(0, std::string(600, 'x')).ok());
    ann.send_update("null", ann.doc().encode_state_as_update(before));
    ann.read();
    ASSERT_TRUE(ann.errors.empty()) << ann.errors[0];
  }
  StorageClient bob(room, 2);
  bob.join();
  std::size_t longest = 0;
  for (const std::string& text : room.take(bob.index())) longest = std::max(longest, text.size());
  EXPECT_LT(longest, 2'500u);  // as base64, in a message
}

TEST(RoomStorage, AFirstDocumentThatIsRefusedLeavesTheRoomEmpty) {
  TestRoom room(yjs_definition());
  const SessionIndex index = room.join();
  room.drop_mail();
  room.send(index, R"({"type":"$initializeSession","data":{"presence":{},"update":"////"}})");
  std::vector<std::string> types;
  for (const std::string& text : room.take(index)) {
    types.push_back(*json::Value::parse(text)->find("type")->as_string());
  }
  EXPECT_EQ(types, (std::vector<std::string>{"$userJoined", "$error", "$storageReceived"}));
  StorageClient bob(room, 2);
  bob.join();
  bob.read();
  EXPECT_EQ(bob.change_kind, "empty");
}

// Or it throws its document away, and with it what it has edited meanwhile.
TEST(RoomStorage, AClientThatBringsADocumentIsNeverToldThatThereIsNone) {
  TestRoom room(yjs_definition());
  const auto join_with = [&](std::string_view update) {
    const SessionIndex index = room.join();
    room.drop_mail();
    room.send(index, R"({"type":"$initializeSession","data":{"presence":{},"update":")" +
                         std::string(update) + "\"}}");
    std::string kind;
    for (const std::string& text : room.take(index)) {
      const auto message = json::Value::parse(text);
      const json::Value* const found = message->find("data")->find("changeKind");
      if (found != nullptr) kind = *found->as_string();
    }
    room.leave(index);
    return kind;
  };
  EXPECT_EQ(join_with("AAA="), "initialized");  // a document without anything in it
  EXPECT_EQ(join_with("////"), "unchanged");    // one that cannot be read
  EXPECT_EQ(join_with(""), "empty");
}

TEST(RoomStorage, WithoutAStoreADocumentEndsWithItsRoom) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  ann.type(0, "gone");
  ann.leave();
  EXPECT_EQ(room.finished, 1);
  EXPECT_TRUE(room.room().finished());
  StorageClient bob(room, 2);
  bob.join();
  bob.read();
  EXPECT_EQ(bob.change_kind, "empty");
}

// The original's client tells the application of its storage before it sends its whole document, so
// an edit made there comes first and builds upon what nobody else has yet.
TEST(RoomStorage, AnEditBeforeTheFirstAnswerMayWaitForIt) {
  TestRoom room(yjs_definition());
  StorageClient bob(room, 2);
  bob.join_fully();
  StorageClient ann(room, 1);
  ann.join();
  ann.read();
  ASSERT_TRUE(ann.doc().get_text("t").insert(0, "offline").ok());
  ann.type(7, "!");
  ann.answer();
  ann.read();
  bob.read();
  EXPECT_EQ(ann.received, 1);  // no second $storageReceived
  EXPECT_TRUE(ann.errors.empty());
  EXPECT_EQ(bob.text(), "offline!");
}

TEST(RoomStorage, OneFrameServesAllReceivers) {
  TestRoom room(yjs_definition());
  std::vector<StorageClient> clients;
  for (std::uint32_t i = 0; i < 10; ++i) clients.emplace_back(room, 100 + i).join_fully();
  clients.front().type(0, "a");
  int sends = 0;
  for (const Effect& effect : room.effects().list) {
    const auto* send = std::get_if<Send>(&effect);
    if (send == nullptr) continue;
    ++sends;
    EXPECT_EQ(send->receivers_count, 9u);
  }
  EXPECT_EQ(sends, 1);
  EXPECT_LT(room.effects().bytes.size(), 300u);
}

TEST(RoomStorage, ListenersHearWhoChangedIt) {
  Definition definition = yjs_definition();
  definition.listeners.on_storage_updated = [](ListenerEvent) {};
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join_fully("ua");
  ann.type(0, "hi");
  ASSERT_EQ(room.host_calls.size(), 1u);
  EXPECT_EQ(room.host_calls[0].kind, HostCallKind::storage_updated);
  EXPECT_EQ(room.host_calls[0].user_json, R"({"id":"ua"})");
  EXPECT_EQ(text_of(room.host_calls[0].document->encode()), "hi");
}

}  // namespace
}  // namespace pluv::room
