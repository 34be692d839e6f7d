// What events say happened to texts and lists. The deltas are those of yjs 13.6 for the same edits.
#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

template <class Type>
struct Case {
  const char* name;
  std::function<void(Type&)> before;
  std::function<void(Type&)> edit;  // in one transaction
  const char* delta;                // "" when no event comes
};

#define EDIT(expression) ASSERT_TRUE((expression).ok())

void hello(Text& text) { EDIT(text.insert(0, "hello world")); }

// Edits here, then edits of somebody else that arrive as an update: the same delta.
template <class Type, class Root, class DeltaOf>
void expect_deltas(const std::vector<Case<Type>>& cases, Root root, DeltaOf delta_of) {
  for (const bool remote : {false, true}) {
    for (const Case<Type>& test : cases) {
      SCOPED_TRACE(std::string(test.name) + (remote ? ", remote" : ""));
      Doc doc({.client_id = 1});
      Type type = root(doc);
      test.before(type);
      std::string heard;
      type.observe([&](Event& event) {
        EXPECT_EQ(event.target(), type);
        EXPECT_EQ(event.current_target(), type);
        EXPECT_EQ(event.transaction().local, !remote);
        heard += delta_json(delta_of(event));
      });
      Doc other({.client_id = 2});
      if (remote) {
        exchange(doc, other);
        Type others = root(other);
        other.transact([&] { test.edit(others); });
        exchange(doc, other);
      } else {
        doc.transact([&] { test.edit(type); });
      }
      EXPECT_EQ(heard, test.delta);
      EXPECT_EQ(doc.check(), "");
    }
  }
}

void expect_text_deltas(const std::vector<Case<Text>>& cases) {
  expect_deltas(
      cases, [](Doc& doc) { return doc.get_text("t"); },
      [](Event& event) { return event.text_delta(); });
}

void expect_list_deltas(const std::vector<Case<Array>>& cases) {
  expect_deltas(
      cases, [](Doc& doc) { return doc.get_array("a"); },
      [](Event& event) { return event.list_delta(); });
}

TEST(TextDelta, OfPlainText) {
  expect_text_deltas({
      {"an insertion", hello, [](Text& t) { EDIT(t.insert(5, ",")); },
       R"([{"retain":5},{"insert":","}])"},
      {"one that continues the run", hello, [](Text& t) { EDIT(t.insert(11, "!")); },
       R"([{"retain":11},{"insert":"!"}])"},
      {"a deletion", hello, [](Text& t) { EDIT(t.erase(0, 6)); }, R"([{"delete":6}])"},
      {"both", hello,
       [](Text& t) {
         EDIT(t.erase(0, 5));
         EDIT(t.insert(0, "bye"));
       },
       R"([{"delete":5},{"insert":"bye"}])"},
      {"what came and went", hello,
       [](Text& t) {
         EDIT(t.insert(3, "xyz"));
         EDIT(t.erase(3, 3));
       },
       "[]"},
      {"between the halves of a surrogate pair",
       [](Text& t) { EDIT(t.insert(0, "a\xF0\x9F\x98\x80z")); },
       [](Text& t) { EDIT(t.insert(2, "|")); }, R"([{"retain":2},{"insert":"|"}])"},
      {"an attribute of the whole text", hello, [](Text& t) { EDIT(t.set_attribute("k", Any(1))); },
       "[]"},
  });
}

TEST(TextDelta, OfFormats) {
  const auto abc = [](Text& t) { EDIT(t.insert(0, "abcdef")); };
  const auto bold_middle = [=](Text& t) {
    abc(t);
    EDIT(t.format(2, 2, {{"b", 1}}));
  };
  expect_text_deltas({
      {"a format", hello, [](Text& t) { EDIT(t.format(0, 5, {{"bold", true}})); },
       R"([{"retain":5,"attributes":{"bold":true}}])"},
      {"one within another", hello,
       [](Text& t) {
         EDIT(t.format(0, 5, {{"bold", true}}));
         EDIT(t.format(2, 2, {{"i", 1}, {"7", 2}}));
       },
       R"([{"retain":2,"attributes":{"bold":true}},)"
       R"({"retain":2,"attributes":{"7":2,"bold":true,"i":1}},)"
       R"({"retain":1,"attributes":{"bold":true}}])"},
      {"one taken away", [](Text& t) { EDIT(t.insert(0, "abc", {{"bold", true}})); },
       [](Text& t) { EDIT(t.format(1, 1, {{"bold", nullptr}})); },
       R"([{"retain":1},{"retain":1,"attributes":{"bold":null}}])"},
      {"another value", [](Text& t) { EDIT(t.insert(0, "abc", {{"color", "red"}})); },
       [](Text& t) { EDIT(t.format(1, 1, {{"color", "blue"}})); },
       R"([{"retain":1},{"retain":1,"attributes":{"color":"blue"}}])"},
      {"an object", hello,
       [](Text& t) { EDIT(t.format(0, 5, {{"link", Any::Object{{"href", "x"}}}})); },
       R"([{"retain":5,"attributes":{"link":{"href":"x"}}}])"},
      {"more of the same",
       [=](Text& t) {
         abc(t);
         EDIT(t.format(0, 3, {{"b", true}}));
       },
       [](Text& t) { EDIT(t.format(0, 6, {{"b", true}})); },
       R"([{"retain":3},{"retain":3,"attributes":{"b":true}}])"},
      {"around the same",
       [=](Text& t) {
         abc(t);
         EDIT(t.format(2, 2, {{"b", true}}));
       },
       [](Text& t) { EDIT(t.format(0, 6, {{"b", true}})); },
       R"([{"retain":4,"attributes":{"b":true}},{"retain":2,"attributes":{"b":true}}])"},
      {"around another value", bold_middle, [](Text& t) { EDIT(t.format(0, 6, {{"b", 2}})); },
       R"([{"retain":2,"attributes":{"b":2}},{"retain":2,"attributes":{"b":2}},)"
       R"({"retain":2,"attributes":{"b":2}}])"},
      {"what holds anyway", bold_middle, [](Text& t) { EDIT(t.format(2, 2, {{"b", 1}})); }, ""},
      {"all taken away", bold_middle, [](Text& t) { EDIT(t.format(0, 6, {{"b", nullptr}})); },
       R"([{"retain":2},{"retain":4,"attributes":{"b":null}}])"},
      {"one that came and went", abc,
       [](Text& t) {
         EDIT(t.format(0, 3, {{"b", 1}}));
         EDIT(t.format(0, 3, {{"b", nullptr}}));
       },
       "[]"},
      {"one that went with its text", abc,
       [](Text& t) {
         EDIT(t.format(1, 3, {{"b", 1}}));
         EDIT(t.erase(1, 3));
       },
       R"([{"retain":1},{"delete":3}])"},
      {"beyond the end, which appends newlines", hello,
       [](Text& t) { EDIT(t.format(9, 5, {{"b", 1}})); },
       R"([{"retain":9},{"retain":2,"attributes":{"b":1}},)"
       R"({"insert":"\n\n\n","attributes":{"b":1}}])"},
  });
}

TEST(TextDelta, OfFormattedText) {
  expect_text_deltas({
      {"inserted with a format", hello, [](Text& t) { EDIT(t.insert(5, "!!", {{"bold", true}})); },
       R"([{"retain":5},{"insert":"!!","attributes":{"bold":true}}])"},
      {"inserted in a format", [](Text& t) { EDIT(t.insert(0, "abc", {{"bold", true}})); },
       [](Text& t) { EDIT(t.insert(2, "x")); },
       R"([{"retain":2},{"insert":"x","attributes":{"bold":true}}])"},
      {"inserted where one ends and another begins",
       [](Text& t) {
         EDIT(t.insert(0, "ab", {{"b", 1}}));
         EDIT(t.insert(2, "cd", {{"i", 1}}));
       },
       [](Text& t) { EDIT(t.insert(2, "X", {{"b", 1}, {"i", 1}})); },
       R"([{"retain":2},{"insert":"X","attributes":{"b":1,"i":1}}])"},
      {"deleted",
       [](Text& t) {
         EDIT(t.insert(0, "abc"));
         EDIT(t.format(1, 1, {{"bold", true}}));
       },
       [](Text& t) { EDIT(t.erase(1, 1)); },
       R"([{"retain":1},{"delete":1},{"retain":1,"attributes":{"bold":null}}])"},
      {"deleted, with what is around",
       [](Text& t) {
         EDIT(t.insert(0, "abcdef"));
         EDIT(t.format(2, 2, {{"b", 1}}));
       },
       [](Text& t) { EDIT(t.erase(1, 4)); },
       R"([{"retain":1},{"delete":4},{"retain":1,"attributes":{"b":null}}])"},
      {"all deleted", [](Text& t) { EDIT(t.insert(0, "abc", {{"b", true}})); },
       [](Text& t) { EDIT(t.erase(0, 3)); }, R"([{"delete":3}])"},
  });
}

TEST(TextDelta, OfEmbeds) {
  const auto with_image = [](Text& t) {
    EDIT(t.insert(0, "ab"));
    EDIT(t.insert_embed(1, Any::Object{{"image", "x"}}));
  };
  expect_text_deltas({
      {"an embed", hello,
       [](Text& t) { EDIT(t.insert_embed(5, Any::Object{{"image", "x"}}, {{"w", 1}})); },
       R"([{"retain":5},{"insert":{"image":"x"},"attributes":{"w":1}}])"},
      {"a type", hello, [](Text& t) { EDIT(t.insert_type(5, {TypeKind::map, {}})); },
       R"([{"retain":5},{"insert":type 1 {}}])"},
      {"one that goes", with_image, [](Text& t) { EDIT(t.erase(1, 1)); },
       R"([{"retain":1},{"delete":1}])"},
      {"one that stays", with_image, [](Text& t) { EDIT(t.insert(3, "z")); },
       R"([{"retain":3},{"insert":"z"}])"},
      {"one that is formatted", with_image, [](Text& t) { EDIT(t.format(1, 1, {{"b", true}})); },
       R"([{"retain":1},{"retain":1,"attributes":{"b":true}}])"},
  });
}

TEST(ListDelta, SaysWhatCameAndWent) {
  const auto ten = [](Array& a) {
    EDIT(a.insert(
        0, {Any(0), Any(1), Any(2), Any(3), Any(4), Any(5), Any(6), Any(7), Any(8), Any(9)}));
  };
  const auto two = [](Array& a) {
    EDIT(a.push({Any(1)}));
    EDIT(a.push({Any(2)}));
  };
  expect_list_deltas({
      {"appended", ten, [](Array& a) { EDIT(a.push({Any(10)})); },
       R"([{"retain":10},{"insert":[10]}])"},
      {"here and there", ten,
       [](Array& a) {
         EDIT(a.insert(5, {Any("x"), Any("y")}));
         EDIT(a.erase(0, 2));
         EDIT(a.erase(7, 3));
       },
       R"([{"delete":2},{"retain":3},{"insert":["x","y"]},{"retain":2},{"delete":3}])"},
      {"what came and went", ten,
       [](Array& a) {
         EDIT(a.insert(5, {Any("x"), Any("y")}));
         EDIT(a.erase(5, 2));
       },
       "[]"},
      {"what came and went in part", ten,
       [](Array& a) {
         EDIT(a.insert(5, {Any("x"), Any("y")}));
         EDIT(a.erase(6, 2));
       },
       R"([{"retain":5},{"insert":["x"]},{"delete":1}])"},
      {"what continues a run", two,
       [](Array& a) {
         EDIT(a.push({Any(3)}));
         EDIT(a.push({Any(4)}));
       },
       R"([{"retain":2},{"insert":[3,4]}])"},
      {"of which a part goes at once", two,
       [](Array& a) {
         EDIT(a.push({Any(3)}));
         EDIT(a.push({Any(4)}));
         EDIT(a.erase(0, 3));
       },
       R"([{"delete":2},{"insert":[4]}])"},
      {"all kinds of values", ten,
       [](Array& a) {
         EDIT(a.insert(
             1, {NewType{TypeKind::map, {}}, Any(Any::Bytes{"\1\2"}),
                 NewDoc{"g", true, false, nullptr}, NewType{TypeKind::text, {}}, Any(nullptr)}));
       },
       R"([{"retain":1},{"insert":[type 1 {},{"0":1,"1":2},doc g,type 2 "",null]}])"},
      {"a type and a value gone",
       [](Array& a) {
         EDIT(a.insert(0, {NewType{TypeKind::map, {}}, Any(1), NewType{TypeKind::map, {}}}));
       },
       [](Array& a) { EDIT(a.erase(0, 2)); }, R"([{"delete":2}])"},
  });
}

}  // namespace
}  // namespace pluv::ycrdt
