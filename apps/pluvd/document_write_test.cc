#include "apps/pluvd/document_write.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "apps/pluvd/document_read.h"

namespace pluv::apps {
namespace {

using ycrdt::Any;
using ycrdt::Doc;
using ycrdt::SharedType;
using ycrdt::TypeKind;

json::Value parsed(std::string_view text) {
  Result<json::Value> value = json::Value::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

std::string seeded_json(std::string_view text) {
  const Result<std::string> update = seed_update(parsed(text), 7);
  if (!update.ok()) return update.error().message;
  if (update->empty()) return "nothing";
  const std::vector<std::string> updates = {*update};
  const Result<std::string> json = whole_json(updates);
  return json.ok() ? *json : json.error().message;
}

TEST(SeedUpdate, MakesRootsOfEachKind) {
  const std::string text =
      R"({"note":"Grüße 🎈","board":{"cards":[1,{"title":"a"}],"open":true,"none":null},)"
      R"("list":[[],{}]})";
  EXPECT_EQ(seeded_json(text), text);
}

TEST(SeedUpdate, ObjectsAndArraysAreSharedTypesAtAnyDepth) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(write_roots(doc, parsed(R"({"a":{"b":[{"c":"d"}]}})")).ok());
  const auto b = doc.get_map("a").get("b");
  ASSERT_TRUE(b && std::holds_alternative<SharedType>(*b));
  EXPECT_EQ(std::get<SharedType>(*b).kind(), TypeKind::array);
  const auto object = std::get<SharedType>(*b).as_array().get(0);
  ASSERT_TRUE(object && std::holds_alternative<SharedType>(*object));
  EXPECT_EQ(std::get<SharedType>(*object).kind(), TypeKind::map);
}

TEST(SeedUpdate, WhatHasNothingInItIsNothing) {
  EXPECT_EQ(seeded_json("{}"), "nothing");
  EXPECT_EQ(seeded_json(R"({"a":{},"b":[],"c":""})"), "nothing");
}

TEST(SeedUpdate, RefusesWhatNoRootCanBe) {
  EXPECT_NE(seeded_json(R"({"a":1})").find("cannot be"), std::string::npos);
  EXPECT_NE(seeded_json(R"({"a":null})").find("cannot be"), std::string::npos);
  EXPECT_NE(seeded_json("[1]").find("is an object"), std::string::npos);
}

// What an edit adds to a document is small when little differs.
std::string update_of(Doc& doc, std::string_view root, std::string_view value) {
  std::string update;
  const auto observing =
      doc.on_update([&](std::string_view made, const ycrdt::Transaction&) { update = made; });
  Result<void> written;
  doc.transact([&] { written = write_root(doc, std::string(root), parsed(value)); });
  EXPECT_TRUE(written.ok());
  doc.unobserve(observing);
  return update;
}

TEST(WriteRoot, LeavesWhatIsTheSameAlone) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(
      write_roots(doc, parsed(R"({"a":{"b":[1,{"c":"d"},3],"e":{"f":1}},"t":"hello"})")).ok());
  EXPECT_EQ(update_of(doc, "a", R"({"e":{"f":1.0},"b":[1,{"c":"d"},3]})"), "");
  EXPECT_EQ(update_of(doc, "t", R"("hello")"), "");
}

TEST(WriteRoot, KeepsTypesThatPeopleHold) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(write_roots(doc, parsed(R"({"a":{"b":[{"c":"d"},{"c":"e"}]}})")).ok());
  const SharedType list = std::get<SharedType>(*doc.get_map("a").get("b"));
  const SharedType second = std::get<SharedType>(*list.as_array().get(1));
  EXPECT_NE(update_of(doc, "a", R"({"b":[{"c":"d"},{"c":"f","g":[]}]})"), "");
  EXPECT_TRUE(second.valid());
  EXPECT_EQ(second.json(), R"({"c":"f","g":[]})");
  EXPECT_NE(update_of(doc, "a", R"({"b":[{"c":"f","g":[]}]})"), "");
  EXPECT_TRUE(second.valid());
  EXPECT_EQ(doc.get_map("a").json(), R"({"b":[{"c":"f","g":[]}]})");
}

TEST(WriteRoot, EditsTextsWhereTheyDiffer) {
  Doc doc({.client_id = 1});
  ycrdt::Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "one ").ok());
  ASSERT_TRUE(text.insert(4, "🎈two", {{"bold", Any(true)}}).ok());
  ASSERT_TRUE(text.insert_embed(9, Any(Any::Object{{"image", Any("x")}})).ok());
  ASSERT_TRUE(text.insert(10, " three", {}).ok());
  EXPECT_NE(update_of(doc, "t", R"("one 🎈2wo three")"), "");
  EXPECT_EQ(text.delta_json(),
            R"([{"insert":"one "},{"insert":"🎈2wo","attributes":{"bold":true}},)"
            R"({"insert":{"image":"x"}},{"insert":" three"}])");
  EXPECT_NE(update_of(doc, "t", R"("one 🎈2wo and three")"), "");
  EXPECT_EQ(text.to_string(), "one 🎈2wo and three");
  EXPECT_EQ(text.length(), 20U);
  EXPECT_NE(update_of(doc, "t", R"("")"), "");
  EXPECT_EQ(text.to_string(), "");
}

TEST(WriteRoot, AnotherKindIsRefusedUnlessTheRootIsBlank) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(write_root(doc, "a", parsed("[1]")).ok());
  EXPECT_EQ(write_root(doc, "a", parsed("{\"b\":1}")).error().code, ErrorCode::conflict);
  ASSERT_TRUE(clear_root(doc.get_root("a")).ok());
  EXPECT_TRUE(write_root(doc, "a", parsed("{\"b\":1}")).ok());
  EXPECT_EQ(doc.get_root("a").as_map().size(), 1U);
}

TEST(WriteRoots, EmptiesThoseThatAreNotNamed) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(write_roots(doc, parsed(R"({"a":[1],"b":{"c":1},"d":"e"})")).ok());
  ASSERT_TRUE(write_roots(doc, parsed(R"({"d":"f"})")).ok());
  EXPECT_TRUE(is_blank(doc.get_root("a")));
  EXPECT_TRUE(is_blank(doc.get_root("b")));
  EXPECT_EQ(doc.get_root("d").json(), R"("f")");
}

TEST(SameJson, DoesNotMindTheOrderOfMembers) {
  EXPECT_TRUE(same_json(parsed(R"({"a":1,"b":[{"c":2,"d":3}]})"),
                        parsed(R"({"b":[{"d":3.0,"c":2}],"a":1})")));
  EXPECT_FALSE(same_json(parsed(R"({"a":1})"), parsed(R"({"a":1,"b":2})")));
  EXPECT_FALSE(same_json(parsed(R"({"a":1})"), parsed(R"({"a":"1"})")));
  EXPECT_FALSE(same_json(parsed("[1,2]"), parsed("[2,1]")));
}

TEST(AnyOf, IsWhatJsonSays) {
  const std::string text = R"({"a":[null,true,-1.5,"x",{}],"b":[]})";
  EXPECT_EQ(ycrdt::to_json(any_of(parsed(text))), text);
}

}  // namespace
}  // namespace pluv::apps
