// Bytes that nobody who means well would send. Each is answered: with an error that leaves no
// trace, or with a document whose tables agree.
#include <gtest/gtest.h>

#include <algorithm>

#include "ycrdt/doc.h"
#include "ycrdt/fixtures_testing.h"
#include "ycrdt/lib0.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

std::vector<std::filesystem::path> hostile_files() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(test_data_folder() / "hostile")) {
    out.push_back("hostile" / entry.path().filename());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// A document with something of everything.
Doc lively_doc() {
  Doc doc({.client_id = 77});
  const Text text = doc.get_text("text");
  EXPECT_TRUE(Text(text).insert(0, "some text of our own").ok());
  EXPECT_TRUE(Text(text).format(2, 5, {{"bold", true}}).ok());
  EXPECT_TRUE(Text(text).erase(0, 3).ok());
  EXPECT_TRUE(doc.get_map("map").set("key", Any("value")).ok());
  EXPECT_TRUE(doc.get_array("array").insert(0, {Any(1), Any("two")}).ok());
  return doc;
}

TEST(Hostile, EveryFileIsAnsweredAndARefusalLeavesNoTrace) {
  std::size_t refused = 0;
  const auto files = hostile_files();
  ASSERT_GE(files.size(), 38u);
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    Doc doc = lively_doc();
    std::size_t updates = 0;
    doc.on_update([&](std::string_view, const Transaction&) { ++updates; });
    for (const std::string& update : read_test_updates(file)) {
      const std::string before = doc.encode_state_as_update();
      const std::string json = doc.to_json();
      updates = 0;
      const auto applied = doc.apply_update(update);
      if (!applied) {
        ++refused;
        EXPECT_FALSE(applied.error().message.empty());
        EXPECT_EQ(doc.encode_state_as_update(), before);
        EXPECT_EQ(doc.to_json(), json);
        EXPECT_EQ(updates, 0u);
      }
      ASSERT_EQ(doc.check(), "");
    }
    // It still works.
    EXPECT_TRUE(doc.get_text("text").insert(0, "more ").ok());
    Doc copy;
    EXPECT_TRUE(copy.apply_update(doc.encode_state_as_update()).ok());
    EXPECT_EQ(copy.get_text("text").to_string(), doc.get_text("text").to_string());
    EXPECT_EQ(doc.check(), "");
  }
  EXPECT_GE(refused, 15u);
}

TEST(Hostile, WorkOnBytesAnswersToo) {
  for (const auto& file : hostile_files()) {
    SCOPED_TRACE(file);
    for (const std::string& update : read_test_updates(file)) {
      const std::string_view both[] = {update, kEmptyUpdate};
      const bool ok = check_update(update).ok();
      EXPECT_EQ(merge_updates(both).ok(), ok);
      EXPECT_EQ(merge_updates(both, {.coalesce_text = true, .limits = {}}).ok(), ok);
      EXPECT_EQ(diff_update(update, StateVector()).ok(), ok);
      EXPECT_EQ(encode_state_vector_from_update(update).ok(), ok);
      EXPECT_EQ(parse_update_meta(update).ok(), ok);
    }
  }
}

TEST(Hostile, EveryPrefixOfAnUpdateIsRefused) {
  const std::string update = lively_doc().encode_state_as_update();
  for (std::size_t size = 0; size < update.size(); ++size) {
    Doc doc;
    EXPECT_FALSE(doc.apply_update(std::string_view(update).substr(0, size)).ok()) << size;
    EXPECT_EQ(doc.encode_state_as_update(), kEmptyUpdate);
  }
}

TEST(Hostile, EveryChangedByteIsAnswered) {
  const std::string update = lively_doc().encode_state_as_update();
  for (std::size_t at = 0; at < update.size(); ++at) {
    for (const int flip : {1, 0x80, 0xff, 0x40}) {
      std::string changed = update;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      Doc doc = lively_doc();
      const std::string before = doc.encode_state_as_update();
      const bool applied = doc.apply_update(changed).ok();
      EXPECT_TRUE(applied || doc.encode_state_as_update() == before);
      EXPECT_EQ(doc.check(), "") << at << " " << flip;
    }
  }
}

TEST(Hostile, Version2BytesAreNotTakenForAnEmptyUpdate) {
  // The smallest version 2 update: a flag and nine empty streams, no clients, no deletes.
  const std::string v2("\0\0\0\0\0\0\0\0\0\0\0\0", 12);
  EXPECT_FALSE(Doc().apply_update(v2).ok());
  EXPECT_FALSE(check_update(v2).ok());
}

// An update of one client with `count` one-letter texts, each before all others: every client at
// once at one place makes the scans long.
std::string conflict_bomb(std::uint64_t clients) {
  std::string out;
  write_var_uint(out, clients);
  for (std::uint64_t client = 1; client <= clients; ++client) {
    write_var_uint(out, 1);
    write_var_uint(out, client);
    write_var_uint(out, 0);
    out.push_back(4);  // a text without origins
    out.push_back(1);
    write_var_bytes(out, "text");
    write_var_bytes(out, "x");
  }
  out.push_back('\0');
  return out;
}

TEST(Hostile, TooMuchWorkIsRefusedAndTakenBack) {
  Doc doc({.client_id = 5, .limits = {.work_base = 1000, .work_per_struct = 1}});
  ASSERT_TRUE(doc.get_text("text").insert(0, "here \xF0\x9F\x98\x80 before").ok());
  // Applied four by four, lowest clients first, each passes all that are there already.
  std::size_t applied = 0;
  std::string refused;
  for (std::uint64_t client = 100; client < 1500 && refused.empty(); client += 4) {
    std::string with_client(1, 4);
    for (std::uint64_t i = 0; i < 4; ++i) {
      with_client.push_back(1);
      write_var_uint(with_client, client + i);
      with_client.append("\0\4\1\4text\1x", 10);
    }
    with_client.push_back('\0');
    const std::string before = doc.encode_state_as_update();
    if (const auto result = doc.apply_update(with_client); !result) {
      refused = result.error().message;
      EXPECT_EQ(result.error().code, ErrorCode::limit);
      EXPECT_EQ(doc.encode_state_as_update(), before);
    } else {
      ++applied;
    }
    ASSERT_EQ(doc.check(), "");
  }
  EXPECT_EQ(refused, "The update takes too much work");
  EXPECT_GE(applied, 80u);
  EXPECT_TRUE(doc.get_text("text").insert(3, "still ").ok());
  EXPECT_EQ(doc.check(), "");
}

TEST(Hostile, ASplitSurrogatePairIsPutTogetherAgainWhenTheUpdateIsRefused) {
  Doc doc({.client_id = 5, .limits = {.work_base = 40, .work_per_struct = 0}});
  std::string emojis;
  for (int i = 0; i < 400; ++i) emojis += "\xF0\x9F\x98\x80";
  ASSERT_TRUE(doc.get_text("text").insert(0, emojis).ok());
  const std::string before = doc.encode_state_as_update();
  // Deletes halves of pairs until it is too much.
  std::string update("\0\1\5", 3);
  write_var_uint(update, 100);
  for (std::uint64_t i = 0; i < 100; ++i) {
    write_var_uint(update, 799 - 8 * i);
    write_var_uint(update, 1);
  }
  const auto applied = doc.apply_update(update);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::limit);
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EXPECT_EQ(doc.get_text("text").to_string(), emojis);
  EXPECT_EQ(doc.check(), "");
}

TEST(Hostile, WhatWaitsIsBounded) {
  const std::size_t limit = 4096;
  Doc doc({.client_id = 5, .limits = {.pending_bytes_max = limit}});
  bool refused = false;
  for (std::uint64_t i = 0; i < 1000 && !refused; ++i) {
    // One letter of client 9 at a clock that nothing leads to.
    std::string update("\1\1\x09", 3);
    write_var_uint(update, 2 + 2 * i);
    update.append(std::string("\x84\x09", 2));
    write_var_uint(update, 1 + 2 * i);
    update.append(std::string("\1x\0", 3));
    const std::string before = doc.encode_state_as_update();
    if (const auto applied = doc.apply_update(update); !applied) {
      refused = true;
      EXPECT_EQ(applied.error().code, ErrorCode::limit);
      EXPECT_EQ(doc.encode_state_as_update(), before);
    }
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(doc.has_pending());
  EXPECT_LT(doc.encode_state_as_update().size(), 2 * limit);
}

// Each limit at its last good value and one beyond.
TEST(Hostile, LimitsHoldAtTheirEdges) {
  const std::string update = conflict_bomb(10);
  const auto applies = [&](const UpdateLimits& limits, std::string_view bytes) {
    Doc doc({.client_id = 5, .limits = limits});
    return doc.apply_update(bytes).ok();
  };
  EXPECT_TRUE(applies({.update_bytes_max = update.size()}, update));
  EXPECT_FALSE(applies({.update_bytes_max = update.size() - 1}, update));
  EXPECT_TRUE(applies({.clients_max = 10}, update));
  EXPECT_FALSE(applies({.clients_max = 9}, update));
  EXPECT_TRUE(applies({.structs_max = 10}, update));
  EXPECT_FALSE(applies({.structs_max = 9}, update));

  // An array in an array in an array.
  std::string deep("\1\1\5\0\x08\1\1a\1", 9);
  deep.append("\x75\1\x75\1\x75\0", 6);
  deep.push_back('\0');
  EXPECT_TRUE(applies({.value_depth_max = 3}, deep));
  EXPECT_FALSE(applies({.value_depth_max = 2}, deep));
}

}  // namespace
}  // namespace pluv::ycrdt
