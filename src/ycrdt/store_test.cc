// The store's own promises: that it notices tables which disagree, and that everything since a
// checkpoint can be taken back.
#include "ycrdt/store.h"

#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_state.h"
#include "ycrdt/doc_testing.h"
#include "ycrdt/encode.h"

namespace pluv::ycrdt {
namespace {

#define EDIT(expression) ASSERT_TRUE((expression).ok())

// A document whose inside is open, with a text, a list, a map that was set twice, and garbage.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    EXPECT_TRUE(text_.insert(0, "abc").ok());
    EXPECT_TRUE(text_.insert(1, "XY").ok());
    EXPECT_TRUE(list_.insert(0, {Any(1), NewType{TypeKind::text, {}}, Any(2)}).ok());
    EXPECT_TRUE(std::get<SharedType>(*list_.get(1)).as_text().insert(0, "gone").ok());
    EXPECT_TRUE(list_.erase(1).ok());
    EXPECT_TRUE(map_.set("k", Any(1)).ok());
    EXPECT_TRUE(map_.set("k", Any(2)).ok());
    EXPECT_EQ(store_.find_fault(), "");
  }

  Text text_of(const char* name) { return {&doc_, store_.intern_root(name)}; }
  std::string state() const { return encode_state_as_update(store_, doc_.pending, {}); }

  // The first item that the check accepts.
  ItemIndex find(const std::function<bool(const Item&)>& accepts) const {
    for (ItemIndex i = 1; i < store_.items.size(); ++i) {
      if (store_.items[i].client != kNone && accepts(store_.items[i])) return i;
    }
    ADD_FAILURE() << "no such item";
    return kNone;
  }

  DocState doc_{{.client_id = 1}};
  Store& store_ = doc_.store;
  Text text_ = text_of("t");
  Array list_ = text_of("a").as_array();
  Map map_ = text_of("m").as_map();
};

TEST_F(StoreTest, TablesThatDisagreeAreNoticed) {
  const ItemIndex letter = find([&](const Item& item) { return item.bytes() == "a"; });
  const ItemIndex last = find([&](const Item& item) { return item.bytes() == "bc"; });
  const ItemIndex value = find([](const Item& item) { return item.kind == ContentKind::any; });
  const ItemIndex garbage = find([](const Item& item) { return item.is_gc(); });
  const ItemIndex old = find([](const Item& item) { return item.key != kNone && item.deleted(); });
  const BranchIndex text = text_.branch();
  const std::uint32_t member = store_.find_member(map_.branch(), store_.find_key("k"));
  struct Case {
    const char* fault;
    std::function<void(Store&)> damage;
  };
  const Case cases[] = {
      {"a client's clocks have a gap", [&](Store& s) { ++s.items[last].clock; }},
      {"a client's clocks have a gap", [&](Store& s) { ++s.items[value].length; }},
      {"an item without length", [&](Store& s) { s.items[letter].length = 0; }},
      {"an item of another client", [&](Store& s) { s.items[letter].client = 7; }},
      {"an item without a parent", [&](Store& s) { s.items[letter].parent = kNone; }},
      {"an item without a parent", [&](Store& s) { s.items[garbage].parent = text; }},
      {"garbage that is not deleted", [&](Store& s) { s.items[garbage].flags = 0; }},
      {"a broken left link", [&](Store& s) { s.items[s.items[last].left].right = kNone; }},
      {"a broken link", [&](Store& s) { s.items[s.items[letter].right].left = last; }},
      {"a text of another length", [&](Store& s) { --s.items[last].size; }},
      {"a client's end is wrong", [&](Store& s) { ++s.clients[1].end; }},
      {"a stranger in a list", [&](Store& s) { s.items[letter].parent = map_.branch(); }},
      {"a stranger in a list", [&](Store& s) { s.items[letter].key = s.members[member].key; }},
      {"a list that runs in a circle",
       [&](Store& s) {
         s.items[last].right = letter;
         s.items[letter].left = last;
       }},
      {"a list's end is wrong", [&](Store& s) { s.branches[text].end = letter; }},
      {"a list without an end", [&](Store& s) { s.branches[text].end = kNone; }},
      {"a list's length is wrong", [&](Store& s) { ++s.branches[text].length; }},
      {"a member that is not the last of its key", [&](Store& s) { s.members[member].item = old; }},
      {"a member that is not the last of its key",
       [&](Store& s) { s.members[member].item = kNone; }},
      {"a member whose first item is not the first of its key",
       [&](Store& s) { s.members[member].first = s.members[member].item; }},
      {"a member whose first item is not the first of its key",
       [&](Store& s) { s.members[member].first = kNone; }},
  };
  for (const Case& test : cases) {
    Store::Checkpoint before = store_.checkpoint();
    test.damage(store_);
    EXPECT_EQ(store_.find_fault(), test.fault);
    store_.restore(std::move(before));
    EXPECT_EQ(store_.find_fault(), "");
  }
}

// Edits of every kind, a surrogate pair cut at each end of a long text among them.
void edit_everything(DocState& doc, Store& store) {
  const auto root = [&](const char* name) { return SharedType(&doc, store.intern_root(name)); };
  Text text = root("t").as_text();
  EDIT(text.insert(5, "tail"));  // continues a run
  EDIT(text.insert(0, "new", {{"bold", true}}));
  EDIT(text.erase(1, 3));
  EDIT(text.format(0, 2, {{"a key that is new", 1}}));
  Text emojis = root("e").as_text();
  EDIT(emojis.insert(1, "<"));
  EDIT(emojis.insert(40, ">"));
  EDIT(emojis.erase(21, 1));
  Text unknown = root("a root that is new").as_text();
  EDIT(unknown.insert(0, std::string(5000, 'x')));
  Map map = root("m").as_map();
  EDIT(map.set("k", Any(3)));
  EDIT(map.set("another", NewDoc{"subdocument", true, false, nullptr}));
  Array list = root("a").as_array();
  EDIT(list.insert_type(1, {TypeKind::xml_element, "p"})->as_xml_element().set_attribute("q", 1));
  EDIT(list.erase(0));
  Array numbers = root("n").as_array();
  EDIT(numbers.insert(70, {Any("in the middle")}));
  EDIT(numbers.erase(3, 90));
}

TEST_F(StoreTest, WhatCameSinceACheckpointCanBeTakenBack) {
  std::string emojis;
  for (int i = 0; i < 20; ++i) emojis += "\xF0\x9F\x98\x80";
  EDIT(text_of("e").insert(0, emojis));
  for (int i = 0; i < 100; ++i) EDIT(text_of("n").as_array().unshift({Any(i)}));
  ASSERT_TRUE(text_of("n").as_array().get(60).has_value());  // which makes the index of positions

  DocState never({.client_id = 1});
  Change change;
  change.number = ++never.transactions;
  ASSERT_TRUE(apply_update(never.store, never.pending, change, never.decoded, state(), {}).ok());
  const std::string before = state();
  const std::size_t memory = store_.memory_bytes();
  const std::size_t roots = store_.roots().size();
  const std::size_t subdocuments = store_.subdocuments.size();

  for (const bool commits : {false, true}) {
    Store::Checkpoint checkpoint = store_.checkpoint();
    if (commits) {
      edit_everything(doc_, store_);
    } else {
      doc_.begin({});
      edit_everything(doc_, store_);
      doc_.open.reset();
      doc_.depth = 0;
    }
    EXPECT_NE(state(), before);
    EXPECT_EQ(store_.find_fault(), "");
    EXPECT_GT(store_.memory_bytes(), memory);
    store_.restore(std::move(checkpoint));
    EXPECT_EQ(store_.find_fault(), "");
    EXPECT_EQ(state(), before);
    EXPECT_EQ(text_of("e").to_string(), emojis);
    EXPECT_EQ(store_.roots().size(), roots);
    EXPECT_EQ(store_.subdocuments.size(), subdocuments);
    EXPECT_EQ(store_.find_key("a key that is new"), kNone);
    EXPECT_EQ(store_.find_root("a root that is new"), kNone);
    EXPECT_EQ(value_json(*text_of("n").as_array().get(60)), "39");
  }
  // Both go on alike.
  edit_everything(doc_, store_);
  edit_everything(never, never.store);
  EXPECT_EQ(to_hex(state()), to_hex(encode_state_as_update(never.store, never.pending, {})));
  EXPECT_EQ(store_.find_fault(), "");
}

TEST_F(StoreTest, ACheckpointThatIsDroppedChangesNothing) {
  EDIT(text_of("e").insert(0, "\xF0\x9F\x98\x80"));
  const Store::Checkpoint dropped = store_.checkpoint();
  EDIT(text_of("e").insert(1, "|"));
  store_.discard_checkpoint();
  EXPECT_EQ(text_of("e").to_string(), "\xEF\xBF\xBD|\xEF\xBF\xBD");
  // A later one takes back what came after it only.
  Store::Checkpoint later = store_.checkpoint();
  EDIT(text_of("e").erase(0, 1));
  store_.restore(std::move(later));
  EXPECT_EQ(text_of("e").to_string(), "\xEF\xBF\xBD|\xEF\xBF\xBD");
  EXPECT_EQ(store_.find_fault(), "");
}

TEST_F(StoreTest, NamesKeysAndClientsAreFoundAgain) {
  const KeyIndex key = store_.intern_key("\xC3\xA9");
  EXPECT_EQ(store_.intern_key("\xC3\xA9"), key);
  EXPECT_EQ(store_.find_key("\xC3\xA9"), key);
  EXPECT_EQ(store_.key(key), "\xC3\xA9");
  EXPECT_EQ(store_.find_key("e"), kNone);
  const KeyIndex empty = store_.intern_key("");
  EXPECT_NE(empty, kNone);
  EXPECT_EQ(store_.find_key(""), empty);
  const BranchIndex root = store_.intern_root("root");
  EXPECT_EQ(store_.intern_root("root"), root);
  EXPECT_EQ(store_.find_root("roo"), kNone);
  EXPECT_EQ(store_.find_client(99), kNone);
  EXPECT_EQ(store_.state(99), 0u);
  const ClientIndex client = store_.intern_client(99);
  EXPECT_EQ(store_.intern_client(99), client);
  EXPECT_EQ(store_.state(99), 0u);
  EXPECT_NE(store_.find_client(1), client);
  EXPECT_EQ(store_.member_item(root, key), kNone);
}

// The room that is kept behind a run that grows, and the copy once it is used up.
TEST_F(StoreTest, ARunThatGrowsBetweenOthersIsMovedWhole) {
  Text one = text_of("one");
  Text two = text_of("two");
  std::string first;
  std::string second;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7 + 1), static_cast<char>('a' + i % 26));
    EDIT(one.insert(one.length(), piece));
    first += piece;
    if (i % 3 == 0) {
      EDIT(two.insert(two.length(), "\xC3\xA9"));
      second += "\xC3\xA9";
    }
  }
  EXPECT_EQ(one.to_string(), first);
  EXPECT_EQ(two.to_string(), second);
  EXPECT_EQ(store_.find_fault(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
