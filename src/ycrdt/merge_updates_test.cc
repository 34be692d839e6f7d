// Merging updates as bytes. What must come out is what yjs 13.6 answers for
// the same bytes, where a test does not say otherwise.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

Result<std::string> merge(const std::vector<std::string>& updates,
                          const MergeOptions& options = {}) {
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  return merge_updates(views, options);
}

struct MergeCase {
  const char* name;
  std::vector<const char*> updates;
  const char* merged;
};

void expect_merges(const std::vector<MergeCase>& cases) {
  for (const MergeCase& test : cases) {
    SCOPED_TRACE(test.name);
    std::vector<std::string> updates;
    for (const char* update : test.updates) updates.push_back(from_hex(update));
    const auto merged = merge(updates);
    ASSERT_TRUE(merged.ok());
    EXPECT_EQ(to_hex(*merged), to_hex(from_hex(test.merged)));
  }
}

TEST(MergeUpdates, AnOverlapIsTakenOnce) {
  expect_merges({
      {"texts",
       {"01 01 01 00 04 01 01 74 03 616263 00", "01 01 01 01 84 01 00 04 62636465 00"},
       "01 02 01 00 04 01 01 74 03 616263 84 01 02 02 6465 00"},
      {"one within the other",
       {"01 01 01 00 04 01 01 74 04 61626364 00", "01 01 01 01 84 01 00 02 6263 00"},
       "01 01 01 00 04 01 01 74 04 61626364 00"},
      {"cut in a surrogate pair, which leaves U+FFFD",
       {"01 01 01 00 04 01 01 74 03 616161 00", "01 01 01 01 84 01 00 09 61 f09f9880 f09f9880 00"},
       "01 02 01 00 04 01 01 74 03 616161 84 01 02 07 efbfbd f09f9880 00"},
      {"values",
       {"01 01 01 00 08 01 01 61 02 7d01 7d02 00", "01 01 01 01 88 01 00 03 7d02 770178 75017e 00"},
       "01 02 01 00 08 01 01 61 02 7d01 7d02 88 01 01 02 770178 75017e 00"},
      {"values that are spelled otherwise",
       {"01 01 01 00 08 01 01 61 01 7d01 00",
        "01 01 01 00 08 01 01 61 03 7d01 7d8000 7602 01627e 01617e 00"},
       "01 02 01 00 08 01 01 61 01 7d01 88 01 00 02 7d00 7602 01627e 01617e 00"},
      {"JSON values, which are spelled as JSON.stringify does",
       {"01 01 01 00 02 01 01 61 01 0131 00",
        "01 01 01 00 02 01 01 61 04 0131 09756e646566696e6564 065b312c20325d 05225c2f6122 00"},
       "01 02 01 00 02 01 01 61 01 0131 82 01 00 03 09756e646566696e6564 055b312c325d 04222f6122"
       "00"},
      {"deleted items",
       {"01 01 01 00 01 01 01 74 03 00", "01 01 01 01 81 01 00 05 00"},
       "01 02 01 00 01 01 01 74 03 81 01 02 03 00"},
      {"a member of a map",
       {"01 01 01 00 28 01 01 6d 01 6b 01 7d01 00", "01 01 01 01 a8 01 00 02 7d02 7d03 00",
        "01 01 01 02 a8 01 01 01 7d03 00"},
       "01 02 01 00 28 01 01 6d 01 6b 01 7d01 88 01 00 02 7d02 7d03 00"},
      {"what lies in a type",
       {"01 02 01 00 27 01 01 6d 01 6b 00 04 00 01 00 03 616263 00",
        "01 01 01 02 84 01 01 04 62636465 00"},
       "01 03 01 00 27 01 01 6d 01 6b 00 04 00 01 00 03 616263 84 01 03 02 6465 00"},
      {"between origins",
       {"01 02 01 00 04 01 01 74 01 61 44 01 00 03 626364 00",
        "01 01 01 02 c4 01 01 01 00 04 63646566 00"},
       "01 03 01 00 04 01 01 74 01 61 44 01 00 03 626364 c4 01 03 01 00 02 6566 00"},
  });
}

TEST(MergeUpdates, GarbageJoinsAndCoversWhatIsThere) {
  expect_merges({
      {"side by side", {"01 01 01 00 00 03 00", "01 01 01 03 00 02 00"}, "01 01 01 00 00 05 00"},
      {"overlapping", {"01 01 01 00 00 03 00", "01 01 01 01 00 05 00"}, "01 01 01 00 00 06 00"},
      {"before an item of its clock",
       {"01 01 01 00 00 03 00", "01 01 01 00 04 01 01 74 03 616263 00"},
       "01 01 01 00 04 01 01 74 03 616263 00"},
      {"behind an item of its clock",
       {"01 01 01 00 04 01 01 74 03 616263 00", "01 01 01 00 00 03 00"},
       "01 01 01 00 00 03 00"},
      {"around an item",
       {"01 01 01 00 00 03 00", "01 01 01 00 04 01 01 74 04 61626364 00", "01 01 01 00 00 05 00"},
       "01 01 01 00 00 05 00"},
      {"between items",
       {"01 01 01 00 04 01 01 74 02 6162 00", "01 01 01 00 00 03 00",
        "01 01 01 00 04 01 01 74 04 61626364 00"},
       "01 01 01 00 04 01 01 74 04 61626364 00"},
      {"longer than the item",
       {"01 01 01 00 04 01 01 74 02 6162 00", "01 01 01 00 00 05 00"},
       "01 01 01 00 00 05 00"},
  });
}

TEST(MergeUpdates, MissingClocksBecomeSkips) {
  expect_merges({
      {"one gap",
       {"01 01 01 00 04 01 01 74 01 61 00", "01 01 01 05 84 01 04 01 66 00"},
       "01 03 01 00 04 01 01 74 01 61 0a 04 84 01 04 01 66 00"},
      {"two gaps, in any order",
       {"01 01 01 02 84 01 01 01 63 00", "01 01 01 00 04 01 01 74 01 61 00",
        "01 01 01 05 84 01 04 01 66 00"},
       "01 05 01 00 04 01 01 74 01 61 0a 01 84 01 01 01 63 0a 02 84 01 04 01 66 00"},
      {"none before the first",
       {"01 01 01 02 84 01 01 01 63 00", "01 01 01 05 84 01 04 01 66 00"},
       "01 03 01 02 84 01 01 01 63 0a 02 84 01 04 01 66 00"},
      {"what came fills a part of a gap",
       {"01 03 01 00 04 01 01 74 01 61 0a 04 84 01 04 01 66 00", "01 01 01 01 84 01 00 02 6263 00"},
       "01 04 01 00 04 01 01 74 01 61 84 01 00 02 6263 0a 02 84 01 04 01 66 00"},
      {"skips alone are nothing",
       {"01 01 01 00 0a 04 00", "01 01 02 00 04 01 01 74 01 61 00"},
       "01 01 02 00 04 01 01 74 01 61 00"},
      {"nor are those at the end",
       {"01 02 01 00 04 01 01 74 01 61 0a 04 00", "00 00"},
       "01 01 01 00 04 01 01 74 01 61 00"},
  });
}

TEST(MergeUpdates, TheHighestClientComesFirst) {
  expect_merges({
      {"each on its own",
       {"01 01 01 00 04 01 01 74 01 61 00",
        "02 01 09 00 04 01 01 74 01 62 01 05 00 04 01 01 74 01 63 00",
        "01 01 07 00 04 01 01 74 01 64 00"},
       "04 01 09 00 04 01 01 74 01 62 01 07 00 04 01 01 74 01 64 01 05 00 04 01 01 74 01 63 01 01"
       "00 04 01 01 74 01 61 00"},
      {"in turns",
       {"02 01 09 00 04 01 01 74 01 61 01 02 00 04 01 01 74 01 62 00",
        "02 01 09 01 84 09 00 01 63 01 02 01 84 02 00 01 64 00"},
       "02 02 09 00 04 01 01 74 01 61 84 09 00 01 63 02 02 00 04 01 01 74 01 62 84 02 00 01 64"
       "00"},
      {"nobody", {"00 00", "00 00"}, "00 00"},
      {"no updates at all", {}, "00 00"},
  });
}

TEST(MergeUpdates, DeletesAreJoined) {
  expect_merges({
      {"of two updates",
       {"00 02 05 02 0001 0302 01 01 0001", "00 01 05 02 0102 0101"},
       "00 02 05 01 0005 01 01 0001"},
      {"of no length", {"00 01 05 01 0500", "00 00"}, "00 01 05 01 0500"},
  });
}

TEST(MergeUpdates, EveryKindOfContentIsWrittenAgain) {
  expect_merges({
      {"an embed, its keys in JavaScript's order",
       {"01 01 01 00 05 01 01 74 11 7b2262223a20312c202231223a312e307d 00", "00 00"},
       "01 01 01 00 05 01 01 74 0d 7b2231223a312c2262223a317d 00"},
      {"a format",
       {"01 01 01 00 06 01 01 74 04 626f6c64 04 74727565 00", "00 00"},
       "01 01 01 00 06 01 01 74 04 626f6c64 04 74727565 00"},
      {"bytes",
       {"01 01 01 00 03 01 01 61 02 01ff 00", "00 00"},
       "01 01 01 00 03 01 01 61 02 01ff 00"},
      {"types",
       {"01 03 01 00 07 01 01 61 00 87 01 00 03 0170 87 01 01 05 0168 00", "00 00"},
       "01 03 01 00 07 01 01 61 00 87 01 00 03 0170 87 01 01 05 0168 00"},
      {"a document, of whose options three are kept",
       {"01 01 01 00 09 01 01 61 01 67 76 04 026763 79 086175746f4c6f6164 78 046d657461 7d01"
        "056f74686572 7e 00",
        "00 00"},
       "01 01 01 00 09 01 01 61 01 67 76 03 026763 79 086175746f4c6f6164 78 046d657461 7d01 00"},
      {"a key's bit where no key is written",
       {"01 01 01 00 e4 05 00 05 01 03 616263 00", "01 01 01 01 c4 01 00 05 01 03 626364 00"},
       "01 02 01 00 c4 05 00 05 01 03 616263 c4 01 02 05 01 01 64 00"},
  });
}

// A letter of the client, one behind the other.
std::string letter(ClientId client, Clock clock) {
  std::string out = from_hex("01 01");
  write_var_uint(out, client);
  write_var_uint(out, clock);
  if (clock == 0) {
    out += from_hex("04 01 01 74");
  } else {
    out += from_hex("84");
    write_var_uint(out, client);
    write_var_uint(out, clock - 1);
  }
  return out + from_hex("01 78 00");
}

// JavaScript engines sort arrays from 64 elements on in another way, which shows nowhere here.
TEST(MergeUpdates, ManySourcesMergeAsFewDo) {
  for (const Clock count : {63u, 64u, 65u, 100u}) {
    std::vector<std::string> updates;
    for (Clock i = 0; i < count; ++i) updates.push_back(letter(1, i * 37 % count));
    std::string want = from_hex("01");
    write_var_uint(want, count);
    want += from_hex("01 00 04 01 01 74 01 78");
    for (Clock i = 1; i < count; ++i) {
      want += from_hex("84 01");
      write_var_uint(want, i - 1);
      want += from_hex("01 78");
    }
    want.push_back('\0');
    EXPECT_EQ(to_hex(merge(updates).value()), to_hex(want)) << count;
  }
}

TEST(MergeUpdates, ManySourcesOfManyClientsOverlap) {
  // 70 letters of five clients, some of them several times and some missing, and two longer runs.
  std::vector<std::string> updates;
  for (Clock i = 0; i < 70; ++i) updates.push_back(letter(1 + i % 5, i * 7 % 70 / 5));
  updates.push_back(from_hex("01 01 03 00 04 01 01 74 06 616161616161 00"));
  updates.push_back(from_hex("01 01 02 01 00 02 00"));
  EXPECT_EQ(
      to_hex(merge(updates).value()),
      "0503050584050401780a0684050b017803040484040301780a0684040a0178030300040101740661616161"
      "61610a038403080178040201840200017800010a0584020701780301000401017401780a06840106017800");
}

MergeOptions coalescing() { return {.coalesce_text = true, .limits = {}}; }

TEST(MergeUpdates, CoalescingJoinsTextThatContinuesItself) {
  const auto coalesced = [](const std::vector<const char*>& updates) {
    std::vector<std::string> bytes;
    for (const char* update : updates) bytes.push_back(from_hex(update));
    return to_hex(merge(bytes, coalescing()).value());
  };
  // One update, which is answered as it is otherwise.
  EXPECT_EQ(coalesced({"01 03 01 00 04 01 01 74 01 61 84 01 00 01 62 84 01 01 01 63 00"}),
            to_hex(from_hex("01 01 01 00 04 01 01 74 03 616263 00")));
  EXPECT_EQ(coalesced({"01 02 01 00 44 05 00 01 61 c4 01 00 05 00 01 62 00"}),
            to_hex(from_hex("01 01 01 00 44 05 00 02 6162 00")));
  // What was cut from a run is one of its own, and what comes behind it joins no further.
  EXPECT_EQ(coalesced({"01 01 01 00 04 01 01 74 02 6162 00", "01 01 01 01 84 01 00 02 6263 00",
                       "01 01 01 03 84 01 02 01 64 00"}),
            to_hex(from_hex("01 03 01 00 04 01 01 74 02 6162 84 01 01 01 63 84 01 02 01 64 00")));
}

TEST(MergeUpdates, CoalescingKeepsApartWhatIsNoRun) {
  for (const char* update :
       {"01 02 01 00 04 01 01 74 01 61 04 01 01 74 01 62 00",           // no origin
        "01 03 01 00 04 01 01 74 01 61 0a 01 84 01 00 01 62 00",        // a gap between
        "01 02 01 00 04 01 01 74 02 6162 84 01 00 01 63 00",            // behind the first letter
        "01 02 01 00 04 01 01 74 01 61 c4 01 00 05 00 01 62 00",        // before something else
        "01 02 01 00 44 05 00 01 61 84 01 00 01 62 00",                 // not before it any more
        "01 02 01 00 44 05 00 01 61 c4 01 00 05 01 01 62 00",           // before another one
        "01 02 01 00 04 01 01 74 01 61 88 01 00 01 7d01 00",            // no text
        "01 02 01 00 08 01 01 74 01 7d01 84 01 00 01 61 00",            // behind no text
        "02 01 02 00 04 01 01 74 01 61 01 01 00 84 02 00 01 62 00"}) {  // another client
    const std::string bytes = from_hex(update);
    EXPECT_EQ(to_hex(merge({bytes}, coalescing()).value()),
              to_hex(merge({bytes, std::string(kEmptyUpdate)}).value()));
  }
}

// Where updates hold the same clocks as garbage and as text it depends on who was merged first. The
// bytes are those of yjs, merging all at once and one after the other.
TEST(MergeUpdates, InTurnIsAsWhoGotThemOneByOne) {
  const char* const garbage3 = "01 01 01 00 00 03 00";
  const char* const garbage5 = "01 01 01 00 00 05 00";
  const char* const text2 = "01 01 01 00 04 01 01 74 02 6162 00";
  const char* const text4 = "01 01 01 00 04 01 01 74 04 61626364 00";
  struct Case {
    std::vector<const char*> updates;
    const char* at_once;
    const char* in_turn;
  };
  const Case cases[] = {
      {{garbage5, text4, garbage3}, garbage5, "01 03 01 00 00 03 84 01 02 01 64 00 01 00"},
      {{garbage3, text4, garbage5}, garbage5, garbage5},
      {{text2, garbage3, text4}, text4, text4},
      {{text2, garbage5, text4},
       "01 02 01 00 04 01 01 74 04 61626364 00 01 00",
       "01 02 01 00 04 01 01 74 04 61626364 00 01 00"},
      {{text4, text2}, text4, text4},
      {{text4}, text4, text4},
  };
  for (const Case& test : cases) {
    std::vector<std::string> updates;
    for (const char* update : test.updates) updates.push_back(from_hex(update));
    EXPECT_EQ(to_hex(merge(updates).value()), to_hex(from_hex(test.at_once)));
    EXPECT_EQ(to_hex(merge_updates_in_turn(updates).value()), to_hex(from_hex(test.in_turn)));
  }
  EXPECT_EQ(merge_updates_in_turn({}).value(), kEmptyUpdate);
  const std::string bad[] = {from_hex(garbage5), "\x01"};
  EXPECT_FALSE(merge_updates_in_turn(bad).ok());
}

TEST(MergeUpdates, MalformedUpdatesAreRefusedWhereverTheyStand) {
  const std::string good = letter(1, 0);
  for (const char* bad : {"",                                        // no count of clients
                          "01 01 01 00 04 01 01 74 01",              // ends in the first struct
                          "01 02 01 00 04 01 01 74 01 61 84 01",     // ends in the second
                          "01 01 01 00 04 01 01 74 01 61 01",        // ends in the deletes
                          "01 01 01 00 04 01 01 74 01 61 00 00"}) {  // goes on after its end
    const std::string bytes = from_hex(bad);
    EXPECT_FALSE(merge({bytes}).ok()) << bad;
    EXPECT_FALSE(merge({bytes, good}).ok()) << bad;
    EXPECT_FALSE(merge({good, bytes}).ok()) << bad;
    EXPECT_FALSE(merge({good, bytes}, coalescing()).ok()) << bad;
  }
  EXPECT_FALSE(merge({good, good}, {.coalesce_text = false, .limits = {.structs_max = 0}}).ok());
}

}  // namespace
}  // namespace pluv::ycrdt
