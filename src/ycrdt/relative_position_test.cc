#include "ycrdt/relative_position.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

// "wld!" after "Hello world": the letters have the clocks 6, 9, 10 and 11. As yjs says of it.
struct Note {
  Note() {
    EXPECT_TRUE(text.insert(0, "Hello world").ok());
    EXPECT_TRUE(text.erase(0, 6).ok());
    EXPECT_TRUE(text.insert(5, "!").ok());
    EXPECT_TRUE(text.erase(1, 2).ok());
  }

  Doc doc{{.client_id = 1, .gc = false}};
  Text text = doc.get_text("note");
};

std::uint32_t index_of(const RelativePosition& position, Doc& doc) {
  const auto found = create_absolute_position(position, doc);
  EXPECT_TRUE(found.has_value());
  return found ? found->index : UINT32_MAX;
}

RelativePosition position_of(const SharedType& type, std::uint32_t index, std::int64_t assoc = 0) {
  const auto position = create_relative_position(type, index, assoc);
  EXPECT_TRUE(position.ok());
  return *position;
}

TEST(RelativePosition, IsEncodedAsByYjs) {
  Note note;
  const struct {
    std::uint32_t index;
    std::int64_t assoc;
    const char* json;
    const char* hex;
  } cases[] = {
      {0, 0, R"({"tname":"note","item":{"client":1,"clock":6},"assoc":0})", "00010600"},
      {2, 0, R"({"tname":"note","item":{"client":1,"clock":10},"assoc":0})", "00010a00"},
      {4, 0, R"({"tname":"note","assoc":0})", "01046e6f746500"},
      {99, 0, R"({"tname":"note","assoc":0})", "01046e6f746500"},
      {4, -1, R"({"tname":"note","item":{"client":1,"clock":11},"assoc":-1})", "00010b41"},
      {99, -1, R"({"tname":"note","item":{"client":1,"clock":11},"assoc":-1})", "00010b41"},
      {0, -1, R"({"tname":"note","assoc":-1})", "01046e6f746541"},
      {2, -1, R"({"tname":"note","item":{"client":1,"clock":9},"assoc":-1})", "00010941"},
  };
  for (const auto& expected : cases) {
    const RelativePosition position = position_of(note.text, expected.index, expected.assoc);
    EXPECT_EQ(relative_position_to_json(position), expected.json);
    EXPECT_EQ(to_hex(encode_relative_position(position)), expected.hex);
    const auto again = relative_position_from_json(expected.json);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, position);
    const auto decoded = decode_relative_position(from_hex(expected.hex));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(to_hex(encode_relative_position(*decoded)), expected.hex);
    EXPECT_EQ(decoded->assoc, expected.assoc);
    for (const RelativePosition& one : {position, *decoded}) {
      EXPECT_EQ(index_of(one, note.doc), std::min(expected.index, 4u)) << expected.json;
    }
  }
}

TEST(RelativePosition, SaysLessOnceItIsEncoded) {
  Note note;
  const RelativePosition position = position_of(note.text, 1);
  const auto decoded = decode_relative_position(encode_relative_position(position));
  ASSERT_TRUE(decoded.ok());
  EXPECT_NE(*decoded, position);
  EXPECT_EQ(decoded->item, position.item);
}

TEST(RelativePosition, StaysWithItsElementWhileOthersWrite) {
  Note note;
  const RelativePosition before_l = position_of(note.text, 1);
  const RelativePosition behind_w = position_of(note.text, 1, -1);
  const RelativePosition begin = position_of(note.text, 0, -1);
  const RelativePosition end = position_of(note.text, 4);
  Doc other({.client_id = 2});
  sync(note.doc, other);
  ASSERT_TRUE(other.get_text("note").insert(1, "or").ok());
  ASSERT_TRUE(other.get_text("note").insert(0, ">").ok());
  ASSERT_TRUE(other.get_text("note").insert(7, "?").ok());
  sync(other, note.doc);
  ASSERT_EQ(note.text.to_string(), ">world!?");
  for (Doc* doc : {&note.doc, &other}) {
    EXPECT_EQ(index_of(before_l, *doc), 4u);
    EXPECT_EQ(index_of(behind_w, *doc), 2u);
    EXPECT_EQ(index_of(begin, *doc), 0u);
    EXPECT_EQ(index_of(end, *doc), 8u);
  }
}

TEST(RelativePosition, OfADeletedElementIsWhereThatWas) {
  Note note;
  const RelativePosition at_l = position_of(note.text, 1);
  const RelativePosition behind_l = position_of(note.text, 2, -1);
  ASSERT_TRUE(note.text.erase(1, 2).ok());
  EXPECT_EQ(index_of(at_l, note.doc), 1u);
  EXPECT_EQ(index_of(behind_l, note.doc), 1u);
}

TEST(RelativePosition, IsFoundInLongTexts) {
  Doc doc({.client_id = 1});
  const Text text = doc.get_text("note");
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(Text(text).insert(0, "ab").ok());
  for (const std::uint32_t index : {0u, 1u, 499u, 998u, 999u}) {
    EXPECT_EQ(index_of(position_of(text, index), doc), index);
    EXPECT_EQ(index_of(position_of(text, index + 1, -1), doc), index + 1);
  }
}

TEST(RelativePosition, NamesNestedTypesByWhatHoldsThem) {
  Note note;
  const auto made = note.doc.get_map("m").set_type("k", {TypeKind::array, {}});
  ASSERT_TRUE(made.ok());
  Array array = made->as_array();
  ASSERT_TRUE(array.insert(0, {Any(1), Any(2)}).ok());
  const RelativePosition end = position_of(array, 2);
  EXPECT_EQ(relative_position_to_json(end), R"({"type":{"client":1,"clock":12},"assoc":0})");
  EXPECT_EQ(to_hex(encode_relative_position(end)), "02010c00");
  const auto found = create_absolute_position(end, note.doc);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->type.branch(), array.branch());
  EXPECT_EQ(found->index, 2u);
  const RelativePosition begin = position_of(array, 0, -1);
  EXPECT_EQ(index_of(begin, note.doc), 0u);
  // What holds it is a member, before which nothing is counted.
  RelativePosition member;
  member.item = Id{1, 12};
  const auto in_map = create_absolute_position(member, note.doc);
  ASSERT_TRUE(in_map.has_value());
  EXPECT_EQ(*in_map, (AbsolutePosition{note.doc.get_map("m"), 0, 0}));

  const RelativePosition first = position_of(array, 0);
  ASSERT_TRUE(note.doc.get_map("m").set("k", Any(3)).ok());
  EXPECT_FALSE(array.valid());
  const auto deleted = create_absolute_position(first, note.doc);
  ASSERT_TRUE(deleted.has_value());
  EXPECT_FALSE(deleted->type.valid());
  EXPECT_EQ(deleted->index, 0u);
  EXPECT_EQ(index_of(member, note.doc), 0u);
  EXPECT_EQ(create_relative_position(array, 0).error().code, ErrorCode::not_found);
}

TEST(RelativePosition, CountsElementsOfXml) {
  Doc doc({.client_id = 1});
  XmlFragment xml = doc.get_xml_fragment("x");
  ASSERT_TRUE(xml.insert_element(0, "p").ok());
  ASSERT_TRUE(xml.insert_text(1).ok());
  const RelativePosition second = position_of(xml, 1);
  ASSERT_TRUE(xml.insert_element(0, "h1").ok());
  EXPECT_EQ(index_of(second, doc), 2u);
}

TEST(RelativePosition, IsNowhereInADocumentThatDoesNotHaveIt) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("note");
  ASSERT_TRUE(text.insert(0, "ab").ok());
  const auto made = doc.get_array("a").insert_type(0, {TypeKind::array, {}});
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(made->as_array().push({Any(1)}).ok());
  const RelativePosition letter = position_of(text, 1);
  const RelativePosition element = position_of(*made, 0);
  RelativePosition end = position_of(*made, 1);
  Doc empty({.client_id = 2});
  for (const RelativePosition& position : {letter, element, end, RelativePosition()}) {
    EXPECT_FALSE(create_absolute_position(position, empty).has_value());
  }
  // Collected: nothing says any more where it was.
  ASSERT_TRUE(doc.get_array("a").erase(0).ok());
  EXPECT_FALSE(create_absolute_position(element, doc).has_value());
  EXPECT_FALSE(create_absolute_position(end, doc).has_value());
  // A letter is no type.
  end.type = Id{1, 0};
  EXPECT_FALSE(create_absolute_position(end, doc).has_value());
  end.root = "\xff";
  EXPECT_FALSE(create_absolute_position(end, doc).has_value());
}

TEST(RelativePosition, MakesTheRootThatItNames) {
  Doc doc({.client_id = 1});
  RelativePosition position;
  position.root = "new";
  EXPECT_EQ(index_of(position, doc), 0u);
  EXPECT_EQ(doc.root_names(), std::vector<std::string>{"new"});
}

TEST(RelativePosition, MayLackAssocInBytesAndJson) {
  const auto decoded = decode_relative_position(from_hex("00 01 05"));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->assoc, 0);
  const auto read = relative_position_from_json(
      R"({"type":null,"tname":null,"item":{"client":1,"clock":5},"more":[]})");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, *decoded);
}

TEST(RelativePosition, KeepsLargeNumbers) {
  RelativePosition position;
  position.item = Id{kClientIdMax, UINT32_MAX};
  position.assoc = -static_cast<std::int64_t>(kClientIdMax);
  const auto decoded = decode_relative_position(encode_relative_position(position));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, position);
  const auto read = relative_position_from_json(relative_position_to_json(position));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, position);
}

TEST(RelativePosition, RefusesMalformedBytes) {
  for (const char* hex :
       {"", "00", "0001", "01", "0105616263", "0101ff00", "0200", "03010100", "00010641ff",
        "000106c1", "ffffffffffffff7f", "0001 ffffffffffffffff0f"}) {
    const auto decoded = decode_relative_position(from_hex(hex));
    ASSERT_FALSE(decoded.ok()) << hex;
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid) << hex;
  }
  EXPECT_TRUE(decode_relative_position(from_hex("00 01 ffffffff0f 00")).ok());
  const auto beyond = decode_relative_position(from_hex("00 01 8080808010 00"));
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::limit);
}

TEST(RelativePosition, RefusesJsonThatNamesNoPlace) {
  for (const char* json :
       {"", "{", "null", "[]", "{}", R"({"assoc":0})", R"({"tname":1})", R"({"item":5})",
        R"({"item":{"client":1}})", R"({"item":{"client":-1,"clock":0}})",
        R"({"type":{"client":1,"clock":0.5}})", R"({"type":{"client":1e300,"clock":0}})",
        R"({"tname":"a","assoc":0.5})", R"({"tname":"a","assoc":"x"})"}) {
    EXPECT_FALSE(relative_position_from_json(json).ok()) << json;
  }
  const auto beyond = relative_position_from_json(R"({"item":{"client":1,"clock":4294967296}})");
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace pluv::ycrdt
