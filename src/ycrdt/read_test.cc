// What types show as text, deltas and JSON; xml_test.cc is about XML.
#include "ycrdt/read.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

TEST(Read, AttributesThatAreIndicesComeFirstInADelta) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "x", {{"i", true}, {"10", 1}, {"2", 2}}).ok());
  EXPECT_EQ(text.delta_json(), R"([{"insert":"x","attributes":{"2":2,"10":1,"i":true}}])");
}

// What a root holds: each row one item of client 5, in a list called "a".
struct Row {
  const char* item;
  const char* array;     // as array.toJSON()
  const char* text;      // text.toString()
  const char* delta;     // text.toDelta()
  const char* fragment;  // xmlFragment.toString()
};

// The answers are those of yjs 13.6, whichever type a root is used as.
TEST(Read, EveryKindOfItemAsEveryTypeOfRoot) {
  const Row rows[] = {
      {"04 01 01 61 08 61 f09f9880 c3a9 22",
       R"(["a","\ud83d","\ude00",")"
       "\xC3\xA9\",\"\\\"\"]",
       "a\xF0\x9F\x98\x80\xC3\xA9\"", "[{\"insert\":\"a\xF0\x9F\x98\x80\xC3\xA9\\\"\"}]",
       "a\xF0\x9F\x98\x80\xC3\xA9\""},
      {"04 01 01 61 03 e282ac", "[\"\xE2\x82\xAC\"]", "\xE2\x82\xAC",
       "[{\"insert\":\"\xE2\x82\xAC\"}]", "\xE2\x82\xAC"},
      {"05 01 01 61 03 5b315d", "[[1]]", "", R"([{"insert":[1]}])", "1"},
      {"03 01 01 61 02 01ff", R"([{"0":1,"1":255}])", "", "[]", "1,255"},
      {"09 01 01 61 01 67 7600", "[{}]", "", "[]", "[object Object]"},
      {"06 01 01 61 01 62 01 31", "[]", "", "[]", ""},
      {"07 01 01 61 03 01 70", R"(["<p></p>"])", "", R"([{"insert":"<p></p>"}])", "<p></p>"},
      {"07 01 01 61 01", "[{}]", "", R"([{"insert":{}}])", "[object Object]"},
      {"08 01 01 61 03 7d01 770178 78", R"([1,"x",true])", "", "[]", "1xtrue"},
      {"02 01 01 61 02 0131 09756e646566696e6564", "[1,null]", "", "[]", "1undefined"},
      {"01 01 01 61 03", "[]", "", "[]", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.item);
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00" + std::string(row.item) + "00")).ok());
    EXPECT_EQ(doc.get_array("a").json(), row.array);
    EXPECT_EQ(doc.get_text("a").to_string(), row.text);
    EXPECT_EQ(doc.get_text("a").delta_json(), row.delta);
    EXPECT_EQ(doc.get_xml_fragment("a").to_string(), row.fragment);
  }
}

// A map's value is the last element of its member's item.
TEST(Read, EveryKindOfItemAsAMember) {
  const std::pair<const char*, const char*> rows[] = {
      {"24 01 01 6d 01 6b 03 616263", R"({"k":"c"})"},
      {"24 01 01 6d 01 6b 04 f09f9880", R"({"k":"\ude00"})"},
      {"24 01 01 6d 01 6b 06 6162 f09f9880", R"({"k":"\ude00"})"},
      {"24 01 01 6d 01 6b 03 61c3a9", "{\"k\":\"\xC3\xA9\"}"},
      {"24 01 01 6d 01 6b 02 6122", R"({"k":"\""})"},
      {"24 01 01 6d 01 6b 02 615c", R"({"k":"\\"})"},
      {"25 01 01 6d 01 6b 01 31", R"({"k":1})"},
      {"23 01 01 6d 01 6b 02 01ff", R"({"k":{"0":1,"1":255}})"},
      {"29 01 01 6d 01 6b 01 67 7600", R"({"k":{}})"},
      {"26 01 01 6d 01 6b 01 62 01 31", "{}"},
      {"22 01 01 6d 01 6b 02 0131 0132", R"({"k":2})"},
      {"28 01 01 6d 01 6b 01 7f", "{}"},
      {"28 01 01 6d 01 6b 02 7d01 7d02", R"({"k":2})"},
      {"21 01 01 6d 01 6b 01", "{}"},
      {"27 01 01 6d 01 6b 03 01 70", R"({"k":"<p></p>"})"},
  };
  for (const auto& [item, json] : rows) {
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00" + std::string(item) + "00")).ok());
    EXPECT_EQ(doc.get_map("m").json(), json) << item;
  }
}

// A root that nobody has named the type of is shown as what it looks like. (yjs shows nothing.)
TEST(Read, AnUnnamedRootIsShownAsWhatItLooksLike) {
  const std::pair<const char*, const char*> rows[] = {
      {"04 01 01 61 03 616263", R"({"a":"abc"})"},
      {"05 01 01 61 01 31", R"({"a":""})"},
      {"06 01 01 61 01 62 01 31", R"({"a":""})"},
      {"08 01 01 61 02 7d01 7e", R"({"a":[1,null]})"},
      {"03 01 01 61 01 01", R"({"a":[{"0":1}]})"},
      {"09 01 01 61 01 67 7600", R"({"a":[{}]})"},
      {"07 01 01 61 00", R"({"a":[[]]})"},
      {"07 01 01 61 03 01 70", R"({"a":"<p></p>"})"},
      {"07 01 01 61 06", R"({"a":""})"},
      {"07 01 01 61 05 01 68", R"({"a":"[object Object]"})"},
      {"28 01 01 61 01 6b 01 7d01", R"({"a":{"k":1}})"},
      {"01 01 01 61 03", R"({"a":[]})"},
  };
  for (const auto& [item, json] : rows) {
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00" + std::string(item) + "00")).ok());
    EXPECT_EQ(doc.to_json(), json) << item;
    EXPECT_EQ(doc.get_root("a").kind(), TypeKind::undefined);
  }
}

TEST(Read, TypesInTypesAreShownInOrder) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Array list = map.set_type("list", {TypeKind::array, {}})->as_array();
  ASSERT_TRUE(map.set("10", Any(1)).ok());
  ASSERT_TRUE(map.set("9", Any(2)).ok());
  ASSERT_TRUE(map.set("gone", Any(3)).ok());
  ASSERT_TRUE(map.erase("gone").ok());
  Map inner = list.insert_type(0, {TypeKind::map, {}})->as_map();
  ASSERT_TRUE(inner.set("text", NewType{TypeKind::text, {}}).ok());
  ASSERT_TRUE(std::get<SharedType>(*inner.get("text")).as_text().insert(0, "hi \"you\"").ok());
  ASSERT_TRUE(list.push({Any("x"), NewType{TypeKind::xml_element, "P"}}).ok());
  EXPECT_EQ(map.json(), R"({"9":2,"10":1,"list":[{"text":"hi \"you\""},"x","<p></p>"]})");
  EXPECT_EQ(doc.to_json(), R"({"m":)" + map.json() + "}");
}

// Nothing recurses: a document may nest as deep as it likes.
TEST(Read, DeepNestingIsShown) {
  constexpr std::size_t kDepth = 20'000;
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  doc.transact([&] {
    for (std::size_t i = 1; i < kDepth; ++i) {
      array = array.insert_type(0, {TypeKind::array, {}})->as_array();
    }
  });
  EXPECT_EQ(doc.get_array("a").json(), std::string(kDepth, '[') + std::string(kDepth, ']'));
  XmlFragment fragment = doc.get_xml_fragment("x");
  doc.transact([&] {
    for (std::size_t i = 0; i < kDepth; ++i) fragment = *fragment.insert_element(0, "p");
  });
  std::string want;
  for (std::size_t i = 0; i < kDepth; ++i) want += "<p>";
  for (std::size_t i = 0; i < kDepth; ++i) want += "</p>";
  EXPECT_EQ(doc.get_xml_fragment("x").to_string(), want);
  ASSERT_TRUE(doc.get_array("a").erase(0).ok());
  EXPECT_EQ(doc.check(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
