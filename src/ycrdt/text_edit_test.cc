// Edits of texts. The documents are, byte for byte, those of yjs 13.6 after the same edits.
#include "ycrdt/text_edit.h"

#include <gtest/gtest.h>

#include <functional>

#include "ycrdt/doc_testing.h"

namespace pluv::ycrdt {
namespace {

#define EDIT(expression) ASSERT_TRUE((expression).ok())

struct Case {
  const char* name;
  std::function<void(Text&)> edit;  // of an empty text
  const char* state;
  const char* delta;
};

void expect_edits(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    Doc doc({.client_id = 1});
    Text text = doc.get_text("t");
    test.edit(text);
    EXPECT_EQ(state_hex(doc), to_hex(from_hex(test.state)));
    EXPECT_EQ(text.delta_json(), test.delta);
    EXPECT_EQ(delta_json(text.to_delta()), test.delta);
    EXPECT_EQ(doc.check(), "");
  }
}

TEST(TextEdit, InsertsWithAttributes) {
  expect_edits({
      {"without any, in formatted text",
       [](Text& t) {
         EDIT(t.insert(0, "ab", {{"b", 1}}));
         EDIT(t.insert(1, "x", {}));
       },
       "010701000601017401620131840100016184010101628601020162046e756c6cc6010101020162046e756c6c"
       "c4010401020178c6010501020162013100",
       R"([{"insert":"a","attributes":{"b":1}},{"insert":"x"},)"
       R"({"insert":"b","attributes":{"b":1}}])"},
      {"those of its place",
       [](Text& t) {
         EDIT(t.insert(0, "ab", {{"b", 1}}));
         EDIT(t.insert(1, "x"));
         EDIT(t.insert(3, "y"));
         EDIT(t.insert(0, "z"));
       },
       "010701000601017401620131840100016184010101628601020162046e756c6cc4010101020178c401020103"
       "0179440100017a00",
       R"([{"insert":"z"},{"insert":"axby","attributes":{"b":1}}])"},
      {"a null, where nothing holds",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.insert(1, "x", {{"b", nullptr}}));
       },
       "010301000401017401618401000162c401000101017800", R"([{"insert":"axb"}])"},
      {"another value",
       [](Text& t) {
         EDIT(t.insert(0, "ab", {{"b", 1}}));
         EDIT(t.insert(1, "x", {{"b", 2}}));
       },
       "010701000601017401620131840100016184010101628601020162046e756c6cc60101010201620132c401"
       "0401020178c6010501020162013100",
       R"([{"insert":"a","attributes":{"b":1}},{"insert":"x","attributes":{"b":2}},)"
       R"({"insert":"b","attributes":{"b":1}}])"},
      {"objects",
       [](Text& t) {
         EDIT(t.insert(0, "abcd", {{"b", Any::Object{{"x", 1}}}}));
         EDIT(t.insert(2, "Y", {{"b", Any::Object{{"x", 1}}}}));
         EDIT(t.insert(2, "Z", {{"b", Any::Object{{"x", 2}}}}));
       },
       "01080100060101740162077b2278223a317d8401000261628401020263648601040162046e756c6cc40102"
       "01030159c6010201060162077b2278223a327dc401070106015ac6010801060162077b2278223a317d00",
       R"([{"insert":"ab","attributes":{"b":{"x":1}}},{"insert":"Z","attributes":{"b":{"x":2}}},)"
       R"({"insert":"Ycd","attributes":{"b":{"x":1}}}])"},
      {"in the order of an object's keys",
       [](Text& t) { EDIT(t.insert(0, "ab", {{"z", 1}, {"2", 1}, {"a", 1}, {"1", 1}})); },
       "01090100060101740131013186010001320131860101017a0131860102016101318401030261628601050131"
       "046e756c6c8601060132046e756c6c860107017a046e756c6c8601080161046e756c6c00",
       R"([{"insert":"ab","attributes":{"1":1,"2":1,"z":1,"a":1}}])"},
      {"embeds",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.insert_embed(1, Any::Object{{"x", 1}}, {{"w", 1}}));
         EDIT(t.insert_embed(1, Any::Array{1}));
         EDIT(t.insert_embed(0, Any(5)));
         EXPECT_EQ(t.length(), 5u);
       },
       "010701000401017401618401000162c60100010101770131c501020101077b2278223a317dc601030101017704"
       "6e756c6cc501000102035b315d450100013500",
       R"([{"insert":5},{"insert":"a"},{"insert":[1]},)"
       R"({"insert":{"x":1},"attributes":{"w":1}},{"insert":"b"}])"},
      {"nothing", [](Text& t) { EDIT(t.insert(0, "", {{"b", 1}})); }, "0000", "[]"},
  });
}

TEST(TextEdit, Formats) {
  expect_edits({
      {"across another one",
       [](Text& t) {
         EDIT(t.insert(0, "abcdef"));
         EDIT(t.format(2, 2, {{"i", 1}}));
         EDIT(t.format(0, 6, {{"b", 1}}));
       },
       "0107010004010174026162840101026364840103026566c60101010201690131c6010301040169046e756c6c"
       "460100016201318601050162046e756c6c00",
       R"([{"insert":"ab","attributes":{"b":1}},{"insert":"cd","attributes":{"b":1,"i":1}},)"
       R"({"insert":"ef","attributes":{"b":1}}])"},
      {"parts of what is formatted",
       [](Text& t) {
         EDIT(t.insert(0, "abcdef"));
         EDIT(t.format(1, 2, {{"b", 1}}));
         EDIT(t.format(2, 2, {{"b", 1}}));
         EDIT(t.format(0, 2, {{"b", nullptr}}));
       },
       "01090100040101740161840100016284010101638401020164840103026566c10100010101c10102010301c6"
       "010301040162046e756c6cc601010102016201310101010602",
       R"([{"insert":"ab"},{"insert":"cd","attributes":{"b":1}},{"insert":"ef"}])"},
      {"beyond the end, where newlines appear",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.format(1, 4, {{"b", 1}}));
       },
       "010501000401017401618401000162c60100010101620131840101030a0a0a8601050162046e756c6c00",
       R"([{"insert":"a"},{"insert":"b\n\n\n","attributes":{"b":1}}])"},
      {"at the end, and nothing",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.format(2, 1, {{"b", 1}}));
         EDIT(t.format(0, 0, {{"b", 1}}));
       },
       "010101000401017402616200", R"([{"insert":"ab"}])"},
      {"equal objects, which are written again if they hold containers",
       [](Text& t) {
         EDIT(t.insert(0, "abcd"));
         EDIT(t.format(0, 4, {{"b", Any::Object{{"x", Any::Array{1}}}}}));
         EDIT(t.format(1, 2, {{"b", Any::Object{{"x", Any::Array{1}}}}}));
       },
       "0107010004010174016184010002626384010201644601000162097b2278223a5b315d7d8601030162046e756c"
       "6cc6010001010162097b2278223a5b315d7dc6010201030162097b2278223a5b315d7d00",
       R"([{"insert":"a","attributes":{"b":{"x":[1]}}},)"
       R"({"insert":"bc","attributes":{"b":{"x":[1]}}},)"
       R"({"insert":"d","attributes":{"b":{"x":[1]}}}])"},
  });
}

TEST(TextEdit, Erases) {
  expect_edits({
      {"across formats and embeds",
       [](Text& t) {
         EDIT(t.insert(0, "abcdef"));
         EDIT(t.format(2, 2, {{"b", 1}}));
         EDIT(t.insert_embed(3, Any::Object{{"x", 1}}));
         EDIT(t.erase(1, 4));
       },
       "01080100040101740161810100018101010181010201840103026566c10101010201c10103010401c1010201"
       "030301010201030605",
       R"([{"insert":"aef"}])"},
      {"up to the end, and nothing",
       [](Text& t) {
         EDIT(t.insert(0, "abc"));
         EDIT(t.erase(1, 100));
         EDIT(t.erase(0, 0));
         EDIT(t.erase(1, 5));
       },
       "01020100040101740161810100020101010102", R"([{"insert":"a"}])"},
      {"all, with formats",
       [](Text& t) {
         EDIT(t.insert(0, "abc", {{"b", 1}, {"i", 1}}));
         EDIT(t.erase(0, 3));
       },
       "0101010001010174070101010007", "[]"},
      {"and begins anew",
       [](Text& t) {
         EDIT(t.insert(0, "abc", {{"b", 1}}));
         EDIT(t.erase(0, 3));
         EDIT(t.insert(0, "x"));
       },
       "01020100010101740584010401780101010005", R"([{"insert":"x"}])"},
      {"half a surrogate pair",
       [](Text& t) {
         EDIT(t.insert(0, "a\xF0\x9F\x98\x80z\xF0\x9F\x98\x80\x63"));
         EDIT(t.erase(2, 1));
         EDIT(t.format(3, 3, {{"b", 1}}));
         EDIT(t.insert(5, "|"));
       },
       "01080100040101740461efbfbd81010101840102017a84010304f09f98808401050163c60103010401620131"
       "8601060162046e756c6cc401050106017c0101010201",
       "[{\"insert\":\"a\xEF\xBF\xBDz\"},"
       "{\"insert\":\"\xF0\x9F\x98\x80|c\",\"attributes\":{\"b\":1}}]"},
  });
}

TEST(TextEdit, AppliesDeltas) {
  using Op = DeltaOp;
  expect_edits({
      {"one of everything",
       [](Text& t) {
         EDIT(t.insert(0, "abcdef"));
         Op image;
         image.insert = Any(Any::Object{{"img", 1}});
         EDIT(t.apply_delta({Op::retain_length(1), Op::insert_text("X", {{"b", 1}}),
                             Op::remove_length(2), Op::retain_length(2, {{"i", 1}}), image,
                             Op::insert_text("")}));
       },
       "010a0100040101740161810100028401020264658401040166c60100010101620131c4010601010158c60107"
       "01010162046e756c6cc60102010301690131c6010401050169046e756c6cc5010a0105097b22696d67223a31"
       "7d0101010102",
       R"([{"insert":"a"},{"insert":"X","attributes":{"b":1}},)"
       R"({"insert":"de","attributes":{"i":1}},)"
       R"({"insert":{"img":1}},{"insert":"f"}])"},
      {"that retains more than there is",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.apply_delta({Op::retain_length(5), Op::insert_text("x")}));
       },
       "01010100040101740661620a0a0a7800", R"([{"insert":"ab\n\n\nx"}])"},
      {"that removes more than there is",
       [](Text& t) {
         EDIT(t.insert(0, "ab"));
         EDIT(t.apply_delta({Op::retain_length(1), Op::remove_length(9)}));
       },
       "01020100040101740161810100010101010101", R"([{"insert":"a"}])"},
      {"of a whole document",
       [](Text& t) {
         EDIT(t.apply_delta(
             {Op::insert_text("ab"), Op::insert_text("cd", {{"b", 1}}), Op::insert_text("\n")}));
       },
       "0105010004010174026162860101016201318401020263648601040162046e756c6c840105010a00",
       R"([{"insert":"ab"},{"insert":"cd","attributes":{"b":1}},{"insert":"\n"}])"},
      {"that inserts plain text into a format",
       [](Text& t) {
         EDIT(t.insert(0, "abcd", {{"b", 1}}));
         EDIT(t.apply_delta({Op::retain_length(2), Op::insert_text("X")}));
       },
       "0107010006010174016201318401000261628401020263648601040162046e756c6cc6010201030162046e75"
       "6c6cc4010601030158c6010701030162013100",
       R"([{"insert":"ab","attributes":{"b":1}},{"insert":"X"},)"
       R"({"insert":"cd","attributes":{"b":1}}])"},
      {"that takes a format away",
       [](Text& t) {
         EDIT(t.insert(0, "abcd", {{"b", 1}}));
         EDIT(t.apply_delta({Op::retain_length(2, {{"b", nullptr}})}));
       },
       "0105010001010174018401000261628401020263648601040162046e756c6cc601020103016201310101010"
       "001",
       R"([{"insert":"ab"},{"insert":"cd","attributes":{"b":1}}])"},
  });
}

TEST(TextEdit, ADeltaThatCannotBeAppliedChangesNothing) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  EDIT(text.insert(0, "ab"));
  const std::string before = doc.encode_state_as_update();
  EXPECT_EQ(
      text.apply_delta({DeltaOp::insert_text("x"), DeltaOp::insert_text("\xFF")}).error().code,
      ErrorCode::invalid);
  DeltaOp type;
  type.insert = SharedType(text);
  EXPECT_EQ(text.apply_delta({DeltaOp::insert_text("x"), type}).error().code, ErrorCode::invalid);
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EDIT(text.apply_delta({}));
  EXPECT_EQ(doc.encode_state_as_update(), before);
}

TEST(TextEdit, HasAttributesAsAWhole) {
  Doc doc({.client_id = 1});
  Text text = doc.get_text("t");
  EDIT(text.insert(0, "a"));
  EDIT(text.set_attribute("k", Any(1)));
  EXPECT_EQ(value_json(*text.attribute("k")), "1");
  EDIT(text.set_attribute("l", Any("x")));
  EDIT(text.remove_attribute("k"));
  EXPECT_EQ(text.attribute("k"), std::nullopt);
  EXPECT_EQ(value_json(*text.attribute("l")), "\"x\"");
  EXPECT_EQ(text.attribute("nothing"), std::nullopt);
  EXPECT_EQ(state_hex(doc), "0103010004010174016121010174016b0128010174016c017701780101010101");
}

// Formats that others set at the same time may say twice what holds.
TEST(TextEdit, MeetsFormatsThatSayNothing) {
  const auto edited = [](const Any& first, const Any& second,
                         const std::function<void(Text&)>& edit) {
    Doc a({.client_id = 1});
    Doc b({.client_id = 2});
    Text text = a.get_text("t");
    EXPECT_TRUE(text.insert(0, "0123456789").ok());
    exchange(a, b);
    EXPECT_TRUE(text.format(0, 5, {{"b", first}}).ok());
    EXPECT_TRUE(b.get_text("t").format(2, 6, {{"b", second}}).ok());
    sync(b, a);
    edit(text);
    EXPECT_EQ(a.check(), "");
    return state_hex(a);
  };
  const auto plain_between = [](Text& t) { EDIT(t.insert(2, "y", {})); };
  EXPECT_EQ(
      edited(true, true, plain_between),
      "02020200c60101010201620474727565c6010701080162046e756c6c08010004010174023031840101033233"
      "348401040335363784010702383946010001620474727565c6010401050162046e756c6cc601010200016204"
      "6e756c6cc4010c0200017900");
  EXPECT_EQ(
      edited(true, true,
             [&](Text& t) {
               plain_between(t);
               EDIT(t.format(1, 3, {{"b", nullptr}}));
             }),
      "02020200c10101010201c6010701080162046e756c6c0c010004010174013084010001318401010132840102"
      "0233348401040335363784010702383946010001620474727565c6010401050162046e756c6cc10101020001"
      "c4010c02000179c6010001010162046e756c6cc60102010301620474727565020201000101010c01");
  EXPECT_EQ(
      edited(1, 2, [](Text& t) { EDIT(t.format(1, 3, {{"b", 3}})); }),
      "02020200c10101010201c6010701080162046e756c6c0a010004010174013084010001318401010232338401"
      "0301348401040335363784010702383946010001620131c6010401050162046e756c6cc60100010101620133"
      "c601030104016201320102010001");
  EXPECT_EQ(
      edited(1, 2,
             [](Text& t) {
               EDIT(t.format(1, 3, {{"b", 3}}));
               EDIT(t.format(0, 4, {{"b", 2}}));
             }),
      "02020200c10101010201c6010701080162046e756c6c0b010004010174013084010001318401010232338401"
      "0301348401040335363784010702383941010001c6010401050162046e756c6cc10100010101c10103010401"
      "46010a01620132020201000101020a010c02");
}

// What is beyond the end of a text that is formatted, or retained, becomes newlines.
TEST(TextEdit, NewlinesBeyondTheEndAreBounded) {
  constexpr std::uint32_t kMax = kNewlinesBeyondEndMax;
  for (const std::uint32_t newlines : {kMax - 1, kMax, kMax + 1, 4'294'967'295u - 3}) {
    const bool fits = newlines <= kMax;
    const std::function<Result<void>(Text&)> edits[] = {
        [&](Text& t) { return t.format(1, 2 + newlines, {{"b", 1}}); },
        [&](Text& t) { return t.apply_delta({DeltaOp::retain_length(3 + newlines, {{"b", 1}})}); },
        // In two pieces, around what is inserted and removed.
        [&](Text& t) {
          return t.apply_delta({DeltaOp::retain_length(1), DeltaOp::insert_text("x"),
                                DeltaOp::remove_length(9), DeltaOp::retain_length(5),
                                DeltaOp::insert_text("y"), DeltaOp::retain_length(newlines - 5)});
        },
    };
    for (const auto& edit : edits) {
      Doc doc({.client_id = 1});
      Text text = doc.get_text("t");
      EDIT(text.insert(0, "abc"));
      const std::string before = doc.encode_state_as_update();
      const auto edited = edit(text);
      EXPECT_EQ(edited.ok(), fits) << newlines;
      EXPECT_EQ(text.length(), fits ? 3 + newlines : 3) << newlines;
      EXPECT_EQ(doc.check(), "");
      if (fits) continue;
      EXPECT_EQ(edited.error().code, ErrorCode::limit);
      EXPECT_EQ(edited.error().message, "Too many newlines would be needed beyond the end");
      EXPECT_EQ(doc.encode_state_as_update(), before);
      EXPECT_EQ(doc.item_count(), 1u);
    }
  }
}

TEST(TextEdit, AHandleSaysWhyItRefuses) {
  Doc doc({.client_id = 1});
  const auto why = [](const Result<void>& result) {
    return result.ok() ? "nothing" : result.error().message;
  };
  EXPECT_EQ(why(Text().insert(0, "x")), "The handle names no shared type");
  EXPECT_EQ(why(Map().erase("k")), "The handle names no shared type");
  EXPECT_EQ(Text().insert(0, "x").error().code, ErrorCode::not_found);
  EXPECT_EQ(Text().json() + Text().delta_json() + Map().json(), "nullnullnull");
  Text bad = doc.get_text("\xFF");
  EXPECT_FALSE(bad.valid());
  EXPECT_EQ(why(bad.insert(0, "x")), "The root's name is not UTF-8");
  EXPECT_EQ(why(bad.erase(0, 1)), "The root's name is not UTF-8");
  EXPECT_EQ(bad.insert(0, "x").error().code, ErrorCode::invalid);
  EXPECT_EQ(bad.json() + bad.delta_json(), "nullnull");
  Map map = doc.get_map("m");
  Array list = map.set_type("a", {TypeKind::array, {}})->as_array();
  EDIT(map.erase("a"));
  EXPECT_EQ(why(list.push({1})), "The shared type is deleted");
  EXPECT_EQ(list.push({1}).error().code, ErrorCode::not_found);
  // Of values: too deep, and not UTF-8.
  Any deep;
  for (std::size_t i = 0; i < UpdateLimits().value_depth_max; ++i) deep = Any::Array{deep};
  EXPECT_EQ(map.set("k", deep).error().code, ErrorCode::limit);
  EXPECT_EQ(why(map.set("k", deep)), "A value is too deep");
  EXPECT_EQ(map.set("k", Any::Array{"\xFF"}).error().code, ErrorCode::invalid);
  EXPECT_EQ(why(map.set("k", Any::Array{"\xFF"})), "A text in a value is not UTF-8");
  EDIT(map.set("k", (*deep.get<Any::Array>())[0]));
}

TEST(TextEdit, BadEditsAreRefused) {
  Doc doc({.client_id = 1});
  Map map = doc.get_map("m");
  Text text = map.set_type("t", {TypeKind::text, {}})->as_text();
  EDIT(text.insert(0, "ab"));
  const std::string before = doc.encode_state_as_update();
  EXPECT_EQ(text.insert(3, "x").error().code, ErrorCode::limit);
  EXPECT_EQ(text.insert(0, "\xFF").error().code, ErrorCode::invalid);
  EXPECT_EQ(text.insert_embed(3, Any(1)).error().code, ErrorCode::limit);
  EXPECT_EQ(text.insert_type(3, {TypeKind::map, {}}).error().code, ErrorCode::limit);
  EXPECT_EQ(text.erase(3, 1).error().code, ErrorCode::limit);
  EXPECT_EQ(text.format(3, 1, {{"b", 1}}).error().code, ErrorCode::limit);
  EXPECT_EQ(text.set_attribute("\xFF", Any(1)).error().code, ErrorCode::invalid);
  EXPECT_EQ(doc.encode_state_as_update(), before);
  EDIT(map.erase("t"));
  EXPECT_EQ(text.insert(0, "x", {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.insert_embed(0, Any(1)).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.insert_type(0, {TypeKind::map, {}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.erase(0, 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.format(0, 1, {{"b", 1}}).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.apply_delta({}).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.set_attribute("k", Any(1)).error().code, ErrorCode::not_found);
  EXPECT_EQ(text.remove_attribute("k").error().code, ErrorCode::not_found);
  EXPECT_EQ(text.attribute("k"), std::nullopt);
  EXPECT_TRUE(text.to_delta().empty());
  EXPECT_EQ(text.delta_json(), "null");
  EXPECT_EQ(text.json(), "null");
  EXPECT_EQ(text.length(), 0u);
}

}  // namespace
}  // namespace pluv::ycrdt
