// What a text's event says when formats were set at the same time elsewhere; asking for it also
// deletes those that say nothing. Deltas and updates are those of yjs 13.6 after the same edits.
#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

struct Format {
  std::uint32_t index;
  std::uint32_t length;
  Text::AttributeList attributes;
};

struct Case {
  const char* name;
  std::vector<Format> before;
  Format first;   // by client 1
  Format second;  // at the same time, by client 2
  // What each hears when the other one's update comes, and what its document announces: the update,
  // and what asking for the delta deleted.
  const char* first_delta;
  std::vector<std::string> first_updates;
  const char* second_delta;
  std::vector<std::string> second_updates;
  const char* text;  // at the end, in both
};

void expect_heard(const Case& test) {
  SCOPED_TRACE(test.name);
  Doc first({.client_id = 1});
  Doc second({.client_id = 2});
  ASSERT_TRUE(first.get_text("t").insert(0, "abcdef").ok());
  for (const Format& format : test.before) {
    ASSERT_TRUE(first.get_text("t").format(format.index, format.length, format.attributes).ok());
  }
  exchange(first, second);
  struct Heard {
    std::vector<std::string> deltas;
    std::vector<std::string> updates;
  };
  Heard heard[2];
  Doc* const docs[] = {&first, &second};
  const Format* const formats[] = {&test.first, &test.second};
  std::string updates[2];
  for (std::size_t i = 0; i < 2; ++i) {
    Text text = docs[i]->get_text("t");
    ASSERT_TRUE(text.format(formats[i]->index, formats[i]->length, formats[i]->attributes).ok());
    updates[i] = docs[i]->encode_state_as_update();
    // Two observers ask, and get the same answer.
    for (int observer = 0; observer < 2; ++observer) {
      text.observe([&heard, i](Event& event) {
        if (!event.transaction().local) heard[i].deltas.push_back(delta_json(event.text_delta()));
      });
    }
    docs[i]->on_update([&heard, i](std::string_view update, const Transaction&) {
      heard[i].updates.push_back(to_hex(update));
    });
  }
  ASSERT_TRUE(first.apply_update(updates[1]).ok());
  ASSERT_TRUE(second.apply_update(updates[0]).ok());
  EXPECT_EQ(heard[0].deltas, std::vector<std::string>(2, test.first_delta));
  EXPECT_EQ(heard[1].deltas, std::vector<std::string>(2, test.second_delta));
  EXPECT_EQ(heard[0].updates, test.first_updates);
  EXPECT_EQ(heard[1].updates, test.second_updates);
  EXPECT_EQ(first.get_text("t").delta_json(), test.text);
  EXPECT_EQ(second.get_text("t").delta_json(), test.text);
  exchange(first, second);
}

TEST(ConcurrentFormats, OfTheSameValue) {
  expect_heard({"the same",
                {},
                {0, 3, {{"b", true}}},
                {0, 3, {{"b", true}}},
                "[]",
                {"0102020046010001620474727565c6010201030162046e756c6c00", "000102010001"},
                R"([{"retain":3,"attributes":{"b":true}},{"retain":3,"attributes":{"b":null}}])",
                {"0102010646010001620474727565c6010201030162046e756c6c00", "000102010001"},
                R"([{"insert":"abc","attributes":{"b":true}},{"insert":"def"}])"});
  expect_heard({"one within the other",
                {},
                {2, 2, {{"b", 1}}},
                {0, 6, {{"b", 1}}},
                R"([{"retain":4,"attributes":{"b":1}}])",
                {"01020200460100016201318601050162046e756c6c00", "000101010601"},
                R"([{"retain":4},{"retain":2,"attributes":{"b":null}}])",
                {"01020106c60101010201620131c6010301040162046e756c6c00", "000101010601"},
                R"([{"insert":"abcd","attributes":{"b":1}},{"insert":"ef"}])"});
  expect_heard(
      {"one within the other, objects",
       {},
       {2, 2, {{"b", Any::Object{{"x", 1}}}}},
       {0, 6, {{"b", Any::Object{{"x", 1}}}}},
       R"([{"retain":4,"attributes":{"b":{"x":1}}}])",
       {"010202004601000162077b2278223a317d8601050162046e756c6c00", "000101010601"},
       R"([{"retain":4},{"retain":2,"attributes":{"b":null}}])",
       {"01020106c6010101020162077b2278223a317dc6010301040162046e756c6c00", "000101010601"},
       R"([{"insert":"abcd","attributes":{"b":{"x":1}}},{"insert":"ef"}])"});
  expect_heard({"overlapping",
                {},
                {0, 4, {{"b", 1}}},
                {2, 4, {{"b", 1}}},
                "[]",
                {"01020200c601010102016201318601050162046e756c6c00", "000102010001"},
                R"([{"retain":4,"attributes":{"b":1}},{"retain":2,"attributes":{"b":null}}])",
                {"0102010646010001620131c6010301040162046e756c6c00", "000102010001"},
                R"([{"insert":"abcd","attributes":{"b":1}},{"insert":"ef"}])"});
}

TEST(ConcurrentFormats, OfAnotherValue) {
  expect_heard({"one within the other",
                {},
                {2, 2, {{"b", 1}}},
                {0, 6, {{"b", 2}}},
                R"([{"retain":2,"attributes":{"b":2}},{"retain":2,"attributes":{"b":1}}])",
                {"01020200460100016201328601050162046e756c6c00"},
                R"([{"retain":2},{"retain":2,"attributes":{"b":1}},)"
                R"({"retain":2,"attributes":{"b":null}}])",
                {"01020106c60101010201620131c6010301040162046e756c6c00"},
                R"([{"insert":"ab","attributes":{"b":2}},{"insert":"cd","attributes":{"b":1}},)"
                R"({"insert":"ef"}])"});
  expect_heard({"overlapping",
                {},
                {0, 4, {{"b", 1}}},
                {2, 4, {{"b", 2}}},
                R"([{"retain":2},{"retain":2,"attributes":{"b":2}}])",
                {"01020200c601010102016201328601050162046e756c6c00"},
                R"([{"retain":2,"attributes":{"b":1}},{"retain":2,"attributes":{"b":2}},)"
                R"({"retain":2,"attributes":{"b":null}}])",
                {"0102010646010001620131c6010301040162046e756c6c00"},
                R"([{"insert":"ab","attributes":{"b":1}},{"insert":"cd","attributes":{"b":2}},)"
                R"({"insert":"ef"}])"});
}

TEST(ConcurrentFormats, WhereOneIsTakenAway) {
  expect_heard(
      {"around what is taken away",
       {{1, 4, {{"b", 1}}}},
       {2, 2, {{"b", nullptr}}},
       {0, 6, {{"b", 1}, {"i", 1}}},
       R"([{"retain":2,"attributes":{"b":1,"i":1}},{"retain":3,"attributes":{"i":1}},)"
       R"({"retain":1,"attributes":{"i":1,"b":1}}])",
       {"0104020046010001620131c602000100016901318601050169046e756c6c8602020162046e756c6c"
        "0101010602"},
       R"([{"retain":2},{"retain":2,"attributes":{"b":null}}])",
       {"01020108c6010101020162046e756c6cc6010301040162013100"},
       R"([{"insert":"ab","attributes":{"b":1,"i":1}},{"insert":"cd","attributes":{"i":1}},)"
       R"({"insert":"ef","attributes":{"i":1,"b":1}}])"});
  expect_heard(
      {"where another value begins",
       {{0, 6, {{"b", 1}}}},
       {2, 2, {{"b", nullptr}}},
       {3, 2, {{"b", 2}}},
       R"([{"retain":3},{"retain":1,"attributes":{"b":2}},{"retain":2,"attributes":{"b":1}}])",
       {"01020200c60102010301620132c6010401050162013100", "000102010101"},
       R"([{"retain":2},{"retain":1,"attributes":{"b":null}},{"retain":1,"attributes":{"b":2}},)"
       R"({"retain":2,"attributes":{"b":1}}])",
       {"01020108c6010101020162046e756c6cc6010301040162013100", "000102010101"},
       R"([{"insert":"ab","attributes":{"b":1}},{"insert":"c"},)"
       R"({"insert":"d","attributes":{"b":2}},{"insert":"ef","attributes":{"b":1}}])"});
}

}  // namespace
}  // namespace pluv::ycrdt
