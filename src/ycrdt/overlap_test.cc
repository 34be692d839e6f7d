// Updates of which a part is known already. The documents are those of yjs 13.6 after the same
// updates, where a test does not say otherwise.
#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

struct Case {
  const char* name;
  std::vector<const char*> updates;
  const char* state;
};

void expect_state(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    Doc doc({.client_id = 1});
    for (const char* update : test.updates) {
      ASSERT_TRUE(doc.apply_update(from_hex(update)).ok());
      EXPECT_EQ(doc.check(), "");
    }
    EXPECT_EQ(state_hex(doc), to_hex(from_hex(test.state)));
    // All of it again changes nothing.
    std::size_t announced = 0;
    doc.on_update([&](std::string_view, const Transaction&) { ++announced; });
    for (const char* update : test.updates) ASSERT_TRUE(doc.apply_update(from_hex(update)).ok());
    EXPECT_EQ(state_hex(doc), to_hex(from_hex(test.state)));
    EXPECT_EQ(announced, 0u);
  }
}

TEST(Overlap, TheRestOfARunIsTaken) {
  expect_state({
      {"text",
       {"01 01 05 00 04 01 01 74 02 6162 00", "01 01 05 00 04 01 01 74 05 616263c3a9 00"},
       "01 01 05 00 04 01 01 74 05 616263c3a9 00"},
      {"text that is known whole",
       {"01 01 05 00 04 01 01 74 04 61626364 00", "01 01 05 01 84 05 00 02 6263 00"},
       "01 01 05 00 04 01 01 74 04 61626364 00"},
      {"text that begins within",
       {"01 01 05 00 04 01 01 74 02 6162 00", "01 01 05 01 84 05 00 02 6263 00"},
       "01 01 05 00 04 01 01 74 03 616263 00"},
      {"values",
       {"01 01 05 00 08 01 01 61 02 7d01 7d02 00",
        "01 01 05 00 08 01 01 61 04 7d01 7d02 770178 75017e 00"},
       "01 01 05 00 08 01 01 61 04 7d01 7d02 770178 75017e 00"},
      {"values that are spelled otherwise",
       {"01 01 05 00 08 01 01 61 01 7d01 00",
        "01 01 05 00 08 01 01 61 03 7d01 7d8000 7602 01627e 01617e 00"},
       "01 01 05 00 08 01 01 61 03 7d01 7d00 7602 01627e 01617e 00"},
      {"JSON values",
       {"01 01 05 00 02 01 01 61 01 0131 00",
        "01 01 05 00 02 01 01 61 04 0131 09756e646566696e6564 065b312c20325d 05225c2f6122 00"},
       "01 01 05 00 02 01 01 61 04 0131 09756e646566696e6564 055b312c325d 04222f6122 00"},
      {"deleted items",
       {"01 01 05 00 01 01 01 74 02 00", "01 01 05 00 01 01 01 74 05 00"},
       "01 01 05 00 01 01 01 74 05 01 05 01 0005"},
      {"garbage",
       {"01 01 05 00 00 02 00", "01 01 05 00 00 05 00"},
       "01 01 05 00 00 05 01 05 01 0005"},
      {"garbage behind an item",
       {"01 01 05 00 04 01 01 74 02 6162 00", "01 01 05 00 00 05 00"},
       "01 02 05 00 04 01 01 74 02 6162 00 03 01 05 01 0203"},
      {"a member's values, of which the last one counts",
       {"01 01 05 00 28 01 01 6d 01 6b 01 7d01 00",
        "01 01 05 00 28 01 01 6d 01 6b 03 7d01 7d02 7d03 00"},
       "01 02 05 00 21 01 01 6d 01 6b 01 a8 05 00 02 7d02 7d03 01 05 01 0001"},
  });
}

TEST(Overlap, WhateverBecameOfWhatIsKnown) {
  expect_state({
      {"it is deleted",
       {"01 01 05 00 04 01 01 74 02 6162 01 05 01 0002", "01 01 05 00 04 01 01 74 04 61626364 00"},
       "01 02 05 00 01 01 01 74 02 84 05 01 02 6364 01 05 01 0002"},
      {"others have written behind it",
       {"01 01 05 00 04 01 01 74 02 6162 00", "01 01 06 00 84 05 01 01 7a 00",
        "01 01 05 00 04 01 01 74 04 61626364 00"},
       "02 01 06 00 84 05 01 01 7a 01 05 00 04 01 01 74 04 61626364 00"},
      {"others have written within it",
       {"01 01 05 00 04 01 01 74 02 6162 00", "01 01 06 00 c4 05 00 05 01 01 7a 00",
        "01 01 05 00 04 01 01 74 04 61626364 00"},
       "02 01 06 00 c4 05 00 05 01 01 7a 02 05 00 04 01 01 74 01 61 84 05 00 03 626364 00"},
  });
}

// yjs throws.
TEST(Overlap, WhatFollowsGarbageIsGarbage) {
  expect_state({{"",
                 {"01 01 05 00 00 02 00", "01 01 05 00 04 01 01 74 04 61626364 00"},
                 "01 01 05 00 00 04 01 05 01 0004"}});
}

TEST(Overlap, WhatLeansOnGarbageIsGarbage) {
  const char* garbage = "01 01 06 00 00 02 00";
  expect_state({
      {"in front of it",
       {garbage, "01 01 05 00 44 06 00 01 61 00"},
       "02 01 06 00 00 02 01 05 00 00 01  02 06 01 0002 05 01 0001"},
      {"in front of an element within",
       {garbage, "01 01 05 00 44 06 01 01 61 00"},
       "02 01 06 00 00 02 01 05 00 00 01  02 06 01 0002 05 01 0001"},
      {"behind an element within",
       {garbage, "01 01 05 00 84 06 00 01 61 00"},
       "02 01 06 00 00 02 01 05 00 00 01  02 06 01 0002 05 01 0001"},
      {"and what continues it",
       {garbage, "01 01 05 00 84 06 01 02 6162 00", "01 01 05 00 84 06 01 04 61626364 00"},
       "02 01 06 00 00 02 01 05 00 00 04  02 06 01 0002 05 01 0004"},
      {"in a type that is gone",
       {"01 01 05 00 07 01 01 61 00 01 05 01 0001", "01 01 06 00 08 00 05 00 01 7d01 00"},
       "02 01 06 00 00 01 01 05 00 01 01 01 61 01  02 06 01 0001 05 01 0001"},
      {"in what is no type",
       {"01 01 05 00 04 01 01 74 03 616263 00", "01 01 06 00 04 00 05 01 01 78 00"},
       "02 01 06 00 00 01 01 05 00 04 01 01 74 03 616263  01 06 01 0001"},
  });
}

// A member may be a text, and what continues it is the next value of its key.
TEST(Overlap, AMemberIsNoRunThatGoesOn) {
  expect_state({{"",
                 {"01 01 05 00 24 01 01 6d 01 6b 03 616263 00", "01 01 05 03 84 05 02 01 64 00"},
                 "01 02 05 00 21 01 01 6d 01 6b 03 a4 05 02 01 64  01 05 01 0003"}});
}

// yjs throws.
TEST(Overlap, ADeleteOfNothingDeletesNothing) {
  expect_state({{"",
                 {"01 01 05 00 04 01 01 74 03 616263 00", "00 01 05 01 0100", "00 01 05 01 0500"},
                 "01 01 05 00 04 01 01 74 03 616263 00"}});
}

// Undo may write items whose right origin is not behind their origin. What they name stays as it
// was written, though the one splits the run that the other ended.
TEST(Overlap, BothOriginsMayBeOneElement) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(
      doc.apply_update(from_hex("01 02 05 00 04 01 01 74 02 6162 c4 0501 0501 01 78 00")).ok());
  EXPECT_EQ(state_hex(doc), "010305000401017401618405000162c405010501017800");
  EXPECT_EQ(doc.get_text("t").to_string(), "axb");
}

// The rest of a text belongs where its beginning is, whatever a later update claims.
TEST(Overlap, AnUpdateCannotMoveWhatIsHere) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00 04 01 01 74 02 6162 00")).ok());
  ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 00 24 01 01 6d 01 6b 04 61626364 00")).ok());
  EXPECT_EQ(doc.get_text("t").to_string(), "abcd");
  EXPECT_EQ(doc.get_map("m").size(), 0u);
  EXPECT_EQ(doc.check(), "");
}

}  // namespace
}  // namespace pluv::ycrdt
