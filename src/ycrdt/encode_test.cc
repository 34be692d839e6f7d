// Every kind of content, read from an update and written again: by a document, and by what works on
// updates alone. The bytes are those that yjs 13.6 answers.
#include "ycrdt/encode.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {
namespace {

struct Case {
  const char* name;
  const char* update;              // of client 5
  std::vector<const char*> since;  // what who knows 0, 1, ... clocks of it lacks, in structs
};

void expect_encodes(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const std::string update = from_hex(test.update);
    Doc doc({.client_id = 1});
    ASSERT_TRUE(doc.apply_update(update).ok());
    EXPECT_EQ(doc.check(), "");
    for (Clock known = 0; known < test.since.size(); ++known) {
      const StateVector state({{5, known}});
      const std::string want = to_hex(from_hex(test.since[known]));
      EXPECT_EQ(to_hex(doc.encode_state_as_update(state)), want) << known;
      EXPECT_EQ(to_hex(diff_update(update, state).value()), want) << known;
    }
    Doc copy({.client_id = 1});
    ASSERT_TRUE(copy.apply_update(doc.encode_state_as_update()).ok());
    EXPECT_EQ(copy.to_json(), doc.to_json());
    EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
  }
}

TEST(Encode, Values) {
  expect_encodes({
      {"values in lib0's spelling",
       "01 01 05 00 08 01 01 61 05 7d8000 7601 01617d01 7403010203 7a0000000000000001 7f 00",
       {"01 01 05 00 08 01 01 61 05 7d00 7601 01617d01 7403010203 7a0000000000000001 7f 00",
        "01 01 05 01 88 05 00 04 7601 01617d01 7403010203 7a0000000000000001 7f 00",
        "01 01 05 02 88 05 01 03 7403010203 7a0000000000000001 7f 00",
        "01 01 05 03 88 05 02 02 7a0000000000000001 7f 00", "01 01 05 04 88 05 03 01 7f 00",
        "00 00"}},
      {"a list of JSON, as old documents have it",
       "01 01 05 00 02 01 01 61 05 0131 09756e646566696e6564 085b312c202278225d 0474727565"
       "05225c2f6122 00",
       {"01 01 05 00 02 01 01 61 05 0131 09756e646566696e6564 075b312c2278225d 0474727565"
        "04222f6122 00",
        "01 01 05 01 82 05 00 04 09756e646566696e6564 075b312c2278225d 0474727565 04222f6122 00",
        "01 01 05 02 82 05 01 03 075b312c2278225d 0474727565 04222f6122 00",
        "01 01 05 03 82 05 02 02 0474727565 04222f6122 00", "01 01 05 04 82 05 03 01 04222f6122 00",
        "00 00"}},
      {"bytes",
       "01 01 05 00 03 01 01 61 03 01ff00 00",
       {"01 01 05 00 03 01 01 61 03 01ff00 00", "00 00"}},
      {"no bytes", "01 01 05 00 03 01 01 61 00 00", {"01 01 05 00 03 01 01 61 00 00", "00 00"}},
  });
}

TEST(Encode, RichText) {
  expect_encodes({
      {"an embed in JavaScript's order",
       "01 01 05 00 05 01 01 74 11 7b2262223a20312c202231223a312e307d 00",
       {"01 01 05 00 05 01 01 74 0d 7b2231223a312c2262223a317d 00", "00 00"}},
      {"embeds that are scalars",
       "01 03 05 00 05 01 01 74 04 6e756c6c 85 05 00 0131 85 05 01 05 2278797a22 00",
       {"01 03 05 00 05 01 01 74 04 6e756c6c 85 05 00 0131 85 05 01 05 2278797a22 00",
        "01 02 05 01 85 05 00 0131 85 05 01 05 2278797a22 00",
        "01 01 05 02 85 05 01 05 2278797a22 00", "00 00"}},
      {"a format whose value is an object",
       "01 03 05 00 06 01 01 74 01 62 08 7b2261223a20317d 84 05 00 01 78 86 05 01 01 62 04"
       "6e756c6c 00",
       {"01 03 05 00 06 01 01 74 01 62 07 7b2261223a317d 84 05 00 01 78 86 05 01 01 62 04"
        "6e756c6c 00",
        "01 02 05 01 84 05 00 01 78 86 05 01 01 62 04 6e756c6c 00",
        "01 01 05 02 86 05 01 01 62 04 6e756c6c 00", "00 00"}},
      {"a text cut in a surrogate pair",
       "01 01 05 00 04 01 01 74 06 61 f09f9880 62 00",
       {"01 01 05 00 04 01 01 74 06 61 f09f9880 62 00", "01 01 05 01 84 05 00 05 f09f9880 62 00",
        "01 01 05 02 84 05 01 04 efbfbd 62 00", "01 01 05 03 84 05 02 01 62 00", "00 00"}},
  });
}

// In embeds and formats, and however it was spelled when it came.
TEST(Encode, JsonIsSpelledAsStringifyDoes) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x80\""},
      {R"("\u0041\n\/\b\f\u001f\u007f\u2028\"\\")",
       "\"A\\n/\\b\\f\\u001f\x7F\xE2\x80\xA8\\\"\\\\\""},
      {R"("\u0000")", R"("\u0000")"},
      {"1e21", "1e+21"},
      {"1E3", "1000"},
      {"-0", "0"},
      {"0.1000", "0.1"},
      {"1e-7", "1e-7"},
      {"0.000001", "0.000001"},
      {"123456789012345680000", "123456789012345680000"},
      {"9007199254740993", "9007199254740992"},
      {"5e-324", "5e-324"},
      {"-1.5", "-1.5"},
      {"1e400", "null"},  // Infinity, which JSON cannot say
      {"4294967296.5", "4294967296.5"},
      {R"({"b":1,"a":{"2":1,"1":[]},"b":2})", R"({"b":2,"a":{"1":[],"2":1}})"},
      {R"({"__proto__":1,"":{}})", R"({"__proto__":1,"":{}})"},
      {" [ 1 , [ ] , null,true,false ] ", "[1,[],null,true,false]"},
  };
  for (const auto& [json, spelled] : cases) {
    for (const char* before : {"01 01 05 00 05 01 01 74", "01 01 05 00 06 01 01 74 0162"}) {
      std::string update = from_hex(before);
      std::string want = update;
      write_var_bytes(update, json);
      write_var_bytes(want, spelled);
      update.push_back('\0');
      want.push_back('\0');
      Doc doc({.client_id = 1});
      ASSERT_TRUE(doc.apply_update(update).ok()) << json;
      EXPECT_EQ(doc.encode_state_as_update(), want) << json;
      EXPECT_EQ(diff_update(update, {}).value(), want) << json;
    }
  }
}

// Half a surrogate pair cannot be told in UTF-8. JavaScript would keep the escape.
TEST(Encode, AnEscapedHalfOfAPairBecomesUFFFD) {
  std::string update = from_hex("01 01 05 00 05 01 01 74");
  std::string want = update;
  write_var_bytes(update, R"("\ud800x")");
  write_var_bytes(want, "\"\xEF\xBF\xBDx\"");
  update.push_back('\0');
  want.push_back('\0');
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.apply_update(update).ok());
  EXPECT_EQ(doc.encode_state_as_update(), want);
  EXPECT_EQ(diff_update(update, {}).value(), want);
}

TEST(Encode, Types) {
  expect_encodes({
      {"one of each",
       "01 07 05 00 07 01 01 61 00 87 05 00 01 87 05 01 02 87 05 02 03 0170 87 05 03 04 87 05 04"
       "05 0168 87 05 05 06 00",
       {"01 07 05 00 07 01 01 61 00 87 05 00 01 87 05 01 02 87 05 02 03 0170 87 05 03 04 87 05 04"
        "05 0168 87 05 05 06 00",
        "01 06 05 01 87 05 00 01 87 05 01 02 87 05 02 03 0170 87 05 03 04 87 05 04 05 0168 87 05"
        "05 06 00"}},
      {"a type's member",
       "01 02 05 00 27 01 01 6d 01 6b 00 28 00 05 00 01 78 01 7d07 00",
       {"01 02 05 00 27 01 01 6d 01 6b 00 28 00 05 00 01 78 01 7d07 00",
        "01 01 05 01 28 00 05 00 01 78 01 7d07 00", "00 00"}},
  });
}

// yjs keeps three of the options, and only what differs from what they are without being named.
TEST(Encode, DocumentsKeepTheirOptions) {
  const std::string gc = "026763";
  const std::string load = "086175746f4c6f6164";
  const std::string meta = "046d657461";
  const std::pair<std::string, std::string> cases[] = {
      {"7604" + gc + "79" + load + "78" + meta + "7d01 056f74686572 7e",
       "7603" + gc + "79" + load + "78" + meta + "7d01"},
      {"7602" + gc + "78" + load + "79", "7600"},
      // What is not given as a boolean is taken as JavaScript takes it: 0, NaN, "" and null for
      // false.
      {"7603" + gc + "7d00" + load + "7d01" + meta + "7f", "7602" + gc + "79" + load + "78"},
      {"7603" + gc + "7700" + load + "770161" + meta + "7e", "7602" + gc + "79" + load + "78"},
      {"7602" + gc + "7e" + load + "7500", "7602" + gc + "79" + load + "78"},
      {"7602" + gc + "7f" + load + "7700", "7600"},
      {"7602" + gc + "7b7ff8000000000000" + load + "7b7ff8000000000000", "7601" + gc + "79"},
      {"7602" + gc + "7a0000000000000000" + load + "7a0000000000000000", "7601" + gc + "79"},
      {"7602" + gc + "7a0000000000000001" + load + "7a0000000000000001", "7601" + load + "78"},
      {"7602" + gc + "7cbfc00000" + load + "7cbfc00000", "7601" + load + "78"},
      {"7601" + meta + "7601 01617d01", "7601" + meta + "7601 01617d01"},
      {"7601" + meta + "7d00", "7601" + meta + "7d00"},
      {"7601" + meta + "79", "7601" + meta + "79"},
      {"7602" + meta + "7d01" + meta + "7d02", "7601" + meta + "7d02"},
      {"7500", "7600"},
  };
  for (const auto& [given, kept] : cases) {
    const std::string update = "01 01 05 00 09 01 01 61 01 67" + given + "00";
    const std::string want = "01 01 05 00 09 01 01 61 01 67" + kept + "00";
    expect_encodes({{given.c_str(), update.c_str(), {want.c_str(), "00 00"}}});
  }
}

TEST(Encode, GarbageAndDeletedItemsAreLengths) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(
      doc.apply_update(from_hex("01 03 05 00 00 03 01 01 01 74 02 84 05 04 01 78 00")).ok());
  const char* since[] = {"01 03 05 00 00 03 01 01 01 74 02 84 05 04 01 78",
                         "01 03 05 01 00 02 01 01 01 74 02 84 05 04 01 78",
                         "01 03 05 02 00 01 01 01 01 74 02 84 05 04 01 78",
                         "01 02 05 03 01 01 01 74 02 84 05 04 01 78",
                         "01 02 05 04 81 05 03 01 84 05 04 01 78",
                         "01 01 05 05 84 05 04 01 78",
                         "00"};
  for (Clock known = 0; known < std::size(since); ++known) {
    EXPECT_EQ(to_hex(doc.encode_state_as_update(StateVector({{5, known}}))),
              to_hex(from_hex(since[known] + std::string("01 05 01 0005"))));
  }
}

TEST(Encode, TheStateVectorNamesTheHighestClientFirst) {
  Doc doc({.client_id = 1});
  EXPECT_EQ(to_hex(doc.encode_state_vector()), "00");
  for (const ClientId client : {3u, 300u, 7u}) {
    doc.set_client_id(client);
    ASSERT_TRUE(doc.get_text("t").insert(0, "ab").ok());
  }
  EXPECT_EQ(to_hex(doc.encode_state_vector()), to_hex(from_hex("03 ac0202 0702 0302")));
  // Who is ahead of us lacks nothing.
  EXPECT_EQ(doc.encode_state_as_update(StateVector({{3, 9}, {7, 2}, {300, 3}, {400, 1}})),
            kEmptyUpdate);
}

// What waits is part of the state: for who has what it depends on, and may lack it.
TEST(Encode, WhatWaitsIsCutAndPassedOn) {
  Doc doc({.client_id = 1});
  ASSERT_TRUE(doc.get_text("t").insert(0, "x").ok());
  // Client 5 from its clock 2 on, and a delete of client 6.
  ASSERT_TRUE(doc.apply_update(from_hex("01 01 05 02 84 05 01 03 636465 01 06 01 0302")).ok());
  ASSERT_TRUE(doc.has_pending());
  EXPECT_EQ(state_hex(doc), to_hex(from_hex("02 01 05 02 84 05 01 03 636465"
                                            "01 01 00 04 01 01 74 01 78  01 06 01 0302")));
  EXPECT_EQ(to_hex(doc.encode_state_as_update(StateVector({{1, 1}, {5, 4}}))),
            to_hex(from_hex("01 01 05 04 84 05 03 01 65  01 06 01 0302")));
}

// The delete set is kept once it was written; whatever deletes must be in the next one.
TEST(Encode, WhatIsDeletedAfterAnEncodeIsInTheNextOne) {
  Doc doc({.client_id = 5});
  Text text = doc.get_text("t");
  ASSERT_TRUE(text.insert(0, "abcdef").ok());
  const StateVector all({{5, 100}, {6, 100}, {7, 100}});
  const auto deletes = [&] {
    EXPECT_EQ(doc.check(), "");
    const std::string first = to_hex(doc.encode_state_as_update(all));
    EXPECT_EQ(to_hex(doc.encode_state_as_update(all)), first);
    return first;
  };
  EXPECT_EQ(deletes(), to_hex(from_hex("00 00")));
  ASSERT_TRUE(text.erase(1, 1).ok());  // here
  EXPECT_EQ(deletes(), to_hex(from_hex("00 01 05 01 0101")));
  ASSERT_TRUE(doc.apply_update(from_hex("00 01 05 01 0401")).ok());  // elsewhere
  EXPECT_EQ(deletes(), to_hex(from_hex("00 01 05 02 0101 0401")));
  ASSERT_TRUE(doc.apply_update(from_hex("01 01 06 00 01 01 01 74 02 00")).ok());  // deleted content
  EXPECT_EQ(deletes(), to_hex(from_hex("00 02 06 01 0002  05 02 0101 0401")));
  ASSERT_TRUE(doc.apply_update(from_hex("02 01 07 00 00 01  01 06 02 00 03 00")).ok());  // garbage
  EXPECT_EQ(deletes(), to_hex(from_hex("00 03 07 01 0001  06 01 0005  05 02 0101 0401")));
  ASSERT_TRUE(text.insert(0, "gh").ok());  // what is typed on is not deleted
  EXPECT_EQ(deletes(), to_hex(from_hex("00 03 07 01 0001  06 01 0005  05 02 0101 0401")));
  ASSERT_TRUE(text.erase(0, text.length()).ok());
  EXPECT_EQ(deletes(), to_hex(from_hex("00 03 07 01 0001  06 01 0005  05 01 0008")));
}

}  // namespace
}  // namespace pluv::ycrdt
