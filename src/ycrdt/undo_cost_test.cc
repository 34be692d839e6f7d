// What undo costs where much was deleted: each of these takes many seconds where it grows with the
// square.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/undo_manager.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint32_t kMany = 50'000;

Any bytes_of(std::uint32_t i) { return Any(Any::Bytes{std::to_string(i)}); }  // an item of its own

enum class Order : std::uint8_t { forwards, backwards };

// Makes a list of many items, every third of which is gone already.
void fill(Doc& doc, Array list, Order order) {
  doc.transact([&] {
    for (std::uint32_t i = 0; i < kMany; ++i) {
      EXPECT_TRUE(list.insert(order == Order::forwards ? i : 0, {bytes_of(i)}).ok());
    }
  });
  doc.transact([&] {
    for (std::uint32_t i = 0; i < kMany / 3; ++i) EXPECT_TRUE(list.erase(2 * i).ok());
  });
}

TEST(UndoCost, OfAListThatIsWrittenAgain) {
  for (const Order order : {Order::forwards, Order::backwards}) {
    Doc doc({.client_id = 1, .gc = false});
    Map map = doc.get_map("m");
    fill(doc, map.set_type("list", {TypeKind::array}).value().as_array(), order);
    const std::string before = map.json();
    UndoManager undo(doc, {map});
    ASSERT_TRUE(map.erase("list").ok());
    undo.undo();
    EXPECT_EQ(map.json(), before);
    undo.redo();
    undo.undo();
    EXPECT_EQ(map.json(), before);
    EXPECT_EQ(doc.check(), "");
  }
}

TEST(UndoCost, OfManySmallDeletions) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, std::string(2 * kMany, 'x')).ok());
  UndoManager undo(doc, {text}, {.now_ms = [] { return 1; }});
  doc.transact([&] {
    for (std::uint32_t i = 0; i < kMany; ++i)
      ASSERT_TRUE(text.erase(2 * kMany - 2 * i - 1, 1).ok());
  });
  EXPECT_EQ(text.length(), kMany);
  undo.undo();
  EXPECT_EQ(text.length(), 2 * kMany);
  undo.redo();
  EXPECT_EQ(text.length(), kMany);
  EXPECT_EQ(doc.check(), "");
}

TEST(UndoCost, OfManyChangesInOneStep) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  UndoManager undo(doc, {text}, {.now_ms = [] { return 1; }});
  for (std::uint32_t i = 0; i < kMany; ++i) {
    ASSERT_TRUE(text.insert(i / 2, "x").ok());
    if (i % 4 == 3) {
      ASSERT_TRUE(text.erase(i / 4, 1).ok());
    }
  }
  EXPECT_EQ(undo.undo_stack().size(), 1u);
  undo.undo();
  EXPECT_EQ(text.length(), 0u);
  EXPECT_EQ(doc.check(), "");
}

// Maps in each other, all of which come back, or none since somebody else has set the first key.
TEST(UndoCost, OfDeepNesting) {
  for (const bool conflict : {false, true}) {
    Doc doc({.client_id = 1});
    Map root = doc.get_map("m");
    Map at = root;
    for (std::uint32_t i = 0; i < kMany; ++i)
      at = at.set_type("k", {TypeKind::map}).value().as_map();
    UndoManager undo(doc, {root}, {.tracked_origins = {"me"}});
    doc.transact([&] { ASSERT_TRUE(root.erase("k").ok()); }, "me");
    if (conflict) {
      ASSERT_TRUE(root.set("k", Any("theirs")).ok());
    }
    EXPECT_EQ(undo.undo() == nullptr, conflict);
    EXPECT_EQ(root.has("k"), true);
    if (!conflict) {
      undo.redo();
      EXPECT_FALSE(root.has("k"));
    }
    EXPECT_EQ(doc.check(), "");
  }
}

}  // namespace
}  // namespace pluv::ycrdt
