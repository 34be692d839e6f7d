// Updates that were made to cost much, or to leave something behind, found by reading the engine as
// an enemy would.
#include <gtest/gtest.h>

#include "ycrdt/doc.h"
#include "ycrdt/lazy_doc.h"
#include "ycrdt/lib0.h"
#include "ycrdt/update_reader.h"

namespace pluv::ycrdt {
namespace {

// One struct of the client, a text without origins in root "t", and these deletes of it.
std::string text_update(ClientId client, std::string_view text,
                        std::initializer_list<std::pair<Clock, std::uint32_t>> deletes = {}) {
  std::string out("\1\1", 2);
  write_var_uint(out, client);
  out.append("\0\4\1\1t", 5);
  write_var_bytes(out, text);
  DeleteSet set;
  for (const auto& [clock, length] : deletes) set.add({client, clock, length});
  set.write(out);
  return out;
}

TEST(HostileCost, AnUpdateThatSplitsItsOwnLongTextIsWithinTheBound) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "\xC3\xA9";
  Doc doc({.client_id = 5, .limits = {.work_base = 1000, .work_per_struct = 0}});
  const auto refused = doc.apply_update(text_update(7, text, {{99'990, 1}}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_TRUE(doc.root_names().empty());
  EXPECT_EQ(doc.check(), "");
  EXPECT_TRUE(Doc().apply_update(text_update(7, text, {{99'990, 1}})).ok());
}

TEST(HostileCost, AKnownStructThatNamesWhatIsNotHereTakesNothingFromTheState) {
  Doc doc({.client_id = 5});
  ASSERT_TRUE(doc.apply_update(text_update(3, "honest")).ok());
  const std::string before = doc.encode_state_as_update();
  // Element 0 of client 3, again, with an origin that never comes.
  ASSERT_TRUE(doc.apply_update(std::string("\1\1\3\0\x84\x4d\0\1x\0", 10)).ok());
  Doc copy({.client_id = 6});
  ASSERT_TRUE(copy.apply_update(doc.encode_state_as_update()).ok());
  EXPECT_EQ(copy.get_text("t").to_string(), "honest");
  EXPECT_EQ(copy.encode_state_as_update().substr(0, 8), before.substr(0, 8));
}

TEST(HostileCost, DeletesThatWaitDoNotKeepOthersOut) {
  Doc doc({.client_id = 5, .limits = {.pending_bytes_max = 1000}});
  std::string far("\0\1\7", 3);
  write_var_uint(far, 50);
  for (std::uint64_t i = 0; i < 50; ++i) {
    write_var_uint(far, 1000 + 2 * i);
    write_var_uint(far, 1);
  }
  ASSERT_TRUE(doc.apply_update(far).ok());
  for (ClientId client = 10; client < 20; ++client) {
    EXPECT_TRUE(doc.apply_update(text_update(client, "honest")).ok());
  }
  EXPECT_FALSE(
      doc.apply_update(std::string("\0\1\x8\x14", 4) + far.substr(3, 1) + far.substr(4)).ok());
}

// More waits than is tried each time: one waits for client 3, and long texts for what never comes.
TEST(HostileCost, WhatWaitsBesideMuchThatWaitsForEverHasItsTurn) {
  Doc author({.client_id = 3});
  ASSERT_TRUE(author.get_text("t").insert(0, "first").ok());
  const std::string first = author.encode_state_as_update();
  const StateVector before = author.state_vector();
  ASSERT_TRUE(author.get_text("t").insert(5, ", second").ok());
  const std::string second = author.encode_state_as_update(before);
  Doc doc({.client_id = 5});
  ASSERT_TRUE(doc.apply_update(second).ok());
  const std::string far = text_update(9, std::string(300'000, 'x'));
  std::string waits = far;
  waits[3] = '\7';  // its clock
  ASSERT_TRUE(doc.apply_update(waits).ok());
  ASSERT_TRUE(doc.apply_update(text_update(20, "a")).ok());  // nothing is due, or tried
  ASSERT_TRUE(doc.apply_update(first).ok());
  // In its turn at the latest when a sixteenth of what waits has come.
  std::size_t came = 0;
  for (ClientId client = 30; client < 70 && doc.state_vector().clock(3) < 13; ++client) {
    const std::string more = text_update(client, std::string(1'000, 'm'));
    came += more.size();
    ASSERT_TRUE(doc.apply_update(more).ok());
  }
  EXPECT_LE(came, 300'000 / 16 + 2'000);
  EXPECT_EQ(doc.state_vector().clock(3), 13u);
  EXPECT_TRUE(doc.has_pending());
  // All at once when all that is waited for has come.
  ASSERT_TRUE(doc.apply_update(text_update(9, "1234567")).ok());
  EXPECT_FALSE(doc.has_pending());
  EXPECT_EQ(doc.check(), "");
}

TEST(HostileCost, ALongRunThatGrowsIsSeldomCopied) {
  Doc doc({.client_id = 5});
  const std::string piece(40'000, 'x');
  ASSERT_TRUE(doc.get_text("t").insert(0, piece).ok());
  for (std::uint32_t i = 1; i < 50; ++i) {
    ASSERT_TRUE(doc.get_map("m").set("k", Any(std::string(100, 'y'))).ok());  // lies between
    ASSERT_TRUE(doc.get_text("t").insert(i * 40'000, piece).ok());
  }
  EXPECT_LT(doc.memory_bytes(), 10u * 50 * 40'000);
  EXPECT_EQ(doc.get_text("t").to_string().size(), 50u * 40'000);
}

TEST(HostileCost, AClientWithoutClocksIsToldSo) {
  // A run of garbage of almost all clocks under our own id.
  const std::string used_up("\1\1\5\0\0\xfe\xff\xff\xff\xf\0", 11);
  Doc doc({.client_id = 5});
  ASSERT_TRUE(doc.apply_update(used_up).ok());
  const std::string before = doc.encode_state_as_update();
  EXPECT_EQ(doc.get_text("t").insert(0, "abc").error().code, ErrorCode::limit);
  EXPECT_EQ(doc.get_array("a").push({Any(1)}).error().code, ErrorCode::limit);
  EXPECT_EQ(doc.get_map("m").set("k", Any(1)).error().code, ErrorCode::limit);
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EXPECT_TRUE(check_update(before).ok());
}

TEST(HostileCost, LocalValuesThatOthersWouldRefuseAreRefusedHere) {
  const std::string bad = "\xff";
  Any deep;
  for (int i = 0; i < 513; ++i) deep = Any(Any::Array{deep});
  Doc doc({.client_id = 5});
  Map map = doc.get_map("m");
  Array array = doc.get_array("a");
  Text text = doc.get_text("t");
  XmlFragment xml = doc.get_xml_fragment("x");
  EXPECT_FALSE(map.set("k", Any(bad)).ok());
  EXPECT_FALSE(map.set(bad, Any(1)).ok());
  EXPECT_FALSE(map.set("k", deep).ok());
  EXPECT_FALSE(map.set("k", NewDoc{bad, true, true, nullptr}).ok());
  EXPECT_FALSE(map.set("k", NewDoc{"guid", true, true, deep}).ok());
  EXPECT_FALSE(map.set_type("k", {TypeKind::xml_element, bad}).ok());
  EXPECT_FALSE(array.insert(0, {Any(Any::Object{{bad, Any(1)}})}).ok());
  EXPECT_FALSE(array.push({deep}).ok());
  EXPECT_FALSE(text.insert(0, "x", {{bad, true}}).ok());
  EXPECT_FALSE(text.insert(0, "x", {{"b", Any(bad)}}).ok());
  EXPECT_FALSE(text.insert_embed(0, deep).ok());
  EXPECT_FALSE(text.apply_delta({DeltaOp::insert_text("x", {{bad, true}})}).ok());
  EXPECT_FALSE(text.set_attribute("k", deep).ok());
  EXPECT_FALSE(xml.insert_element(0, bad).ok());
  EXPECT_FALSE(doc.get_text(bad).valid());
  EXPECT_FALSE(doc.get_root(bad).valid());
  EXPECT_EQ(doc.encode_state_as_update(), std::string(2, '\0'));
  ASSERT_TRUE(text.insert(0, "x").ok());
  EXPECT_FALSE(text.format(0, 1, {{bad, true}}).ok());
  EXPECT_TRUE(check_update(doc.encode_state_as_update()).ok());
}

TEST(HostileCost, ALazyDocumentTakesClientsInAnyOrder) {
  // Client 1, then client 5: yjs writes the higher one first.
  const std::string low = text_update(1, "abc");
  const std::string high = text_update(5, "x");
  std::string both(1, '\2');
  both += low.substr(1, low.size() - 2) + high.substr(1);
  LazyDoc lazy;
  Doc doc({.client_id = 9});
  for (const std::string& update : {both, text_update(2, "z")}) {
    ASSERT_TRUE(lazy.apply_update(update).ok());
    ASSERT_TRUE(doc.apply_update(update).ok());
  }
  ASSERT_TRUE(lazy.doc().ok());
  EXPECT_EQ((*lazy.doc())->encode_state_as_update(), doc.encode_state_as_update());
  EXPECT_FALSE((*lazy.doc())->has_pending());
}

TEST(HostileCost, ALazyDocumentInATransactionSaysSo) {
  LazyDoc lazy;
  ASSERT_TRUE(lazy.doc().ok());
  (*lazy.doc())->transact([&] {
    EXPECT_EQ(lazy.apply_update(text_update(1, "x")).error().code, ErrorCode::conflict);
    EXPECT_FALSE(lazy.unload());
  });
  EXPECT_TRUE(lazy.apply_update(text_update(1, "x")).ok());
}

// In time that grows with their number, not with its square, which here would be many seconds.
TEST(HostileCost, VeryManyFormatsInOneGapAreCleanedUp) {
  Text::AttributeList list;
  for (int i = 0; i < 50'000; ++i) list.emplace_back("key " + std::to_string(i), true);
  Doc author({.client_id = 1});
  Text text = author.get_text("t");
  ASSERT_TRUE(text.insert(0, "abc").ok());
  ASSERT_TRUE(text.format(1, 1, list).ok());
  Doc other({.client_id = 2});
  Text same = other.get_text("t");
  ASSERT_TRUE(other.apply_update(author.encode_state_as_update()).ok());
  EXPECT_EQ(same.to_delta()[1].attributes.size(), list.size());
  ASSERT_TRUE(same.erase(1, 1).ok());
  EXPECT_EQ(same.delta_json(), R"([{"insert":"ac"}])");
  ASSERT_TRUE(author.apply_update(other.encode_state_as_update(author.state_vector())).ok());
  EXPECT_EQ(author.encode_state_as_update(), other.encode_state_as_update());
  EXPECT_EQ(author.check(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
