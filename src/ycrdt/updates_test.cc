// Cutting and inspecting updates as bytes; merge_updates_test.cc is about merging. The bytes that
// must come out are those that yjs 13.6 answers.
#include "ycrdt/updates.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

constexpr const char* kThreeClients =
    "03  03 09 00 04 01 01 74 03 616263 84 09 02 04 f09f9880 88 09 04 02 7d01 7d8000"
    "    02 05 02 00 02 84 05 03 02 7879"
    "    01 03 00 0a 04"
    "01 09 02 0001 0301";

TEST(DiffUpdate, CutsWhatIsKnown) {
  const std::string update = from_hex(kThreeClients);
  const auto diff = [&](std::vector<StateVector::Entry> state) {
    return to_hex(diff_update(update, StateVector(std::move(state))).value());
  };
  const std::string five = "02 05 02 00 02 84 05 03 02 7879";
  const std::string deletes = "01 09 02 0001 0301";
  const auto want = [&](const std::string& structs) { return to_hex(from_hex(structs + deletes)); };
  EXPECT_EQ(diff({}), want("02 03 09 00 04 01 01 74 03 616263 84 09 02 04 f09f9880 88 09 04 02"
                           "7d01 7d00" +
                           five));
  EXPECT_EQ(diff({{9, 2}}), want("02 03 09 02 84 09 01 01 63 84 09 02 04 f09f9880 88 09 04 02"
                                 "7d01 7d00" +
                                 five));
  EXPECT_EQ(diff({{9, 3}}), want("02 02 09 03 84 09 02 04 f09f9880 88 09 04 02 7d01 7d00" + five));
  // Half a surrogate pair is U+FFFD.
  EXPECT_EQ(diff({{9, 4}}), want("02 02 09 04 84 09 03 03 efbfbd 88 09 04 02 7d01 7d00" + five));
  EXPECT_EQ(diff({{9, 5}}), want("02 01 09 05 88 09 04 02 7d01 7d00" + five));
  EXPECT_EQ(diff({{9, 6}}), want("02 01 09 06 88 09 05 01 7d00" + five));
  EXPECT_EQ(diff({{9, 7}}), want("01" + five));
  EXPECT_EQ(diff({{9, 100}}), want("01" + five));
  EXPECT_EQ(diff({{9, 7}, {5, 3}}), want("01 02 05 03 00 01 84 05 03 02 7879"));
  EXPECT_EQ(diff({{9, 7}, {5, 4}}), want("01 01 05 04 84 05 03 02 7879"));
  EXPECT_EQ(diff({{9, 7}, {5, 6}, {3, 4}}), want("00"));
}

TEST(DiffUpdate, BeginsWithNoSkip) {
  const std::string update = from_hex(
      "01 04 05 00 0a 02 04 01 01 74 02 6162 0a 03 84 05 03 01 63"
      "00");
  const std::pair<Clock, const char*> cases[] = {
      {0, "01 03 05 02 04 01 01 74 02 6162 0a 03 84 05 03 01 63 00"},
      {1, "01 03 05 02 04 01 01 74 02 6162 0a 03 84 05 03 01 63 00"},
      {3, "01 03 05 03 84 05 02 01 62 0a 03 84 05 03 01 63 00"},
      {4, "01 01 05 07 84 05 03 01 63 00"},
      {5, "01 01 05 07 84 05 03 01 63 00"},
      {8, "00 00"}};
  for (const auto& [clock, want] : cases) {
    EXPECT_EQ(to_hex(diff_update(update, StateVector({{5, clock}})).value()),
              to_hex(from_hex(want)))
        << clock;
  }
}

TEST(EncodeStateVectorFromUpdate, CountsUpToTheFirstGap) {
  const std::pair<const char*, const char*> cases[] = {
      {kThreeClients, "01 09 07"},  // client 5 begins late, client 3 is but a skip
      {"01 04 05 00 04 01 01 74 02 6162 0a 03 84 05 03 01 63 0a 02 00", "01 05 02"},
      {"01 02 05 00 04 01 01 74 01 61 0a 03 00", "01 05 01"},
      {"02 02 09 00 00 02 00 01 01 05 00 00 07 00", "02 09 03 05 07"},
      // A client in two sections, one after the other and the other way round.
      {"02 01 05 00 04 01 01 74 01 61 01 05 05 84 05 04 01 61 00", "01 05 06"},
      {"02 01 05 02 00 01 01 05 00 00 01 00", "00"},
      {"01 00 05 03 00", "00"},
      {"00 00", "00"}};
  for (const auto& [update, state] : cases) {
    EXPECT_EQ(to_hex(encode_state_vector_from_update(from_hex(update)).value()),
              to_hex(from_hex(state)))
        << update;
  }
}

TEST(ParseUpdateMeta, SaysWhereEachClientBeginsAndEnds) {
  const auto meta = [](const char* update) {
    std::string out;
    const auto parsed = parse_update_meta(from_hex(update));
    EXPECT_TRUE(parsed.ok());
    for (const auto& [client, from, to] : parsed->clients) {
      out += std::to_string(client) + ":" + std::to_string(from) + "-" + std::to_string(to) + " ";
    }
    return out;
  };
  EXPECT_EQ(meta(kThreeClients), "9:0-7 5:2-6 3:0-4 ");
  EXPECT_EQ(meta("02 01 05 00 04 01 01 74 01 61 01 05 05 84 05 04 01 61 00"), "5:0-6 ");
  EXPECT_EQ(meta("01 00 05 03 00"), "");
  EXPECT_EQ(meta("00 00"), "");
}

TEST(Updates, MergedAndDiffedUpdatesMakeTheSameDocument) {
  Doc a({.client_id = 1});
  std::vector<std::string> updates;
  a.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  for (std::uint32_t i = 0; i < 50; ++i) ASSERT_TRUE(a.get_text("t").insert(i / 2, "xy").ok());
  ASSERT_TRUE(a.get_text("t").erase(10, 30).ok());
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  for (const bool coalesce : {false, true}) {
    const auto merged = merge_updates(views, {.coalesce_text = coalesce, .limits = {}});
    ASSERT_TRUE(merged.ok());
    Doc copy({.client_id = 2});
    ASSERT_TRUE(copy.apply_update(*merged).ok());
    EXPECT_EQ(copy.encode_state_as_update(), a.encode_state_as_update());
    EXPECT_EQ(encode_state_vector_from_update(*merged).value(), a.encode_state_vector());
  }
  Doc behind({.client_id = 3});
  for (std::size_t i = 0; i < 20; ++i) ASSERT_TRUE(behind.apply_update(updates[i]).ok());
  const auto diff = diff_update(a.encode_state_as_update(), behind.state_vector());
  ASSERT_TRUE(diff.ok());
  EXPECT_EQ(*diff, a.encode_state_as_update(behind.state_vector()));
  ASSERT_TRUE(behind.apply_update(*diff).ok());
  EXPECT_EQ(behind.encode_state_as_update(), a.encode_state_as_update());
}

TEST(Updates, CoalescedTypingIsSmall) {
  Doc a({.client_id = 1});
  std::vector<std::string> updates;
  a.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(a.get_text("t").insert(i, "x").ok());
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  EXPECT_EQ(merge_updates(views, {.coalesce_text = true, .limits = {}}).value(),
            a.encode_state_as_update());
  EXPECT_GT(merge_updates(views)->size(), 500u);
}

TEST(Updates, GapsBecomeSkipsAndEndTheStateVector) {
  Doc a({.client_id = 1});
  std::vector<std::string> updates;
  a.on_update([&](std::string_view update, const Transaction&) { updates.emplace_back(update); });
  for (std::uint32_t i = 0; i < 3; ++i) ASSERT_TRUE(a.get_text("t").insert(i, "x").ok());
  const std::string_view gap[] = {updates[0], updates[2]};
  const auto merged = merge_updates(gap);
  ASSERT_TRUE(merged.ok());
  const auto state = decode_state_vector(encode_state_vector_from_update(*merged).value());
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->clock(1), 1u);
  const auto meta = parse_update_meta(*merged);
  ASSERT_TRUE(meta.ok());
  ASSERT_EQ(meta->clients.size(), 1u);
  EXPECT_EQ(meta->clients[0].to, 3u);
  const std::string_view whole[] = {*merged, updates[1]};
  Doc copy({.client_id = 2});
  ASSERT_TRUE(copy.apply_update(merge_updates(whole).value()).ok());
  EXPECT_EQ(copy.get_text("t").to_string(), "xxx");
}

}  // namespace
}  // namespace pluv::ycrdt
