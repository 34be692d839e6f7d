// Formats that updates of others have made redundant. Documents and updates are, byte for byte,
// those of yjs 13.6 after the same edits. (What it cleans of a whole text is what stands before the
// first letter, and so do we.)
#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_testing.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

#define EDIT(expression) ASSERT_TRUE((expression).ok())

using Edit = std::function<void(Text&)>;

struct Case {
  const char* name;
  Edit before;
  Edit first;   // by client 1
  Edit second;  // at the same time, by client 2
  const char* delta;
  const char* first_state;
  const char* second_state;
  // What the update of the other one and the cleaning behind it changed.
  std::vector<const char*> first_updates;
  std::vector<const char*> second_updates;
};

void expect_cleaned(const Case& test) {
  SCOPED_TRACE(test.name);
  Doc first({.client_id = 1});
  Doc second({.client_id = 2});
  Text text = first.get_text("t");
  Text others = second.get_text("t");
  test.before(text);
  exchange(first, second);
  test.first(text);
  test.second(others);
  std::vector<std::string> updates[2];
  first.on_update(
      [&](std::string_view update, const Transaction&) { updates[0].push_back(to_hex(update)); });
  second.on_update(
      [&](std::string_view update, const Transaction&) { updates[1].push_back(to_hex(update)); });
  const std::string of_first = first.encode_state_as_update();
  ASSERT_TRUE(first.apply_update(second.encode_state_as_update()).ok());
  ASSERT_TRUE(second.apply_update(of_first).ok());
  EXPECT_EQ(state_hex(first), test.first_state);
  EXPECT_EQ(state_hex(second), test.second_state);
  EXPECT_EQ(updates[0],
            (std::vector<std::string>{test.first_updates.begin(), test.first_updates.end()}));
  EXPECT_EQ(updates[1],
            (std::vector<std::string>{test.second_updates.begin(), test.second_updates.end()}));
  exchange(first, second);
  EXPECT_EQ(text.delta_json(), test.delta);
  EXPECT_EQ(others.delta_json(), test.delta);
}

void six(Text& t) { EDIT(t.insert(0, "abcdef")); }

Edit format(std::uint32_t index, std::uint32_t length, Text::AttributeList attributes) {
  return [=](Text& t) { EDIT(t.format(index, length, attributes)); };
}
Edit erase(std::uint32_t index, std::uint32_t length) {
  return [=](Text& t) { EDIT(t.erase(index, length)); };
}
Edit insert(std::uint32_t index, const char* text) {
  return [=](Text& t) { EDIT(t.insert(index, text)); };
}
Edit both(const Edit& a, const Edit& b) {
  return [=](Text& t) {
    a(t);
    b(t);
  };
}

TEST(FormatCleanup, OfTwoFormatsBeforeTheFirstLetterTheLastOneStays) {
  const char* same =
      "0202020046010001620474727565c6010201030162046e756c6c040100040101740361626384010203646566"
      "41010001c6010201030162046e756c6c0101010601";
  expect_cleaned({"the same",
                  six,
                  format(0, 3, {{"b", true}}),
                  format(0, 3, {{"b", true}}),
                  R"([{"insert":"abc","attributes":{"b":true}},{"insert":"def"}])",
                  same,
                  same,
                  {"0102020046010001620474727565c6010201030162046e756c6c00", "000101010601"},
                  {"0102010646010001620474727565c6010201030162046e756c6c00", "000101010601"}});
  const char* other =
      "0202020046010001620132c6010201030162046e756c6c04010004010174036162638401020364656641010001"
      "c6010201030162046e756c6c0101010601";
  expect_cleaned({"another value",
                  six,
                  format(0, 3, {{"b", 1}}),
                  format(0, 3, {{"b", 2}}),
                  R"([{"insert":"abc","attributes":{"b":2}},{"insert":"def"}])",
                  other,
                  other,
                  {"0102020046010001620132c6010201030162046e756c6c00", "000101010601"},
                  {"0102010646010001620131c6010201030162046e756c6c00", "000101010601"}});
  const char* object =
      "020202004601000162077b2278223a317dc6010201030162046e756c6c040100040101740361626384010203"
      "64656641010001c6010201030162046e756c6c0101010601";
  expect_cleaned(
      {"objects, which equal only themselves",
       six,
       format(0, 3, {{"b", Any::Object{{"x", 1}}}}),
       format(0, 3, {{"b", Any::Object{{"x", 1}}}}),
       R"([{"insert":"abc","attributes":{"b":{"x":1}}},{"insert":"def"}])",
       object,
       object,
       {"010202004601000162077b2278223a317dc6010201030162046e756c6c00", "000101010601"},
       {"010201064601000162077b2278223a317dc6010201030162046e756c6c00", "000101010601"}});
  const char* two_keys =
      "0204020046010001690131c60200010001620474727565c6010201030169046e756c6cc6020201030162046e75"
      "6c6c05010004010174036162638401020364656641010002c6010201030162046e756c6cc6010801030169046e"
      "756c6c0101010602";
  expect_cleaned(
      {"two keys",
       six,
       format(0, 3, {{"b", true}, {"i", 1}}),
       format(0, 3, {{"i", 1}, {"b", true}}),
       R"([{"insert":"abc","attributes":{"i":1,"b":true}},{"insert":"def"}])",
       two_keys,
       two_keys,
       {"0104020046010001690131c60200010001620474727565c6010201030169046e756c6cc602020103"
        "0162046e756c6c00",
        "000101010602"},
       {"0104010646010001620474727565c60106010001690131c6010201030162046e756c6cc601080103"
        "0169046e756c6c00",
        "000101010602"}});
}

TEST(FormatCleanup, AFormatThatBothTookAwayIsGone) {
  const char* state =
      "0202020046010601690131c6010301040169046e756c6c0501000401017403616263840102016484010302656641"
      "010001c101020103010101010602";
  expect_cleaned({"",
                  both(six, format(0, 3, {{"b", true}})),
                  format(0, 3, {{"b", nullptr}}),
                  format(0, 4, {{"b", nullptr}, {"i", 1}}),
                  R"([{"insert":"abcd","attributes":{"i":1}},{"insert":"ef"}])",
                  state,
                  state,
                  {"0102020046010601690131c6010301040169046e756c6c00"},
                  {}});
}

// Where text was deleted only doubled keys between two letters go; what holds there is not looked
// at.
TEST(FormatCleanup, WhereTextWasDeletedOneFormatOfEachKeyStays) {
  const char* joined =
      "010701000401017402616281010102840103026566c10101010201c10103010401c601030107016201318601"
      "050162046e756c6c01010202020602";
  expect_cleaned({"each deletes one letter of a format, whose ends then meet",
                  both(both(six, format(2, 2, {{"b", true}})), format(4, 2, {{"b", 1}})),
                  erase(2, 1),
                  erase(3, 1),
                  R"([{"insert":"ab"},{"insert":"ef","attributes":{"b":1}}])",
                  joined,
                  joined,
                  {"000101010301", "000101010601"},
                  {"000101010201", "000101010601"}});
  const char* wide =
      "0108010004010174016181010002810102028401040166c10100010101c10102010301c10102010701c60104"
      "01050162046e756c6c01010201040603";
  expect_cleaned({"all between two letters",
                  both(both(six, format(1, 2, {{"b", true}})), format(3, 2, {{"b", 1}})),
                  both(erase(1, 1), erase(3, 1)),
                  both(erase(2, 1), erase(2, 1)),
                  R"([{"insert":"a"},{"insert":"f"}])",
                  wide,
                  wide,
                  {"000101010202", "0001010206010801"},
                  {"0001010201010401", "0001010206010801"}});
  expect_cleaned(
      {"a format came, too",
       both(six, format(2, 2, {{"b", true}})),
       erase(2, 1),
       both(format(2, 2, {{"b", 1}}), erase(3, 1)),
       R"([{"insert":"ab"},{"insert":"ef"}])",
       "02020200c60101010601620131c101030107010501000401017402616281010102840103026566c10101010201"
       "c6010301040162046e756c6c0202010101010202020601",
       "02020200c10101010601c101030107010501000401017402616281010102840103026566c10101010201c60103"
       "01040162046e756c6c0202010002010202020601",
       {"01020200c60101010601620131c101030107010202010101010203010601"},
       {"000101010201", "000102010001"}});
}

TEST(FormatCleanup, WhatIsNotRedundantStays) {
  const char* state =
      "0201020084010501780501000401017402616281010102840103026566c10101010201c10103010401010102"
      "02020602";
  expect_cleaned({"",
                  both(six, format(2, 2, {{"b", true}})),
                  erase(2, 2),
                  insert(6, "x"),
                  R"([{"insert":"abefx"}])",
                  state,
                  state,
                  {"01010200840105017800"},
                  {"0001010202020602"}});
}

// Two texts, each with a format that an update makes redundant. They are cleaned in the order in
// which the document first heard of the clients whose formats came, not in that of the update.
TEST(FormatCleanup, TextsAreCleanedInTheOrderInWhichTheirWritersWereFirstHeardOf) {
  for (const bool first_is_1 : {true, false}) {
    Doc source({.client_id = 5});
    EDIT(source.get_text("t1").insert(0, "abc"));
    EDIT(source.get_text("t2").insert(0, "abc"));
    Doc one({.client_id = 1});
    Doc two({.client_id = 2});
    Doc doc({.client_id = 9});
    for (Doc* copy : {&one, &two, &doc}) sync(source, *copy);
    Text t1 = doc.get_text("t1");
    Text t2 = doc.get_text("t2");
    EDIT(one.get_map("m").set("k1", Any(1)));
    EDIT(two.get_map("m").set("k2", Any(1)));
    sync(first_is_1 ? one : two, doc);
    sync(first_is_1 ? two : one, doc);
    EDIT(t1.format(0, 2, {{"b", 1}}));
    EDIT(t2.format(0, 2, {{"b", 1}}));
    EDIT(one.get_text("t1").format(0, 2, {{"b", 1}}));
    EDIT(two.get_text("t2").format(0, 2, {{"b", 1}}));

    std::string heard;
    t1.observe([&](Event& event) { heard += event.transaction().local ? "cleaned t1 " : "t1 "; });
    t2.observe([&](Event& event) { heard += event.transaction().local ? "cleaned t2 " : "t2 "; });
    const std::string updates[] = {one.encode_state_as_update(doc.state_vector()),
                                   two.encode_state_as_update(doc.state_vector())};
    const std::string_view views[] = {updates[0], updates[1]};
    ASSERT_TRUE(doc.apply_update(merge_updates(views).value()).ok());
    EXPECT_EQ(heard, first_is_1 ? "t2 t1 cleaned t1 cleaned t2 " : "t2 t1 cleaned t2 cleaned t1 ");
    EXPECT_EQ(doc.check(), "");
  }
}

TEST(FormatCleanup, ADocumentThatOnlyStoresWritesNothing) {
  for (const bool clean : {true, false}) {
    Doc doc({.client_id = 1, .clean_formatting = clean});
    Doc other({.client_id = 2});
    Text text = doc.get_text("t");
    six(text);
    exchange(doc, other);
    EDIT(text.format(0, 3, {{"b", true}}));
    EDIT(other.get_text("t").format(0, 3, {{"b", true}}));
    std::size_t updates = 0;
    doc.on_update([&](std::string_view, const Transaction&) { ++updates; });
    sync(other, doc);
    EXPECT_EQ(updates, clean ? 2u : 1u);
  }
}

TEST(FormatCleanup, AnXmlTextIsCleanedToo) {
  Doc first({.client_id = 1});
  Doc second({.client_id = 2});
  XmlText text = *first.get_xml_fragment("x").insert_text(0);
  EDIT(text.insert(0, "abc"));
  exchange(first, second);
  EDIT(text.format(0, 2, {{"b", true}}));
  XmlText others = std::get<SharedType>(*second.get_xml_fragment("x").get(0)).as_xml_text();
  EDIT(others.format(0, 2, {{"b", true}}));
  std::vector<std::string> updates;
  second.on_update(
      [&](std::string_view update, const Transaction&) { updates.push_back(to_hex(update)); });
  sync(first, second);
  EXPECT_EQ(updates,
            (std::vector<std::string>{"0102010446010101620474727565c6010201030162046e756c6c00",
                                      "000101010401"}));
  EXPECT_EQ(others.to_xml(), "<b>ab</b>c");
}

// What is no text, or is not used as one, is left as it is.
TEST(FormatCleanup, OnlyTextsAreCleaned) {
  for (const bool typed : {true, false}) {
    Doc doc({.client_id = 1});
    Doc other({.client_id = 2});
    Doc third({.client_id = 3});
    Text text = third.get_text("t");
    six(text);
    sync(third, other);
    EDIT(text.format(0, 3, {{"b", true}}));
    EDIT(other.get_text("t").format(0, 3, {{"b", true}}));
    if (typed) (void)doc.get_text("t");
    std::size_t updates = 0;
    doc.on_update([&](std::string_view, const Transaction&) { ++updates; });
    sync(third, doc);
    sync(other, doc);
    EXPECT_EQ(updates, typed ? 3u : 2u);
  }
}

}  // namespace
}  // namespace pluv::ycrdt
