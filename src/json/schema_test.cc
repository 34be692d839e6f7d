// Schemas: every refinement at its limits, defaults, strictness, nesting, and the errors they give.
#include "json/schema.h"

#include <gtest/gtest.h>

#include <functional>

namespace pluv::json {
namespace {

struct Name {
  std::string text;
};
struct Number {
  double value = 0;
};
struct List {
  std::vector<std::string> items;
};
struct Order {
  std::string id;
  std::optional<int> count;
  Name buyer;
};

template <class T>
std::string error_of(const Schema<T>& schema, std::string_view text) {
  const auto result = schema.parse(text);
  return result.ok() ? "" : result.error().message;
}

std::string name(std::string_view text) { return R"({"text":")" + std::string(text) + "\"}"; }
std::string number(std::string_view text) { return R"({"value":)" + std::string(text) + "}"; }

TEST(Schema, LengthsCountUtf16UnitsAtBothLimits) {
  const Schema<Name> schema{check(&Name::text, min_length(2), max_length(4))};
  EXPECT_NE(error_of(schema, name("a")), "");
  EXPECT_EQ(error_of(schema, name("ab")), "");
  EXPECT_EQ(error_of(schema, name("abcd")), "");
  EXPECT_NE(error_of(schema, name("abcde")), "");
  EXPECT_EQ(error_of(schema, name("\xf0\x9f\x98\x80\xf0\x9f\x98\x80")), "");
  EXPECT_NE(error_of(schema, name("\xf0\x9f\x98\x80\xf0\x9f\x98\x80x")), "");
  EXPECT_EQ(error_of(schema, name("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9")), "");
}

TEST(Schema, ErrorsNameTheMember) {
  const Schema<Name> schema{check(&Name::text, min_length(1))};
  EXPECT_EQ(error_of(schema, name("")), "text: expected at least 1 character, received 0");
  EXPECT_EQ(error_of(schema, R"({"text":5})"), "text: expected string, received number");
  EXPECT_EQ(error_of(schema, "{}"), "text: required");
}

TEST(Schema, TextRules) {
  const Schema<Name> schema{
      check(&Name::text, pattern("^[a-z]+$"), starts_with("a"), ends_with("z"), includes("m"))};
  EXPECT_EQ(error_of(schema, name("amz")), "");
  for (const char* text : {"AMZ", "bmz", "amy", "abz", ""}) {
    EXPECT_NE(error_of(schema, name(text)), "") << text;
  }
  const Schema<Name> chosen{check(&Name::text, one_of("red", "green"))};
  EXPECT_EQ(error_of(chosen, name("green")), "");
  EXPECT_NE(error_of(chosen, name("blue")), "");
}

TEST(Schema, NumberRulesAtTheirLimits) {
  const auto allows = [](const Schema<Number>& schema, const char* text) {
    return error_of(schema, number(text)).empty();
  };
  const Schema<Number> range{check(&Number::value, minimum(1), maximum(10))};
  EXPECT_FALSE(allows(range, "0.999"));
  EXPECT_TRUE(allows(range, "1"));
  EXPECT_TRUE(allows(range, "10"));
  EXPECT_FALSE(allows(range, "10.001"));
  const Schema<Number> above{check(&Number::value, positive())};
  EXPECT_FALSE(allows(above, "0"));
  EXPECT_TRUE(allows(above, "0.1"));
  const Schema<Number> whole{check(&Number::value, integer(), multiple_of(5))};
  EXPECT_TRUE(allows(whole, "15"));
  EXPECT_FALSE(allows(whole, "15.5"));
  EXPECT_FALSE(allows(whole, "14"));
  const Schema<Number> chosen{check(&Number::value, one_of(1, 2, 3))};
  EXPECT_TRUE(allows(chosen, "2"));
  EXPECT_FALSE(allows(chosen, "4"));
}

TEST(Schema, ArraysAndTheirElements) {
  const Schema<List> schema{check(&List::items, min_items(1), max_items(2), each(min_length(1)))};
  EXPECT_NE(error_of(schema, R"({"items":[]})"), "");
  EXPECT_EQ(error_of(schema, R"({"items":["a"]})"), "");
  EXPECT_EQ(error_of(schema, R"({"items":["a","b"]})"), "");
  EXPECT_NE(error_of(schema, R"({"items":["a","b","c"]})"), "");
  EXPECT_NE(error_of(schema, R"({"items":["a",""]})").find("items[1]"), std::string::npos);
}

TEST(Schema, DefaultsStandForMissingMembers) {
  const Schema<Number> schema{check(&Number::value, default_value(5), maximum(10))};
  EXPECT_EQ(schema.parse("{}")->value, 5);
  EXPECT_EQ(schema.parse(number("7"))->value, 7);
  EXPECT_NE(error_of(schema, number("11")), "");
  EXPECT_NE(error_of(schema, number("null")), "");
}

TEST(Schema, RulesOfOptionalMembersHoldWhenTheyAreThere) {
  const Schema<Order> schema{check(&Order::count, minimum(1))};
  EXPECT_EQ(error_of(schema, R"({"id":"a","buyer":{"text":""}})"), "");
  EXPECT_NE(error_of(schema, R"({"id":"a","count":0,"buyer":{"text":""}})"), "");
}

TEST(Schema, NestedStructsAndWholeValues) {
  const Schema<Order> schema{
      check(&Order::buyer, fields(check(&Name::text, min_length(1)))),
      refine([](const Order& order) { return order.id != order.buyer.text; }, "buys itself")};
  EXPECT_EQ(error_of(schema, R"({"id":"a","buyer":{"text":"b"}})"), "");
  EXPECT_NE(error_of(schema, R"({"id":"a","buyer":{"text":""}})").find("buyer.text"),
            std::string::npos);
  EXPECT_NE(error_of(schema, R"({"id":"a","buyer":{"text":"a"}})").find("buys itself"),
            std::string::npos);
}

TEST(Schema, StrictRefusesUnknownMembers) {
  const Schema<Number> schema{strict};
  EXPECT_EQ(error_of(schema, number("1")), "");
  EXPECT_NE(error_of(schema, R"({"value":1,"other":2})").find("other"), std::string::npos);
  EXPECT_EQ(error_of(Schema<Number>{}, R"({"value":1,"other":2})"), "");
}

TEST(Schema, ValidatesValuesMadeInTheProgram) {
  const Schema<Name> schema{check(&Name::text, min_length(1))};
  EXPECT_TRUE(schema.validate(Name{"a"}).ok());
  EXPECT_FALSE(schema.validate(Name{""}).ok());
}

}  // namespace
}  // namespace pluv::json
