// What events say, and to whom. Keys, paths and the order of calls are those of yjs 13.6 for the
// same edits.
#include "ycrdt/event.h"

#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

using Lines = std::vector<std::string>;

TEST(EventKeys, SayWhatBecameOfEachKey) {
  struct Case {
    const char* name;
    std::function<void(Map&)> before;
    std::function<void(Map&)> edit;  // in one transaction
    const char* keys;
  };
  const auto nothing = [](Map&) {};
  const auto one = [](Map& m) { ASSERT_TRUE(m.set("a", Any(1)).ok()); };
  const Case cases[] = {
      {"set", nothing,
       [](Map& m) {
         ASSERT_TRUE(m.set("a", Any(1)).ok());
         ASSERT_TRUE(m.set("b", Any(2)).ok());
       },
       "a:add b:add"},
      {"set anew", one, [](Map& m) { ASSERT_TRUE(m.set("a", Any(2)).ok()); }, "a:update(1)"},
      {"set anew twice", one,
       [](Map& m) {
         ASSERT_TRUE(m.set("a", Any(2)).ok());
         ASSERT_TRUE(m.set("a", Any(3)).ok());
       },
       "a:update(1)"},
      {"erased", one, [](Map& m) { ASSERT_TRUE(m.erase("a").ok()); }, "a:delete(1)"},
      {"set and erased", nothing,
       [](Map& m) {
         ASSERT_TRUE(m.set("a", Any(1)).ok());
         ASSERT_TRUE(m.erase("a").ok());
       },
       ""},
      {"set anew and erased", one,
       [](Map& m) {
         ASSERT_TRUE(m.set("a", Any(2)).ok());
         ASSERT_TRUE(m.erase("a").ok());
       },
       "a:delete(1)"},
      {"erased and set", one,
       [](Map& m) {
         ASSERT_TRUE(m.erase("a").ok());
         ASSERT_TRUE(m.set("a", Any(2)).ok());
       },
       "a:update(1)"},
      {"erased before",
       [&](Map& m) {
         one(m);
         ASSERT_TRUE(m.erase("a").ok());
       },
       [](Map& m) { ASSERT_TRUE(m.set("a", Any(2)).ok()); }, "a:add"},
      {"in the order of the first change", [](Map& m) { ASSERT_TRUE(m.set("b", Any(1)).ok()); },
       [](Map& m) {
         for (const char* key : {"c", "a", "b", "c"}) ASSERT_TRUE(m.set(key, Any(2)).ok());
       },
       "c:add a:add b:update(1)"},
      {"all of them",
       [](Map& m) {
         ASSERT_TRUE(m.set("b", Any(1)).ok());
         ASSERT_TRUE(m.set("a", Any(2)).ok());
       },
       [](Map& m) { ASSERT_TRUE(m.clear().ok()); }, "b:delete(1) a:delete(2)"},
      {"a document",
       [](Map& m) { ASSERT_TRUE(m.set("a", NewDoc{"g", true, false, nullptr}).ok()); },
       [](Map& m) { ASSERT_TRUE(m.erase("a").ok()); }, "a:delete(doc g)"},
      {"bytes", [](Map& m) { ASSERT_TRUE(m.set("a", Any(Any::Bytes{"\1\2"})).ok()); },
       [](Map& m) { ASSERT_TRUE(m.erase("a").ok()); }, "a:delete({\"0\":1,\"1\":2})"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    Doc doc({.client_id = 1});
    Map map = doc.get_map("m");
    test.before(map);
    std::string keys = "none";
    map.observe([&](Event& event) {
      keys = keys_text(event.keys());
      EXPECT_FALSE(event.list_changed());
      EXPECT_TRUE(event.list_delta().empty());
    });
    doc.transact([&] { test.edit(map); });
    EXPECT_EQ(keys, test.keys);
  }
}

TEST(EventKeys, AnOldTypeIsAHandleOfWhatIsDeleted) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  const SharedType inner = *map.set_type("a", {TypeKind::map, {}});
  Value old;
  map.observe([&](Event& event) { old = event.keys().at(0).old_value; });
  ASSERT_TRUE(map.set("a", Any(1)).ok());
  EXPECT_EQ(std::get<SharedType>(old), inner);
  EXPECT_FALSE(inner.valid());
}

// A member may be any item: the last of its elements is the value.
TEST(EventKeys, OldValuesOfUnusualItems) {
  const std::pair<const char*, const char*> cases[] = {
      {"22 01 01 6d 01 6b 02 0131 09756e646566696e6564", "k:delete(undefined)"},
      {"24 01 01 6d 01 6b 03 616263", "k:delete(\"c\")"},
      {"24 01 01 6d 01 6b 05 61 f09f9880", "k:delete(\"\xEF\xBF\xBD\")"},
      {"25 01 01 6d 01 6b 0131", "k:delete(1)"},
      {"28 01 01 6d 01 6b 02 7d01 770178", "k:delete(\"x\")"},
  };
  for (const auto& [item, want] : cases) {
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00" + std::string(item) + "00")).ok());
    std::string keys;
    doc.get_map("m").observe([&](Event& event) { keys = keys_text(event.keys()); });
    ASSERT_TRUE(doc.get_map("m").erase("k").ok());
    EXPECT_EQ(keys, want);
  }
}

std::string paths_text(const std::vector<Event*>& events) {
  std::string out;
  for (const Event* event : events) out += (out.empty() ? "" : " ") + path_json(event->path());
  return out;
}

// A map with a list with a text and a map.
class DeepEvents : public testing::Test {
 protected:
  DeepEvents() {
    EXPECT_TRUE(list_.insert(0, {Any(1), Any(2)}).ok());
    text_ = list_.insert_type(2, {TypeKind::text, {}})->as_text();
    inner_ = list_.insert_type(3, {TypeKind::map, {}})->as_map();
    EXPECT_TRUE(text_.insert(0, "hi").ok());
    EXPECT_TRUE(inner_.set("x", Any(1)).ok());
    EXPECT_TRUE(list_.erase(0).ok());
    const auto deep = [&](const char* name) {
      return [this, name](const std::vector<Event*>& events, const Transaction&) {
        heard_.push_back(std::string(name) + ":" + paths_text(events));
      };
    };
    map_.observe_deep(deep("map"));
    list_.observe_deep(deep("list"));
    inner_.observe_deep(deep("inner"));
    const auto shallow = [&](const char* name) {
      return [this, name](Event& event) {
        EXPECT_EQ(path_json(event.path()), "[]");
        heard_.push_back(name);
      };
    };
    map_.observe(shallow("map"));
    list_.observe(shallow("list"));
    inner_.observe(shallow("inner"));
    text_.observe(shallow("text"));
  }

  Doc doc_{{.client_id = 1}};
  Map map_ = doc_.get_map("m");
  Array list_ = map_.set_type("list", {TypeKind::array, {}})->as_array();
  Text text_;
  Map inner_;
  Lines heard_;
};

TEST_F(DeepEvents, ComeAfterTheOthersAndTheNearestFirst) {
  doc_.transact([&] {
    EXPECT_TRUE(inner_.set("y", Any(2)).ok());
    EXPECT_TRUE(text_.insert(0, "!").ok());
    EXPECT_TRUE(list_.insert(0, {Any("new"), Any("er")}).ok());
    EXPECT_TRUE(map_.set("k", Any(1)).ok());
    EXPECT_TRUE(inner_.set("z", Any(3)).ok());
  });
  EXPECT_EQ(heard_, (Lines{"inner", "text", "list", "map", "inner:[]", "list:[] [4] [3]",
                           R"(map:[] ["list"] ["list",4] ["list",3])"}));
}

TEST_F(DeepEvents, NobodyHearsOfWhatIsDeleted) {
  doc_.transact([&] {
    EXPECT_TRUE(text_.insert(0, "?").ok());
    EXPECT_TRUE(inner_.set("y", Any(3)).ok());
    EXPECT_TRUE(list_.erase(1).ok());  // the text
  });
  EXPECT_EQ(heard_,
            (Lines{"inner", "list", "inner:[]", "list:[] [1]", R"(map:["list"] ["list",1])"}));
  heard_.clear();
  doc_.transact([&] {
    EXPECT_TRUE(inner_.set("a", Any(1)).ok());
    EXPECT_TRUE(map_.erase("list").ok());
  });
  EXPECT_EQ(heard_, (Lines{"map", "map:[]"}));
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
