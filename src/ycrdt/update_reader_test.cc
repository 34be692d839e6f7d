#include "ycrdt/update_reader.h"

#include <gtest/gtest.h>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

// Why the update is refused; "" when it is not.
std::string refusal(std::string_view update, const UpdateLimits& limits = {}) {
  const auto checked = check_update(update, limits);
  return checked ? "" : checked.error().message;
}

TEST(UpdateReader, GivesStructAfterStruct) {
  const std::string update = from_hex(
      "02"
      "05 09 02  c4 07 00 07 05 03 c3a978  00 03  0a 02  27 00 07 03 016b 02  44 07 01 01 61"
      "01 07 00  01 01 01 74 09"
      "01 09 01 0402");
  UpdateReader reader(update, {});
  StructRef ref;
  ASSERT_TRUE(reader.next(ref));
  EXPECT_TRUE(reader.began_client());
  EXPECT_EQ(ref.client, 9u);
  EXPECT_EQ(ref.clock, 2u);
  EXPECT_EQ(ref.length, 2u);
  EXPECT_EQ(ref.kind, ContentKind::string);
  EXPECT_TRUE(ref.has_origin && ref.has_right_origin);
  EXPECT_EQ(ref.origin, (Id{7, 0}));
  EXPECT_EQ(ref.right_origin, (Id{7, 5}));
  EXPECT_EQ(ref.content, "\xC3\xA9x");
  ASSERT_TRUE(reader.next(ref));
  EXPECT_FALSE(reader.began_client());
  EXPECT_EQ(ref.kind, ContentKind::gc);
  EXPECT_EQ(ref.clock, 4u);
  EXPECT_EQ(ref.end(), 7u);
  EXPECT_FALSE(ref.is_item());
  ASSERT_TRUE(reader.next(ref));
  EXPECT_EQ(ref.kind, ContentKind::skip);
  EXPECT_FALSE(ref.is_item());
  ASSERT_TRUE(reader.next(ref));
  EXPECT_EQ(ref.kind, ContentKind::type);
  EXPECT_EQ(ref.type, TypeKind::text);
  EXPECT_TRUE(ref.has_parent_id && ref.has_key && !ref.has_parent_name);
  EXPECT_EQ(ref.parent, (Id{7, 3}));
  EXPECT_EQ(ref.key, "k");
  ASSERT_TRUE(reader.next(ref));
  EXPECT_TRUE(ref.has_right_origin && !ref.has_origin && !ref.has_parent_id);
  EXPECT_EQ(ref.clock, 10u);
  ASSERT_TRUE(reader.next(ref));
  EXPECT_TRUE(reader.began_client());
  EXPECT_EQ(ref.kind, ContentKind::deleted);
  EXPECT_EQ(ref.parent_name, "t");
  EXPECT_EQ(ref.length, 9u);
  EXPECT_FALSE(reader.next(ref));
  DeleteSet deletes;
  ASSERT_TRUE(reader.read_delete_set(deletes));
  EXPECT_EQ(deletes.ranges(), (std::vector<DeleteRange>{{9, 4, 2}}));
  EXPECT_FALSE(reader.failed());
}

TEST(UpdateReader, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "The update ends early"},
      {"01", "The update ends early"},
      {"01 01 05", "The update ends early"},
      {"01 01 05 00", "The update ends early"},
      {"01 01 05 00 04", "The update ends early"},
      {"01 01 05 00 84 09", "The update ends early"},
      {"01 01 05 00 44 09", "The update ends early"},
      {"01 01 05 00 04 01 05 74", "The update ends early"},
      {"01 01 05 00 24 01 01 74 05 6b", "The update ends early"},
      {"01 01 05 00 04 01 01 74 03 61", "The update ends early"},
      {"01 01 05 00 03 01 01 74 03 61", "The update ends early"},
      {"01 01 05 00 01 01 01 74", "The update ends early"},
      {"01 01 05 00 00", "The update ends early"},
      {"01 01 05 00 0a", "The update ends early"},
      {"01 01 05 00 02 01 01 74", "The update ends early"},
      {"01 01 05 00 02 01 01 74 05 0131", "The update ends early"},
      {"01 01 05 00 02 01 01 74 01 0531", "The update ends early"},
      {"01 01 05 00 08 01 01 74", "The update ends early"},
      {"01 01 05 00 08 01 01 74 05 7e", "The update ends early"},
      {"01 01 05 00 07 01 01 74", "The update ends early"},
      {"01 01 05 00 07 01 01 74 03", "The update ends early"},
      {"01 01 05 00 07 01 01 74 05 0561", "The update ends early"},
      {"01 01 05 00 05 01 01 74 0431", "The update ends early"},
      {"01 01 05 00 06 01 01 74 0462 04", "The update ends early"},
      {"01 01 05 00 09 01 01 74 0462", "The update ends early"},
      {"00", "The update ends early"},
      {"00 01", "The update ends early"},
      {"00 01 05 01 00", "The update ends early"},
      {"01 01 05 00 0b 01 01 74 01 61 00", "Unknown kind of content"},
      {"01 01 05 00 1f 01 01 74 01 61 00", "Unknown kind of content"},
      {"01 01 05 00 07 01 01 74 07 00", "Unknown shared type"},
      {"01 01 05 00 00 00 00", "A struct without length"},
      {"01 01 05 00 04 01 01 74 00 00", "A struct without length"},
      {"01 01 05 00 08 01 01 74 00 00", "A struct without length"},
      {"01 01 05 00 02 01 01 74 00 00", "A struct without length"},
      {"01 01 05 00 04 01 01 74 01 ff 00", "A text is not UTF-8"},
      {"01 01 05 00 04 01 01 ff 01 61 00", "A text is not UTF-8"},
      {"01 01 05 00 24 01 01 74 01 ff 01 61 00", "A text is not UTF-8"},
      {"01 01 05 00 06 01 01 74 01 ff 04 74727565 00", "A text is not UTF-8"},
      {"01 01 05 00 07 01 01 74 03 01 ff 00", "A text is not UTF-8"},
      {"01 01 05 00 07 01 01 74 05 01 ff 00", "A text is not UTF-8"},
      {"01 01 05 00 09 01 01 74 01 ff 7e 00", "A text is not UTF-8"},
      {"01 01 05 00 02 01 01 74 01 03 22ff22 00", "A text is not UTF-8"},
      {"01 01 05 00 05 01 01 74 03 22ff22 00", "A text is not UTF-8"},
      {"01 01 05 00 02 01 01 74 01 02 5b5b 00", "A value is not JSON"},
      {"01 01 05 00 02 01 01 74 01 03 312031 00", "A value is not JSON"},
      {"01 01 05 00 02 01 01 74 01 00 00", "A value is not JSON"},
      {"01 01 05 00 05 01 01 74 02 5b5b 00", "A value is not JSON"},
      {"01 01 05 00 05 01 01 74 03 312031 00", "A value is not JSON"},
      // Of a list alone; yjs reads an embed or a format with JSON.parse.
      {"01 01 05 00 05 01 01 74 09 756e646566696e6564 00", "A value is not JSON"},
      {"01 01 05 00 08 01 01 74 01 73 00", "A malformed value"},
      {"01 01 05 00 08 01 01 74 02 7e 73 00", "A malformed value"},
      {"01 01 05 00 09 01 01 74 01 67 73 00", "A malformed value"},
      {"01 01 05 03 84 05 03 01 61 00", "A struct that depends on itself or a later one"},
      {"01 01 05 03 44 05 04 01 61 00", "A struct that depends on itself or a later one"},
      {"01 01 05 03 04 00 05 03 01 61 00", "A struct that depends on itself or a later one"},
      {"00 00 00", "Bytes after the update's end (is it a version 2 update?)"},
  };
  for (const auto& [update, why] : cases) EXPECT_EQ(refusal(from_hex(update)), why) << update;
}

TEST(UpdateReader, ClocksStayBelow32Bits) {
  const std::pair<const char*, const char*> cases[] = {
      {"01 01 05 feffffff0f 00 01 00", ""},
      {"01 01 05 ffffffff0f 00 01 00", "A clock is too large"},
      {"01 01 05 8080808010 00 01 00", "A clock is too large"},
      {"01 01 05 00 00 ffffffff0f 00", ""},
      {"01 01 05 00 00 8080808010 00", "A length is too large"},
      {"01 01 05 01 00 ffffffff0f 00", "A clock is too large"},
      {"01 01 05 00 01 01 01 74 8080808010 00", "A length is too large"},
      {"01 01 05 00 08 01 01 74 8080808010 7e 00", "A length is too large"},
      {"01 01 05 00 02 01 01 74 8080808010 0131 00", "A length is too large"},
      {"01 01 05 00 84 09 ffffffff0f 01 61 00", ""},
      {"01 01 05 00 84 09 8080808010 01 61 00", "A clock is too large"},
      {"00 01 05 01 feffffff0f 01 00", "Bytes after the update's end (is it a version 2 update?)"},
      {"00 01 05 01 feffffff0f 01", ""},
      {"00 01 05 01 ffffffff0f 01", "A clock is too large"},
      {"00 01 05 01 ffffffff0f 00", ""},
      {"00 01 05 01 00 8080808010", "A clock is too large"},
      // As large as numbers get: their sum must not wrap around.
      {"00 01 05 01 ffffffffffffff0f ffffffffffffff0f", "A clock is too large"},
  };
  for (const auto& [update, why] : cases) EXPECT_EQ(refusal(from_hex(update)), why) << update;
}

TEST(UpdateReader, LimitsHoldAtTheirEdges) {
  // Two clients, three structs; deletes of three clients.
  const std::string update =
      from_hex("02 02 05 00 00 01 00 01 01 03 00 00 01  03 05 00 03 00 02 00");
  const auto refused = [&](const UpdateLimits& limits) { return refusal(update, limits); };
  const std::size_t size = update.size();
  EXPECT_EQ(refused({.update_bytes_max = size - 1}), "The update is too large");
  EXPECT_EQ(refused({.update_bytes_max = size}), "");
  EXPECT_EQ(refused({.update_bytes_max = size + 1}), "");
  EXPECT_EQ(refused({.structs_max = 2}), "The update has too many structs");
  EXPECT_EQ(refused({.structs_max = 3}), "");
  EXPECT_EQ(refused({.structs_max = 4}), "");
  EXPECT_EQ(refused({.clients_max = 1}), "The update names too many clients");
  EXPECT_EQ(refused({.clients_max = 2}), "The delete set names too many clients");
  EXPECT_EQ(refused({.clients_max = 3}), "");
  EXPECT_EQ(refused({.clients_max = 4}), "");
  EXPECT_EQ(check_update(update, {.structs_max = 2}).error().code, ErrorCode::limit);
}

TEST(UpdateReader, ValuesAreBoundedInDepthWhereverTheyStand) {
  for (const char* value :
       {"08 01 01 74 01 7501 7501 7500",                    // values
        "02 01 01 74 01 06 5b5b5b5d5d5d",                   // a JSON list
        "05 01 01 74 06 5b5b5b5d5d5d",                      // an embed
        "06 01 01 74 01 62 06 5b5b5b5d5d5d",                // a format
        "09 01 01 74 01 67 7601 01 61 7601 01 62 7500"}) {  // a document's options
    const std::string update = from_hex("01 01 05 00" + std::string(value) + "00");
    EXPECT_EQ(refusal(update, {.value_depth_max = 4}), "") << value;
    EXPECT_EQ(refusal(update, {.value_depth_max = 3}), "") << value;
    EXPECT_NE(refusal(update, {.value_depth_max = 2}), "") << value;
  }
}

TEST(UpdateReader, OnceFailedItGivesNothingMore) {
  const std::string update = from_hex("01 02 05 00 00 00 00 01 00");
  UpdateReader reader(update, {});
  StructRef ref;
  EXPECT_FALSE(reader.next(ref));
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.error().message, "A struct without length");
  EXPECT_FALSE(reader.next(ref));
  DeleteSet deletes;
  EXPECT_FALSE(reader.read_delete_set(deletes));
  EXPECT_EQ(reader.error().message, "A struct without length");  // the first of all
}

TEST(UpdateReader, KnowsJsonThatIsSpelledAsStringifyDoes) {
  for (const char* json :
       {"null", "true", "false", "0", "7", "123456789012345", "\"\"", "\"a b\"", "\"\xC3\xA9\""}) {
    EXPECT_TRUE(is_plain_json(json)) << json;
  }
  for (const char* json : {"", "01", "1234567890123456", "-1", "1.5", "[]", "{}", "\"", "\"a",
                           "\"a\"b\"", "\"\\n\"", "\"\x01\"", "undefined", "nul"}) {
    EXPECT_FALSE(is_plain_json(json)) << json;
  }
}

}  // namespace
}  // namespace pluv::ycrdt
