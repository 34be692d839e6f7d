// What an undo manager does. That it writes the bytes of yjs is tested in tests/interop.
#include "ycrdt/undo_manager.h"

#include <gtest/gtest.h>

#include <optional>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

// Both get everything. They need not be equal to the byte: one keeps what it has deleted.
void meet(Doc& a, Doc& b) {
  sync(a, b);
  sync(b, a);
  EXPECT_EQ(a.to_json(), b.to_json());
  EXPECT_EQ(a.check(), "");
  EXPECT_EQ(b.check(), "");
}

TEST(UndoManager, TakesBackAndDoesAgain) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  EXPECT_FALSE(undo.can_undo());
  EXPECT_EQ(undo.undo(), nullptr);
  ASSERT_TRUE(text.insert(0, "hello").ok());
  ASSERT_TRUE(text.erase(1, 3).ok());
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  EXPECT_NE(undo.undo(), nullptr);
  EXPECT_EQ(text.to_string(), "hello");
  EXPECT_TRUE(undo.can_redo());
  EXPECT_NE(undo.redo(), nullptr);
  EXPECT_EQ(text.to_string(), "ho");
  EXPECT_FALSE(undo.can_redo());
  EXPECT_NE(undo.undo(), nullptr);
  EXPECT_NE(undo.undo(), nullptr);
  EXPECT_EQ(text.to_string(), "");
  EXPECT_FALSE(undo.can_undo());
  EXPECT_EQ(doc.check(), "");
}

// What a manager kept stays kept when it is gone, but not what was typed and deleted after it.
TEST(UndoManager, WhatComesAfterItIsCollectedBesideWhatItKept) {
  for (const bool remote : {false, true}) {
    Doc doc({.client_id = 1});
    Array array = doc.get_array("a");
    ASSERT_TRUE(array.insert(0, {"a", "b"}).ok());
    {
      UndoManager undo(doc, {array});
      ASSERT_TRUE(array.insert(2, {"c"}).ok());
      ASSERT_NE(undo.undo(), nullptr);
      ASSERT_NE(undo.redo(), nullptr);
    }
    Doc other({.client_id = 1, .gc = false});
    ASSERT_TRUE(other.apply_update(doc.encode_state_as_update()).ok());
    Doc& writer = remote ? other : doc;
    writer.transact([&] {
      ASSERT_TRUE(writer.get_array("a").insert(3, {"passing", "by"}).ok());
      ASSERT_TRUE(writer.get_array("a").erase(1, 4).ok());
    });
    ASSERT_TRUE(doc.apply_update(writer.encode_state_as_update()).ok());
    EXPECT_EQ(array.length(), 1u);
    EXPECT_EQ(doc.encode_state_as_update().find("passing"), std::string::npos);
    EXPECT_EQ(doc.check(), "");
  }
}

TEST(UndoManager, WhatOthersDidStays) {
  Doc ada({.client_id = 1});
  Doc bob({.client_id = 2});
  Text text = ada.get_text("t");
  UndoManager undo(ada, {text});
  ASSERT_TRUE(text.insert(0, "abc").ok());
  meet(ada, bob);
  ASSERT_TRUE(bob.get_text("t").insert(1, "XY").ok());
  ASSERT_TRUE(
      ada.apply_update(bob.encode_state_as_update(ada.state_vector()), "somebody else").ok());
  EXPECT_EQ(text.to_string(), "aXYbc");
  undo.undo();
  EXPECT_EQ(text.to_string(), "XY");
  undo.redo();
  EXPECT_EQ(text.to_string(), "aXYbc");
  meet(ada, bob);
  EXPECT_EQ(bob.get_text("t").to_string(), "aXYbc");
}

TEST(UndoManager, ANewChangeForgetsWhatCouldBeRedone) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  ASSERT_TRUE(text.insert(0, "a").ok());
  undo.undo();
  ASSERT_TRUE(undo.can_redo());
  ASSERT_TRUE(text.insert(0, "b").ok());
  EXPECT_FALSE(undo.can_redo());
  EXPECT_EQ(undo.redo(), nullptr);
  EXPECT_EQ(text.to_string(), "b");
}

// --- Steps.

TEST(UndoManager, ChangesSoonAfterEachOtherAreOneStep) {
  std::int64_t now = 1000;
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text}, {.now_ms = [&] { return now; }});
  const auto type = [&](std::int64_t at, std::string_view letter) {
    now = at;
    ASSERT_TRUE(text.insert(text.length(), letter).ok());
  };
  type(1000, "a");
  type(1499, "b");
  EXPECT_EQ(undo.undo_stack().size(), 1u);
  type(1999, "c");  // 500 ms later
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  undo.stop_capturing();
  type(2000, "d");
  EXPECT_EQ(undo.undo_stack().size(), 3u);
  undo.undo();
  EXPECT_EQ(text.to_string(), "abc");
  type(2001, "e");  // never part of a step from before an undo
  EXPECT_EQ(undo.undo_stack().size(), 3u);
  undo.undo();
  undo.undo();
  EXPECT_EQ(text.to_string(), "ab");
  undo.undo();
  EXPECT_EQ(text.to_string(), "");
}

TEST(UndoManager, WithoutATimeoutEachTransactionIsAStep) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text}, {.now_ms = [] { return 5; }, .capture_timeout_ms = 0});
  ASSERT_TRUE(text.insert(0, "a").ok());
  doc.transact([&] {
    ASSERT_TRUE(text.insert(1, "b").ok());
    ASSERT_TRUE(text.insert(2, "c").ok());
  });
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  undo.undo();
  EXPECT_EQ(text.to_string(), "a");
}

TEST(UndoManager, WhatCameAndWentWithinAStepStaysAway) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text}, {.now_ms = [] { return 1; }});
  ASSERT_TRUE(text.insert(0, "ab").ok());
  undo.stop_capturing();
  ASSERT_TRUE(text.insert(2, "xyz").ok());
  ASSERT_TRUE(text.erase(1, 3).ok());
  EXPECT_EQ(text.to_string(), "az");
  undo.undo();
  EXPECT_EQ(text.to_string(), "ab");
}

TEST(UndoManager, AStepThatChangesNothingAnyMoreIsPassedOver) {
  Doc ada({.client_id = 1});
  Doc bob({.client_id = 2});
  Text text = ada.get_text("t");
  UndoManager undo(ada, {text});
  ASSERT_TRUE(text.insert(0, "a").ok());
  ASSERT_TRUE(text.insert(1, "b").ok());
  meet(ada, bob);
  ASSERT_TRUE(bob.get_text("t").erase(1, 1).ok());
  ASSERT_TRUE(ada.apply_update(bob.encode_state_as_update(ada.state_vector()), "bob").ok());
  EXPECT_NE(undo.undo(), nullptr);
  EXPECT_EQ(text.to_string(), "");
  EXPECT_FALSE(undo.can_undo());
}

// --- Scope and origins.

TEST(UndoManager, OnlyWhatIsInScopeIsTracked) {
  Doc doc({.client_id = 1});
  Text in = doc.get_text("in");
  Text out = doc.get_text("out");
  UndoManager undo(doc, {in});
  ASSERT_TRUE(out.insert(0, "x").ok());
  EXPECT_FALSE(undo.can_undo());
  doc.transact([&] {
    ASSERT_TRUE(in.insert(0, "a").ok());
    ASSERT_TRUE(out.insert(0, "y").ok());
  });
  undo.undo();
  EXPECT_EQ(in.to_string(), "");
  EXPECT_EQ(out.to_string(), "yx");
  undo.add_to_scope(out);
  ASSERT_TRUE(out.erase(0, 2).ok());
  undo.undo();
  EXPECT_EQ(out.to_string(), "yx");
}

TEST(UndoManager, TypesInAScopeAreInItToo) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  UndoManager undo(doc, {map});
  Text inner = map.set_type("k", {TypeKind::text}).value().as_text();
  ASSERT_TRUE(inner.insert(0, "deep").ok());
  undo.undo();
  EXPECT_EQ(map.json(), R"({"k":""})");
}

TEST(UndoManager, AManagerOfNothingTracksNothingUntilItIsToldWhat) {
  Doc doc({.client_id = 1});
  Doc other({.client_id = 2});
  UndoManager undo(doc, std::vector<SharedType>{});
  undo.add_to_scope(SharedType());
  undo.add_to_scope(other.get_text("t"));
  ASSERT_TRUE(doc.get_text("t").insert(0, "a").ok());
  EXPECT_FALSE(undo.can_undo());
  undo.add_document_to_scope();
  ASSERT_TRUE(doc.get_array("a").push({Any(1)}).ok());
  EXPECT_TRUE(undo.can_undo());
}

TEST(UndoManager, OfADocumentPassesOverWhatChangesNothing) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc);
  ASSERT_TRUE(text.insert(0, "a").ok());
  undo.undo();
  doc.transact([] {});
  ASSERT_TRUE(doc.apply_update(std::string(2, '\0')).ok());
  EXPECT_FALSE(undo.can_undo());
  EXPECT_TRUE(undo.can_redo());
}

TEST(UndoManager, OnlyTrackedOriginsAreTracked) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text}, {.tracked_origins = {"editor"}});
  const auto insert = [&](std::string_view letter, std::string_view origin) {
    doc.transact([&] { ASSERT_TRUE(text.insert(0, letter).ok()); }, origin);
  };
  insert("a", "");
  EXPECT_FALSE(undo.can_undo());
  insert("b", "editor");
  undo.undo();
  EXPECT_EQ(text.to_string(), "a");
  undo.redo();
  EXPECT_EQ(text.to_string(), "ba");
  undo.add_tracked_origin("menu");
  insert("c", "menu");
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  undo.remove_tracked_origin("menu");
  undo.remove_tracked_origin("nobody");
  insert("d", "menu");
  EXPECT_EQ(undo.undo_stack().size(), 2u);
}

TEST(UndoManager, AskedFirstWhetherATransactionMayBeTracked) {
  Doc doc({.client_id = 1});
  Doc other({.client_id = 2});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text},
                   {.capture_transaction = [](const Transaction& t) { return t.local; }});
  ASSERT_TRUE(other.get_text("t").insert(0, "x").ok());
  sync(other, doc);
  EXPECT_FALSE(undo.can_undo());
  ASSERT_TRUE(text.insert(0, "a").ok());
  EXPECT_TRUE(undo.can_undo());
}

TEST(UndoManager, SeveralOfOneDocumentLeaveEachOtherAlone) {
  Doc doc({.client_id = 1});
  Text a = doc.get_text("a");
  Text b = doc.get_text("b");
  UndoManager undo_a(doc, {a});
  UndoManager undo_b(doc, {b});
  EXPECT_NE(undo_a.origin(), undo_b.origin());
  ASSERT_TRUE(a.insert(0, "a").ok());
  ASSERT_TRUE(b.insert(0, "b").ok());
  undo_a.undo();
  EXPECT_EQ(doc.to_json(), R"({"a":"","b":"b"})");
  EXPECT_TRUE(undo_b.can_undo());
  undo_b.undo();
  EXPECT_EQ(doc.to_json(), R"({"a":"","b":""})");
  // Two of one text: what one undoes is no change of the other's.
  UndoManager second(doc, {a});
  ASSERT_TRUE(a.insert(0, "c").ok());
  second.undo();
  EXPECT_EQ(undo_a.undo_stack().size(), 1u);
}

// --- All kinds of content.

TEST(UndoManager, MembersOfMaps) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  ASSERT_TRUE(map.set("k", Any(0)).ok());
  UndoManager undo(doc, {map});
  ASSERT_TRUE(map.set("k", Any(1)).ok());
  ASSERT_TRUE(map.set("k", Any(2)).ok());
  ASSERT_TRUE(map.erase("k").ok());
  undo.undo();
  EXPECT_EQ(map.json(), R"({"k":2})");
  undo.undo();
  EXPECT_EQ(map.json(), R"({"k":1})");
  undo.undo();
  EXPECT_EQ(map.json(), R"({"k":0})");
  undo.redo();
  undo.redo();
  undo.redo();
  EXPECT_EQ(map.json(), "{}");
  undo.undo();
  EXPECT_EQ(map.json(), R"({"k":2})");
  EXPECT_EQ(doc.check(), "");
}

TEST(UndoManager, AMemberThatOthersHaveSetSinceStays) {
  for (const bool ignore : {false, true}) {
    Doc ada({.client_id = 1});
    Doc bob({.client_id = 2});
    Map map = ada.get_map("m");
    ASSERT_TRUE(map.set("k", Any("first")).ok());
    UndoManager undo(ada, {map}, {.ignore_remote_map_changes = ignore});
    ASSERT_TRUE(map.set("k", Any("ada")).ok());
    meet(ada, bob);
    ASSERT_TRUE(bob.get_map("m").set("k", Any("bob")).ok());
    ASSERT_TRUE(ada.apply_update(bob.encode_state_as_update(ada.state_vector()), "bob").ok());
    undo.undo();
    EXPECT_EQ(map.json(), ignore ? R"({"k":"first"})" : R"({"k":"bob"})");
    meet(ada, bob);
  }
}

TEST(UndoManager, ATypeComesBackWithAllThatIsInIt) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  UndoManager undo(doc, {array});
  Map map = array.insert_type(0, {TypeKind::map}).value().as_map();
  ASSERT_TRUE(map.set("k", Any(1)).ok());
  Array list = map.set_type("l", {TypeKind::array}).value().as_array();
  ASSERT_TRUE(list.push({Any("x"), NewType{TypeKind::xml_element, "p"}, Any("y")}).ok());
  const std::string before = array.json();
  ASSERT_TRUE(array.erase(0).ok());
  undo.undo();
  EXPECT_EQ(array.json(), before);
  EXPECT_FALSE(map.valid());  // it is another one now
  undo.redo();
  undo.undo();
  EXPECT_EQ(array.json(), before);
  EXPECT_EQ(doc.check(), "");
}

TEST(UndoManager, FormatsAndEmbeds) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  ASSERT_TRUE(text.insert(0, "hello").ok());
  ASSERT_TRUE(text.format(1, 3, {{"b", true}}).ok());
  const std::string bold = text.delta_json();
  ASSERT_TRUE(text.insert_embed(2, Any(Any::Object{{"image", "u"}})).ok());
  ASSERT_TRUE(text.erase(0, text.length()).ok());
  undo.undo();
  undo.undo();
  EXPECT_EQ(text.delta_json(), bold);
  undo.undo();
  EXPECT_EQ(text.delta_json(), R"([{"insert":"hello"}])");
  undo.redo();
  EXPECT_EQ(text.delta_json(), bold);
}

TEST(UndoManager, Xml) {
  Doc doc({.client_id = 1});
  XmlFragment xml = doc.get_xml_fragment("x");
  UndoManager undo(doc, {xml});
  XmlElement p = xml.insert_element(0, "p").value();
  ASSERT_TRUE(p.set_attribute("class", Any("big")).ok());
  ASSERT_TRUE(p.insert_text(0).value().insert(0, "hi").ok());
  ASSERT_TRUE(xml.erase(0).ok());
  undo.undo();
  EXPECT_EQ(xml.to_string(), "<p class=\"big\">hi</p>");
  undo.undo();
  undo.undo();
  undo.undo();
  EXPECT_EQ(xml.to_string(), "<p></p>");
}

// Between items that were moved by earlier steps an undo may write one whose right origin is not to
// the right of its origin. Where that is in one run, whoever hears of it splits the run there and
// puts the item before its origin; who wrote it has it behind. Orders and bytes are those of yjs.
TEST(UndoManager, OthersMayPutWhatIsBetweenMovedItemsElsewhere) {
  Doc ada({.client_id = 7});
  Doc heard({.client_id = 8});
  ada.on_update([&](std::string_view update, const Transaction&) {
    ASSERT_TRUE(heard.apply_update(update).ok());
  });
  XmlFragment xml = ada.get_xml_fragment("xml");
  UndoManager undo(ada, {xml}, {.now_ms = [] { return std::int64_t{0}; }, .capture_timeout_ms = 0});
  Text text = *xml.insert_text(0);
  ASSERT_TRUE(text.insert(0, "b").ok());
  ASSERT_TRUE(text.insert(1, "\n\n").ok());
  ASSERT_TRUE(text.erase(1, 2).ok());
  undo.undo();
  ASSERT_TRUE(text.insert(2, "b").ok());
  ASSERT_TRUE(xml.erase(0, 1).ok());
  undo.undo();
  EXPECT_EQ(xml.to_string(), "b\nb\n");
  EXPECT_EQ(
      state_hex(ada),
      "010a0700070103786d6c06040007000162840701020a0ac407010702010ac407040702010ac4070407050162"
      "470700060400070702620ac407090709010ac40709070a01620107010007");

  // In pieces and at once.
  const std::string_view others =
      "01070700010103786d6c01000647070006040007070162840708010ac407090709010ac40709070a0162"
      "0107010007";
  Doc met({.client_id = 9});
  sync(ada, met);
  for (Doc* doc : {&heard, &met}) {
    EXPECT_EQ(doc->get_xml_fragment("xml").to_string(), "b\n\nb");
    EXPECT_EQ(state_hex(*doc), others);
    EXPECT_EQ(doc->check(), "");
  }

  // Where the run comes in two pieces nothing is split; the same in an update that is long.
  for (const std::size_t length : {0, 2000}) {
    ASSERT_TRUE(met.get_text("t").insert(0, std::string(length, 'x')).ok());
    Doc third({.client_id = 10});
    sync(met, third);
    EXPECT_EQ(third.get_xml_fragment("xml").to_string(), "b\nb\n");
    if (length != 0) continue;
    EXPECT_EQ(
        state_hex(third),
        "01060700010103786d6c010006470700060400070702620ac407090709010ac40709070a01620107010007");
  }
}

TEST(UndoManager, Subdocuments) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  UndoManager undo(doc, {map});
  ASSERT_TRUE(map.set("d", NewDoc{"guid-1"}).ok());
  ASSERT_TRUE(map.erase("d").ok());
  ASSERT_TRUE(doc.subdocs().empty());
  std::string heard;
  doc.on_subdocs([&](const SubdocsChange& change, const Transaction& transaction) {
    for (const Subdoc& added : change.added) heard += added.guid + " " + transaction.origin;
  });
  undo.undo();
  EXPECT_EQ(heard, "guid-1 " + undo.origin());
}

TEST(UndoManager, TheTextOfAStepIsNotWrittenOver) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "a\xF0\x9F\x98\x80z").ok());
  UndoManager undo(doc, {text});
  ASSERT_TRUE(text.erase(0, 4).ok());
  undo.undo();
  ASSERT_TRUE(text.insert(2, "|").ok());  // within the pair
  EXPECT_EQ(text.to_string(), "a\xEF\xBF\xBD|\xEF\xBF\xBDz");
  EXPECT_EQ(doc.check(), "");
}

// --- What a step keeps.

TEST(UndoManager, WhatAStepNeedsIsNotCollected) {
  for (const bool forget : {false, true}) {
    Doc doc({.client_id = 1});
    Map map = doc.get_map("m");
    Map inner = map.set_type("k", {TypeKind::map}).value().as_map();
    ASSERT_TRUE(inner.set("secret", Any("content")).ok());
    UndoManager undo(doc, {map});
    ASSERT_TRUE(inner.erase("secret").ok());
    EXPECT_NE(doc.encode_state_as_update().find("content"), std::string::npos);
    if (forget) undo.clear();
    ASSERT_TRUE(map.erase("k").ok());
    EXPECT_EQ(undo.undo_stack().size(), forget ? 1u : 2u);
    undo.clear_redo();
    doc.transact([] {}, "nobody");
    EXPECT_NE(doc.encode_state_as_update().find("content"), std::string::npos);
    EXPECT_EQ(doc.check(), "");
  }
  // Without a step that wants it, it goes with its map.
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Map inner = map.set_type("k", {TypeKind::map}).value().as_map();
  ASSERT_TRUE(inner.set("secret", Any("content")).ok());
  UndoManager undo(doc, {map});
  ASSERT_TRUE(inner.erase("secret").ok());
  undo.clear();
  doc.transact([&] { ASSERT_TRUE(map.erase("k").ok()); }, "nobody");
  EXPECT_EQ(doc.encode_state_as_update().find("content"), std::string::npos);
  EXPECT_EQ(doc.check(), "");
}

TEST(UndoManager, WhatWasWrittenAgainAndIsCollectedIsForgotten) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Text inner = map.set_type("k", {TypeKind::text}).value().as_text();
  UndoManager undo(doc, {map});
  ASSERT_TRUE(inner.insert(0, "abc").ok());
  ASSERT_TRUE(inner.erase(0, 3).ok());
  undo.undo();
  EXPECT_EQ(inner.to_string(), "abc");
  undo.clear();
  doc.transact([&] { ASSERT_TRUE(map.erase("k").ok()); }, "nobody");
  EXPECT_EQ(doc.check(), "");
  EXPECT_EQ(undo.undo(), nullptr);
}

TEST(UndoManager, AStepWhoseContentOthersMadeGarbageIsPassedOver) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Text inner = map.set_type("k", {TypeKind::text}).value().as_text();
  UndoManager first(doc, {map});
  UndoManager second(doc, {map});
  ASSERT_TRUE(inner.insert(0, "abc").ok());
  ASSERT_TRUE(inner.erase(0, 3).ok());
  second.clear();  // lets go of the text, too: nobody counts who wants it
  doc.transact([&] { ASSERT_TRUE(map.erase("k").ok()); }, "nobody");
  EXPECT_EQ(first.undo(), nullptr);
  EXPECT_EQ(doc.check(), "");
}

// --- Observers.

struct Heard {
  explicit Heard(UndoManager& undo) {
    undo.on_stack_item_added([this](const StackItemEvent& e) { note("added", e); });
    undo.on_stack_item_updated([this](const StackItemEvent& e) { note("updated", e); });
    undo.on_stack_item_popped([this](const StackItemEvent& e) { note("popped", e); });
    undo.on_stack_cleared([this](const StackClearedEvent& e) {
      list.push_back(std::string("cleared") + (e.undo_stack ? " undo" : "") +
                     (e.redo_stack ? " redo" : ""));
    });
  }
  void note(const std::string& what, const StackItemEvent& event) {
    list.push_back(what + (event.type == StackItemEvent::Type::undo ? " undo " : " redo ") +
                   std::string(event.origin) + " " +
                   std::to_string(event.changed_parent_types.size()));
  }
  std::vector<std::string> list;
};

TEST(UndoManager, TellsOfItsSteps) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Text text = map.set_type("t", {TypeKind::text}).value().as_text();
  UndoManager undo(doc, {map}, {.now_ms = [] { return 1; }, .tracked_origins = {"", "me"}});
  Heard heard(undo);
  const std::string own = undo.origin();
  ASSERT_TRUE(text.insert(0, "a").ok());
  doc.transact([&] { ASSERT_TRUE(text.insert(0, "b").ok()); }, "me");
  EXPECT_EQ(heard.list, (std::vector<std::string>{"added undo  2", "updated undo me 2"}));
  heard.list.clear();
  undo.undo();
  EXPECT_EQ(heard.list,
            (std::vector<std::string>{"added redo " + own + " 2", "popped undo " + own + " 2"}));
  heard.list.clear();
  undo.redo();
  EXPECT_EQ(heard.list,
            (std::vector<std::string>{"added undo " + own + " 2", "popped redo " + own + " 2"}));
  heard.list.clear();
  undo.undo();
  heard.list.clear();
  ASSERT_TRUE(map.set("k", Any(1)).ok());
  EXPECT_EQ(heard.list, (std::vector<std::string>{"cleared redo", "added undo  1"}));
  heard.list.clear();
  undo.clear();
  undo.clear();  // there is nothing
  EXPECT_EQ(heard.list, (std::vector<std::string>{"cleared undo redo"}));
}

TEST(UndoManager, MetadataStaysWithItsStep) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  double cursor = 0;
  std::vector<std::string> seen;
  undo.on_stack_item_added(
      [&](const StackItemEvent& event) { event.item.meta["cursor"] = ++cursor; });
  undo.on_stack_item_popped(
      [&](const StackItemEvent& event) { seen.push_back(to_json(event.item.meta["cursor"])); });
  ASSERT_TRUE(text.insert(0, "a").ok());
  ASSERT_TRUE(text.insert(0, "b").ok());
  EXPECT_EQ(to_json(undo.undo()->meta["cursor"]), "2");
  undo.undo();
  undo.redo();
  EXPECT_EQ(seen, (std::vector<std::string>{"2", "1", "4"}));
}

TEST(UndoManager, ObserversComeAndGo) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  int calls = 0;
  Subscription subscription = 0;
  subscription = undo.on_stack_item_added([&](const StackItemEvent&) {
    ++calls;
    undo.unobserve(subscription);
  });
  ASSERT_TRUE(text.insert(0, "a").ok());
  ASSERT_TRUE(text.insert(0, "b").ok());
  EXPECT_EQ(calls, 1);
}

TEST(UndoManager, AnObserverMayForgetTheStepItHearsOf) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  undo.on_stack_item_added([&](const StackItemEvent& event) {
    undo.clear();
    event.item.meta["still"] = "there";
  });
  ASSERT_TRUE(text.insert(0, "a").ok());
  EXPECT_FALSE(undo.can_undo());
}

TEST(UndoManager, AnObserverOfAPoppedStepMayUndoMore) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  undo.on_stack_item_popped([&](const StackItemEvent&) { undo.undo(); });
  ASSERT_TRUE(text.insert(0, "a").ok());
  ASSERT_TRUE(text.insert(0, "b").ok());
  undo.undo();
  EXPECT_EQ(text.to_string(), "");
}

TEST(UndoManager, AnObserverOfTheDocumentMayUndo) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  bool once = true;
  text.observe([&](Event&) {
    if (text.length() == 2 && std::exchange(once, false)) undo.undo();
  });
  ASSERT_TRUE(text.insert(0, "a").ok());
  ASSERT_TRUE(text.insert(1, "b").ok());  // the observer takes back the step before
  EXPECT_EQ(text.to_string(), "b");
  EXPECT_EQ(doc.check(), "");
}

TEST(UndoManager, WithinATransaction) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  Heard heard(undo);
  ASSERT_TRUE(text.insert(0, "abc").ok());
  heard.list.clear();
  doc.transact([&] {
    ASSERT_TRUE(text.insert(3, "d").ok());
    EXPECT_NE(undo.undo(), nullptr);
  });
  // It is then a change like others.
  EXPECT_EQ(text.to_string(), "d");
  EXPECT_EQ(heard.list,
            (std::vector<std::string>{"popped undo " + undo.origin() + " 0", "added undo  1"}));
  undo.undo();
  EXPECT_EQ(text.to_string(), "abc");
}

TEST(UndoManager, AFilterSaysWhatMayBeDeleted) {
  Doc doc({.client_id = 1});
  XmlFragment xml = doc.get_xml_fragment("x");
  UndoManager undo(doc, {xml}, {.delete_filter = [&](const UndoDeletion& deletion) {
                     EXPECT_EQ(deletion.id.client, 1u);
                     EXPECT_EQ(deletion.length, 1u);
                     EXPECT_TRUE(deletion.parent.valid());
                     return deletion.kind != ContentKind::type ||
                            deletion.type.as_xml_element().node_name() != "kept";
                   }});
  doc.transact([&] {
    ASSERT_TRUE(xml.insert_element(0, "kept").ok());
    ASSERT_TRUE(xml.insert_element(1, "p").ok());
  });
  undo.undo();
  EXPECT_EQ(xml.to_string(), "<kept></kept>");
}

// --- Lifetimes.

TEST(UndoManager, EndsBeforeOrAfterItsDocument) {
  std::optional<Doc> doc(DocOptions{.client_id = 1});
  Text text = doc->get_text("t");
  auto gone = std::make_unique<UndoManager>(*doc, std::vector<SharedType>{text});
  UndoManager undo(*doc, {text});
  ASSERT_TRUE(text.insert(0, "a").ok());
  gone.reset();
  ASSERT_TRUE(text.insert(0, "b").ok());
  EXPECT_EQ(undo.undo_stack().size(), 2u);
  doc.reset();
  EXPECT_EQ(undo.undo(), nullptr);
  EXPECT_EQ(undo.redo(), nullptr);
  undo.clear();
  undo.add_to_scope(SharedType());
}

TEST(UndoManager, GoesWithADocumentThatMoves) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  Doc moved(std::move(doc));
  ASSERT_TRUE(moved.get_text("t").insert(0, "a").ok());
  undo.undo();
  EXPECT_EQ(moved.get_text("t").to_string(), "");
  EXPECT_TRUE(undo.can_redo());
  moved = Doc({.client_id = 2});
  EXPECT_EQ(undo.redo(), nullptr);
}

TEST(UndoManager, MayEndInAnObserverOfTheDocument) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager first(doc, {text});
  auto second = std::make_unique<UndoManager>(doc, std::vector<SharedType>{text});
  first.on_stack_item_added([&](const StackItemEvent&) { second.reset(); });
  ASSERT_TRUE(text.insert(0, "a").ok());
  EXPECT_EQ(second, nullptr);
  EXPECT_TRUE(first.can_undo());
}

TEST(UndoManager, AClientWithoutClocksWritesNothingAgain) {
  Doc doc({.client_id = 5});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text});
  Doc other({.client_id = 7});
  ASSERT_TRUE(other.get_text("t").insert(0, "abc").ok());
  ASSERT_TRUE(doc.apply_update(other.encode_state_as_update(), "other").ok());
  ASSERT_TRUE(text.erase(0, 3).ok());
  const std::string used_up("\1\1\5\0\0\xfe\xff\xff\xff\xf\0", 11);
  ASSERT_TRUE(doc.apply_update(used_up, "other").ok());
  EXPECT_EQ(undo.undo(), nullptr);
  EXPECT_EQ(doc.check(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
