#include "ycrdt/lazy_doc.h"

#include <gtest/gtest.h>

#include <random>

#include "ycrdt/fixtures_testing.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

// The updates of somebody who types, overwrites and deletes.
std::vector<std::string> session(ClientId client) {
  Doc doc({.client_id = client});
  std::vector<std::string> out;
  doc.on_update([&](std::string_view update, const Transaction&) { out.emplace_back(update); });
  Text text = doc.get_text("text");
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_TRUE(text.insert(i, "x").ok());
    EXPECT_TRUE(doc.get_map("map").set("n", Any(static_cast<int>(i))).ok());
    if (i % 7 != 6) continue;
    EXPECT_TRUE(text.erase(i / 2, 2).ok());
    EXPECT_TRUE(text.insert(0, "\xF0\x9F\x98\x80").ok());
  }
  EXPECT_TRUE(doc.get_array("array").insert(0, {Any(1), NewType{TypeKind::map, {}}}).ok());
  EXPECT_TRUE(doc.get_array("array").erase(1).ok());
  return out;
}

TEST(LazyDoc, TellsOfAnUpdateWhatIsNewAndStaysBytes) {
  LazyDoc lazy;
  Doc told({.client_id = 9});
  const std::vector<std::string> updates = session(1);
  for (const std::string& update : updates) {
    const auto added = lazy.apply_update(update);
    ASSERT_TRUE(added.ok());
    EXPECT_EQ(*added, update);
    ASSERT_TRUE(told.apply_update(*added).ok());
    const auto again = lazy.apply_update(update);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, "");
  }
  EXPECT_FALSE(lazy.loaded());
  EXPECT_EQ(lazy.encode_state_vector(), told.encode_state_vector());
  // Somebody who joins sends the whole document, of which nothing is new.
  EXPECT_EQ(*lazy.apply_update(told.encode_state_as_update()), "");
  EXPECT_EQ(*lazy.apply_update(lazy.encode_state_as_update()), "");
  Doc reader({.client_id = 8});
  ASSERT_TRUE(reader.apply_update(lazy.encode_state_as_update()).ok());
  EXPECT_EQ(reader.encode_state_as_update(), told.encode_state_as_update());
  EXPECT_FALSE(lazy.loaded());
}

TEST(LazyDoc, LongAndShortUpdatesInAnyOrderMakeTheDocument) {
  std::mt19937 random(1);
  LazyDoc lazy;
  Doc writer({.client_id = 1});
  std::string told;
  writer.on_update([&](std::string_view update, const Transaction&) { told = update; });
  Text text = writer.get_text("t");
  for (int i = 0; i < 600; ++i) {
    const std::size_t size = random() % 20 == 0 ? 1'000 + random() % 20'000 : 1 + random() % 3;
    const auto place = static_cast<std::uint32_t>(random() % (text.length() + 1));
    ASSERT_TRUE(text.insert(place, std::string(size, static_cast<char>('a' + i % 26))).ok());
    ASSERT_EQ(*lazy.apply_update(told), told);
    if (i % 150 != 149) continue;
    Doc reader({.client_id = 2});
    ASSERT_TRUE(reader.apply_update(lazy.encode_state_as_update()).ok());
    ASSERT_EQ(reader.encode_state_as_update(), writer.encode_state_as_update());
  }
  EXPECT_FALSE(lazy.loaded());
}

// As many short updates as are kept apart, but one, and a long one, again and again.
TEST(LazyDoc, ItsCopyIsTheDocumentAndLeavesItBytes) {
  LazyDoc lazy;
  EXPECT_TRUE(lazy.copy().empty());
  for (const std::string& update : session(3)) ASSERT_TRUE(lazy.apply_update(update).ok());
  Doc of_bytes({.client_id = 8});
  for (const std::string& part : lazy.copy()) ASSERT_TRUE(of_bytes.apply_update(part).ok());
  EXPECT_FALSE(lazy.loaded());
  ASSERT_TRUE(lazy.doc().ok());
  Doc of_document({.client_id = 9});
  for (const std::string& part : lazy.copy()) ASSERT_TRUE(of_document.apply_update(part).ok());
  EXPECT_EQ(of_bytes.to_json(), of_document.to_json());
  EXPECT_EQ(of_bytes.encode_state_vector(), lazy.encode_state_vector());
}

TEST(LazyDoc, KeepsFewPartsHoweverUpdatesCome) {
  LazyDoc lazy;
  Doc writer({.client_id = 1});
  std::string told;
  writer.on_update([&](std::string_view update, const Transaction&) { told = update; });
  Text text = writer.get_text("t");
  for (int i = 0; i < 64 * 400; ++i) {
    const std::size_t size = i % 64 == 63 ? 4'096 : 200;
    ASSERT_TRUE(text.insert(text.length(), std::string(size, 'x')).ok());
    ASSERT_TRUE(lazy.apply_update(told).ok());
  }
  EXPECT_LT(lazy.memory_bytes(), text.length() + 10'000);
}

TEST(LazyDoc, TakesThePartOfAnUpdateThatIsNotKnown) {
  Doc writer({.client_id = 1});
  LazyDoc lazy;
  ASSERT_TRUE(writer.get_text("t").insert(0, "abc").ok());
  ASSERT_TRUE(lazy.apply_update(writer.encode_state_as_update()).ok());
  ASSERT_TRUE(writer.get_text("t").insert(3, "def").ok());
  ASSERT_TRUE(writer.get_text("t").erase(1, 1).ok());
  const StateVector before = lazy.state_vector();
  const auto added = lazy.apply_update(writer.encode_state_as_update());
  ASSERT_TRUE(added.ok());
  EXPECT_EQ(*added, writer.encode_state_as_update(before));
  EXPECT_EQ(lazy.encode_state_as_update(before), *added);
  EXPECT_EQ(lazy.encode_state_as_update(lazy.state_vector()).substr(0, 1), std::string(1, '\0'));
}

TEST(LazyDoc, OverlappingDeletesAreNewOnce) {
  Doc writer({.client_id = 1});
  ASSERT_TRUE(writer.get_text("t").insert(0, "0123456789").ok());
  LazyDoc lazy;
  ASSERT_TRUE(lazy.apply_update(writer.encode_state_as_update()).ok());
  const auto deletes = [](std::initializer_list<std::pair<Clock, std::uint32_t>> ranges) {
    DeleteSet set;
    for (const auto& [clock, length] : ranges) set.add({1, clock, length});
    std::string out(1, '\0');
    set.write(out);
    return out;
  };
  EXPECT_EQ(*lazy.apply_update(deletes({{2, 2}, {6, 1}})), deletes({{2, 2}, {6, 1}}));
  EXPECT_EQ(*lazy.apply_update(deletes({{3, 5}})), deletes({{4, 2}, {7, 1}}));
  EXPECT_EQ(*lazy.apply_update(deletes({{2, 6}})), "");
  EXPECT_EQ(*lazy.apply_update(deletes({{0, 10}})), deletes({{0, 2}, {8, 2}}));
  EXPECT_FALSE(lazy.loaded());
}

TEST(LazyDoc, MakesTheDocumentWhenAskedAndBytesAgain) {
  LazyDoc lazy({.doc = {.client_id = 5}});
  Doc expected({.client_id = 6});
  for (const std::string& update : session(1)) {
    ASSERT_TRUE(lazy.apply_update(update).ok());
    ASSERT_TRUE(expected.apply_update(update).ok());
  }
  const auto doc = lazy.doc();
  ASSERT_TRUE(doc.ok());
  EXPECT_TRUE(lazy.loaded());
  EXPECT_EQ((*doc)->check(), "");
  EXPECT_EQ((*doc)->encode_state_as_update(), expected.encode_state_as_update());
  ASSERT_TRUE((*doc)->get_text("text").insert(0, "read ").ok());
  const std::string state = lazy.encode_state_as_update();
  const std::string vector = lazy.encode_state_vector();
  ASSERT_TRUE(lazy.unload());
  EXPECT_FALSE(lazy.loaded());
  EXPECT_EQ(lazy.encode_state_as_update(), state);
  EXPECT_EQ(lazy.encode_state_vector(), vector);
  EXPECT_EQ(*lazy.apply_update(state), "");
  ASSERT_TRUE(lazy.doc().ok());
  EXPECT_EQ((*lazy.doc())->get_text("text").to_string().substr(0, 5), "read ");
}

TEST(LazyDoc, WhatHasToWaitMakesTheDocument) {
  const std::vector<std::string> updates = session(1);
  LazyDoc lazy;
  ASSERT_TRUE(lazy.apply_update(updates[0]).ok());
  const auto early = lazy.apply_update(updates[2]);
  ASSERT_TRUE(early.ok());
  EXPECT_EQ(*early, "");
  EXPECT_TRUE(lazy.has_pending());
  Doc without({.client_id = 3});
  ASSERT_TRUE(without.apply_update(lazy.encode_without_pending()).ok());
  EXPECT_FALSE(without.has_pending());
  EXPECT_EQ(without.encode_state_vector(), lazy.encode_state_vector());
  EXPECT_FALSE(lazy.unload());
  const auto healed = lazy.apply_update(updates[1]);
  ASSERT_TRUE(healed.ok());
  EXPECT_FALSE(lazy.has_pending());
  Doc told({.client_id = 2});
  ASSERT_TRUE(told.apply_update(updates[0]).ok());
  ASSERT_TRUE(told.apply_update(*healed).ok());
  EXPECT_FALSE(told.has_pending());
  EXPECT_TRUE(lazy.unload());
  // So does a delete of what is not here.
  ASSERT_TRUE(lazy.apply_update(std::string("\0\1\7\1\0\1", 6)).ok());
  EXPECT_TRUE(lazy.has_pending());
}

TEST(LazyDoc, ARefusedUpdateLeavesNoTrace) {
  LazyDoc lazy;
  ASSERT_TRUE(lazy.apply_update(session(1).front()).ok());
  const std::string before = lazy.encode_state_as_update();
  for (const char* name : {"hostile/bad-utf8.v1", "hostile/nstructs-2e31.v1",
                           "hostile/map-any-215TB.v1", "hostile/origin-self.v1"}) {
    EXPECT_FALSE(lazy.apply_update(read_test_data(name)).ok()) << name;
  }
  EXPECT_FALSE(lazy.loaded());
  EXPECT_EQ(lazy.encode_state_as_update(), before);
}

TEST(LazyDoc, BytesOverADocumentsLimitsCanStillBeRelayed) {
  LazyDoc lazy({.doc = {}, .load_work_base = 10});
  const std::string bomb = read_test_data("hostile/conflict-quadratic-2000.v1");
  EXPECT_EQ(*lazy.apply_update(bomb), bomb);
  const auto doc = lazy.doc();
  ASSERT_FALSE(doc.ok());
  EXPECT_EQ(doc.error().code, ErrorCode::limit);
  EXPECT_FALSE(lazy.loaded());
  EXPECT_EQ(*lazy.apply_update(bomb), "");
  EXPECT_TRUE(lazy.apply_update(session(7).front()).ok());
}

TEST(LazyDoc, TakesLessMemoryThanTheDocument) {
  LazyDoc lazy;
  const std::string b4 = read_test_data("b4.state.v1.bin");
  ASSERT_TRUE(lazy.apply_update(b4).ok());
  EXPECT_LE(lazy.encode_state_as_update().size(), b4.size());
  const std::size_t as_bytes = lazy.memory_bytes();
  ASSERT_TRUE(lazy.doc().ok());
  EXPECT_LT(as_bytes * 2, lazy.memory_bytes());
  ASSERT_TRUE(lazy.unload());
  EXPECT_LT(lazy.memory_bytes(), as_bytes * 11 / 10);
}

TEST(LazyDoc, AnEmptyOneIsTheEmptyDocument) {
  LazyDoc lazy;
  EXPECT_EQ(lazy.encode_state_as_update(), kEmptyUpdate);
  EXPECT_EQ(*lazy.apply_update(kEmptyUpdate), "");
  ASSERT_TRUE(lazy.doc().ok());
  EXPECT_TRUE(lazy.unload());
  EXPECT_EQ(lazy.encode_state_as_update(), kEmptyUpdate);
}

// Recorded histories of several writers: the bytes hold what the document would.
TEST(LazyDoc, HoldsWhatADocumentHolds) {
  const std::string bytes = read_test_data("small-test-dataset.bin");
  ByteReader reader(bytes);
  const std::uint64_t cases = reader.var_uint();
  for (std::uint64_t i = 0; i < cases && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(i);
    LazyDoc lazy;
    Doc doc;
    Doc told;
    for (std::uint64_t left = reader.var_uint(); left > 0; --left) {
      const std::string_view update = reader.var_bytes();
      ASSERT_TRUE(doc.apply_update(update).ok());
      const auto added = lazy.apply_update(update);
      ASSERT_TRUE(added.ok());
      ASSERT_TRUE(added->empty() || told.apply_update(*added).ok());
      ASSERT_EQ(lazy.state_vector(), doc.state_vector());
    }
    (void)reader.var_bytes();
    bool shortest = true;
    ASSERT_TRUE(skip_any(reader, 100, shortest) && skip_any(reader, 100, shortest));
    ASSERT_EQ(told.encode_state_as_update(), doc.encode_state_as_update());
    ASSERT_TRUE(lazy.doc().ok());
    ASSERT_EQ((*lazy.doc())->get_text("text").to_string(), doc.get_text("text").to_string());
    ASSERT_EQ((*lazy.doc())->get_array("array").json(), doc.get_array("array").json());
    ASSERT_EQ((*lazy.doc())->get_map("map").size(), doc.get_map("map").size());
  }
}

}  // namespace
}  // namespace pluv::ycrdt
