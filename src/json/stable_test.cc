#include "json/stable.h"

#include <gtest/gtest.h>

namespace pluv::json {
namespace {

struct Vector {
  const char* text;
  const char* stable;
};

// stringify(JSON.parse(text)) of npm fast-json-stable-stringify 2.1.0 under node 20.
constexpr Vector kVectors[] = {
    {"{\"event\":\"room-destroyed\",\"data\":{\"room\":\"r\"}}",
     "{\"data\":{\"room\":\"r\"},\"event\":\"room-destroyed\"}"},
    {" { \"b\" : [ 1 , { \"z\" : null , \"a\" : true } ] , \"a\" : \"x\" } ",
     "{\"a\":\"x\",\"b\":[1,{\"a\":true,\"z\":null}]}"},
    {"{\"\303\251\":1,\"z\":2,\"\\uff5a\":3,\"\360\237\230\200\":4,\"Z\":5,\"\":6,\"10\":7,\"9\":"
     "8}",
     "{\"\":6,\"10\":7,\"9\":8,\"Z\":5,\"z\":2,\"\303\251\":1,\"\360\237\230\200\":4,"
     "\"\357\275\232\":3}"},
    {"{\"\\ud800\":1,\"\\udfff\":2,\"\\ue000\":3,\"\\ud83d\\ude00\":4,\"a\":\"\\ud83d x \\ude00 "
     "\\uD83D\\uDE00\"}",
     "{\"a\":\"\\ud83d x \\ude00 "
     "\360\237\230\200\",\"\\ud800\":1,\"\360\237\230\200\":4,\"\\udfff\":2,\"\356\200\200\":3}"},
    {"{\"a\":1,\"b\":2,\"\\u0061\":3}", "{\"a\":3,\"b\":2}"},
    {"{\"b\":{\"y\":1,\"x\":2},\"b\":{\"x\":3,\"w\":[]},\"a\":{}}",
     "{\"a\":{},\"b\":{\"w\":[],\"x\":3}}"},
    {"[0,-0,1.0,1e21,1e-7,123456789012345680000,0.1,1E400,-1e400,5e-324,1.7976931348623157e308,"
     "9007199254740993]",
     "[0,0,1,1e+21,1e-7,123456789012345680000,0.1,null,null,5e-324,1.7976931348623157e+308,"
     "9007199254740992]"},
    {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001f\\u007f\\u2028\\u00e9\"",
     "\"/\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001f\177\342\200\250\303\251\""},
    {"\"\342\200\250\177 \303\251 \360\237\230\200\"",
     "\"\342\200\250\177 \303\251 \360\237\230\200\""},
    {"{\"__proto__\":{\"b\":1,\"a\":2},\"constructor\":null,\"toJSON\":1,\"hasOwnProperty\":false}",
     "{\"__proto__\":{\"a\":2,\"b\":1},\"constructor\":null,\"hasOwnProperty\":false,\"toJSON\":"
     "1}"},
    {"{\"data\":{\"room\":\"my-room\",\"storage\":\"AAA=\",\"user\":{\"name\":\"Ada\",\"id\":\"1\"}"
     "},\"event\":\"user-connected\"}",
     "{\"data\":{\"room\":\"my-room\",\"storage\":\"AAA=\",\"user\":{\"id\":\"1\",\"name\":\"Ada\"}"
     "},\"event\":\"user-connected\"}"},
    {"[]", "[]"},
    {"{}", "{}"},
    {"null", "null"},
    {"true", "true"},
    {"-12.50", "-12.5"},
    {"\"\"", "\"\""},
    {"[[[{\"b\":[],\"a\":{}}]]]", "[[[{\"a\":{},\"b\":[]}]]]"},
    {"{\"a\\\"b\":1,\"a\\\\b\":2,\"a/b\":3,\"a\\nb\":4,\"a\\u0001\":5}",
     "{\"a\\u0001\":5,\"a\\nb\":4,\"a\\\"b\":1,\"a/b\":3,\"a\\\\b\":2}"},
};

TEST(StableJson, SpellsAsTheNpmPackageDoes) {
  for (const Vector& vector : kVectors) {
    const Result<std::string> stable = stable_json(vector.text);
    ASSERT_TRUE(stable.ok()) << vector.text << ": " << stable.error().message;
    EXPECT_EQ(*stable, vector.stable) << vector.text;
    const Result<std::string> again = stable_json(*stable);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, *stable);
  }
}

TEST(StableJson, RefusesWhatIsNoJson) {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\":}", "{\"a\":1,}", "nul", "1 2",
                           "\"\\ud8\"", "{a:1}", "\"\xff\"", "[\"a\" \"b\"]", "01"}) {
    const Result<std::string> stable = stable_json(text);
    ASSERT_FALSE(stable.ok()) << text;
    EXPECT_EQ(stable.error().code, ErrorCode::invalid) << text;
  }
}

TEST(StableJson, RefusesWhatIsNestedTooDeeply) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(stable_json(nested(kDepthMax)).value(), nested(kDepthMax));
  EXPECT_EQ(stable_json(nested(kDepthMax + 1)).error().code, ErrorCode::limit);
  EXPECT_TRUE(stable_json(nested(3), 3).ok());
  EXPECT_FALSE(stable_json(nested(4), 3).ok());
}

TEST(StableJson, SortsManyMembersAtEveryLevel) {
  std::string text = "0";
  std::string sorted = "0";
  for (int level = 0; level < 20; ++level) {
    text = R"({"c":[],"b":)" + text + R"(,"a":"\u0041","b":)" + text + "}";
    sorted = R"({"a":"A","b":)" + sorted + R"(,"c":[]})";
    if (text.size() > 1'000'000) break;
  }
  EXPECT_EQ(stable_json(text).value(), sorted);
}

}  // namespace
}  // namespace pluv::json
