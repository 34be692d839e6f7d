// Texts, lists and maps as a snapshot has them.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/snapshot.h"

namespace pluv::ycrdt {
namespace {

struct Note {
  Note() {
    EXPECT_TRUE(text.insert(0, "Hello world").ok());
    before = take_snapshot(doc);
    EXPECT_TRUE(text.erase(0, 6).ok());
    EXPECT_TRUE(text.insert(5, "!").ok());
    EXPECT_TRUE(text.erase(1, 2).ok());
    after = take_snapshot(doc);
  }

  Doc doc{{.client_id = 1, .gc = false}};
  Text text = doc.get_text("note");
  Snapshot before;
  Snapshot after;
};

Any user_and_type(TextChange change, Id id) {
  return Any(Any::Object{{"user", Any(id.client)},
                         {"type", Any(change == TextChange::added ? "added" : "removed")}});
}

TEST(SnapshotRead, DeltasOfTwoSnapshotsSayWhatHasChanged) {
  Note note;
  const std::string bytes = note.doc.encode_state_as_update();
  int updates = 0;
  note.doc.on_update([&](std::string_view, const Transaction&) { ++updates; });
  EXPECT_EQ(note.text.delta_json({.snapshot = &note.after, .previous = &note.before}),
            R"([{"insert":"Hello ","attributes":{"ychange":{"type":"removed"}}},{"insert":"w"},)"
            R"({"insert":"or","attributes":{"ychange":{"type":"removed"}}},{"insert":"ld"},)"
            R"({"insert":"!","attributes":{"ychange":{"type":"added"}}}])");
  EXPECT_EQ(note.text.delta_json({.snapshot = &note.before, .previous = &note.after}),
            R"([{"insert":"Hello ","attributes":{"ychange":{"type":"added"}}},{"insert":"w"},)"
            R"({"insert":"or","attributes":{"ychange":{"type":"added"}}},{"insert":"ld"},)"
            R"({"insert":"!","attributes":{"ychange":{"type":"removed"}}}])");
  EXPECT_EQ(
      note.text.delta_json(
          {.snapshot = &note.after, .previous = &note.before, .ychange = user_and_type}),
      R"([{"insert":"Hello ","attributes":{"ychange":{"user":1,"type":"removed"}}},)"
      R"({"insert":"w"},{"insert":"or","attributes":{"ychange":{"user":1,"type":"removed"}}},)"
      R"({"insert":"ld"},{"insert":"!","attributes":{"ychange":{"user":1,"type":"added"}}}])");
  EXPECT_EQ(note.doc.encode_state_as_update(), bytes);
  EXPECT_EQ(note.doc.check(), "");
  EXPECT_EQ(updates, 0);
}

TEST(SnapshotRead, ADeltaOfOneSnapshotIsTheTextOfThatTime) {
  Note note;
  EXPECT_EQ(note.text.delta_json({.snapshot = &note.before}), R"([{"insert":"Hello world"}])");
  EXPECT_EQ(note.text.delta_json({.snapshot = &note.after}), R"([{"insert":"wld!"}])");
  EXPECT_EQ(note.text.delta_json({}), R"([{"insert":"wld!"}])");
  EXPECT_EQ(
      note.text.delta_json({.previous = &note.before}),
      R"([{"insert":"Hello world"},{"insert":"!","attributes":{"ychange":{"type":"added"}}}])");
  const Snapshot nothing;
  EXPECT_EQ(note.text.delta_json({.snapshot = &nothing}), "[]");
}

TEST(SnapshotRead, RunsOfOneUserAreOneOnlyWhereTheUserIsSaid) {
  Doc doc({.client_id = 1, .gc = false});
  Text text = doc.get_text("note");
  const Snapshot nothing;
  ASSERT_TRUE(text.insert(0, "ac").ok());
  ASSERT_TRUE(text.insert(1, "b").ok());
  EXPECT_EQ(text.delta_json({.previous = &nothing}),
            R"([{"insert":"a","attributes":{"ychange":{"type":"added"}}},)"
            R"({"insert":"b","attributes":{"ychange":{"type":"added"}}},)"
            R"({"insert":"c","attributes":{"ychange":{"type":"added"}}}])");
  EXPECT_EQ(text.delta_json({.previous = &nothing, .ychange = user_and_type}),
            R"([{"insert":"abc","attributes":{"ychange":{"user":1,"type":"added"}}}])");
  // Another "user" than the number, and values that say nothing.
  for (const Any& value : {Any(Any::Object{{"user", Any("1")}, {"type", Any("added")}}), Any("x"),
                           Any(nullptr), Any()}) {
    const auto delta =
        text.to_delta({.previous = &nothing, .ychange = [&](TextChange, Id) { return value; }});
    ASSERT_EQ(delta.size(), 3u);
    ASSERT_EQ(delta[1].attributes.size(), 1u);
    EXPECT_EQ(delta[1].attributes[0].second, value);
  }
}

TEST(SnapshotRead, DeltasHaveFormatsAndEmbedsOfTheSnapshot) {
  Doc doc({.client_id = 1, .gc = false});
  Text text = doc.get_text("note");
  ASSERT_TRUE(text.insert(0, "abc").ok());
  ASSERT_TRUE(text.format(0, 2, {{"b", Any(true)}}).ok());
  const auto array = text.insert_type(3, {TypeKind::array, {}});
  ASSERT_TRUE(array.ok());
  ASSERT_TRUE(text.insert_embed(4, Any(Any::Object{{"src", Any("x")}})).ok());
  const Snapshot rich = take_snapshot(doc);
  ASSERT_TRUE(text.format(0, 2, {{"b", Any(nullptr)}}).ok());
  ASSERT_TRUE(text.erase(3, 2).ok());
  EXPECT_EQ(text.delta_json({.snapshot = &rich}),
            R"([{"insert":"ab","attributes":{"b":true}},{"insert":"c"},{"insert":[]},)"
            R"({"insert":{"src":"x"}}])");
  const Snapshot now = take_snapshot(doc);
  EXPECT_EQ(text.delta_json({.snapshot = &now, .previous = &rich}),
            R"([{"insert":"abc"},{"insert":[]},{"insert":{"src":"x"}}])");
  EXPECT_EQ(doc.check(), "");
}

TEST(SnapshotRead, ListsAndMapsAreReadElementByElement) {
  Doc doc({.client_id = 1, .gc = false});
  Array array = doc.get_array("a");
  Map map = doc.get_map("m");
  ASSERT_TRUE(array.push({Any(1), Any(2), Any(3)}).ok());
  ASSERT_TRUE(map.set("k", Any("old")).ok());
  const Snapshot first = take_snapshot(doc);
  ASSERT_TRUE(array.push({Any(4)}).ok());
  ASSERT_TRUE(array.erase(1).ok());
  ASSERT_TRUE(map.set("k", Any("new")).ok());
  ASSERT_TRUE(map.set("2", Any(2)).ok());
  const Snapshot second = take_snapshot(doc);
  ASSERT_TRUE(array.erase(0, 3).ok());
  ASSERT_TRUE(map.clear().ok());
  const Snapshot last = take_snapshot(doc);

  const auto numbers = [](const std::vector<Value>& values) {
    std::string out;
    for (const Value& value : values) out += value_json(value);
    return out;
  };
  EXPECT_EQ(numbers(array.to_array(Snapshot())), "");
  EXPECT_EQ(numbers(array.to_array(first)), "123");
  EXPECT_EQ(numbers(array.to_array(second)), "134");
  EXPECT_EQ(numbers(array.to_array(last)), "");
  const auto members = [](const std::vector<std::pair<std::string, Value>>& entries) {
    std::string out;
    for (const auto& [key, value] : entries) out += key + value_json(value) + ' ';
    return out;
  };
  EXPECT_EQ(members(map.entries(Snapshot())), "");
  EXPECT_EQ(members(map.entries(first)), "k\"old\" ");
  EXPECT_EQ(members(map.entries(second)), "k\"new\" 22 ");
  EXPECT_EQ(members(map.entries(last)), "");
  EXPECT_EQ(value_json(*map.get("k", first)), "\"old\"");
  EXPECT_FALSE(map.get("2", first).has_value());
  EXPECT_FALSE(map.get("k", last).has_value());
  EXPECT_FALSE(map.get("never", last).has_value());
}

TEST(SnapshotRead, AttributesOfXmlAreThoseOfTheSnapshot) {
  Doc doc({.client_id = 1, .gc = false});
  XmlElement element = *doc.get_xml_fragment("x").insert_element(0, "p");
  ASSERT_TRUE(element.set_attribute("a", Any("1")).ok());
  const Snapshot first = take_snapshot(doc);
  ASSERT_TRUE(element.set_attribute("a", Any("2")).ok());
  const auto attributes = element.attributes(first);
  ASSERT_EQ(attributes.size(), 1u);
  EXPECT_EQ(value_json(attributes[0].second), "\"1\"");
}

TEST(SnapshotRead, TypesThatWereDeletedSinceAreReadAsTheyWere) {
  Doc doc({.client_id = 1, .gc = false});
  Array array = doc.get_array("a");
  Text text = array.insert_type(0, {TypeKind::text, {}})->as_text();
  ASSERT_TRUE(text.insert(0, "kept").ok());
  Map map = array.insert_type(1, {TypeKind::map, {}})->as_map();
  ASSERT_TRUE(map.set("k", Any(1)).ok());
  const Snapshot before = take_snapshot(doc);
  ASSERT_TRUE(array.erase(0, 2).ok());
  const std::vector<Value> then = array.to_array(before);
  ASSERT_EQ(then.size(), 2u);
  const auto* const type = std::get_if<SharedType>(&then[0]);
  ASSERT_NE(type, nullptr);
  EXPECT_FALSE(type->valid());
  EXPECT_EQ(type->as_text().delta_json({.snapshot = &before}), R"([{"insert":"kept"}])");
  EXPECT_EQ(map.entries(before).size(), 1u);
  EXPECT_TRUE(array.to_array(take_snapshot(doc)).empty());
}

TEST(SnapshotRead, WhatIsCollectedOrNothingReadsAsEmpty) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  Text text = array.insert_type(0, {TypeKind::text, {}})->as_text();
  ASSERT_TRUE(text.insert(0, "gone").ok());
  const Snapshot before = take_snapshot(doc);
  ASSERT_TRUE(array.erase(0).ok());
  EXPECT_TRUE(array.to_array(before).empty());
  EXPECT_EQ(text.delta_json({.snapshot = &before}), "null");
  EXPECT_TRUE(text.to_delta({.snapshot = &before}).empty());
  EXPECT_TRUE(Text().to_delta({.snapshot = &before}).empty());
  EXPECT_TRUE(Array().to_array(before).empty());
  EXPECT_TRUE(Map().entries(before).empty());
  EXPECT_FALSE(Map().get("k", before).has_value());
}

TEST(SnapshotRead, SnapshotsOfOtherDocumentsDoNoHarm) {
  Note note;
  DeleteSet deletes;
  deletes.add({1, 2, 4});
  deletes.add({1, 9, 1000});
  deletes.add({1, 4000, 1});
  deletes.add({9, 0, 5});
  const Snapshot foreign(deletes, StateVector({{1, UINT32_MAX}, {8, 5}}));
  const std::string bytes = note.doc.encode_state_as_update();
  EXPECT_EQ(note.text.delta_json({.snapshot = &foreign}), R"([{"insert":"Hewor"}])");
  EXPECT_EQ(note.doc.encode_state_as_update(), bytes);
  EXPECT_EQ(note.doc.check(), "");
}

// Each border cuts a surrogate pair, so that no piece lies beside the next one in memory.
TEST(SnapshotRead, ManyBordersTakeNoMoreMemoryThanTheText) {
  constexpr std::uint32_t kPairs = 20'000;
  Doc doc({.client_id = 1, .gc = false});
  Text text = doc.get_text("note");
  std::string pairs;
  for (std::uint32_t i = 0; i < kPairs; ++i) pairs += "\xF0\x9F\x98\x80";
  ASSERT_TRUE(text.insert(0, pairs).ok());
  DeleteSet deletes;
  for (std::uint32_t i = 1; i < 2 * kPairs; i += 2) deletes.add({1, i, 1});
  const Snapshot snapshot(deletes, StateVector({{1, 2 * kPairs - 3}}));
  std::string halves;
  for (std::uint32_t i = 0; i + 1 < kPairs; ++i) halves += "\xEF\xBF\xBD";
  const std::vector<DeltaOp> delta = text.to_delta({.snapshot = &snapshot});
  ASSERT_EQ(delta.size(), 1u);
  EXPECT_EQ(value_json(delta[0].insert), to_json(Any(halves)));
  EXPECT_EQ(doc.item_count(), 1u);
  EXPECT_EQ(doc.check(), "");
  // The pieces while they were pieces, 64 bytes and a little each, and the text some times.
  EXPECT_LT(doc.memory_bytes(), std::size_t{kPairs} * 2 * 128 + 8 * pairs.size());
}

}  // namespace
}  // namespace pluv::ycrdt
