// What an update may cost: each limit at the last value that refuses and the first two that do not.
// update_reader_test.cc has those of the bytes themselves.
#include "ycrdt/limits.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/lib0.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

// Applies the update to a document that has these limits, made of some updates that are no work;
// answers what became of it. A refusal must leave no trace.
std::string outcome(const std::vector<std::string>& document, const std::string& update,
                    const UpdateLimits& limits) {
  Doc free({.client_id = 1});
  Doc limited({.client_id = 1, .limits = limits});
  for (const std::string& piece : document) {
    EXPECT_TRUE(free.apply_update(piece).ok());
    EXPECT_TRUE(limited.apply_update(piece).ok());
  }
  const std::string before = limited.encode_state_as_update();
  const std::string json = limited.to_json();
  const auto applied = limited.apply_update(update);
  EXPECT_EQ(limited.check(), "");
  if (applied) {
    EXPECT_TRUE(free.apply_update(update).ok());
    EXPECT_EQ(limited.encode_state_as_update(), free.encode_state_as_update());
    return "";
  }
  EXPECT_EQ(applied.error().code, ErrorCode::limit);
  EXPECT_EQ(limited.encode_state_as_update(), before);
  EXPECT_EQ(limited.to_json(), json);
  // It goes on as if nothing had been.
  for (Doc* doc : {&free, &limited}) {
    Text text = doc->get_text("t");
    EXPECT_TRUE(text.insert(text.length() / 2, "still here").ok());
  }
  EXPECT_EQ(limited.encode_state_as_update(), free.encode_state_as_update());
  return applied.error().message;
}

constexpr const char* kTooMuchWork = "The update takes too much work";

// A letter of the client, before whatever the text begins with.
std::string first_letter(ClientId client) {
  std::string out = from_hex("01 01");
  write_var_uint(out, client);
  return out + from_hex("00 04 01 01 74 01 78 00");
}

// A text that so many clients have begun at the same time, the highest one first: each finds its
// place at once.
std::vector<std::string> crowded_document(ClientId clients) {
  std::vector<std::string> out;
  for (ClientId client = clients; client > 0; --client) out.push_back(first_letter(client));
  return out;
}

// One look at each item that is here is free: of the forty letters, and of the table's first place.
constexpr std::uint64_t kFreeOfForty = 41;

// Two letters more; highest client first, each passes the forty.
std::string two_letters() {
  const std::string letters[] = {first_letter(100), first_letter(101)};
  const std::string_view views[] = {letters[0], letters[1]};
  return merge_updates(views).value();
}
constexpr std::uint64_t kWorkOfTwo = 81;

TEST(Limits, WorkOfAScanIsBounded) {
  const auto document = crowded_document(40);
  constexpr std::uint64_t kLimit = kWorkOfTwo - kFreeOfForty;
  const std::string update = two_letters();
  const auto with_base = [&](std::uint64_t base) {
    return outcome(document, update, {.work_base = base, .work_per_struct = 0});
  };
  EXPECT_EQ(with_base(kLimit - 1), kTooMuchWork);
  EXPECT_EQ(with_base(kLimit), "");
  EXPECT_EQ(with_base(kLimit + 1), "");
  EXPECT_EQ(outcome(document, first_letter(100), {.work_base = 0, .work_per_struct = 0}), "");
}

TEST(Limits, EachStructBringsItsOwnWork) {
  const auto document = crowded_document(40);
  const std::string update = two_letters();
  const auto with_each = [&](std::uint64_t each) {
    return outcome(document, update, {.work_base = 0, .work_per_struct = each});
  };
  EXPECT_EQ(with_each(19), kTooMuchWork);
  EXPECT_EQ(with_each(20), "");
  EXPECT_EQ(with_each(21), "");
}

// A step for each sixteen bytes that splitting walks over; two are free, as above.
TEST(Limits, WorkOfSplittingIsBounded) {
  std::string text;
  for (int i = 0; i < 800; ++i) text += "\xC3\xA9";
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_text("t").insert(0, text).ok());
  const std::vector<std::string> document = {doc.encode_state_as_update()};
  // Behind the 400th letter, which is 800 bytes from the start.
  const std::string update = from_hex("01 01 05 00 c4 01 8f03 01 9003 01 78 00");
  EXPECT_EQ(outcome(document, update, {.work_base = 47, .work_per_struct = 0}), kTooMuchWork);
  EXPECT_EQ(outcome(document, update, {.work_base = 48, .work_per_struct = 0}), "");
  EXPECT_EQ(outcome(document, update, {.work_base = 49, .work_per_struct = 0}), "");
  // So does deleting from there on.
  const std::string deletes = from_hex("00 01 01 01 9003 05");
  EXPECT_EQ(outcome(document, deletes, {.work_base = 47, .work_per_struct = 0}), kTooMuchWork);
  EXPECT_EQ(outcome(document, deletes, {.work_base = 49, .work_per_struct = 0}), "");
}

TEST(Limits, WorkOfSplittingValuesIsBounded) {
  Doc doc({.client_id = 1});
  std::vector<Input> values(320, Any("12345678"));  // of ten bytes each
  ASSERT_TRUE(doc.get_array("a").insert(0, values).ok());
  const std::vector<std::string> document = {doc.encode_state_as_update()};
  const std::string update =
      from_hex("01 01 05 00 c8 01 9f01 01 a001 01 7e 00");  // behind the 160th
  EXPECT_EQ(outcome(document, update, {.work_base = 97, .work_per_struct = 0}), kTooMuchWork);
  EXPECT_EQ(outcome(document, update, {.work_base = 98, .work_per_struct = 0}), "");
  EXPECT_EQ(outcome(document, update, {.work_base = 99, .work_per_struct = 0}), "");
}

// What came before the struct that was too much is gone, too, of whatever kind.
TEST(Limits, ARefusedUpdateLeavesNoTrace) {
  const auto document = crowded_document(40);
  Doc doc({.client_id = 500});
  for (const std::string& piece : document) ASSERT_TRUE(doc.apply_update(piece).ok());
  const StateVector known = doc.state_vector();
  ASSERT_TRUE(doc.get_text("a new root").insert(0, "text", {{"a new key", true}}).ok());
  ASSERT_TRUE(doc.get_map("m").set("k", NewDoc{"guid", true, false, nullptr}).ok());
  ASSERT_TRUE(doc.get_map("m").set("k", Any(2)).ok());
  ASSERT_TRUE(doc.get_xml_fragment("x").insert_element(0, "p")->set_attribute("a", Any(1)).ok());
  ASSERT_TRUE(doc.get_array("list").insert(0, {Any(1), Any(Any::Bytes{"\1"})}).ok());
  ASSERT_TRUE(doc.get_text("t").erase(3, 7).ok());
  const std::string rest = doc.encode_state_as_update(known);
  const std::string letters = two_letters();
  const std::string_view views[] = {rest, letters};
  const std::string update = merge_updates(views).value();
  EXPECT_EQ(outcome(document, update, {.work_base = 20, .work_per_struct = 0}), kTooMuchWork);
  EXPECT_EQ(outcome(document, update, {.work_base = 60, .work_per_struct = 0}), "");
}

// Deletes that wait cost what they cost when that which they delete comes.
TEST(Limits, WorkOfWhatWaitedIsBoundedToo) {
  Doc doc({.client_id = 1, .limits = {.work_base = 40, .work_per_struct = 0}});
  std::string deletes = from_hex("00 01 05");
  write_var_uint(deletes, 100);
  for (std::uint64_t i = 0; i < 100; ++i) {
    write_var_uint(deletes, 31 + 32 * i);
    write_var_uint(deletes, 1);
  }
  ASSERT_TRUE(doc.apply_update(deletes).ok());
  ASSERT_TRUE(doc.has_pending());
  const std::string before = doc.encode_state_as_update();
  std::string text = from_hex("01 01 05 00 04 01 01 74");
  std::string letters;
  for (int i = 0; i < 3200; ++i) letters += "\xC3\xA9";
  write_var_bytes(text, letters);
  text.push_back('\0');
  const auto applied = doc.apply_update(text);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().message, kTooMuchWork);
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EXPECT_TRUE(doc.has_pending());
  EXPECT_EQ(doc.get_text("t").to_string(), "");
  EXPECT_EQ(doc.check(), "");
}

TEST(Limits, AnUpdateThatCutsItsOwnTextIsBoundedToo) {
  std::string letters;
  for (int i = 0; i < 800; ++i) letters += "\xC3\xA9";
  std::string update = from_hex("01 01 05 00 04 01 01 74");
  write_var_bytes(update, letters);
  update += from_hex("01 05 01 9003 05");
  EXPECT_EQ(outcome({}, update, {.work_base = 48, .work_per_struct = 0}), kTooMuchWork);
  EXPECT_EQ(outcome({}, update, {.work_base = 50, .work_per_struct = 0}), "");
}

TEST(Limits, WhatWaitsIsBoundedInBytes) {
  // A struct of ten bytes, of client 9 behind clocks that nobody has.
  const std::string update = from_hex("01 01 09 02 84 09 01 01 78 00");
  const char* why = "Too much waits for updates that have not come";
  EXPECT_EQ(outcome({first_letter(1)}, update, {.pending_bytes_max = 9}), why);
  EXPECT_EQ(outcome({first_letter(1)}, update, {.pending_bytes_max = 10}), "");
  EXPECT_EQ(outcome({first_letter(1)}, update, {.pending_bytes_max = 11}), "");
}

// Of clients and structs, too: the limits are those of one update.
TEST(Limits, MoreMayWaitThanOneUpdateMayBring) {
  Doc doc({.client_id = 1, .limits = {.clients_max = 2, .structs_max = 2}});
  for (const char* two_clients : {"02 01 0c 00 84 05 00 01 78 01 0b 00 84 05 00 01 78 00",
                                  "02 01 0e 00 84 05 00 01 78 01 0d 00 84 05 00 01 78 00"}) {
    ASSERT_TRUE(doc.apply_update(from_hex(two_clients)).ok());
  }
  EXPECT_TRUE(doc.has_pending());
  ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00 04 01 01 74 01 61 00")).ok());
  EXPECT_FALSE(doc.has_pending());
  EXPECT_EQ(doc.get_text("t").to_string(), "axxxx");
  EXPECT_EQ(doc.check(), "");
}

TEST(Limits, AsDeepAsAValueMayBeAndNoDeeper) {
  const std::size_t depth_max = UpdateLimits().value_depth_max;
  for (const std::size_t depth : {depth_max - 1, depth_max, depth_max + 1}) {
    std::string values = from_hex("01 01 05 00 08 01 01 61 01");
    for (std::size_t i = 1; i < depth; ++i) values += from_hex("75 01");
    values += from_hex("75 00 00");
    std::string embed = from_hex("01 01 05 00 05 01 01 74");
    write_var_bytes(embed, std::string(depth, '[') + std::string(depth, ']'));
    embed.push_back('\0');
    std::string list = from_hex("01 01 05 00 02 01 01 61 01");
    write_var_bytes(list, std::string(depth, '[') + std::string(depth, ']'));
    list.push_back('\0');
    for (const std::string& update : {values, embed, list}) {
      Doc doc({.client_id = 1});
      const auto applied = doc.apply_update(update);
      EXPECT_EQ(applied.ok(), depth <= depth_max) << depth;
      if (!applied) {
        EXPECT_EQ(applied.error(), (Error{ErrorCode::limit, "A value is too deep"}));
      }
      const std::string_view twice[] = {update, kEmptyUpdate};
      EXPECT_EQ(merge_updates(twice).ok(), depth <= depth_max) << depth;
      if (depth <= depth_max) {
        EXPECT_EQ(doc.encode_state_as_update(), update);
        EXPECT_EQ(merge_updates(twice).value(), update);
      }
    }
  }
}

}  // namespace
}  // namespace pluv::ycrdt
