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

TEST(EventKeys, AValueThatLosesAgainstTheOneHereChangesNothing) {
  Doc low({.client_id = 1});
  Doc high({.client_id = 2});
  ASSERT_TRUE(low.get_map("m").set("k", Any(1)).ok());
  ASSERT_TRUE(high.get_map("m").set("k", Any(2)).ok());
  std::string heard;
  low.get_map("m").observe([&](Event& event) { heard += "low " + keys_text(event.keys()) + " "; });
  high.get_map("m").observe([&](Event& event) { heard += "high" + keys_text(event.keys()); });
  exchange(high, low);
  EXPECT_EQ(heard, "low k:update(1) high");
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

}  // namespace
}  // namespace pluv::ycrdt
