// Edits of the document by handlers inside a step and by server code.
#include <gtest/gtest.h>

#include "room/storage_testing.h"

namespace pluv::room {
namespace {

void insert(void* document, std::string_view text) {
  ASSERT_TRUE(static_cast<ycrdt::Doc*>(document)->get_text("t").insert(0, text).ok());
}

// "write" puts its input before the text and says so to everybody.
Definition writing_definition(bool has_store) {
  Definition definition = yjs_definition(has_store);
  definition.procedures.push_back({"write",
                                   [](ProcedureCall& call) -> Result<void> {
                                     const Result<void*> document = call.room.edit_document();
                                     if (!document.ok()) return document.error();
                                     insert(*document, "written ");
                                     call.events.emit(Audience::broadcast, "wrote", "{}");
                                     return {};
                                   },
                                   nullptr});
  definition.procedures.push_back({"fail",
                                   [](ProcedureCall& call) -> Result<void> {
                                     insert(*call.room.edit_document(), "half ");
                                     return Error{ErrorCode::internal, "broke"};
                                   },
                                   nullptr});
  return definition;
}

std::function<void(void*)> typing(std::string text) {
  return [text](void* document) { insert(document, text); };
}

bool was_sent(const std::vector<std::string>& mail, std::string_view type) {
  for (const std::string& text : mail) {
    if (text.find(R"("type":")" + std::string(type)) != text.npos) return true;
  }
  return false;
}

// An edit makes items of a document's bytes; when everybody has left, bytes are enough again.
TEST(RoomEdit, ALingeringDocumentGivesBackWhatItsEditsNeeded) {
  TestRoom room(writing_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  ycrdt::Doc doc({.client_id = 9});
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(doc.get_text("t").insert(i % 2 == 0 ? 0 : i / 2, "x").ok());
  }
  room.loaded({doc.encode_state_as_update()}, true);
  ann.answer();
  const std::size_t as_bytes = room.room().document_memory_bytes();
  room.send(ann.index(), R"({"type":"write","data":{}})");
  (void)room.appended();
  EXPECT_GT(room.room().document_memory_bytes(), 2 * as_bytes);
  ann.leave();
  room.run_ms(1'000);
  EXPECT_LT(room.room().document_memory_bytes(), 2 * as_bytes);
  EXPECT_FALSE(room.room().finished());
  StorageClient bob(room, 2);
  bob.join_fully();
  EXPECT_EQ(bob.text().substr(0, 10), "written xx");
  room.send(bob.index(), R"({"type":"write","data":{}})");
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text().substr(0, 17), "written written x");
}

TEST(RoomEdit, ALastSessionMayLeaveBeforeTheDocumentIsThere) {
  TestRoom room(yjs_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  ann.leave();
  room.run_ms(100);
  room.loaded({typed("late")}, true);
  StorageClient bob(room, 2);
  bob.join_fully();
  EXPECT_EQ(bob.text(), "late");
}

TEST(RoomEdit, AHandlersEditReachesEverybodyWithItsEvents) {
  TestRoom room(writing_definition(false));
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  ann.join_fully();
  bob.join_fully();
  room.send(ann.index(), R"({"type":"write","data":{}})");
  const std::vector<std::string> mail = room.take(bob.index());
  ASSERT_EQ(mail.size(), 2u);
  EXPECT_NE(mail[0].find("$storageUpdated"), mail[0].npos);
  EXPECT_NE(mail[1].find("wrote"), mail[1].npos);
  StorageClient eve(room, 3);
  eve.join_fully();
  EXPECT_EQ(eve.text(), "written ");
}

// The editor's own client has not made the edit: it has to hear of it, too.
TEST(RoomEdit, TheCallerHearsOfTheEditOfItsHandler) {
  TestRoom room(writing_definition(false));
  StorageClient ann(room, 1);
  ann.join_fully();
  room.send(ann.index(), R"({"type":"write","data":{}})");
  ann.read();
  EXPECT_EQ(ann.text(), "written ");
}

TEST(RoomEdit, AnEditAndItsEventsWaitForTheStore) {
  TestRoom room(writing_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  ann.read();
  room.send(ann.index(), R"({"type":"write","data":{}})");
  EXPECT_TRUE(room.take(ann.index()).empty());
  EXPECT_EQ(text_of(room.appended()), "written ");
  EXPECT_TRUE(was_sent(room.take(ann.index()), "wrote"));
}

// What it says may show an edit of somebody else that is not saved yet.
TEST(RoomEdit, AHandlerThatOnlyReadsWaitsForTheStoreAsWell) {
  Definition definition = writing_definition(true);
  definition.procedures.push_back({"read",
                                   [](ProcedureCall& call) -> Result<void> {
                                     if (!call.room.edit_document().ok()) {
                                       return Error{ErrorCode::internal, "no document"};
                                     }
                                     call.events.emit(Audience::broadcast, "seen", "{}");
                                     return {};
                                   },
                                   nullptr});
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join();
  room.loaded({});
  ann.answer();
  room.drop_mail();
  ann.type(0, "secret");
  room.send(ann.index(), R"({"type":"read","data":{}})");
  EXPECT_FALSE(was_sent(room.take(ann.index()), "seen"));
  (void)room.appended();
  EXPECT_TRUE(was_sent(room.take(ann.index()), "seen"));
}

TEST(RoomEdit, AnEventBeforeTheDocumentIsLoadedWaitsForIt) {
  TestRoom room(writing_definition(true));
  StorageClient ann(room, 1);
  ann.join();
  room.send(ann.index(), R"({"type":"write","data":{}})");
  room.step(ServerBroadcast{"write", "{}"});
  EXPECT_TRUE(room.appends.empty());
  room.loaded({typed("text")});
  (void)room.appended();
  while (!room.appends.empty()) (void)room.appended();
  ann.read();
  ann.answer();
  ann.read();
  EXPECT_EQ(ann.text(), "written written text");
}

TEST(RoomEdit, WhatAHandlerHasChangedBeforeItFailedStays) {
  TestRoom room(writing_definition(false));
  StorageClient ann(room, 1);
  ann.join_fully();
  room.send(ann.index(), R"({"type":"fail","data":{}})");
  ann.read();
  EXPECT_EQ(ann.text(), "half ");
  EXPECT_EQ(ann.errors, std::vector<std::string>{"broke"});
}

TEST(RoomEdit, WithoutDocumentsThereIsNothingToEdit) {
  Definition definition = writing_definition(false);
  definition.storage = nullptr;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  room.drop_mail();
  room.send(ann, R"({"type":"write","data":{}})");
  EXPECT_TRUE(was_sent(room.take(ann), "$error"));
  const auto edit = typing("x");
  room.step(EditDocument{1, &edit});
  ASSERT_EQ(room.edits_done.size(), 1u);
  EXPECT_EQ(room.edits_done[0].result.error().code, ErrorCode::conflict);
}

TEST(RoomEdit, ARefusedEditLeavesNoRoomBehind) {
  TestRoom room;
  const auto edit = typing("x");
  room.step(EditDocument{1, &edit});
  EXPECT_EQ(room.finished, 1);
  Definition broken = yjs_definition();
  broken.make_context = [](std::string_view) -> Result<std::shared_ptr<void>> {
    return Error{ErrorCode::unavailable, "no"};
  };
  TestRoom other(std::move(broken));
  other.step(EditDocument{1, &edit});
  EXPECT_EQ(other.edits_done[0].result.error().code, ErrorCode::unavailable);
  EXPECT_EQ(other.finished, 1);
}

TEST(RoomEdit, ServerCodeEditsARoomWithoutSessions) {
  TestRoom room(yjs_definition(true));
  const auto edit = typing("from the server");
  room.step(EditDocument{7, &edit});
  ASSERT_EQ(room.loads.size(), 1u);
  room.loaded({});
  EXPECT_TRUE(room.edits_done.empty());
  EXPECT_EQ(text_of(room.appended()), "from the server");
  ASSERT_EQ(room.edits_done.size(), 1u);
  EXPECT_EQ(room.edits_done[0].number, 7u);
  EXPECT_TRUE(room.edits_done[0].result.ok());
  room.run_ms(60'000);
  EXPECT_EQ(room.finished, 1);
  EXPECT_TRUE(room.room().finished());
}

TEST(RoomEdit, ServerCodesEditReachesTheSessions) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 1);
  ann.join_fully();
  const auto edit = typing("hello ");
  room.step(EditDocument{1, &edit});
  room.step(EditDocument{2, &edit});
  ann.read();
  EXPECT_EQ(ann.text(), "hello hello ");
  EXPECT_EQ(room.edits_done.size(), 2u);
}

TEST(RoomEdit, AnEditOfADocumentThatCannotBeLoadedFails) {
  TestRoom room(yjs_definition(true));
  const auto edit = typing("x");
  room.step(EditDocument{1, &edit});
  room.load_fails();
  ASSERT_EQ(room.edits_done.size(), 1u);
  EXPECT_EQ(room.edits_done[0].result.error().message, "The disk is gone");
  EXPECT_EQ(room.finished, 1);
}

TEST(RoomEdit, AnEditThatIsNeverSavedFails) {
  TestRoom room(yjs_definition(true));
  const auto edit = typing("x");
  room.step(EditDocument{1, &edit});
  room.loaded({});
  for (int tries = 0; room.edits_done.empty() && tries < 100; ++tries) {
    if (!room.appends.empty()) room.append_fails();
    room.run_ms(100);
  }
  ASSERT_EQ(room.edits_done.size(), 1u);
  EXPECT_EQ(room.edits_done[0].result.error().code, ErrorCode::unavailable);
  EXPECT_EQ(room.finished, 1);
}

TEST(RoomEdit, AnEditDuringTheTeardownIsOneOfTheNextRoom) {
  Definition definition = yjs_definition();
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  TestRoom room(std::move(definition));
  StorageClient ann(room, 1);
  ann.join_fully();
  ann.type(0, "old");
  ann.leave();
  ASSERT_EQ(room.host_calls.size(), 1u);
  const HostCallKind kind = room.host_calls[0].kind;
  ASSERT_EQ(kind, HostCallKind::room_destroyed);
  const auto edit = typing("new");
  room.step(EditDocument{1, &edit});
  EXPECT_EQ(text_of(room.host_calls[0].document->encode()), "old");
  EXPECT_TRUE(room.edits_done.empty());
  room.step(HostReplied{room.host_calls[0].ticket, nullptr});
  EXPECT_EQ(room.edits_done.size(), 1u);
  // Nobody is there, so that room ends as well, and its document is given out.
  ASSERT_EQ(room.host_calls.size(), 2u);
  EXPECT_EQ(text_of(room.host_calls[1].document->encode()), "new");
  room.step(HostReplied{room.host_calls[1].ticket, nullptr});
  EXPECT_TRUE(room.room().finished());
}

}  // namespace
}  // namespace pluv::room
