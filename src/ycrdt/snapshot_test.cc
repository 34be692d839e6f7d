#include "ycrdt/snapshot.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/updates_v2.h"

namespace pluv::ycrdt {
namespace {

// A note and what it was at two moments. All numbers and bytes are those of yjs.
struct Note {
  Note() {
    EXPECT_TRUE(text.insert(0, "Hello world").ok());
    hello_world = take_snapshot(doc);
    EXPECT_TRUE(text.erase(0, 6).ok());
    EXPECT_TRUE(text.insert(5, "!").ok());
    world = take_snapshot(doc);
    EXPECT_TRUE(text.erase(1, 2).ok());
  }

  Doc doc{{.client_id = 1, .gc = false}};
  Text text = doc.get_text("note");
  Snapshot hello_world;
  Snapshot world;
};

TEST(Snapshot, IsEncodedAsByYjsInBothVersions) {
  Note note;
  EXPECT_EQ(to_hex(encode_snapshot(note.hello_world)), "0001010b");
  EXPECT_EQ(to_hex(encode_snapshot_v2(note.hello_world)), "0001010b");
  EXPECT_EQ(to_hex(encode_snapshot(note.world)), "010101000601010c");
  EXPECT_EQ(to_hex(encode_snapshot_v2(note.world)), "010101000501010c");
  const Snapshot now = take_snapshot(note.doc);
  EXPECT_EQ(to_hex(encode_snapshot(now)), "0101020006070201010c");
  EXPECT_EQ(to_hex(encode_snapshot_v2(now)), "0101020005010101010c");
  EXPECT_EQ(to_hex(encode_snapshot(Snapshot())), "0000");
  EXPECT_EQ(take_snapshot(Doc({.client_id = 1})), Snapshot());
}

TEST(Snapshot, IsEqualToItsDecodedBytesAndToNoOther) {
  Note note;
  const Snapshot all[] = {Snapshot(), note.hello_world, note.world, take_snapshot(note.doc)};
  for (const Snapshot& one : all) {
    const auto first = decode_snapshot(encode_snapshot(one));
    const auto second = decode_snapshot_v2(encode_snapshot_v2(one));
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(*first, one);
    EXPECT_EQ(*second, one);
    for (const Snapshot& other : all) EXPECT_EQ(one == other, &one == &other);
  }
}

TEST(Snapshot, PutsDeletesInOrder) {
  DeleteSet deletes;
  deletes.add({1, 5, 2});
  deletes.add({1, 9, 0});
  deletes.add({2, 0, 1});
  deletes.add({1, 3, 2});
  const Snapshot snapshot(deletes, StateVector({{1, 7}, {2, 1}}));
  EXPECT_EQ(to_hex(encode_snapshot(snapshot)), "0202010001010103040202010107");
}

TEST(Snapshot, SaysWhichElementsItHas) {
  Note note;
  EXPECT_TRUE(note.hello_world.contains({1, 0}));
  EXPECT_TRUE(note.hello_world.contains({1, 10}));
  EXPECT_FALSE(note.hello_world.contains({1, 11}));
  EXPECT_FALSE(note.hello_world.contains({2, 0}));
  EXPECT_FALSE(note.world.contains({1, 5}));
  EXPECT_TRUE(note.world.contains({1, 6}));
  EXPECT_TRUE(note.world.contains({1, 11}));
}

TEST(Snapshot, RefusesMalformedBytes) {
  for (const char* hex :
       {"", "00", "0001", "000101", "0000 00", "01", "0101010006", "01010100060101"}) {
    EXPECT_FALSE(decode_snapshot(from_hex(hex)).ok()) << hex;
    EXPECT_FALSE(decode_snapshot_v2(from_hex(hex)).ok()) << hex;
  }
  const UpdateLimits small{.update_bytes_max = 3};
  EXPECT_EQ(decode_snapshot(from_hex("0001010b"), small).error().code, ErrorCode::limit);
  const UpdateLimits few{.clients_max = 0};
  EXPECT_EQ(decode_snapshot(from_hex("0001010b"), few).error().code, ErrorCode::limit);
  EXPECT_EQ(decode_snapshot(from_hex("010101000601010c"), few).error().code, ErrorCode::limit);
}

TEST(Snapshot, RestoresDocumentsWithTheBytesOfYjs) {
  Note note;
  const std::string before = note.doc.encode_state_as_update();
  auto world = create_doc_from_snapshot(note.doc, note.world, {.client_id = 2});
  ASSERT_TRUE(world.ok());
  EXPECT_EQ(world->get_text("note").to_string(), "world!");
  EXPECT_EQ(to_hex(world->encode_state_as_update()),
            "010201000101046e6f74650684010506776f726c64210101010006");
  EXPECT_EQ(take_snapshot(*world), note.world);
  auto hello = create_doc_from_snapshot(note.doc, note.hello_world, {.client_id = 2});
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(to_hex(hello->encode_state_as_update()),
            "010101000401046e6f74650b48656c6c6f20776f726c6400");
  auto empty = create_doc_from_snapshot(note.doc, Snapshot(), {.client_id = 2});
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(to_hex(empty->encode_state_as_update()), "0000");
  EXPECT_EQ(note.doc.encode_state_as_update(), before);
  EXPECT_EQ(note.doc.check(), "");
}

TEST(Snapshot, RestoresNothingFromWhereSomethingMayBeMissing) {
  Doc collects({.client_id = 1});
  EXPECT_EQ(create_doc_from_snapshot(collects, Snapshot(), {.client_id = 2}).error().code,
            ErrorCode::conflict);
  Note note;
  Doc other({.client_id = 2, .gc = false});
  EXPECT_EQ(create_doc_from_snapshot(other, note.world, {.client_id = 3}).error().code,
            ErrorCode::not_found);
  DocOptions small{.client_id = 2};
  small.limits.structs_max = 1;
  EXPECT_EQ(create_doc_from_snapshot(note.doc, note.world, small).error().code, ErrorCode::limit);
  EXPECT_EQ(note.doc.check(), "");
}

TEST(Snapshot, TellsNoObserverThatADocumentWasRestored) {
  Note note;
  int updates = 0;
  note.doc.on_update([&](std::string_view, const Transaction&) { ++updates; });
  ASSERT_TRUE(create_doc_from_snapshot(note.doc, note.world, {.client_id = 2}).ok());
  EXPECT_EQ(updates, 0);
}

TEST(Snapshot, KnowsWhetherItContainsAnUpdate) {
  Doc doc({.client_id = 1, .gc = false});
  std::vector<std::string> updates;
  doc.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  Text text = doc.get_text("note");
  ASSERT_TRUE(text.insert(0, "abc").ok());
  const Snapshot first = take_snapshot(doc);
  ASSERT_TRUE(text.erase(1, 1).ok());
  const Snapshot second = take_snapshot(doc);
  ASSERT_TRUE(text.insert(0, "d").ok());
  ASSERT_EQ(updates.size(), 3u);
  EXPECT_TRUE(*snapshot_contains_update(first, updates[0]));
  EXPECT_FALSE(*snapshot_contains_update(first, updates[1]));
  EXPECT_TRUE(*snapshot_contains_update(second, updates[1]));
  EXPECT_FALSE(*snapshot_contains_update(second, updates[2]));
  EXPECT_FALSE(*snapshot_contains_update(Snapshot(), updates[0]));
  EXPECT_FALSE(snapshot_contains_update(first, "junk").ok());
  // Also when what is known already says no.
  EXPECT_FALSE(snapshot_contains_update(Snapshot(), updates[0] + "x").ok());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const std::string v2 = *convert_update_v1_to_v2(updates[i]);
    EXPECT_EQ(*snapshot_contains_update_v2(second, v2), i < 2);
    EXPECT_FALSE(snapshot_contains_update_v2(second, v2.substr(0, v2.size() - 1)).ok());
  }
}

// What deletes these and adds nothing.
std::string deleting(std::initializer_list<DeleteRange> ranges) {
  DeleteSet deletes;
  for (const DeleteRange& range : ranges) deletes.add(range);
  std::string out(1, '\0');
  deletes.write(out);
  return out;
}

TEST(Snapshot, ADocumentKnowsWhetherItContainsAnUpdateWithoutOne) {
  for (const bool gc : {false, true}) {
    Doc doc({.client_id = 1, .gc = gc});
    std::vector<std::string> updates;
    doc.on_update(
        [&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
    Text text = doc.get_text("note");
    ASSERT_TRUE(text.insert(0, "abcdef").ok());
    ASSERT_TRUE(text.insert(0, "x").ok());
    ASSERT_TRUE(text.erase(2, 2).ok());
    ASSERT_TRUE(text.erase(3, 1).ok());
    for (const std::string& update : updates) EXPECT_TRUE(*doc_contains_update(doc, update));
    EXPECT_FALSE(*doc_contains_update(Doc({.client_id = 2}), updates[0]));
    EXPECT_FALSE(doc_contains_update(doc, "junk").ok());
    EXPECT_FALSE(doc_contains_update(Doc({.client_id = 2}), updates[0] + "x").ok());
    // Of "abcdef" at clocks 0 to 5 "b", "c" and "e" are deleted.
    const Snapshot now = take_snapshot(doc);
    for (Clock clock = 0; clock < 8; ++clock) {
      for (std::uint32_t length = 1; length < 4; ++length) {
        const std::string update = deleting({{1, clock, length}});
        const bool here = *doc_contains_update(doc, update);
        EXPECT_EQ(here, *snapshot_contains_update(now, update)) << clock << ' ' << length;
        EXPECT_EQ(here, (clock >= 1 && clock + length <= 3) || (clock == 4 && length == 1));
      }
    }
    EXPECT_TRUE(*doc_contains_update(doc, deleting({{1, 9, 0}})));
    EXPECT_TRUE(*doc_contains_update(doc, deleting({{1, 4, 1}, {1, 1, 2}, {1, 2, 1}})));
    EXPECT_FALSE(*doc_contains_update(doc, deleting({{1, 4, 1}, {2, 0, 1}})));
    EXPECT_FALSE(*doc_contains_update(doc, deleting({{1, 1, UINT32_MAX - 1}})));
  }
}

}  // namespace
}  // namespace pluv::ycrdt
