// What types show where JavaScript's rules decide: the order of an object's keys, and String() of
// what is embedded.
#include <gtest/gtest.h>

#include "ycrdt/doc.h"

namespace pluv::ycrdt {
namespace {

TEST(Read, AttributesThatAreIndicesComeFirstInADelta) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "x", {{"i", true}, {"10", 1}, {"2", 2}}).ok());
  EXPECT_EQ(text.delta_json(), R"([{"insert":"x","attributes":{"2":2,"10":1,"i":true}}])");
}

TEST(Read, AnXmlTextShowsEmbeddedElementsWithinItsFormatting) {
  Doc doc({.client_id = 1});
  auto text = doc.get_xml_fragment("x").insert_text(0);
  ASSERT_TRUE(text.ok());
  auto inner = text->insert_type(0, {TypeKind::xml_text, {}}, {{"b", true}});
  ASSERT_TRUE(inner.ok());
  ASSERT_TRUE(inner->as_text().insert_type(0, {TypeKind::xml_element, "P"}, {{"i", true}}).ok());
  ASSERT_TRUE(text->insert(1, "end", {}).ok());
  EXPECT_EQ(text->to_xml(), "<b><i><p></p></i></b>end");
}

}  // namespace
}  // namespace pluv::ycrdt
