// XML elements and texts, and how they are printed: as toString() of yjs 13.6 prints them, with
// JavaScript's String() of whatever is an attribute or embedded.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

TEST(XmlText, ShowsEmbeddedElementsWithinItsFormatting) {
  Doc doc({.client_id = 1});
  auto text = doc.get_xml_fragment("x").insert_text(0);
  ASSERT_TRUE(text.ok());
  auto inner = text->insert_type(0, {TypeKind::xml_text, {}}, {{"b", true}});
  ASSERT_TRUE(inner.ok());
  ASSERT_TRUE(inner->as_text().insert_type(0, {TypeKind::xml_element, "P"}, {{"i", true}}).ok());
  ASSERT_TRUE(text->insert(1, "end", {}).ok());
  EXPECT_EQ(text->to_xml(), "<b><i><p></p></i></b>end");
}

TEST(XmlElement, AttributesArePrintedAsStrings) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::pair<Any, const char*> cases[] = {
      {Any("a<b\"&"), "a<b\"&"},  // not escaped
      {Any(1), "1"},
      {Any(0.5), "0.5"},
      {Any(-0.0), "0"},
      {Any(1e21), "1e+21"},
      {Any(std::nan("")), "NaN"},
      {Any(kInfinity), "Infinity"},
      {Any(-kInfinity), "-Infinity"},
      {Any(true), "true"},
      {Any(false), "false"},
      {Any(nullptr), "null"},
      {Any(), "undefined"},
      {Any(Any::BigInt{12}), "12"},
      {Any(Any::Bytes{"\x01\xFF"}), "1,255"},
      {Any(Any::Bytes{}), ""},
      {Any(Any::Array{}), ""},
      {Any(Any::Array{1, nullptr, Any(), "x", Any::Array{2, 3}}), "1,,,x,2,3"},
      {Any(Any::Object{{"a", 1}}), "[object Object]"},
  };
  for (const auto& [value, printed] : cases) {
    Doc doc({.client_id = 1});
    XmlElement element = *doc.get_xml_fragment("x").insert_element(0, "p");
    ASSERT_TRUE(element.set_attribute("k", value).ok());
    const std::string want = "<p k=\"" + std::string(printed) + "\"></p>";
    EXPECT_EQ(element.to_string(), want);
    Doc copy({.client_id = 2});
    sync(doc, copy);
    EXPECT_EQ(copy.get_xml_fragment("x").to_string(), want);
  }
}

TEST(XmlElement, AnAttributeMayHoldAType) {
  const std::pair<NewType, const char*> cases[] = {
      {{TypeKind::text, {}}, ""},
      {{TypeKind::map, {}}, "[object Object]"},
      {{TypeKind::array, {}}, "[object Object]"},
      {{TypeKind::xml_element, "B"}, "<b></b>"},
      {{TypeKind::xml_fragment, {}}, ""},
      {{TypeKind::xml_text, {}}, ""},
      {{TypeKind::xml_hook, "h"}, "[object Object]"},
  };
  for (const auto& [type, printed] : cases) {
    Doc doc({.client_id = 1});
    XmlElement element = *doc.get_xml_fragment("x").insert_element(0, "p");
    ASSERT_TRUE(element.as_map().set_type("k", type).ok());
    ASSERT_TRUE(element.set_attribute("z", Any(1)).ok());
    EXPECT_EQ(element.to_string(), "<p k=\"" + std::string(printed) + "\" z=\"1\"></p>");
  }
  // With attributes of its own, and children.
  Doc doc({.client_id = 1});
  XmlElement element = *doc.get_xml_fragment("x").insert_element(0, "p");
  XmlElement inner = element.as_map().set_type("k", {TypeKind::xml_element, "q"})->as_xml_element();
  ASSERT_TRUE(inner.set_attribute("a", Any(1)).ok());
  ASSERT_TRUE(inner.set_attribute("b", Any(2)).ok());
  ASSERT_TRUE(inner.insert_text(0)->insert(0, "in").ok());
  ASSERT_TRUE(element.insert_text(0)->insert(0, "out").ok());
  EXPECT_EQ(element.to_string(), R"(<p k="<q a="1" b="2">in</q>">out</p>)");
  Text text = element.as_map().set_type("k", {TypeKind::text, {}})->as_text();
  ASSERT_TRUE(text.insert(0, "plain").ok());
  EXPECT_EQ(element.to_string(), R"(<p k="plain">out</p>)");
  ASSERT_TRUE(element.as_map().set("k", NewDoc{"g", true, false, nullptr}).ok());
  EXPECT_EQ(element.to_string(), R"(<p k="[object Object]">out</p>)");
}

// Items that only hand-made updates have where an attribute is.
TEST(XmlElement, UnusualItemsAsAttributes) {
  const std::pair<const char*, const char*> cases[] = {
      {"24 00 05 00 01 6b 03 616263", "c"},
      {"24 00 05 00 01 6b 04 f09f9880", "\xEF\xBF\xBD"},
      {"25 00 05 00 01 6b 03 5b315d", "1"},
      {"26 00 05 00 01 6b 01 62 01 31", "undefined"},
      {"22 00 05 00 01 6b 02 0131 09756e646566696e6564", "undefined"},
      {"28 00 05 00 01 6b 02 7d01 7d02", "2"},
  };
  for (const auto& [item, printed] : cases) {
    Doc doc({.client_id = 1});
    ASSERT_TRUE(
        doc.apply_update(from_hex("01 02 05 00 07 01 01 78 03 01 70" + std::string(item) + "00"))
            .ok());
    EXPECT_EQ(doc.get_xml_fragment("x").to_string(), "<p k=\"" + std::string(printed) + "\"></p>");
  }
}

// By UTF-16 code units, so a surrogate pair comes before U+E000.
TEST(XmlElement, AttributesAreSortedAsJavaScriptSorts) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  XmlElement element = *fragment.insert_element(0, "p");
  const char* const sorted[] = {"10",
                                "9",
                                "A",
                                "a",
                                "aa",
                                "ab",
                                "b",
                                "\xC3\xA9",
                                "\xED\x9F\xBF",
                                "\xF0\x9F\x98\x80",
                                "\xF0\x9F\x98\x81",
                                "\xEE\x80\x80",
                                "\xEF\xBF\xBD"};
  std::string want = "<p";
  for (const char* key : sorted) want += " " + std::string(key) + "=\"1\"";
  // Set in another order: 7 and 13 have no divisor in common.
  for (std::size_t i = 0; i < std::size(sorted); ++i) {
    ASSERT_TRUE(element.set_attribute(sorted[i * 7 % std::size(sorted)], Any(1)).ok());
  }
  EXPECT_EQ(element.to_string(), want + "></p>");
  EXPECT_EQ(element.attributes().size(), std::size(sorted));
}

TEST(XmlElement, ChildrenArePrintedInOrder) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  ASSERT_TRUE(fragment
                  .insert(0, {NewType{TypeKind::xml_hook, "h"}, NewType{TypeKind::xml_text, {}},
                              NewType{TypeKind::xml_element, "OUTER"}})
                  .ok());
  ASSERT_TRUE(std::get<SharedType>(*fragment.get(1)).as_xml_text().insert(0, "t").ok());
  XmlElement outer = std::get<SharedType>(*fragment.get(2)).as_xml_element();
  ASSERT_TRUE(outer.insert_element(0, "in").ok());
  ASSERT_TRUE(outer.insert_text(1)->insert(0, "x").ok());
  ASSERT_TRUE(outer.insert_element(2, "gone").ok());
  ASSERT_TRUE(outer.erase(2).ok());
  EXPECT_EQ(fragment.to_string(), "[object Object]t<outer><in></in>x</outer>");
  EXPECT_EQ(fragment.json(), "\"[object Object]t<outer><in></in>x</outer>\"");
  EXPECT_EQ(fragment.length(), 3u);
  EXPECT_EQ(outer.parent(), fragment);
  EXPECT_EQ(outer.node_name(), "OUTER");
  EXPECT_EQ(outer.kind(), TypeKind::xml_element);
}

TEST(XmlElement, AHandleOfNothingAnswersNothing) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  XmlElement element = *fragment.insert_element(0, "p");
  XmlText text = *element.insert_text(0);
  ASSERT_TRUE(element.set_attribute("k", Any(1)).ok());
  ASSERT_TRUE(fragment.erase(0).ok());
  EXPECT_EQ(element.to_string(), "");
  EXPECT_EQ(element.node_name(), "");
  EXPECT_EQ(element.attribute("k"), std::nullopt);
  EXPECT_TRUE(element.attributes().empty());
  EXPECT_EQ(text.to_xml(), "");
  EXPECT_EQ(element.set_attribute("k", Any(1)).error().code, ErrorCode::not_found);
  EXPECT_EQ(element.remove_attribute("k").error().code, ErrorCode::not_found);
  EXPECT_EQ(element.insert_element(0, "b").error().code, ErrorCode::not_found);
  EXPECT_EQ(element.insert_text(0).error().code, ErrorCode::not_found);
}

TEST(XmlElement, BadEditsAreRefused) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  EXPECT_EQ(fragment.insert_element(1, "p").error().code, ErrorCode::limit);
  EXPECT_EQ(fragment.insert_text(1).error().code, ErrorCode::limit);
  XmlElement element = *fragment.insert_element(0, "p");
  EXPECT_EQ(element.set_attribute("\xFF", Any(1)).error().code, ErrorCode::invalid);
  EXPECT_TRUE(element.remove_attribute("nothing").ok());
  EXPECT_EQ(element.to_string(), "<p></p>");
}

TEST(XmlText, AttributesAreElementsAround) {
  const auto printed = [](const Text::AttributeList& attributes) {
    Doc doc({.client_id = 1});
    XmlText text = *doc.get_xml_fragment("x").insert_text(0);
    EXPECT_TRUE(text.insert(0, "xy", attributes).ok());
    EXPECT_EQ(text.json(), to_json(Any(text.to_xml())));
    return text.to_xml();
  };
  EXPECT_EQ(printed({{"b", true}}), "<b>xy</b>");
  EXPECT_EQ(printed({{"b", 1}}), "<b>xy</b>");
  EXPECT_EQ(printed({{"b", nullptr}}), "xy");
  EXPECT_EQ(printed({{"b", Any::Object{{"k", "v"}, {"a", 1}}}}), R"(<b a="1" k="v">xy</b>)");
  EXPECT_EQ(printed({{"b", Any::Array{1, "x"}}}), R"(<b 0="1" 1="x">xy</b>)");
  EXPECT_EQ(printed({{"i", Any::Object{}}, {"b", Any::Object{}}}), "<b><i>xy</i></b>");
  EXPECT_EQ(printed({{"a", Any::Object{{"z", nullptr}, {"y", Any()}, {"x", Any::Array{1}}}}}),
            R"(<a x="1" y="undefined" z="null">xy</a>)");
  // JavaScript's for-in over a string walks over its code units.
  EXPECT_EQ(printed({{"b", "h\xC3\xA9\xF0\x9F\x98\x80"}}),
            "<b 0=\"h\" 1=\"\xC3\xA9\" 2=\"\xEF\xBF\xBD\" 3=\"\xEF\xBF\xBD\">xy</b>");
  EXPECT_EQ(
      printed(
          {{"\xF0\x9F\x98\x80", 1}, {"\xEF\xBF\xBD", 1}, {"b", 1}, {"aa", 1}, {"a", 1}, {"10", 1}}),
      "<10><a><aa><b><\xF0\x9F\x98\x80><\xEF\xBF\xBD>xy</\xEF\xBF\xBD></\xF0\x9F\x98\x80>"
      "</b></aa></a></10>");
}

TEST(XmlText, ShowsWhatIsEmbedded) {
  Doc doc({.client_id = 1});
  XmlText text = *doc.get_xml_fragment("x").insert_text(0);
  ASSERT_TRUE(text.insert(0, "ab").ok());
  for (const Any& embed : {Any(Any::Object{{"img", 1}}), Any("str"), Any(5),
                           Any(Any::Array{1, Any::Array{2}}), Any(true)}) {
    ASSERT_TRUE(text.insert_embed(1, embed).ok());
  }
  EXPECT_EQ(text.to_xml(), "atrue1,25str[object Object]b");
  ASSERT_TRUE(text.insert_type(0, {TypeKind::xml_element, "br"}).ok());
  ASSERT_TRUE(text.insert_type(0, {TypeKind::map, {}}).ok());
  ASSERT_TRUE(text.insert_type(0, {TypeKind::text, {}})->as_text().insert(0, "inner").ok());
  ASSERT_TRUE(text.insert_type(0, {TypeKind::xml_text, {}})->as_text().insert(0, "xt").ok());
  EXPECT_EQ(text.to_xml(), "xtinner[object Object]<br></br>atrue1,25str[object Object]b");
}

}  // namespace
}  // namespace pluv::ycrdt
