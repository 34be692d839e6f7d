// XML types as trees: what yjs calls firstChild, siblings, hooks and selectors.
#include <gtest/gtest.h>

#include "ycrdt/doc.h"

namespace pluv::ycrdt {
namespace {

TEST(Xml, ChildrenAreWalkedByTheirSiblings) {
  Doc doc({.client_id = 1});
  XmlFragment fragment = doc.get_xml_fragment("x");
  EXPECT_FALSE(fragment.first_child().valid());
  const XmlElement p = *fragment.insert_element(0, "p");
  const XmlText text = *fragment.insert_text(1);
  const XmlElement gone = *fragment.insert_element(2, "gone");
  const XmlElement q = *fragment.insert_element(3, "q");
  ASSERT_TRUE(fragment.erase(2).ok());
  EXPECT_EQ(fragment.first_child(), p);
  EXPECT_EQ(p.next_sibling(), text);
  EXPECT_EQ(text.next_sibling(), q);
  EXPECT_EQ(q.previous_sibling(), text);
  EXPECT_FALSE(q.next_sibling().valid());
  EXPECT_FALSE(p.previous_sibling().valid());
  EXPECT_FALSE(gone.next_sibling().valid());
  EXPECT_FALSE(fragment.next_sibling().valid());
  EXPECT_EQ(p.parent(), fragment);
}

TEST(Xml, TypesInArraysHaveSiblingsMembersOfMapsHaveNot) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  ASSERT_TRUE(
      array.insert(0, {NewType{TypeKind::map, {}}, Any(1), NewType{TypeKind::text, {}}}).ok());
  const auto first = std::get<SharedType>(*array.get(0));
  EXPECT_EQ(first.next_sibling(), std::get<SharedType>(*array.get(2)));
  const SharedType member = *doc.get_map("m").set_type("k", {TypeKind::array, {}});
  ASSERT_TRUE(doc.get_map("m").set_type("k", {TypeKind::array, {}}).ok());
  EXPECT_FALSE(member.next_sibling().valid());
  EXPECT_FALSE(std::get<SharedType>(*doc.get_map("m").get("k")).previous_sibling().valid());
}

TEST(Xml, AHookIsANamedMap) {
  Doc doc({.client_id = 1});
  XmlHook hook = *doc.get_xml_fragment("x").insert_hook(0, "chart");
  ASSERT_TRUE(hook.set("kind", Any("pie")).ok());
  EXPECT_EQ(hook.hook_name(), "chart");
  Doc other({.client_id = 2});
  ASSERT_TRUE(other.apply_update(doc.encode_state_as_update()).ok());
  const XmlHook copy = other.get_xml_fragment("x").first_child().as_xml_hook();
  EXPECT_EQ(copy.kind(), TypeKind::xml_hook);
  EXPECT_EQ(copy.hook_name(), "chart");
  EXPECT_EQ(copy.json(), R"({"kind":"pie"})");
}

TEST(Xml, ElementsAreFoundByTheirNamesAtAnyDepth) {
  Doc doc({.client_id = 1});
  XmlElement root = doc.get_xml_element("x");
  EXPECT_EQ(root.kind(), TypeKind::xml_element);
  XmlElement list = *root.insert_element(0, "UL");
  XmlElement first = *list.insert_element(0, "li");
  ASSERT_TRUE(first.insert_text(0).ok());
  XmlElement nested = *first.insert_element(1, "ul");
  XmlElement second = *nested.insert_element(0, "LI");
  XmlElement last = *root.insert_element(1, "li");
  EXPECT_EQ(root.query_selector_all("li"), (std::vector<XmlElement>{first, second, last}));
  EXPECT_EQ(root.query_selector_all("ul"), (std::vector<XmlElement>{list, nested}));
  EXPECT_EQ(list.query_selector_all("li"), (std::vector<XmlElement>{first, second}));
  EXPECT_TRUE(last.query_selector_all("li").empty());
}

TEST(Xml, AttributesAreListedInTheOrderInWhichTheyCame) {
  Doc doc({.client_id = 1});
  XmlElement p = *doc.get_xml_fragment("x").insert_element(0, "p");
  ASSERT_TRUE(p.set_attribute("b", "1").ok());
  ASSERT_TRUE(p.set_attribute("a", "2").ok());
  ASSERT_TRUE(p.set_attribute("b", "3").ok());
  const auto attributes = p.attributes();
  ASSERT_EQ(attributes.size(), 2u);
  EXPECT_EQ(attributes[0].first, "b");
  EXPECT_EQ(std::get<Any>(attributes[0].second), Any("3"));
  EXPECT_EQ(attributes[1].first, "a");
  Text text = *doc.get_xml_fragment("x").insert_text(1);
  ASSERT_TRUE(text.set_attribute("lang", "en").ok());
  EXPECT_EQ(text.attributes().size(), 1u);
  EXPECT_EQ(doc.get_map("m").entries().size(), 0u);
}

}  // namespace
}  // namespace pluv::ycrdt
