#include "ycrdt/doc.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/event.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

TEST(Doc, ConcurrentTypingEndsEqualWithTheLowerClientFirst) {
  Doc a({.client_id = 1});
  Doc b({.client_id = 2});
  ASSERT_TRUE(a.get_text("t").insert(0, "one").ok());
  ASSERT_TRUE(b.get_text("t").insert(0, "two").ok());
  exchange(a, b);
  EXPECT_EQ(a.get_text("t").to_string(), "onetwo");
  EXPECT_EQ(b.get_text("t").to_string(), "onetwo");
}

TEST(Doc, TypingIsOneRun) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(text.insert(text.length(), "x").ok());
  EXPECT_EQ(doc.item_count(), 1u);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(text.erase(100, 1).ok());
  EXPECT_EQ(doc.item_count(), 3u);
  EXPECT_EQ(text.length(), 500u);
  EXPECT_EQ(doc.check(), "");
}

TEST(Doc, TypingOfOthersIsOneRunToo) {
  Doc a({.client_id = 1});
  Doc b({.client_id = 2});
  a.on_update([&](std::string_view update, const Transaction&) {
    EXPECT_TRUE(b.apply_update(update).ok());
  });
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(a.get_text("t").insert(0u + i, "x").ok());
  EXPECT_EQ(b.item_count(), 1u);
  EXPECT_EQ(b.get_text("t").length(), 1000u);
  EXPECT_EQ(b.encode_state_as_update(), a.encode_state_as_update());
}

TEST(Doc, IndicesCountUtf16CodeUnits) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "a\xF0\x9F\x98\x80z").ok());
  EXPECT_EQ(text.length(), 4u);
  ASSERT_TRUE(text.insert(3, "-").ok());
  EXPECT_EQ(text.to_string(), "a\xF0\x9F\x98\x80-z");
  // Between the halves of a pair: both become U+FFFD, and keep their lengths.
  ASSERT_TRUE(text.insert(2, "|").ok());
  EXPECT_EQ(text.to_string(), "a\xEF\xBF\xBD|\xEF\xBF\xBD-z");
  EXPECT_EQ(text.length(), 6u);
  EXPECT_EQ(doc.check(), "");
}

TEST(Doc, BadEditsAreRefused) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  EXPECT_EQ(text.insert(1, "x").error().code, ErrorCode::limit);
  EXPECT_EQ(text.insert(0, "\xff").error().code, ErrorCode::invalid);
  EXPECT_EQ(text.erase(1, 1).error().code, ErrorCode::limit);
  Array array = doc.get_array("a");
  EXPECT_EQ(array.insert(1, {Any(1)}).error().code, ErrorCode::limit);
  ASSERT_TRUE(array.push({Any(1)}).ok());
  EXPECT_EQ(array.erase(0, 2).error().code, ErrorCode::limit);
  EXPECT_EQ(array.length(), 0u);
  EXPECT_EQ(doc.get_map("m").set("\xff", Any(1)).error().code, ErrorCode::invalid);
}

TEST(Doc, AHandleOfADeletedTypeIsInvalid) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  const auto inner = map.set_type("inner", {TypeKind::text, {}});
  ASSERT_TRUE(inner.ok());
  Text text = inner->as_text();
  ASSERT_TRUE(text.insert(0, "x").ok());
  EXPECT_EQ(inner->parent(), map);
  ASSERT_TRUE(map.erase("inner").ok());
  EXPECT_FALSE(text.valid());
  EXPECT_EQ(text.to_string(), "");
  EXPECT_EQ(text.insert(0, "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(doc.check(), "");
}

TEST(Doc, RichTextGivesDeltas) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "abc", {{"bold", true}}).ok());
  ASSERT_TRUE(text.insert(3, "def").ok());  // takes the attributes of its place
  ASSERT_TRUE(text.insert(6, "ghi", {}).ok());
  ASSERT_TRUE(text.insert_embed(9, Any::Object{{"image", "x.png"}}, {{"width", 100}}).ok());
  EXPECT_EQ(text.delta_json(),
            R"([{"insert":"abcdef","attributes":{"bold":true}},{"insert":"ghi"},)"
            R"({"insert":{"image":"x.png"},"attributes":{"width":100}}])");
  ASSERT_TRUE(text.format(0, 6, {{"bold", nullptr}}).ok());
  EXPECT_EQ(text.to_delta().size(), 2u);
  ASSERT_TRUE(text.apply_delta({DeltaOp::retain_length(3), DeltaOp::remove_length(3),
                                DeltaOp::insert_text("X", {{"i", 1}})})
                  .ok());
  EXPECT_EQ(text.to_string(), "abcXghi");
  EXPECT_EQ(doc.check(), "");
}

TEST(Doc, ArraysHoldAllKindsOfValues) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  ASSERT_TRUE(
      array
          .insert(0, {Any(1), Any("two"), NewType{TypeKind::map, {}}, Any(Any::Bytes{"\1\2"}),
                      NewDoc{"guid", true, false, nullptr}, Any(nullptr)})
          .ok());
  EXPECT_EQ(array.length(), 6u);
  EXPECT_EQ(array.json(), R"([1,"two",{},{"0":1,"1":2},{},null])");
  Map map = std::get<SharedType>(*array.get(2)).as_map();
  ASSERT_TRUE(map.set("k", Any(true)).ok());
  EXPECT_EQ(std::get<Subdoc>(*array.get(4)).guid, "guid");
  EXPECT_EQ(doc.subdocs().size(), 1u);
  ASSERT_TRUE(array.erase(0, 2).ok());
  EXPECT_EQ(array.json(), R"([{"k":true},{"0":1,"1":2},{},null])");
  EXPECT_EQ(array.slice(1, 3).size(), 2u);
  EXPECT_EQ(array.get(4), std::nullopt);
  Doc copy({.client_id = 2});
  exchange(doc, copy);
  EXPECT_EQ(copy.get_array("a").json(), array.json());
}

TEST(Doc, LongListsAreFoundByPosition) {
  Doc doc({.client_id = 1});
  Doc other({.client_id = 2});
  Array array = doc.get_array("a");
  std::vector<double> want;
  std::uint64_t random = 1;
  for (int i = 0; i < 3000; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto at = static_cast<std::uint32_t>((random >> 33) % (want.size() + 1));
    if (i % 5 == 4 && at < want.size()) {
      ASSERT_TRUE(array.erase(at).ok());
      want.erase(want.begin() + at);
    } else {
      ASSERT_TRUE(array.insert(at, {Any(i)}).ok());
      want.insert(want.begin() + at, i);
    }
    if (i % 500 == 250) exchange(doc, other);
    if (i % 500 == 260) {
      // Others change what the positions are counted on.
      ASSERT_TRUE(other.get_array("a").insert(10, {Any(-i), Any(-i - 1)}).ok());
      ASSERT_TRUE(other.get_array("a").erase(50, 7).ok());
      want.clear();
      exchange(doc, other);
      for (const Value& value : array.to_array())
        want.push_back(*std::get<Any>(value).get<double>());
    }
  }
  ASSERT_EQ(array.length(), want.size());
  for (std::uint32_t i = 0; i < want.size(); ++i) {
    ASSERT_EQ(*std::get<Any>(*array.get(i)).get<double>(), want[i]) << i;
  }
  EXPECT_EQ(doc.check(), "");
}

TEST(Doc, MapsKeepTheHigherClientsConcurrentValue) {
  Doc a({.client_id = 1});
  Doc b({.client_id = 2});
  ASSERT_TRUE(a.get_map("m").set("k", Any("a")).ok());
  ASSERT_TRUE(b.get_map("m").set("k", Any("b")).ok());
  ASSERT_TRUE(b.get_map("m").set("10", Any(1)).ok());
  ASSERT_TRUE(b.get_map("m").set("2", Any(2)).ok());
  exchange(a, b);
  EXPECT_EQ(a.get_map("m").json(), R"({"2":2,"10":1,"k":"b"})");
  EXPECT_EQ(a.get_map("m").size(), 3u);
  ASSERT_TRUE(a.get_map("m").clear().ok());
  EXPECT_EQ(a.get_map("m").json(), "{}");
  EXPECT_FALSE(a.get_map("m").has("k"));
}

// Of all who set a key at once the highest client wins, however their updates come.
TEST(Doc, ManyClientsSetOneKeyInOneUpdate) {
  constexpr ClientId kClients = 4000;
  std::vector<std::string> updates;
  for (ClientId client = 1; client <= kClients; ++client) {
    Doc doc({.client_id = client});
    ASSERT_TRUE(doc.get_map("m").set("k", Any(static_cast<double>(client))).ok());
    updates.push_back(doc.encode_state_as_update());
  }
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  const auto merged = merge_updates(views);
  ASSERT_TRUE(merged.ok());
  Doc at_once({.client_id = kClients + 1});
  ASSERT_TRUE(at_once.apply_update(*merged).ok());
  EXPECT_EQ(at_once.get_map("m").json(), R"({"k":4000})");
  EXPECT_EQ(at_once.check(), "");
  Doc copy({.client_id = kClients + 2});
  ASSERT_TRUE(copy.apply_update(at_once.encode_state_as_update()).ok());
  EXPECT_EQ(copy.encode_state_as_update(), at_once.encode_state_as_update());
}

TEST(Doc, XmlPrintsSortedAttributesUnescaped) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  XmlElement paragraph = *fragment.insert_element(0, "P");
  ASSERT_TRUE(paragraph.set_attribute("z", Any("<1>")).ok());
  ASSERT_TRUE(paragraph.set_attribute("a", Any(2)).ok());
  XmlText text = *paragraph.insert_text(0);
  ASSERT_TRUE(text.insert(0, "hello & ").ok());
  ASSERT_TRUE(text.insert(8, "bye", {{"b", Any::Object{{"k", "v"}}}}).ok());
  EXPECT_EQ(fragment.to_string(), R"(<p a="2" z="<1>">hello & <b k="v">bye</b></p>)");
  EXPECT_EQ(paragraph.node_name(), "P");
  EXPECT_EQ(paragraph.attributes().size(), 2u);
  ASSERT_TRUE(paragraph.remove_attribute("z").ok());
  EXPECT_EQ(paragraph.attribute("z"), std::nullopt);
}

TEST(Doc, WhatArrivesTooEarlyWaits) {
  Doc a({.client_id = 1});
  std::vector<std::string> updates;
  a.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  ASSERT_TRUE(a.get_text("t").insert(0, "abc").ok());
  ASSERT_TRUE(a.get_text("t").erase(1, 1).ok());
  ASSERT_TRUE(a.get_text("t").insert(2, "d").ok());
  ASSERT_EQ(updates.size(), 3u);
  Doc b({.client_id = 2});
  for (const int i : {2, 1}) {
    ASSERT_TRUE(b.apply_update(updates[static_cast<std::size_t>(i)]).ok());
    EXPECT_TRUE(b.has_pending());
    EXPECT_EQ(b.get_text("t").to_string(), "");
  }
  // What waits is part of the state: a third one can use it.
  Doc c({.client_id = 3});
  ASSERT_TRUE(c.apply_update(b.encode_state_as_update()).ok());
  EXPECT_TRUE(c.has_pending());
  for (Doc* doc : {&b, &c}) {
    ASSERT_TRUE(doc->apply_update(updates[0]).ok());
    EXPECT_FALSE(doc->has_pending());
    EXPECT_EQ(doc->get_text("t").to_string(), "acd");
    EXPECT_EQ(doc->encode_state_as_update(), a.encode_state_as_update());
  }
}

TEST(Doc, ATransactionIsOneUpdate) {
  Doc a({.client_id = 1});
  Doc b({.client_id = 2});
  int updates = 0;
  std::string origin;
  a.on_update([&](std::string_view update, const Transaction& transaction) {
    ++updates;
    origin = transaction.origin;
    EXPECT_TRUE(transaction.local);
    EXPECT_TRUE(b.apply_update(update).ok());
  });
  a.transact(
      [&] {
        ASSERT_TRUE(a.get_text("t").insert(0, "abc").ok());
        ASSERT_TRUE(a.get_map("m").set("k", Any(1)).ok());
        ASSERT_TRUE(a.get_text("t").erase(0, 1).ok());
      },
      "me");
  a.transact([] {});  // nothing changed: no update
  EXPECT_EQ(updates, 1);
  EXPECT_EQ(origin, "me");
  EXPECT_EQ(b.encode_state_as_update(), a.encode_state_as_update());
}

TEST(Doc, WithoutGarbageCollectionContentStays) {
  Doc keeps({.client_id = 1, .gc = false});
  Doc drops({.client_id = 1});
  for (Doc* doc : {&keeps, &drops}) {
    ASSERT_TRUE(doc->get_text("t").insert(0, "a long text that goes").ok());
    ASSERT_TRUE(doc->get_text("t").erase(2, 15).ok());
  }
  EXPECT_GT(keeps.encode_state_as_update().size(), drops.encode_state_as_update().size() + 10);
  Doc other({.client_id = 2});
  sync(keeps, other);
  EXPECT_EQ(other.encode_state_as_update(), drops.encode_state_as_update());
}

TEST(Doc, MovesWithAllThatIsInIt) {
  Doc first({.client_id = 1});
  ASSERT_TRUE(first.get_text("t").insert(0, "abc").ok());
  Text text = first.get_text("t");
  Doc second = std::move(first);
  ASSERT_TRUE(text.insert(3, "d").ok());  // handles stay good
  Doc third({.client_id = 3});
  third = std::move(second);
  EXPECT_EQ(third.get_text("t").to_string(), "abcd");
  EXPECT_EQ(third.client_id(), 1u);
}

TEST(Doc, WritesAsWhomItIsTold) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_text("t").insert(0, "a").ok());
  doc.set_client_id(7);
  EXPECT_EQ(doc.client_id(), 7u);
  ASSERT_TRUE(doc.get_text("t").insert(1, "b").ok());
  EXPECT_EQ(doc.state_vector(), StateVector({{1, 1}, {7, 1}}));
}

// yjs throws.
TEST(Doc, ARootThatIsOpenedAsAnotherKindStaysWhatItIs) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("root");
  ASSERT_TRUE(text.insert(0, "ab").ok());
  Array array = doc.get_array("root");
  EXPECT_EQ(array.kind(), TypeKind::text);
  EXPECT_EQ(array.json(), "\"ab\"");
  EXPECT_EQ(array.length(), 2u);
  ASSERT_TRUE(array.push({Any(1)}).ok());
  ASSERT_TRUE(doc.get_map("root").set("k", Any(true)).ok());
  EXPECT_EQ(text.to_string(), "ab");
  EXPECT_EQ(text.length(), 3u);
  EXPECT_EQ(value_json(*array.get(2)), "1");
  EXPECT_EQ(doc.to_json(), R"({"root":"ab"})");
  EXPECT_EQ(doc.check(), "");
  // A root that nothing has named the kind of is decided by the first who does.
  Doc copy({.client_id = 2});
  ASSERT_TRUE(copy.apply_update(doc.encode_state_as_update()).ok());
  EXPECT_EQ(copy.get_root("root").kind(), TypeKind::undefined);
  EXPECT_EQ(copy.get_map("root").json(), R"({"k":true})");
  EXPECT_EQ(copy.get_text("root").json(), R"({"k":true})");
  EXPECT_EQ(copy.get_text("root").to_string(), "ab");
}

TEST(Doc, NamesItsRootsInTheOrderInWhichTheyCame) {
  Doc doc({.client_id = 1});
  EXPECT_TRUE(doc.root_names().empty());
  EXPECT_EQ(doc.to_json(), "{}");
  ASSERT_TRUE(doc.get_map("m").set("k", Any(1)).ok());
  (void)doc.get_array("a");
  (void)doc.get_text("m");  // what it is was decided
  Doc other({.client_id = 2});
  ASSERT_TRUE(other.get_xml_fragment("x").insert_element(0, "p").ok());
  sync(other, doc);
  EXPECT_EQ(doc.root_names(), (std::vector<std::string>{"m", "a", "x"}));
  EXPECT_EQ(doc.to_json(), R"({"m":{"k":1},"a":[],"x":"<p></p>"})");
  EXPECT_EQ(doc.get_root("m").kind(), TypeKind::map);
}

TEST(Doc, SaysHowMuchMemoryItTakes) {
  Doc doc({.client_id = 1});
  const std::size_t empty = doc.memory_bytes();
  ASSERT_TRUE(doc.get_text("t").insert(0, std::string(100'000, 'x')).ok());
  EXPECT_GE(doc.memory_bytes(), empty + 100'000);
  EXPECT_LE(doc.memory_bytes(), empty + 300'000);
}

}  // namespace
}  // namespace pluv::ycrdt
