// What sessions of each kind of permissions may do with each kind of message.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "room/room_testing.h"
#include "room/storage_testing.h"

namespace pluv::room {
namespace {

constexpr std::string_view kAnn = R"({"id":"ua"})";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The type of a message, and what an $error says.
std::string gist(const std::string& text) {
  const auto message = json::Value::parse(text);
  const std::string type = *message->find("type")->as_string();
  if (type != "$error") return type;
  return "$error " + *message->find("data")->find("message")->as_string();
}

std::string list_of(const std::vector<std::string>& mail) {
  std::string out;
  for (const std::string& text : mail) out += (out.empty() ? "" : ", ") + gist(text);
  return out;
}

Definition definition_with_procedures() {
  Definition definition = yjs_definition();
  const auto say = [](ProcedureCall& call) -> Result<void> {
    call.events.emit(Audience::broadcast, "said", "{}");
    return {};
  };
  definition.procedures.push_back({"say", say, nullptr});
  definition.procedures.push_back({"kick", say, nullptr, "moderate"});
  definition.listeners.on_room_message = [](ListenerEvent) {};
  return definition;
}

std::string update_message(std::string_view origin, std::string_view update) {
  return R"({"type":"$updateStorage","data":{"origin":)" + std::string(origin) + R"(,"update":")" +
         base64_encode(update) + "\"}}";
}

struct Row {
  const char* name;
  std::string text;
  const char* to_others;       // when it is carried out
  const char* to_self;         // the same
  std::string_view needed[2];  // permissions that it asks for, in this order
};

constexpr const char* kColumns[] = {
    "*",
    "read",
    "write",
    "read presence",
    "read event:wave",
    "read event:say event:kick",
    "read event:*",
    "read event:kick moderate",
    "write presence event:* moderate",
    "write presence event:*",
};

std::vector<Row> rows() {
  return {
      {"presence",
       R"({"type":"$updatePresence","data":{"presence":{"x":1}}})",
       "$presenceUpdated",
       "$presenceUpdated",
       {"presence", ""}},
      {"empty presence",
       R"({"type":"$updatePresence","data":{}})",
       "$presenceUpdated",
       "$presenceUpdated",
       {"presence", ""}},
      {"update", update_message("null", typed("new", 21)), "$storageUpdated", "", {"write", ""}},
      {"update at the beginning",
       update_message("\"$initialized\"", typed("newer", 22)),
       "$storageUpdated",
       "",
       {"write", ""}},
      {"known update", update_message("null", typed("old", 20)), "", "", {"write", ""}},
      {"known update, as if at the beginning",
       update_message("\"$initialized\"", typed("old", 20)),
       "",
       "",
       {"write", ""}},
      {"no update",
       R"({"type":"$updateStorage","data":{"origin":"$initialized","update":null}})",
       "",
       "",
       {"", ""}},
      {"empty update", R"({"type":"$updateStorage","data":{"update":"AAA="}})", "", "", {"", ""}},
      {"event", R"({"type":"wave","data":{}})", "wave", "wave", {"event:wave", ""}},
      {"procedure", R"({"type":"say","data":{}})", "said", "said", {"event:say", ""}},
      {"procedure with a permission",
       R"({"type":"kick","data":{}})",
       "said",
       "said",
       {"event:kick", "moderate"}},
      {"others", R"({"type":"$getOthers","data":{}})", "", "$othersReceived", {"", ""}},
      {"ping", R"({"type":"$ping","data":{}})", "", "$pong", {"", ""}},
      {"unknown", R"({"type":"$unheard","data":{}})", "", "", {"", ""}},
      {"token",
       R"({"type":"$refreshToken","data":{"token":"x"}})",
       "",
       "$error Not authorized",
       {"", ""}},
      {"malformed", "{", "", "", {"", ""}},
      {"no data", R"({"type":"wave"})", "", "", {"", ""}},
  };
}

TEST(RoomPermissions, EveryMessageOfEveryKindOfSession) {
  for (const char* column : kColumns) {
    const Permissions allowed = Permissions::parse(column).value();
    for (const Row& row : rows()) {
      SCOPED_TRACE(std::string(column) + ": " + row.name);
      TestRoom room(definition_with_procedures());
      StorageClient bob(room, 20);
      bob.join_fully("ub");
      bob.type(0, "old");
      StorageClient ann(room, 30);
      ann.join_fully("ua", column);
      bob.read();
      room.drop_mail();
      room.refused.clear();
      room.host_calls.clear();
      const std::string before = room.room().copy_document().front();
      const auto version = room.room().document_state()->version;
      const std::string presence(room.room().attachment(ann.index()));

      room.send(ann.index(), row.text);

      std::string missing;
      for (const std::string_view needed : row.needed) {
        if (missing.empty() && !needed.empty() && !allowed.has(needed)) missing = needed;
      }
      const std::string to_self = list_of(room.take(ann.index()));
      const std::string to_bob = list_of(room.take(bob.index()));
      EXPECT_TRUE(room.closed.empty());
      if (missing.empty()) {
        EXPECT_EQ(to_self, row.to_self);
        EXPECT_EQ(to_bob, row.to_others);
        EXPECT_EQ(
            std::count(room.refused.begin(), room.refused.end(), RefusalReason::not_permitted),
            std::string_view(row.name) == "token" ? 1 : 0);
        continue;
      }
      EXPECT_EQ(to_self, "$error Not permitted: " + missing);
      EXPECT_EQ(to_bob, "");
      EXPECT_EQ(room.refused, std::vector{RefusalReason::not_permitted});
      EXPECT_TRUE(room.host_calls.empty());
      EXPECT_EQ(room.room().copy_document().front(), before);
      EXPECT_EQ(room.room().document_state()->version, version);
      EXPECT_EQ(room.room().attachment(ann.index()), presence);
    }
  }
}

TEST(RoomPermissions, WithoutReadNobodyEnters) {
  for (const char* permissions : {"", "presence event:* moderate", "read  write", "r w"}) {
    TestRoom room;
    const SessionIndex ann = room.join("ua", kAnn, permissions);
    EXPECT_EQ(list_of(room.take(ann)), "$error Not authorized") << permissions;
    ASSERT_EQ(room.closed.size(), 1u);
    EXPECT_EQ(room.closed[0].code, kCloseUnauthorized);
    EXPECT_FALSE(room.closed[0].paced);
    EXPECT_EQ(room.refused, std::vector{RefusalReason::not_permitted});
    EXPECT_EQ(room.room().size(), 0u);
    EXPECT_EQ(room.room().user_count(), 0u);
    EXPECT_EQ(room.finished, 1);
    EXPECT_TRUE(room.room().finished());
  }
}

TEST(RoomPermissions, WhoIsTurnedAwayChangesNothingForTheOthers) {
  TestRoom room;
  const SessionIndex bob = room.join_fully("ua", R"({"id":"ua","name":"Bob"})");
  room.drop_mail();
  room.join("ua", R"({"id":"ua","name":"Eve"})", "presence");
  EXPECT_TRUE(room.take(bob).empty());
  EXPECT_EQ(room.room().size(), 1u);
  room.send(bob, R"({"type":"$ping","data":{}})");
  EXPECT_TRUE(contains(room.take(bob).at(0), "Bob"));
  EXPECT_EQ(room.finished, 0);
}

TEST(RoomPermissions, AJoinGoesOnWithoutThePresenceThatIsNotAllowed) {
  TestRoom room;
  const SessionIndex bob = room.join_fully("ub", R"({"id":"ub"})");
  const SessionIndex ann = room.join("ua", kAnn, "read");
  room.drop_mail();
  room.send(ann, R"({"type":"$initializeSession","data":{"presence":{"x":1},"update":""}})");
  EXPECT_EQ(list_of(room.take(ann)), "$userJoined, $storageReceived");
  const auto to_bob = room.take(bob);
  ASSERT_EQ(list_of(to_bob), "$userJoined");
  EXPECT_TRUE(contains(to_bob[0], R"("presence":null)")) << to_bob[0];
  EXPECT_EQ(room.refused, std::vector{RefusalReason::not_permitted});
}

TEST(RoomPermissions, PresenceFromBeforeTheJoinIsRefusedToo) {
  TestRoom room;
  const SessionIndex bob = room.join_fully("ub", R"({"id":"ub"})");
  const SessionIndex ann = room.join("ua", kAnn, "read");
  room.drop_mail();
  room.send(ann, R"({"type":"$updatePresence","data":{"presence":{"x":1}}})");
  EXPECT_EQ(list_of(room.take(ann)), "$error Not permitted: presence");
  room.send(ann, R"({"type":"$initializeSession","data":{"presence":null,"update":""}})");
  EXPECT_TRUE(contains(room.take(bob).at(0), R"("presence":null)"));
  EXPECT_EQ(room.refused.size(), 1u);
}

TEST(RoomPermissions, WhoMayOnlyReadBeginsNoDocument) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 30);
  EXPECT_TRUE(ann.doc().get_text("t").insert(0, "mine").ok());
  ann.join("ua", "read presence");
  ann.read();
  EXPECT_EQ(ann.change_kind, "empty");
  EXPECT_EQ(room.refused, std::vector{RefusalReason::not_permitted});
  EXPECT_TRUE(ann.errors.empty());
  EXPECT_EQ(room.room().document_state()->version, 1u);
  StorageClient bob(room, 20);
  bob.join_fully("ub");
  EXPECT_EQ(bob.change_kind, "empty");
  EXPECT_EQ(bob.text(), "");
}

TEST(RoomPermissions, ADocumentThatChangesNothingIsNoRefusal) {
  TestRoom room(yjs_definition());
  const SessionIndex ann = room.join("ua", kAnn, "read presence");
  room.send(ann, R"({"type":"$initializeSession","data":{"presence":{},"update":"AAA="}})");
  EXPECT_TRUE(room.refused.empty());
}

TEST(RoomPermissions, WhoMayOnlyReadHearsOfChanges) {
  TestRoom room(yjs_definition());
  StorageClient bob(room, 20);
  bob.join_fully("ub");
  bob.type(0, "hello");
  StorageClient ann(room, 30);
  ann.join_fully("ua", "read");
  EXPECT_EQ(ann.text(), "hello");
  bob.type(5, " world");
  ann.read();
  EXPECT_EQ(ann.text(), "hello world");
  EXPECT_TRUE(ann.errors.empty());
  ann.type(0, "no ");
  bob.type(11, "!");
  ann.read();
  bob.read();
  EXPECT_EQ(ann.errors, std::vector<std::string>{"Not permitted: write"});
  EXPECT_EQ(bob.text(), "hello world!");
  EXPECT_EQ(ann.text(), "no hello world!");
  EXPECT_EQ(ann.received, 1);  // it was asked for nothing again
}

// One that came with edits of its own: they are refused, and it hears of the others' all the same.
TEST(RoomPermissions, AnAnswerThatWouldChangeSomethingStillOpensTheSession) {
  TestRoom room(yjs_definition());
  StorageClient bob(room, 20);
  bob.join_fully("ub");
  bob.type(0, "hello");
  StorageClient ann(room, 30);
  EXPECT_TRUE(ann.doc().get_text("t").insert(0, "mine").ok());
  ann.join_fully("ua", "read");
  EXPECT_EQ(ann.errors, std::vector<std::string>{"Not permitted: write"});
  bob.type(5, "!");
  ann.read();
  EXPECT_EQ(ann.updates.size(), 1u);
  bob.read();
  EXPECT_EQ(bob.text(), "hello!");
}

TEST(RoomPermissions, DeletesAreChangesToo) {
  for (const bool with_items : {false, true}) {
    TestRoom room(yjs_definition());
    StorageClient bob(room, 20);
    bob.join_fully("ub");
    bob.type(0, "hello");
    if (with_items) {
      const std::function<void(void*)> look = [](void*) {};
      room.step(EditDocument{1, &look});
    }
    ycrdt::Doc thief({.client_id = 30});
    EXPECT_TRUE(thief.apply_update(typed("hello", 20)).ok());
    EXPECT_TRUE(thief.get_text("t").erase(0, 5).ok());
    const std::string whole = thief.encode_state_as_update();
    const auto state = ycrdt::decode_state_vector(thief.encode_state_vector());
    const std::string deletes = thief.encode_state_as_update(*state);
    const auto answers = [&room](std::string_view update) {
      StorageClient ann(room, 30);
      ann.join("ua", "read");
      ann.send_update("\"$initialized\"", update);
      ann.read();
      ann.leave();
      return ann.errors;
    };
    const std::vector<std::string> refused = {"Not permitted: write"};
    EXPECT_EQ(answers(deletes), refused);
    EXPECT_EQ(answers(whole), refused);
    EXPECT_EQ(text_of(room.room().copy_document().front()), "hello");
    // Once somebody who may has deleted it, they are known.
    bob.send_update("null", deletes);
    EXPECT_TRUE(answers(deletes).empty());
    EXPECT_TRUE(answers(whole).empty());
    EXPECT_EQ(text_of(room.room().copy_document().front()), "");
  }
}

// A document that counts how often an update is looked for in it.
class Looked : public Document {
 public:
  Looked(std::unique_ptr<Document> inner, int& looks) : inner_(std::move(inner)), looks_(&looks) {}
  Result<bool> contains(std::string_view update) override {
    ++*looks_;
    return inner_->contains(update);
  }
  Result<std::string> apply(std::string_view update) override { return inner_->apply(update); }
  Result<void> load(std::string_view update) override { return inner_->load(update); }
  [[nodiscard]] Result<std::size_t> new_bytes(std::string_view update) const override {
    return inner_->new_bytes(update);
  }
  Result<void*> begin_edit() override { return inner_->begin_edit(); }
  std::string end_edit() override { return inner_->end_edit(); }
  [[nodiscard]] std::size_t waiting_bytes() const override { return inner_->waiting_bytes(); }
  [[nodiscard]] bool empty() const override { return inner_->empty(); }
  std::string encode() override { return inner_->encode(); }
  std::string encode_to_send() override { return inner_->encode_to_send(); }
  [[nodiscard]] std::vector<std::string> copy() const override { return inner_->copy(); }
  [[nodiscard]] std::string state() const override { return inner_->state(); }
  std::string encode_since(std::string_view state) override { return inner_->encode_since(state); }
  [[nodiscard]] std::size_t memory_bytes() const override { return inner_->memory_bytes(); }
  void rest() override { inner_->rest(); }

 private:
  std::unique_ptr<Document> inner_;
  int* looks_;
};

class LookedKind : public StorageKind {
 public:
  explicit LookedKind(int& looks) : looks_(&looks) {}
  [[nodiscard]] std::unique_ptr<Document> make(std::uint64_t writer) const override {
    return std::make_unique<Looked>(yjs_storage()->make(writer), *looks_);
  }
  [[nodiscard]] Result<std::string> merge(std::span<const std::string> updates) const override {
    return yjs_storage()->merge(updates);
  }

 private:
  int* looks_;
};

// Looking may be as dear as the document is large.
TEST(RoomPermissions, OfWhoMayNotWriteTheAnswerAloneIsLookedAt) {
  int looks = 0;
  Definition definition = yjs_definition();
  definition.storage = std::make_shared<LookedKind>(looks);
  TestRoom room(std::move(definition));
  StorageClient bob(room, 20);
  bob.join_fully("ub");
  bob.type(0, "hello");
  EXPECT_EQ(looks, 0);
  StorageClient ann(room, 30);
  ann.join("ua", "read");
  ann.send_update("null", bob.own());
  ann.read();
  EXPECT_EQ(ann.errors.size(), 1u);
  EXPECT_EQ(looks, 0);
  ann.answer();
  ann.read();
  EXPECT_EQ(ann.errors.size(), 1u);
  EXPECT_EQ(looks, 1);
  for (int n = 0; n < 10; ++n) {
    ann.send_update("null", bob.own());
    ann.send_update("\"$initialized\"", bob.own());
    ann.send_update("null", ycrdt::kEmptyUpdate);
  }
  ann.read();
  EXPECT_EQ(ann.errors, std::vector<std::string>(21, "Not permitted: write"));
  EXPECT_EQ(looks, 1);
  bob.type(5, "!");
  ann.read();
  EXPECT_EQ(ann.text(), "hello!");
}

// Asked for all that it has while it might still write, it answers when it may no more.
TEST(RoomPermissions, TheAnswerToAResyncIsLookedAt) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 30);
  ann.join_fully("ua");
  ann.type(0, "hello");
  ann.send_update("null", "\x7f\x7f\x7f");
  room.step(SetPermissions{"ua", "read"});
  ann.answer();
  ann.read();
  EXPECT_EQ(ann.received, 2);
  EXPECT_EQ(ann.errors.size(), 1u);  // of what was no update
  ann.answer();
  ann.read();
  EXPECT_EQ(ann.errors.back(), "Not permitted: write");
}

// Both have set the member; the bytes do not say which one has lost, but every client does.
TEST(RoomPermissions, WhatOnlyTheDocumentKnowsIsNoChange) {
  TestRoom room(yjs_definition());
  StorageClient bob(room, 20);
  bob.join_fully("ub");
  for (const ycrdt::ClientId client : {41, 42}) {
    ycrdt::Doc doc({.client_id = client});
    EXPECT_TRUE(doc.get_map("m").set("key", static_cast<double>(client)).ok());
    bob.send_update("null", doc.encode_state_as_update());
  }
  StorageClient ann(room, 30);
  ann.join_fully("ua", "read presence");
  EXPECT_TRUE(ann.errors.empty()) << ann.errors.front();
  EXPECT_TRUE(room.refused.empty());
}

TEST(RoomPermissions, UpdatesThatAreNoneAreNotPermittedEither) {
  TestRoom room(yjs_definition());
  StorageClient ann(room, 30);
  ann.join_fully("ua", "read");
  room.send(ann.index(), R"({"type":"$updateStorage","data":{"update":"?"}})");
  ann.send_update("null", "\x7f\x7f\x7f");
  ann.send_update("null", typed("waits").substr(0, 5));
  ann.read();
  EXPECT_EQ(ann.errors, std::vector<std::string>(3, "Not permitted: write"));
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(ann.received, 1);
}

TEST(RoomPermissions, RefusalsAreBoundedByTheRateAlone) {
  Definition definition = yjs_definition();
  definition.limits.messages_per_second_max = 1;
  definition.limits.messages_burst_max = 50;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join("ua", kAnn, "read");
  for (int n = 0; n < 50; ++n) room.send(ann, R"({"type":"wave","data":{}})");
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(list_of(room.take(ann)).size(),
            std::string("$registered").size() +
                50 * std::string(", $error Not permitted: event:wave").size());
  room.send(ann, R"({"type":"wave","data":{}})");
  ASSERT_EQ(room.closed.size(), 1u);
  EXPECT_EQ(room.closed[0].code, kClosePolicy);
}

TEST(RoomPermissions, ServerCodeNeedsNone) {
  TestRoom room(definition_with_procedures());
  const SessionIndex ann = room.join("ua", kAnn, "read");
  room.drop_mail();
  room.step(ServerBroadcast{"kick", "{}"});
  EXPECT_EQ(list_of(room.take(ann)), "said");
}

TEST(RoomPermissions, OutliveTheRoomsMemory) {
  Definition definition = yjs_definition(true);
  definition.hibernates = true;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join("ua", kAnn, "read event:wave");
  const SessionIndex bob = room.join("ub", R"({"id":"ub"})");
  room.loaded({});
  EXPECT_FALSE(contains(room.kept[raw(bob)], "may"));
  room.hibernate();
  room.loaded({});
  room.drop_mail();
  room.send(ann, R"({"type":"$updatePresence","data":{"presence":{"x":1}}})");
  room.send(ann, R"({"type":"wave","data":{}})");
  EXPECT_EQ(list_of(room.take(ann)), "$error Not permitted: presence, wave");
  room.send(bob, R"({"type":"anything","data":{}})");
  EXPECT_EQ(list_of(room.take(bob)), "wave, anything");
}

TEST(RoomPermissions, AnAttachmentWithOthersThanThereAreIsRefused) {
  Definition definition;
  definition.hibernates = true;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join("ua", kAnn, "read");
  std::string text = room.room().attachment(ann);
  ASSERT_TRUE(contains(text, R"("may":"read")")) << text;
  text.replace(text.find(R"("may":"read")"), 12, R"("may":"a  b")");
  room.kept[raw(ann)] = text;
  room.hibernate();
  EXPECT_EQ(room.troubles.size(), 1u);
  EXPECT_EQ(room.closed.at(0).code, kCloseRestart);
}

TEST(RoomPermissions, OfAUsersLiveSessionsCanBeChanged) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn);
  const SessionIndex second = room.join_fully("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", R"({"id":"ub"})");
  room.step(SetPermissions{"ua", "read event:b"});
  room.step(SetPermissions{"", "read"});
  room.step(SetPermissions{"nobody", "read"});
  room.drop_mail();
  for (const SessionIndex index : {first, second, bob}) {
    room.send(index, R"({"type":"a","data":{}})");
  }
  EXPECT_EQ(list_of(room.take(first)), "$error Not permitted: event:a, a");
  EXPECT_EQ(list_of(room.take(second)), "$error Not permitted: event:a, a");
  room.step(SetPermissions{"ua", "*"});
  room.drop_mail();
  room.send(first, R"({"type":"a","data":{}})");
  EXPECT_EQ(list_of(room.take(first)), "a");
}

TEST(RoomPermissions, WithoutReadLiveSessionsAreRevoked) {
  TestRoom room;
  const SessionIndex ann = room.join_fully("ua", kAnn);
  room.drop_mail();
  room.step(SetPermissions{"ua", "presence"});
  EXPECT_EQ(list_of(room.take(ann)), "$error Not authorized");
  EXPECT_EQ(room.closed.at(0).code, kCloseUnauthorized);
}

TEST(RoomUsers, AreEvictedOrRevokedWithAllTheirSessions) {
  TestRoom room;
  const SessionIndex first = room.join_fully("ua", kAnn);
  const SessionIndex bob = room.join_fully("ub", R"({"id":"ub"})");
  const SessionIndex second = room.join_fully("ua", kAnn);
  room.drop_mail();
  room.step(EvictUser{"ua"});
  ASSERT_EQ(room.closed.size(), 2u);
  EXPECT_EQ(room.closed[0].index, first);
  EXPECT_EQ(room.closed[1].index, second);
  for (const auto& closed : room.closed) EXPECT_EQ(closed.code, kCloseEvicted);
  EXPECT_EQ(list_of(room.take(bob)), "$exit, $exit");
  EXPECT_EQ(room.room().user_count(), 1u);
  room.step(EvictUser{"ua"});
  room.step(Revoke{"ub"});
  ASSERT_EQ(room.closed.size(), 3u);
  EXPECT_EQ(room.closed[2].code, kCloseUnauthorized);
  EXPECT_EQ(room.closed[2].reason, kUnauthorizedReason);
  EXPECT_FALSE(room.closed[2].paced);
  EXPECT_EQ(list_of(room.take(bob)), "$error Not authorized");
  EXPECT_EQ(room.room().size(), 0u);
}

TEST(RoomUsers, WithoutAnIdAreNobodys) {
  TestRoom room;
  room.join_fully();
  room.step(EvictUser{""});
  room.step(Revoke{""});
  EXPECT_TRUE(room.closed.empty());
}

Definition refreshing() {
  Definition definition;
  definition.refreshes_tokens = true;
  definition.listeners.on_room_message = [](ListenerEvent) {};
  return definition;
}

constexpr std::string_view kRefresh = R"({"type":"$refreshToken","data":{"token":"a.b"}})";

TEST(RoomTokens, ANewOneGivesItsPermissionsAndItsUser) {
  TestRoom room(refreshing());
  const SessionIndex ann = room.join("ua", kAnn, "read");
  const SessionIndex other = room.join("ua", kAnn, "read");
  room.drop_mail();
  room.send(ann, kRefresh);
  EXPECT_TRUE(room.take(ann).empty());
  EXPECT_TRUE(room.host_calls.empty());  // no listener sees it
  ASSERT_EQ(room.checks.size(), 1u);
  EXPECT_EQ(room.checks[0].first.session, ann);
  EXPECT_EQ(room.checks[0].second, "a.b");
  const Result<CheckedToken> token =
      CheckedToken{"ua", R"({"id":"ua","name":"Ann"})", nullptr, "write read event:a"};
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &token});
  const auto mail = room.take(ann);
  ASSERT_EQ(list_of(mail), "$tokenRefreshed");
  EXPECT_TRUE(contains(mail[0], R"("data":{"permissions":["event:a","read","write"]})")) << mail[0];
  EXPECT_TRUE(contains(mail[0], R"("user":{"id":"ua","name":"Ann"})"));
  room.send(ann, R"({"type":"a","data":{}})");
  EXPECT_EQ(list_of(room.take(ann)), "a");
  room.drop_mail();
  room.send(other, R"({"type":"a","data":{}})");
  EXPECT_EQ(list_of(room.take(other)), "$error Not permitted: event:a");
  // Answered once.
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &token});
  EXPECT_TRUE(room.take(ann).empty());
}

TEST(RoomTokens, AnotherUsersOrABadOneChangesNothing) {
  TestRoom room(refreshing());
  const SessionIndex ann = room.join("ua", kAnn, "read event:a");
  room.drop_mail();
  const Result<CheckedToken> answers[] = {
      Error{ErrorCode::unauthorized, "No"},
      Error{ErrorCode::unavailable, "Later"},
      CheckedToken{"ub", R"({"id":"ub"})", nullptr, "*"},
      CheckedToken{"", "", nullptr, "*"},
      CheckedToken{"ua", R"({"id":"ua","name":"X"})", nullptr, "presence"},
      CheckedToken{"ua", R"({"id":"ua","name":"X"})", nullptr, "a  b"},
  };
  for (const Result<CheckedToken>& answer : answers) {
    room.send(ann, kRefresh);
    room.step(TokenChecked{ann, room.checks.back().first.ticket, &answer});
    const auto mail = room.take(ann);
    ASSERT_EQ(list_of(mail), "$error Not authorized");
    EXPECT_FALSE(contains(mail[0], "X"));
  }
  EXPECT_EQ(room.refused, std::vector(std::size(answers), RefusalReason::not_permitted));
  EXPECT_TRUE(room.closed.empty());
  room.send(ann, R"({"type":"a","data":{}})");
  EXPECT_EQ(list_of(room.take(ann)), "a");
}

TEST(RoomTokens, OfSeveralTheLastOneCounts) {
  TestRoom room(refreshing());
  const SessionIndex ann = room.join("ua", kAnn, "read");
  room.drop_mail();
  room.send(ann, kRefresh);
  room.send(ann, kRefresh);
  const Result<CheckedToken> first = CheckedToken{"ua", std::string(kAnn), nullptr, "*"};
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &first});
  EXPECT_TRUE(room.take(ann).empty());
  const Result<CheckedToken> second = CheckedToken{"ua", std::string(kAnn), nullptr, "read"};
  room.step(TokenChecked{ann, room.checks[1].first.ticket, &second});
  EXPECT_EQ(list_of(room.take(ann)), "$tokenRefreshed");
}

TEST(RoomTokens, OfOneWhoHasLeftAreForgotten) {
  TestRoom room(refreshing());
  const SessionIndex ann = room.join("ua", kAnn, "read");
  room.send(ann, kRefresh);
  room.leave(ann);
  const Result<CheckedToken> token = CheckedToken{"ua", std::string(kAnn), nullptr, "*"};
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &token});
  room.open(ann, "ua", kAnn, "read");
  room.drop_mail();
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &token});
  EXPECT_TRUE(room.take(ann).empty());
}

// Who has presented one would never hear of it again.
TEST(RoomTokens, KeepTheRoomsMemoryUntilTheyAreChecked) {
  Definition definition = refreshing();
  definition.hibernates = true;
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join("ua", kAnn, "read");
  EXPECT_TRUE(room.room().may_hibernate());
  room.send(ann, kRefresh);
  EXPECT_FALSE(room.room().may_hibernate());
  const Result<CheckedToken> token = Error{ErrorCode::unauthorized, "No"};
  room.step(TokenChecked{ann, room.checks[0].first.ticket, &token});
  EXPECT_TRUE(room.room().may_hibernate());
}

TEST(RoomTokens, WhereNobodyChecksThemAreRefused) {
  TestRoom room;
  const SessionIndex ann = room.join("ua", kAnn);
  room.drop_mail();
  room.send(ann, kRefresh);
  EXPECT_EQ(list_of(room.take(ann)), "$error Not authorized");
  EXPECT_TRUE(room.checks.empty());
}

}  // namespace
}  // namespace pluv::room
