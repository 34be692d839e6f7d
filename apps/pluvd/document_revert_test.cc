#include "apps/pluvd/document_revert.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "apps/pluvd/document_read.h"
#include "ycrdt/doc.h"

namespace pluv::apps {
namespace {

using ycrdt::Any;
using ycrdt::Doc;
using ycrdt::TypeKind;
using Updates = std::vector<std::string>;

constexpr std::uint64_t kWriter = 99;

void ok(const Result<void>& done) { ASSERT_TRUE(done.ok()) << done.error().message; }

// A document before and after; reverting the second has to give what the first holds.
class Revert : public testing::Test {
 protected:
  void before(const std::function<void(Doc&)>& edit) {
    edit(doc);
    then = {doc.encode_state_as_update()};
    shown = everything(doc);
  }
  void after(const std::function<void(Doc&)>& edit) { edit(doc); }
  // Answers the update.
  std::string revert() {
    const Updates now = {doc.encode_state_as_update()};
    const auto update = revert_update(now, then, kWriter);
    EXPECT_TRUE(update.ok()) << update.error().message;
    if (!update.ok()) return {};
    if (!update->empty()) ok(doc.apply_update(*update));
    EXPECT_EQ(doc.check(), "");
    EXPECT_EQ(everything(doc), shown);
    return *update;
  }
  // What a newcomer sees, formats included.
  static std::string everything(const Doc& document) {
    const Updates updates = {document.encode_state_as_update()};
    const auto fresh = document_of(updates);
    EXPECT_TRUE(fresh.ok());
    Doc& made = **fresh.value()->doc();
    std::string out;
    for (const std::string& name : made.root_names()) {
      const std::string json = made.get_root(name).json();
      // An emptied root looks like an empty list.
      if (json == "[]" || json == "\"\"" || json == "{}") continue;
      out += name + "=" + json;
      if (json.starts_with('"')) out += made.get_root(name).as_text().delta_json();
      out += "\n";
    }
    return out;
  }

  Doc doc{{.client_id = 1}};
  Updates then;
  std::string shown;
};

TEST_F(Revert, NothingWhereNothingDiffers) {
  before([](Doc& d) { ok(d.get_text("note").insert(0, "hello")); });
  EXPECT_EQ(revert(), "");
}

TEST_F(Revert, TextsComeBackByTheLettersThatDiffer) {
  before([](Doc& d) { ok(d.get_text("note").insert(0, "The quick brown fox")); });
  after([](Doc& d) {
    ok(d.get_text("note").erase(4, 6));
    ok(d.get_text("note").insert(4, "lazy "));
  });
  const std::string update = revert();
  EXPECT_EQ(update.find("The"), std::string::npos);
  EXPECT_NE(update.find("quick"), std::string::npos);
}

TEST_F(Revert, LettersOfSeveralBytesStayWhole) {
  before([](Doc& d) { ok(d.get_text("note").insert(0, "a\xc3\xa9z \xf0\x9f\x98\x80!")); });
  after([](Doc& d) {
    ok(d.get_text("note").erase(0, 3));
    ok(d.get_text("note").insert(0, "a\xc3\xa8z"));
    ok(d.get_text("note").erase(4, 2));
    ok(d.get_text("note").insert(4, "\xf0\x9f\x98\x81"));
  });
  revert();
}

TEST_F(Revert, FormatsAndEmbedsComeBack) {
  before([](Doc& d) {
    ycrdt::Text text = d.get_text("note");
    ok(text.insert(0, "plain "));
    ok(text.insert(6, "bold", {{"bold", Any(true)}}));
    ok(text.insert_embed(10, Any(Any::Object{{"image", Any("a.png")}})));
    ok(text.insert(11, " end"));
  });
  after([](Doc& d) {
    ycrdt::Text text = d.get_text("note");
    ok(text.format(0, 10, {{"bold", Any(nullptr)}, {"em", Any(true)}}));
    ok(text.erase(10, 1));
  });
  revert();
}

TEST_F(Revert, ListsKeepWhatIsTheSame) {
  before(
      [](Doc& d) { ok(d.get_array("list").push({Any(1), Any("two"), Any(3.5), Any(nullptr)})); });
  after([](Doc& d) {
    ok(d.get_array("list").erase(1, 2));
    ok(d.get_array("list").unshift({Any("first")}));
  });
  revert();
}

TEST_F(Revert, MapsLoseWhatIsNewAndGetBackWhatWas) {
  before([](Doc& d) {
    ycrdt::Map map = d.get_map("map");
    ok(map.set("same", Any(1)));
    ok(map.set("changed", Any("old")));
    ok(map.set("gone", Any(Any::Array{Any(1), Any(2)})));
  });
  after([](Doc& d) {
    ycrdt::Map map = d.get_map("map");
    ok(map.set("changed", Any("new")));
    ok(map.set("fresh", Any(true)));
    ok(map.erase("gone"));
  });
  revert();
}

TEST_F(Revert, TypesInTypesAreEditedWhereTheyAre) {
  before([](Doc& d) {
    ycrdt::Array todos = d.get_array("todos");
    for (const char* title : {"milk", "cat"}) {
      ycrdt::Map todo = todos.insert_type(todos.length(), {.kind = TypeKind::map})->as_map();
      ok(todo.set("done", Any(false)));
      ok(todo.set_type("title", {.kind = TypeKind::text})->as_text().insert(0, title));
    }
  });
  after([](Doc& d) {
    const auto todo = std::get<ycrdt::SharedType>(*d.get_array("todos").get(1)).as_map();
    ok(ycrdt::Map(todo).set("done", Any(true)));
    ok(std::get<ycrdt::SharedType>(*todo.get("title")).as_text().insert(3, "s"));
  });
  const auto before_revert = std::get<ycrdt::SharedType>(*doc.get_array("todos").get(1));
  revert();
  EXPECT_EQ(std::get<ycrdt::SharedType>(*doc.get_array("todos").get(1)), before_revert);
}

TEST_F(Revert, TypesThatWereDeletedAreMadeAnew) {
  before([](Doc& d) {
    ycrdt::Map outer = d.get_map("map").set_type("inner", {.kind = TypeKind::map})->as_map();
    ok(outer.set("x", Any(1)));
    ycrdt::Array list = outer.set_type("list", {.kind = TypeKind::array})->as_array();
    ok(list.push({Any(1), ycrdt::Input(ycrdt::NewDoc{.guid = "a-guid", .auto_load = true})}));
    ycrdt::Text text = list.insert_type(1, {.kind = TypeKind::text})->as_text();
    ok(text.insert(0, "deep"));
  });
  after([](Doc& d) { ok(d.get_map("map").clear()); });
  revert();
}

TEST_F(Revert, XmlComesBack) {
  before([](Doc& d) {
    ycrdt::XmlFragment page = d.get_xml_fragment("page");
    ycrdt::XmlElement paragraph = *page.insert_element(0, "p");
    ok(paragraph.set_attribute("class", Any("lead")));
    ok(paragraph.insert_text(0)->insert(0, "hello"));
    ok(page.insert_element(1, "hr").ok() ? Result<void>() : Result<void>(Error{}));
  });
  after([](Doc& d) {
    ycrdt::XmlFragment page = d.get_xml_fragment("page");
    ok(page.erase(1, 1));
    const auto paragraph = std::get<ycrdt::SharedType>(*page.get(0)).as_xml_element();
    ok(ycrdt::XmlElement(paragraph).set_attribute("class", Any("other")));
    ok(ycrdt::XmlElement(paragraph).erase(0, 1));
  });
  revert();
}

TEST_F(Revert, RootsThatAreNewAreEmptied) {
  before([](Doc& d) { ok(d.get_text("old").insert(0, "stays")); });
  after([](Doc& d) {
    ok(d.get_text("text").insert(0, "new"));
    ok(d.get_map("map").set("k", Any(1)));
    ok(d.get_array("list").push({Any(1)}));
  });
  revert();
}

TEST_F(Revert, ADocumentThatWasEmptyIsEmptyAgain) {
  before([](Doc&) {});
  after([](Doc& d) { ok(d.get_text("text").insert(0, "new")); });
  revert();
}

TEST_F(Revert, WhatOthersWriteMeanwhileStays) {
  before([](Doc& d) { ok(d.get_text("note").insert(0, "one two")); });
  after([](Doc& d) { ok(d.get_text("note").erase(0, 4)); });
  Doc other{{.client_id = 2}};
  ok(other.apply_update(doc.encode_state_as_update()));
  const Updates now = {doc.encode_state_as_update()};
  const auto update = revert_update(now, then, kWriter);
  ok(other.get_text("note").insert(3, " three"));
  ok(other.apply_update(*update));
  EXPECT_EQ(other.get_text("note").to_string(), "one two three");
}

TEST_F(Revert, TextsFullOfEmbedsAreNoLists) {
  before([](Doc& d) { ok(d.get_array("root").push({Any(1)})); });
  after([](Doc& d) {
    ok(d.get_array("root").erase(0, 1));
    ok(d.get_text("root").insert(0, "text now"));
  });
  revert();
}

TEST(RevertUpdate, WhatMakesNoDocumentIsAnError) {
  const Updates bad = {"\x01\x01"};
  const Updates good = {Doc({.client_id = 1}).encode_state_as_update()};
  EXPECT_FALSE(revert_update(bad, good, kWriter).ok());
  EXPECT_FALSE(revert_update(good, bad, kWriter).ok());
}

}  // namespace
}  // namespace pluv::apps
