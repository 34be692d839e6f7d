#include "json/value.h"

#include <gtest/gtest.h>

namespace pluv::json {
namespace {

std::string round_trip(std::string_view text) {
  const Result<Value> value = Value::parse(text);
  return value.ok() ? value->to_text() : value.error().message;
}

TEST(Value, PrintsWhatItParsed) {
  for (const char* text : {"null", "true", "false", "0", "-1.5", "\"\"", "\"a\\nb\"", "[]", "{}",
                           "[[],{},[{}]]", R"({"a":1,"b":[true,null,"x"],"c":{"d":{"e":[]}}})"}) {
    EXPECT_EQ(round_trip(text), text);
  }
  EXPECT_EQ(round_trip(" { \"b\" : 1.0 , \"a\" : [ 1e2 ] } "), R"({"b":1,"a":[100]})");
  EXPECT_EQ(round_trip("[1e999,-0]"), "[null,0]");
}

TEST(Value, OfEqualKeysTheLastValueTakesTheFirstPlace) {
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3})"), R"({"a":3,"b":2})");
  EXPECT_EQ(round_trip(R"({"a":1,"a":2,"a":{"a":4,"a":5},"b":0})"), R"({"a":{"a":5},"b":0})");
  EXPECT_EQ(round_trip(R"({"\u0061":1,"a":2})"), R"({"a":2})");
  for (const int count : {15, 16, 17, 40, 1000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) {
      text += "\"k" + std::to_string(i * 7 % count) + "\":0,";
    }
    for (int i = 0; i < count; ++i) {
      text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + (i + 1 < count ? "," : "}");
    }
    const Result<Value> value = Value::parse(text);
    ASSERT_TRUE(value.ok());
    ASSERT_LE(value->as_object()->size(), static_cast<std::size_t>(count));
    EXPECT_EQ(value->as_object()->front().key, "k0");
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(*value->find("k" + std::to_string(i)), Value(i));
    }
    EXPECT_EQ(value->as_object()->size(), static_cast<std::size_t>(count));
  }
}

TEST(Value, DepthAndCountAreBounded) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(Value::parse(nested(3), {.depth_max = 4}).ok());
  EXPECT_TRUE(Value::parse(nested(4), {.depth_max = 4}).ok());
  EXPECT_EQ(Value::parse(nested(5), {.depth_max = 4}).error().code, ErrorCode::limit);
  EXPECT_FALSE(Value::parse(std::string(1'000'000, '[')).ok());
  EXPECT_TRUE(Value::parse("[1,2]", {.values_max = 4}).ok());
  EXPECT_TRUE(Value::parse("[1,2,3]", {.values_max = 4}).ok());
  EXPECT_EQ(Value::parse("[1,2,3,4]", {.values_max = 4}).error().message,
            "More than 4 JSON values");
}

TEST(Value, SyntaxErrorsAreReported) {
  for (const char* text :
       {"", "[1,]", "{\"a\":1,}", "[1] 2", "{\"a\"}", "[}", "nul", "[\"\xff\"]"}) {
    const Result<Value> value = Value::parse(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, ErrorCode::invalid);
  }
  EXPECT_EQ(Value::parse("[1,x]").error().message, "Unexpected character at byte 3");
}

TEST(Value, FindsAndSetsMembers) {
  Value value;
  EXPECT_EQ(value.find("a"), nullptr);
  value.set("a", 1);
  value.set("b", Value::Array{true, nullptr, "text"});
  value.set("a", std::string("changed"));
  EXPECT_EQ(value.to_text(), R"({"a":"changed","b":[true,null,"text"]})");
  ASSERT_NE(value.find("b"), nullptr);
  EXPECT_EQ(value.find("b")->as_array()->size(), 3u);
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(*value.find("a")->as_string(), "changed");
  EXPECT_EQ(value.find("a")->as_number(), nullptr);
}

TEST(Value, TellsItsKind) {
  EXPECT_EQ(Value().kind(), Kind::null);
  EXPECT_EQ(Value(true).kind(), Kind::boolean);
  EXPECT_EQ(Value(7).kind(), Kind::number);
  EXPECT_EQ(Value(1.5F).kind(), Kind::number);
  EXPECT_EQ(Value("x").kind(), Kind::string);
  EXPECT_EQ(Value(Value::Array()).kind(), Kind::array);
  EXPECT_EQ(Value(Value::Object()).kind(), Kind::object);
}

TEST(Value, CopiesAreDeepAndComparisonIsStructural) {
  const Value first = Value::parse(R"({"a":[1,{"b":null}]})").value();
  Value second = first;
  EXPECT_EQ(first, second);
  second.set("a", 2);
  EXPECT_NE(first, second);
  EXPECT_EQ(first.to_text(), R"({"a":[1,{"b":null}]})");
  EXPECT_NE(Value(0), Value(false));
  EXPECT_NE(Value(), Value(0));
  EXPECT_NE(Value::parse(R"({"a":1,"b":2})").value(), Value::parse(R"({"b":2,"a":1})").value());
}

}  // namespace
}  // namespace pluv::json
