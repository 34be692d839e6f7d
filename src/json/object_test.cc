#include "json/object.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace pluv::json {
namespace {

std::string merged(std::string_view base, std::string_view patch) {
  std::string out = "left over";
  const Result<void> result = merge_objects(base, patch, out);
  return result.ok() ? out : "error: " + result.error().message;
}

TEST(MergeObjects, PatchedMembersKeepTheirPlace) {
  EXPECT_EQ(merged(R"({"a":1,"b":2})", R"({"b":3,"c":4})"), R"({"a":1,"b":3,"c":4})");
  EXPECT_EQ(merged("{}", "{}"), "{}");
  EXPECT_EQ(merged(R"({"a":1})", "{}"), R"({"a":1})");
  EXPECT_EQ(merged("{}", R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(merged(R"({"a":{"x":1}})", R"({"a":{"y":2}})"), R"({"a":{"y":2}})");
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":null})"), R"({"a":null})");
}

TEST(MergeObjects, OfEqualKeysTheLastWins) {
  EXPECT_EQ(merged(R"({"a":1,"b":2,"a":3})", "{}"), R"({"a":3,"b":2})");
  EXPECT_EQ(merged(R"({"a":1,"a":2})", R"({"a":3,"a":4,"c":5,"c":6})"), R"({"a":4,"c":6})");
}

TEST(MergeObjects, ComparesKeysUnescaped) {
  EXPECT_EQ(merged(R"({"a":1})", R"({"\u0061":2})"), R"({"a":2})");
  EXPECT_EQ(merged(R"({"\u0061":1})", R"({"a":2})"), R"({"\u0061":2})");
  EXPECT_EQ(merged(R"({"\n":1,"\u000a":2})", R"({"\u000A":3,"n":4})"), R"({"\n":3,"n":4})");
  EXPECT_EQ(merged(R"({"":1})", R"({"":2})"), R"({"":2})");
}

TEST(MergeObjects, CopiesValuesWithoutWhiteSpace) {
  EXPECT_EQ(merged(" { \"a\" : [ 1 , { \"k e\" : \" \\\" x \" } ] } ", "{\"b\":\t\ntrue\r}"),
            R"({"a":[1,{"k e":" \" x "}],"b":true})");
}

TEST(MergeObjects, RefusesWhatIsNoObject) {
  for (const char* text : {"", "null", "[]", "1", "\"a\"", "{", "{}x", "{\"a\":1,}", "{\"a\":\xff}",
                           "{\"a\":\"\\x\"}", "{\"a\" 1}"}) {
    EXPECT_TRUE(merged(text, "{}").starts_with("error: ")) << text;
    EXPECT_TRUE(merged("{}", text).starts_with("error: ")) << text;
  }
  const std::string deep = "{\"a\":" + std::string(kDepthMax, '[') + std::string(kDepthMax, ']');
  EXPECT_TRUE(merged(deep + "}", "{}").starts_with("error: Nested too deeply"));
}

std::uint32_t next_random(std::uint64_t& state) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<std::uint32_t>(state >> 16);
}

std::string random_object(std::uint64_t& state, std::uint32_t members_max) {
  constexpr const char* kKeys[] = {"a", "\\u0061", "b", "key", "k\\u0065y", "", "\\n", "x y", "é"};
  constexpr const char* kValues[] = {"1",        "null", "[ 1, 2 ]", "\"a b\"", "{ \"a\" : { } }",
                                     "\"\\\"\"", "-1.5", "[]",       "true"};
  std::string text = "{";
  const std::uint32_t count = next_random(state) % (members_max + 1);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0) text += next_random(state) % 2 == 0 ? "," : " ,\n";
    const std::uint32_t pick = next_random(state) % 20;
    text += "\"";
    text += pick < 9 ? kKeys[pick] : "k" + std::to_string(next_random(state) % members_max);
    text += next_random(state) % 2 == 0 ? "\":" : "\" : ";
    text += kValues[next_random(state) % 9];
  }
  return text + "}";
}

TEST(MergeObjects, AgreesWithADocumentOnRandomObjects) {
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  MergeScratch scratch;
  std::string out;
  for (int round = 0; round < 4000; ++round) {
    const std::uint32_t members_max = round % 4 == 0 ? 60 : 8;
    const std::string base = random_object(state, members_max);
    const std::string patch = random_object(state, members_max);
    ASSERT_TRUE(merge_objects(base, patch, out, scratch).ok()) << base << patch;
    Value expected = Value::parse(base).value();
    const Value laid = Value::parse(patch).value();
    for (const Value::Member& member : *laid.as_object()) {
      expected.set(member.key, member.value);
    }
    const Result<Value> value = Value::parse(out);
    ASSERT_TRUE(value.ok()) << out;
    ASSERT_EQ(*value, expected) << base << " + " << patch << " = " << out;
    std::string minified;
    append_minified(out, minified);
    ASSERT_EQ(minified, out);
    ASSERT_TRUE(merge_objects(out, "{}", minified, scratch).ok());
    ASSERT_EQ(minified, out) << "equal keys are gone after one merge";
  }
}

TEST(MergeObjects, LargeObjectsWithEqualKeysTakeNoQuadraticTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  text += "\"k0\":2}";
  std::string out;
  ASSERT_TRUE(merge_objects(text, text, out).ok());
  EXPECT_TRUE(out.starts_with("{\"k0\":2,\"k1\":1,"));
  EXPECT_TRUE(out.ends_with("\"k199999\":1}"));
}

TEST(AppendMinified, DropsWhiteSpaceOutsideStringsOnly) {
  const std::pair<const char*, const char*> cases[] = {
      {"1", "1"},
      {" 1 ", "1"},
      {"[ 1 ,\t2\n,\r3 ]", "[1,2,3]"},
      {R"({ "a b" : "c  d" })", R"({"a b":"c  d"})"},
      {R"([ "\" " , "\\" , " " ])", R"(["\" ","\\"," "])"},
      {R"(["\\\" ", " x"])", R"(["\\\" "," x"])"},
      {"[\" é  €\" , \"\"]", "[\" é  €\",\"\"]"},
      {"[\"a long plain string, over sixteen bytes\" , 1]",
       "[\"a long plain string, over sixteen bytes\",1]"}};
  for (const auto& [raw, expected] : cases) {
    std::string out = "> ";
    append_minified(raw, out);
    EXPECT_EQ(out, std::string("> ") + expected);
  }
}

}  // namespace
}  // namespace pluv::json
