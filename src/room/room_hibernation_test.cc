#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "room/attachment.h"
#include "room/storage_testing.h"

namespace pluv::room {
namespace {

Definition hibernating(bool has_store = true) {
  Definition definition = yjs_definition(has_store);
  definition.hibernates = true;
  return definition;
}

bool has(const std::vector<std::string>& messages, std::string_view part) {
  for (const std::string& message : messages) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

// Ann comes into an empty room and types; the answer is what the store then has.
std::vector<std::string> first_typed(TestRoom& room, StorageClient& ann, std::string_view text) {
  ann.join();
  room.loaded({});
  ann.answer();
  ann.type(0, text);
  return {room.appended()};
}

constexpr std::string_view kMove = R"({"type":"$updatePresence","data":{"presence":{"x":7}}})";
constexpr std::string_view kGetOthers = R"({"type":"$getOthers","data":{}})";

TEST(RoomHibernation, SessionsGoOnAsIfNothingHadBeen) {
  TestRoom room(hibernating());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  const std::vector<std::string> log = first_typed(room, ann, "hello");
  bob.join_fully();
  room.send(ann.index(), kMove);
  room.drop_mail();
  ASSERT_TRUE(room.room().may_hibernate());

  room.hibernate();
  EXPECT_TRUE(room.take(ann.index()).empty());  // nobody is told
  EXPECT_TRUE(room.closed.empty());
  EXPECT_EQ(room.room().size(), 2U);
  // What needs the document waits for it; what does not is answered at once.
  room.send(bob.index(), kGetOthers);
  EXPECT_TRUE(has(room.take(bob.index()), R"("x":7)"));
  bob.type(0, "oh, ");
  EXPECT_TRUE(room.appends.empty());
  room.loaded(log);
  (void)room.appended();
  ann.read();
  EXPECT_EQ(ann.text(), bob.text());
  EXPECT_EQ(ann.text(), "oh, hello");
}

TEST(RoomHibernation, TabsOfAUserKeepTheirPresenceAndTheirFirstSession) {
  TestRoom room(hibernating());
  const SessionIndex first = room.join_fully("ann", R"({"id":"ann"})", R"({"c":1})");
  const SessionIndex second = room.join_fully("ann", R"({"id":"ann","tab":2})", R"({"c":2})");
  const SessionIndex other = room.join_fully("bob", R"({"id":"bob"})");
  room.loaded({});
  const std::string gone = room.id_text(first);
  room.send(first, kMove);
  room.leave(first);

  room.hibernate();
  room.loaded({});
  room.drop_mail();
  EXPECT_EQ(room.room().user_count(), 2U);
  room.send(other, kGetOthers);
  const std::vector<std::string> others = room.take(other);
  EXPECT_TRUE(has(others, R"("c":1,"x":7)")) << others.front();
  EXPECT_TRUE(has(others, R"("tab":2)")) << others.front();
  // The list of who is here has the one by which bob knows the user.
  const SessionIndex lost = room.join_fully();
  room.advance_ms(40'000);
  room.step(Heard{second});
  room.step(Heard{other});
  room.step(CollectGarbage{});
  ASSERT_EQ(room.closed.size(), 1U);
  EXPECT_EQ(room.closed.front().index, lost);
  EXPECT_TRUE(has(room.take(other), gone));
}

TEST(RoomHibernation, AnAttachmentDoesNotGrowWithTabsThatCameAndWent) {
  TestRoom room(hibernating());
  const SessionIndex stays = room.join_fully("ann", R"({"id":"ann"})");
  room.loaded({});
  for (int tab = 0; tab < 100; ++tab) room.leave(room.join_fully("ann", R"({"id":"ann"})"));
  const std::string& kept = room.kept[raw(stays)];
  EXPECT_LT(kept.size(), 1'400U);
  EXPECT_EQ(read_attachment(kept)->gone.size(), 24U);
}

TEST(RoomHibernation, TheOrderOfJoiningStays) {
  TestRoom room(hibernating());
  std::vector<std::string> ids;
  for (int n = 0; n < 4; ++n) ids.push_back(room.id_text(room.join()));
  room.loaded({});
  const auto order = [&] {
    std::vector<std::string> found;
    room.room().for_each_session(
        [&](const SessionView& view) { found.emplace_back(view.id.text()); });
    return found;
  };
  room.hibernate();
  EXPECT_EQ(order(), ids);
  ids.push_back(room.id_text(room.join()));
  room.loaded({});
  room.hibernate();
  EXPECT_EQ(order(), ids);
}

TEST(RoomHibernation, OneThatHasNotAnsweredIsSentAllThatItMayHaveMissed) {
  TestRoom room(hibernating());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  const std::vector<std::string> log = first_typed(room, ann, "a");
  bob.join();
  bob.read();  // has the document, and says nothing yet
  room.hibernate();
  room.loaded(log);
  ann.type(1, "b");
  (void)room.appended();
  bob.read();
  EXPECT_TRUE(bob.updates.empty());
  bob.answer();
  bob.read();
  EXPECT_EQ(bob.text(), "ab");
}

TEST(RoomHibernation, OneThatIsSilentIsOpenedOnceTheDocumentIsThere) {
  TestRoom room(hibernating());
  StorageClient ann(room, 1);
  StorageClient bob(room, 2);
  const std::vector<std::string> log = first_typed(room, ann, "a");
  bob.join();
  bob.read();
  room.hibernate();
  for (int second = 0; second < 15; ++second) {  // the load takes long
    room.run_ms(1'000);
    room.step(Heard{ann.index()});
    room.step(Heard{bob.index()});
  }
  room.loaded(log);
  room.run_ms(10);
  ann.type(1, "b");
  (void)room.appended();
  bob.read();
  EXPECT_EQ(bob.text(), "ab");
}

TEST(RoomHibernation, ARoomAtWorkStays) {
  TestRoom room(hibernating());
  EXPECT_FALSE(room.room().may_hibernate());  // nobody is there
  StorageClient ann(room, 1);
  ann.join();
  EXPECT_FALSE(room.room().may_hibernate());  // the document is being loaded
  room.loaded({});
  ann.answer();
  EXPECT_TRUE(room.room().may_hibernate());
  ann.type(0, "a");
  EXPECT_FALSE(room.room().may_hibernate());
  room.append_fails();
  EXPECT_FALSE(room.room().may_hibernate());
  room.run_ms(1'000);
  (void)room.appended();
  EXPECT_TRUE(room.room().may_hibernate());
}

TEST(RoomHibernation, ARoomThatWaitsForAProcedureStays) {
  Definition definition = hibernating();
  definition.procedures.push_back({"slow", nullptr, [](ProcedureStart, ProcedureDone) {}});
  TestRoom room(std::move(definition));
  const SessionIndex ann = room.join_fully();
  room.loaded({});
  room.send(ann, R"({"type":"slow","data":{}})");
  EXPECT_FALSE(room.room().may_hibernate());
  room.reply(room.host_calls.back().ticket, EventSink());
  EXPECT_TRUE(room.room().may_hibernate());
}

TEST(RoomHibernation, ADocumentThatIsKeptNowhereStays) {
  TestRoom room(hibernating(false));
  StorageClient ann(room, 1);
  ann.join_fully();
  EXPECT_FALSE(room.room().may_hibernate());
}

TEST(RoomHibernation, AnUnreadableSessionIsClosedForNow) {
  TestRoom room(hibernating());
  const SessionIndex ann = room.join_fully();
  const SessionIndex bob = room.join_fully();
  room.loaded({});
  room.kept[raw(bob)] = "{}";
  room.hibernate();
  ASSERT_EQ(room.closed.size(), 1U);
  EXPECT_EQ(room.closed.front().index, bob);
  EXPECT_EQ(room.closed.front().code, 1012);
  ASSERT_EQ(room.troubles.size(), 1U);
  EXPECT_EQ(room.room().size(), 1U);
  room.send(ann, kGetOthers);
  EXPECT_TRUE(has(room.take(ann), R"("others":{})"));
}

TEST(RoomHibernation, OthersThanHibernatingRoomsTellNothing) {
  TestRoom room(yjs_definition(true));
  room.join_fully();
  EXPECT_TRUE(room.kept.empty());
}

TEST(RoomHibernation, OnlyAWholeAttachmentIsRead) {
  TestRoom room(hibernating());
  room.join_fully("ann", R"({"id":"ann"})");
  const std::string good = room.kept.begin()->second;
  ASSERT_TRUE(read_attachment(good).ok());
  EXPECT_LT(good.size(), 400U);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_attachment(good.substr(0, size)).ok()) << size;
  }
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string text = good;
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), instead);
  };
  EXPECT_FALSE(read_attachment(with(R"("v":1)", R"("v":2)")).ok());
  EXPECT_FALSE(read_attachment(with(R"("stage":)", R"("stage":4)")).ok());
  EXPECT_FALSE(read_attachment(with(R"("id":"p_)", R"("id":"q_)")).ok());
  EXPECT_FALSE(read_attachment(with(R"("user":{"id":"ann"})", R"("user":"ann")")).ok());
  EXPECT_FALSE(read_attachment(with(R"("gone":[])", R"("gone":["p_1"])")).ok());
}

}  // namespace
}  // namespace pluv::room
