// Who hears of what, and in which order: that of yjs 13.6.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

using Lines = std::vector<std::string>;

std::string paths_text(const std::vector<Event*>& events) {
  std::string out;
  for (const Event* event : events) out += (out.empty() ? "" : " ") + path_json(event->path());
  return out;
}

TEST(Observers, HearWhatChanged) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  Map map = doc.get_map("m");
  Array array = doc.get_array("a");
  ASSERT_TRUE(text.insert(0, "hello").ok());
  ASSERT_TRUE(map.set("old", Any(1)).ok());
  ASSERT_TRUE(array.insert(0, {Any(1), Any(2)}).ok());
  std::vector<DeltaOp> delta;
  std::vector<Event::KeyChange> keys;
  std::vector<Event::ListOp> list;
  text.observe([&](Event& event) { delta = event.text_delta(); });
  map.observe([&](Event& event) { keys = event.keys(); });
  const Subscription last = array.observe([&](Event& event) { list = event.list_delta(); });
  doc.transact([&] {
    ASSERT_TRUE(text.insert(5, "!").ok());
    ASSERT_TRUE(text.erase(0, 1).ok());
    ASSERT_TRUE(text.format(0, 2, {{"bold", true}}).ok());
    ASSERT_TRUE(map.set("old", Any(2)).ok());
    ASSERT_TRUE(map.set("new", Any(3)).ok());
    ASSERT_TRUE(array.insert(1, {Any("x")}).ok());
    ASSERT_TRUE(array.erase(0).ok());
  });
  ASSERT_EQ(delta.size(), 4u);
  EXPECT_EQ(delta[0].kind, DeltaOp::Kind::remove);
  EXPECT_EQ(delta[0].length, 1u);
  EXPECT_EQ(delta[1].kind, DeltaOp::Kind::retain);
  EXPECT_EQ(delta[1].length, 2u);
  ASSERT_EQ(delta[1].attributes.size(), 1u);
  EXPECT_EQ(delta[1].attributes[0].first, "bold");
  EXPECT_EQ(delta[2].length, 2u);
  EXPECT_EQ(std::get<Any>(delta[3].insert), Any("!"));
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].key, "old");
  EXPECT_EQ(keys[0].action, Event::KeyChange::Action::update);
  EXPECT_EQ(std::get<Any>(keys[0].old_value), Any(1));
  EXPECT_EQ(keys[1].action, Event::KeyChange::Action::add);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].kind, DeltaOp::Kind::remove);
  EXPECT_EQ(list[1].values.size(), 1u);

  doc.unobserve(last);
  list.clear();
  ASSERT_TRUE(array.erase(0).ok());
  EXPECT_TRUE(list.empty());
}

TEST(Observers, HearOfTypesInsideWhenTheyAreDeep) {
  Doc doc({.client_id = 1});
  Map root = doc.get_map("m");
  Array array = root.set_type("list", {TypeKind::array, {}})->as_array();
  ASSERT_TRUE(array.insert(0, {Any(1)}).ok());
  Text text = array.insert_type(1, {TypeKind::text, {}})->as_text();
  std::vector<std::string> paths;
  root.observe_deep([&](const std::vector<Event*>& events, const Transaction&) {
    for (const Event* event : events) {
      std::string path;
      for (const auto& step : event->path()) {
        if (const auto* key = std::get_if<std::string>(&step)) path += "/" + *key;
        if (const auto* index = std::get_if<std::uint32_t>(&step))
          path += "/" + std::to_string(*index);
      }
      paths.push_back(path);
    }
  });
  doc.transact([&] {
    ASSERT_TRUE(text.insert(0, "x").ok());
    ASSERT_TRUE(root.set("k", Any(1)).ok());
  });
  EXPECT_EQ(paths, (std::vector<std::string>{"", "/list/1"}));
}

TEST(Observers, MayEdit) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  Map map = doc.get_map("m");
  int calls = 0;
  text.observe([&](Event&) {
    ++calls;
    ASSERT_TRUE(map.set("length", Any(static_cast<double>(text.length()))).ok());
  });
  std::vector<std::string> updates;
  doc.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  ASSERT_TRUE(text.insert(0, "abc").ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(map.json(), R"({"length":3})");
  Doc copy({.client_id = 2});
  for (const std::string& update : updates) ASSERT_TRUE(copy.apply_update(update).ok());
  EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
}

TEST(Observers, ATypeThatIsNewHasNoEventOfItsOwn) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  Lines heard;
  array.observe_deep([&](const std::vector<Event*>& events, const Transaction&) {
    heard.push_back(paths_text(events));
  });
  Text text;
  doc.transact([&] {
    text = array.insert_type(0, {TypeKind::text, {}})->as_text();
    ASSERT_TRUE(text.insert(0, "x").ok());
  });
  ASSERT_TRUE(text.insert(0, "z").ok());
  EXPECT_EQ(heard, (Lines{"[]", "[0]"}));
}

TEST(Observers, TypesHearInTheOrderOfTheFirstChange) {
  Doc doc({.client_id = 1});
  Lines heard;
  for (const char* name : {"a", "b", "c"}) {
    doc.get_map(name).observe([&heard, name](Event&) { heard.emplace_back(name); });
  }
  doc.transact([&] {
    for (const char* name : {"c", "a", "b", "c"}) {
      ASSERT_TRUE(doc.get_map(name).set(std::to_string(heard.size()), Any(1)).ok());
    }
  });
  EXPECT_EQ(heard, (Lines{"c", "a", "b"}));
}

// An observer's changes become a transaction of their own; what the others hear of the first one is
// what it did.
TEST(Observers, AnEventSaysWhatItsTransactionDidAndNotWhatObserversDidSince) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "hello").ok());
  bool erased = false;
  text.observe([&](Event&) {
    if (!erased) {
      erased = true;
      ASSERT_TRUE(text.erase(0, text.length()).ok());
    }
  });
  Lines deltas;
  text.observe([&](Event& event) { deltas.push_back(delta_json(event.text_delta())); });
  doc.transact([&] {
    ASSERT_TRUE(text.insert(5, " world", {{"b", 1}}).ok());
    ASSERT_TRUE(text.insert_embed(2, Any::Object{{"i", 1}}).ok());
  });
  EXPECT_EQ(deltas, (Lines{R"([{"insert":{"i":1}},{"insert":" world"}])", R"([{"delete":12}])"}));
  EXPECT_EQ(text.to_string(), "");
  EXPECT_EQ(doc.check(), "");
}

TEST(Observers, AListsEventLeavesOutWhatObserversDeletedSince) {
  Doc doc({.client_id = 1});
  Array array = doc.get_array("a");
  ASSERT_TRUE(array.insert(0, {Any(1), Any(2), Any(3)}).ok());
  bool erased = false;
  array.observe([&](Event&) {
    if (!erased) {
      erased = true;
      ASSERT_TRUE(array.erase(1, 3).ok());
    }
  });
  Lines deltas;
  array.observe([&](Event& event) { deltas.push_back(delta_json(event.list_delta())); });
  ASSERT_TRUE(array.insert(2, {Any(8), Any(9)}).ok());
  EXPECT_EQ(deltas, (Lines{"[]", R"([{"retain":1},{"delete":3}])"}));
}

TEST(Observers, AKeysEventDoesNotCountWhatObserversSetSince) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  ASSERT_TRUE(map.set("a", Any(1)).ok());
  bool edited = false;
  map.observe([&](Event&) {
    if (edited) return;
    edited = true;
    ASSERT_TRUE(map.erase("a").ok());
    ASSERT_TRUE(map.set("b", Any(7)).ok());
  });
  Lines keys;
  map.observe([&](Event& event) { keys.push_back(keys_text(event.keys())); });
  ASSERT_TRUE(map.set("a", Any(2)).ok());
  // Each edit outside of transact() is a transaction of its own.
  EXPECT_EQ(keys, (Lines{"a:update(1)", "a:delete(2)", "b:add"}));
}

TEST(Observers, WhoComesOrGoesMeanwhileHearsOrMissesTheNextOne) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Lines heard;
  Subscription two = 0;
  const Subscription one = map.observe([&](Event&) {
    heard.emplace_back("one");
    doc.unobserve(two);
    map.observe([&](Event&) { heard.emplace_back("three"); });
  });
  two = map.observe([&](Event&) { heard.emplace_back("two"); });
  ASSERT_TRUE(map.set("a", Any(1)).ok());
  EXPECT_EQ(heard, (Lines{"one", "two"}));
  heard.clear();
  doc.unobserve(one);
  ASSERT_TRUE(map.set("a", Any(2)).ok());
  EXPECT_EQ(heard, (Lines{"three"}));
}

TEST(Observers, OfUpdatesComeAndGoMeanwhileToo) {
  Doc doc({.client_id = 1});
  Lines heard;
  Subscription two = 0;
  const Subscription one = doc.on_update([&](std::string_view, const Transaction&) {
    heard.emplace_back("one");
    doc.unobserve(two);
    doc.on_update([&](std::string_view, const Transaction&) { heard.emplace_back("three"); });
  });
  two = doc.on_update([&](std::string_view, const Transaction&) { heard.emplace_back("two"); });
  ASSERT_TRUE(doc.get_map("m").set("a", Any(1)).ok());
  EXPECT_EQ(heard, (Lines{"one", "two"}));
  heard.clear();
  doc.unobserve(one);
  ASSERT_TRUE(doc.get_map("m").set("a", Any(2)).ok());
  EXPECT_EQ(heard, (Lines{"three"}));
}

TEST(Observers, ATypeThatAnObserverDeletesHearsNothingMore) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Text t = map.set_type("t", {TypeKind::text, {}})->as_text();
  Text u = map.set_type("u", {TypeKind::text, {}})->as_text();
  Lines heard;
  t.observe([&](Event&) {
    heard.emplace_back("t");
    ASSERT_TRUE(map.erase("u").ok());
  });
  map.observe_deep([&](const std::vector<Event*>& events, const Transaction&) {
    heard.push_back("deep " + paths_text(events));
  });
  u.observe_deep([&](const std::vector<Event*>&, const Transaction&) { heard.emplace_back("u"); });
  doc.transact([&] {
    ASSERT_TRUE(t.insert(0, "x").ok());
    ASSERT_TRUE(u.insert(0, "y").ok());
  });
  EXPECT_EQ(heard, (Lines{"t", R"(deep ["t"])", "deep []"}));
  EXPECT_EQ(doc.check(), "");
}

TEST(Observers, UpdatesOfTheirEditsFollowTheOneTheyHeardOf) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Lines heard;
  doc.on_update([&](std::string_view, const Transaction& transaction) {
    heard.push_back("update " + transaction.origin);
    if (transaction.origin == "inner") {
      doc.transact([&] { ASSERT_TRUE(map.set("d", Any(1)).ok()); }, "innermost");
    }
  });
  map.observe([&](Event& event) {
    heard.push_back(keys_text(event.keys()));
    if (event.transaction().origin == "outer") {
      doc.transact(
          [&] {
            ASSERT_TRUE(map.set("b", Any(1)).ok());
            // A transaction in another one joins it.
            doc.transact([&] { ASSERT_TRUE(map.set("c", Any(1)).ok()); }, "nested");
          },
          "inner");
    }
  });
  doc.transact([&] { ASSERT_TRUE(map.set("a", Any(1)).ok()); }, "outer");
  EXPECT_EQ(heard, (Lines{"a:add", "update outer", "b:add c:add", "update inner", "d:add",
                          "update innermost"}));
}

}  // namespace
}  // namespace pluv::ycrdt
