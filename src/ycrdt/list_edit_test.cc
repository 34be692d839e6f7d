// Edits of lists and maps. Bytes are those of yjs 13.6 after the same edits.
#include "ycrdt/list_edit.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

#define EDIT(expression) ASSERT_TRUE((expression).ok())

TEST(ListEdit, ValuesSideBySideAreOneRun) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  EDIT(array.insert(0, {Any(1), Any("two"), NewType{TypeKind::map, {}}, Any(Any::Bytes{"\1\2"}),
                        NewDoc{"g", false, true, Any::Object{{"m", 1}}}, Any(nullptr), Any(true),
                        Any(1.5), Any(Any::Object{{"k", Any::Array{1}}}), Any(Any::Array{2})}));
  EXPECT_EQ(state_hex(doc),
            to_hex(from_hex("01 05 01 00 08 01 01 61 02 7d01 770374776f  87 01 01 01"
                            "83 01 02 02 0102  89 01 03 01 67 7603 026763 79 086175746f4c6f6164 78"
                            "046d657461 7601 016d 7d01  88 01 04 05 7e 78 7c3fc00000 7601 016b"
                            "7501 7d01 7501 7d02 00")));
  EDIT(array.insert(1, {Any("x")}));
  EDIT(array.erase(0, 3));
  EDIT(array.push({Any(7)}));
  EDIT(array.unshift({Any(0)}));
  EXPECT_EQ(
      state_hex(doc),
      "01090100010101610181010001870101018301020201028901030167760302676379086175746f4c6f616478"
      "046d6574617601016d7d01880104057e787c3fc000007601016b75017d0175017d02c101000101018801"
      "09017d07480100017d0001010200020a01");
  // What there is goes, though it is less than was asked for.
  EXPECT_EQ(array.erase(5, 100).error().code, ErrorCode::limit);
  EXPECT_EQ(
      state_hex(doc),
      "010a0100010101610181010001870101018301020201028901030167760302676379086175746f4c6f616478"
      "046d6574617601016d7d01880104017e81010504c1010001010181010901480100017d0001010200020606");
  EXPECT_EQ(array.json(), R"([0,{},{"0":1,"1":2},{},null])");
}

TEST(ListEdit, RunsAreSplitAndContinued) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  EDIT(array.insert(0, {Any(1)}));
  EDIT(array.insert(1, {Any(2)}));
  EDIT(array.insert(1, {Any(3)}));
  EDIT(array.insert(0, {}));
  EXPECT_EQ(state_hex(doc), "0103010008010161017d01880100017d02c801000101017d0300");
  EDIT(array.insert(2, {Any(4), Any(5)}));
  EDIT(array.erase(1, 2));
  EXPECT_EQ(state_hex(doc),
            "0104010008010161017d01880100017d02c10100010102c801030101017d050101010202");
}

TEST(ListEdit, SplitsThatNothingCameOfAreUndone) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  EDIT(array.insert(0, {Any(1), Any(2), Any(3)}));
  doc.transact([&] {
    EDIT(array.insert(2, {}));
    EDIT(array.insert(1, {}));
    EXPECT_EQ(doc.item_count(), 3u);
  });
  EXPECT_EQ(doc.item_count(), 1u);
  EXPECT_EQ(state_hex(doc), "0101010008010161037d017d027d0300");
  EXPECT_EQ(doc.check(), "");
}

TEST(ListEdit, GivesPartsOfLists) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  EDIT(array.insert(0, {Any(0), Any(1), Any(2), NewType{TypeKind::map, {}}, Any(4), Any(5)}));
  EDIT(array.erase(1));
  const auto slice = [&](std::uint32_t begin, std::uint32_t end) {
    std::string out;
    for (const Value& value : array.slice(begin, end)) out += value_json(value) + " ";
    return out;
  };
  EXPECT_EQ(slice(0, 5), "0 2 type 1 {} 4 5 ");
  EXPECT_EQ(slice(1, 3), "2 type 1 {} ");
  EXPECT_EQ(slice(4, 100), "5 ");
  EXPECT_EQ(slice(3, 3), "");
  EXPECT_EQ(slice(4, 2), "");
  EXPECT_EQ(slice(5, 6), "");
  EXPECT_EQ(value_json(*array.get(4)), "5");
  EXPECT_EQ(array.get(5), std::nullopt);
}

TEST(ListEdit, ElementsOfEveryKindOfItem) {
  const std::pair<const char*, std::vector<const char*>> rows[] = {
      {"04 01 01 61 08 61 f09f9880 c3a9 22",
       {"\"a\"", "\"\xEF\xBF\xBD\"", "\"\xEF\xBF\xBD\"", "\"\xC3\xA9\"", "\"\\\"\""}},
      {"05 01 01 61 03 5b315d", {"[1]"}},
      {"03 01 01 61 02 01ff", {R"({"0":1,"1":255})"}},
      {"09 01 01 61 01 67 7600", {"doc g"}},
      {"08 01 01 61 03 7d01 770178 7f", {"1", "\"x\"", "undefined"}},
      {"02 01 01 61 02 0131 09756e646566696e6564", {"1", "undefined"}},
      {"06 01 01 61 01 62 01 31", {}},
  };
  for (const auto& [item, values] : rows) {
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00" + std::string(item) + "00")).ok());
    std::vector<std::string> found;
    for (const Value& value : doc.get_array("a").to_array()) found.push_back(value_json(value));
    EXPECT_EQ(found, (std::vector<std::string>{values.begin(), values.end()})) << item;
  }
}

TEST(ListEdit, MapsKeepEachKeysHistory) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  EDIT(map.set("a", Any(1)));
  ASSERT_TRUE(map.set_type("b", {TypeKind::array, {}}).ok());
  EDIT(map.set("a", Any("x")));
  EDIT(map.set("c", Any(Any::Bytes{})));
  EDIT(map.set("d", NewDoc{"g", true, false, nullptr}));
  EDIT(map.set("", Any(nullptr)));
  EDIT(map.erase("c"));
  EDIT(map.erase("nothing"));
  EDIT(map.erase("m"));  // a name that is known, but not as a key of this map
  EXPECT_EQ(map.get("m"), std::nullopt);
  EXPECT_EQ(
      state_hex(doc),
      "010601002101016d0161012701016d016200a80100017701782101016d0163012901016d0164016776002801"
      "016d00017e01010200010301");
  EXPECT_EQ(map.json(), R"({"a":"x","b":[],"d":{},"":null})");
  EXPECT_EQ(map.keys(), (std::vector<std::string>{"a", "b", "d", ""}));
  EXPECT_EQ(map.size(), 4u);
  EXPECT_TRUE(map.has("") && !map.has("c") && !map.has("nothing"));
  EXPECT_EQ(value_json(*map.get("d")), "doc g");
  EXPECT_EQ(map.get("c"), std::nullopt);
  EDIT(map.clear());
  EXPECT_EQ(
      state_hex(doc),
      "010601002101016d0161012101016d016201a10100012101016d0163012101016d0164012101016d00010101"
      "010006");
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(doc.check(), "");
}

TEST(ListEdit, WhatATypeHeldGoesWithIt) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Map inner = map.set_type("n", {TypeKind::map, {}})->as_map();
  EDIT(inner.set("x", Any(1)));
  Text text = map.set_type("t", {TypeKind::text, {}})->as_text();
  EDIT(text.insert(0, "hi"));
  ASSERT_TRUE(inner.set_type("deep", {TypeKind::array, {}}).ok());
  EDIT(map.set("n", Any(1)));
  EXPECT_EQ(state_hex(doc),
            "010601002101016d016e0100012701016d017402040001020268690001a80100017d0101010200020501");
  EXPECT_FALSE(inner.valid());
  EXPECT_TRUE(text.valid());
  EXPECT_EQ(doc.check(), "");
}

TEST(ListEdit, WithoutCollectingContentStays) {
  Doc doc({.client_id = 1, .gc = false});
  EDIT(doc.get_array("a").insert(0, {Any(1), Any(2), Any(3)}));
  EDIT(doc.get_array("a").erase(1));
  EDIT(doc.get_map("m").set("k", Any(1)));
  EDIT(doc.get_map("m").set("k", Any(2)));
  EXPECT_EQ(
      state_hex(doc),
      "0105010008010161017d01880100017d02880101017d032801016d016b017d01a80103017d02010102010103"
      "01");
}

TEST(ListEdit, BadEditsAreRefused) {
  Doc doc({.client_id = 1});
  Array root = doc.get_array("a");
  Array array = root.insert_type(0, {TypeKind::array, {}})->as_array();
  Map map = root.insert_type(1, {TypeKind::map, {}})->as_map();
  const std::string before = doc.encode_state_as_update();
  EXPECT_EQ(array.insert(1, {Any(1)}).error().code, ErrorCode::limit);
  EXPECT_EQ(array.insert_type(1, {TypeKind::map, {}}).error().code, ErrorCode::limit);
  EXPECT_EQ(array.erase(1).error().code, ErrorCode::limit);
  EXPECT_EQ(map.set("\xFF", Any(1)).error().code, ErrorCode::invalid);
  EXPECT_EQ(map.set_type("\xFF", {TypeKind::map, {}}).error().code, ErrorCode::invalid);
  EDIT(array.erase(0, 0));
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EDIT(root.erase(0, 2));
  EXPECT_EQ(array.insert(0, {Any(1)}).error().code, ErrorCode::not_found);
  EXPECT_EQ(array.push({Any(1)}).error().code, ErrorCode::not_found);
  EXPECT_EQ(array.insert_type(0, {TypeKind::map, {}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(array.erase(0).error().code, ErrorCode::not_found);
  EXPECT_EQ(map.set("k", Any(1)).error().code, ErrorCode::not_found);
  EXPECT_EQ(map.set_type("k", {TypeKind::map, {}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(map.erase("k").error().code, ErrorCode::not_found);
  EXPECT_EQ(map.clear().error().code, ErrorCode::not_found);
  EXPECT_TRUE(array.to_array().empty() && map.keys().empty());
  EXPECT_EQ(array.length() + map.size(), 0u);
  EXPECT_EQ(map.get("k"), std::nullopt);
  EXPECT_EQ(array.json() + map.json(), "nullnull");
}

TEST(ListEdit, AHandleOfNothingIsInvalid) {
  const SharedType nothing;
  EXPECT_FALSE(nothing.valid());
  EXPECT_EQ(nothing.kind(), TypeKind::undefined);
  EXPECT_FALSE(nothing.parent().valid());
  EXPECT_EQ(nothing.json(), "null");
  EXPECT_EQ(nothing.as_array().length(), 0u);
  EXPECT_EQ(nothing.as_xml_fragment().to_string(), "");
  Doc doc;
  EXPECT_FALSE(doc.get_map("m").parent().valid());
}

// A thousand elements behind a position far from the start.
TEST(ListEdit, LongListsAreReadAndErasedFromTheMiddle) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  for (int i = 0; i < 1000; ++i) EDIT(array.unshift({Any(i)}));
  const Text text = array.insert_type(700, {TypeKind::text, {}})->as_text();
  std::string path;
  array.observe_deep([&](const std::vector<Event*>& events, const Transaction&) {
    path = path_json(events.back()->path());
  });
  EDIT(Text(text).insert(0, "x"));
  EXPECT_EQ(path, "[700]");
  EXPECT_EQ(value_json(*array.get(699)), "300");
  EXPECT_EQ(value_json(*array.get(701)), "299");
  EDIT(array.erase(100, 550));
  EXPECT_EQ(array.length(), 451u);
  EXPECT_EQ(value_json(*array.get(100)), "349");
  EDIT(Text(text).insert(0, "y"));
  EXPECT_EQ(path, "[150]");
  EXPECT_EQ(array.slice(440, 451).size(), 11u);
  EXPECT_EQ(doc.check(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
