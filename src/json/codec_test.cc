// C++ values to JSON and back: reflection, every kind of member, and errors that name their path.
#include "json/codec.h"

#include <gtest/gtest.h>

#include <map>
#include <unordered_map>

#include "json/fields.h"

namespace codec_types {

struct Point {
  double x = 0;
  double y = 0;
};

enum class Color { red, green, blue };
PLUV_ENUM(Color, red, green, blue)

struct Renamed {
  int id = 0;
  std::string display_name;
};
PLUV_FIELDS(Renamed, PLUV_FIELD(id), PLUV_FIELD_AS(display_name, "displayName"))

struct Circle {
  static constexpr pluv::json::Tag pluv_tag{"circle"};
  double radius = 0;
};
struct Square {
  static constexpr pluv::json::Tag pluv_tag{"square"};
  double side = 0;
};

}  // namespace codec_types

namespace pluv::json {
namespace {

using codec_types::Circle;
using codec_types::Color;
using codec_types::Point;
using codec_types::Renamed;
using codec_types::Square;

struct Everything {
  bool yes = false;
  std::int8_t small = 0;
  std::uint64_t large = 0;
  double number = 0;
  std::string text;
  std::optional<int> maybe;
  Nullable<std::string> nullable;
  std::vector<Point> points;
  std::array<int, 2> pair{};
  std::map<std::string, int> counts;
  Color color = Color::red;
  std::variant<Circle, Square> shape;
  Raw raw;
  Value value;
};

struct Keeps {
  int id = 0;
  Extra rest;
};
struct Refuses {
  static constexpr bool pluv_strict = true;
  int id = 0;
};
struct Wide {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x;
};

template <class T>
std::string error_of(std::string_view text) {
  const auto result = from_json<T>(text);
  return result.ok() ? "no error" : result.error().message;
}

template <class T>
std::string written(const T& value) {
  std::string out;
  to_json(value, out);
  return out;
}

TEST(Reflection, FindsTheNamesOfFields) {
  EXPECT_EQ(field_count<Point>, 2u);
  EXPECT_EQ(field_count<Wide>, 24u);
  EXPECT_EQ(field_names<Point>()[1], "y");
  EXPECT_EQ(field_names<Wide>()[0], "a");
  EXPECT_EQ(field_names<Wide>()[23], "x");
  EXPECT_EQ(field_names<Renamed>()[1], "displayName");
}

TEST(Codec, RoundTripsEveryKindOfMember) {
  const std::string text =
      R"({"yes":true,"small":-128,"large":18446744073709551615,"number":1.5,"text":"h\u00e9",)"
      R"("maybe":7,"nullable":null,"points":[{"x":1,"y":2},{"x":-0.5,"y":1e21}],"pair":[1,2],)"
      R"("counts":{"a":1,"b":2},"color":"green","shape":{"type":"square","side":3},)"
      R"("raw":{"any": [1]},"value":[null,false]})";
  const auto value = from_json<Everything>(text);
  ASSERT_TRUE(value.ok()) << value.error().message;
  EXPECT_EQ(value->small, -128);
  EXPECT_EQ(value->large, 18446744073709551615u);
  EXPECT_EQ(value->text, "h\xc3\xa9");
  EXPECT_EQ(value->maybe, 7);
  EXPECT_FALSE(value->nullable.has_value());
  EXPECT_EQ(value->points.at(1).y, 1e21);
  EXPECT_EQ(value->color, Color::green);
  EXPECT_EQ(std::get<Square>(value->shape).side, 3);
  EXPECT_EQ(value->raw.text, R"({"any": [1]})");
  const std::string first = written(*value);
  const auto again = from_json<Everything>(first);
  ASSERT_TRUE(again.ok()) << first;
  EXPECT_EQ(written(*again), first);
}

TEST(Codec, OptionalMembersMayBeMissingAndAreLeftOut) {
  struct Maybe {
    std::optional<int> a;
    Nullable<int> b;
  };
  for (const char* text : {R"({"b":null})", R"({"a":null,"b":null})"}) {
    const auto value = from_json<Maybe>(text);
    ASSERT_TRUE(value.ok()) << text;
    EXPECT_EQ(written(*value), R"({"b":null})");
  }
  EXPECT_EQ(error_of<Maybe>(R"({"a":1})"), "b: required");
}

TEST(Codec, ErrorsNameThePathAndBothKinds) {
  EXPECT_EQ(error_of<Point>(R"({"x":"1","y":2})"), "x: expected number, received string");
  EXPECT_EQ(error_of<std::vector<Point>>(R"([{"x":1,"y":2},{"x":1,"y":null}])"),
            "[1].y: expected number, received null");
  EXPECT_EQ(error_of<Point>("[]"), "expected object, received array");
  EXPECT_NE(error_of<Point>(R"({"x":1,"y":2)"), "no error");
  EXPECT_NE(error_of<Point>(R"({"x":1,"y":2} 3)"), "no error");
  EXPECT_NE(error_of<Renamed>(R"({"id":1,"display_name":"x"})").find("displayName"),
            std::string::npos);
}

TEST(Codec, IntegersAreRangeCheckedAndWhole) {
  EXPECT_TRUE(from_json<std::int8_t>("127").ok());
  EXPECT_FALSE(from_json<std::int8_t>("128").ok());
  EXPECT_TRUE(from_json<std::int8_t>("-128").ok());
  EXPECT_FALSE(from_json<std::int8_t>("-129").ok());
  EXPECT_FALSE(from_json<std::uint32_t>("-1").ok());
  EXPECT_FALSE(from_json<int>("1.5").ok());
  EXPECT_EQ(*from_json<int>("1e3"), 1000);
  EXPECT_EQ(*from_json<int>("2.0"), 2);
  EXPECT_EQ(*from_json<std::int64_t>("9223372036854775807"), INT64_MAX);
  EXPECT_FALSE(from_json<std::int64_t>("9223372036854775808").ok());
  EXPECT_FALSE(from_json<double>("1e999").ok());
}

TEST(Codec, EqualNamesInOneObjectTakeTheLast) {
  EXPECT_EQ(from_json<Point>(R"({"x":1,"y":2,"x":3})")->x, 3);
  EXPECT_EQ(from_json<std::vector<Point>>(R"([{"x":1,"y":2}])")->size(), 1u);
}

TEST(Codec, UnknownMembersAreDroppedKeptOrRefused) {
  EXPECT_EQ(written(*from_json<Point>(R"({"x":1,"z":{"deep":[1]},"y":2})")), R"({"x":1,"y":2})");
  EXPECT_EQ(written(*from_json<Keeps>(R"({"a":[1, 2],"id":1,"b":null})")),
            R"({"id":1,"a":[1, 2],"b":null})");
  EXPECT_NE(error_of<Refuses>(R"({"id":1,"other":2})").find("other"), std::string::npos);
}

TEST(Codec, UnionsAreToldByTheirTag) {
  using Shape = std::variant<Circle, Square>;
  EXPECT_EQ(std::get<Circle>(*from_json<Shape>(R"({"radius":2,"type":"circle"})")).radius, 2);
  EXPECT_NE(error_of<Shape>(R"({"type":"triangle"})").find("type: "), std::string::npos);
  EXPECT_NE(error_of<Shape>(R"({"radius":2})").find("type: "), std::string::npos);
  EXPECT_EQ(written(Shape{Circle{2}}), R"({"type":"circle","radius":2})");
}

TEST(Codec, EnumsAreTheirNames) {
  EXPECT_EQ(*from_json<Color>("\"blue\""), Color::blue);
  EXPECT_NE(error_of<Color>("\"pink\""), "no error");
  EXPECT_NE(error_of<Color>("1"), "no error");
}

TEST(Codec, UnorderedMapsAreWrittenInOneOrder) {
  const std::unordered_map<std::string, int> map{{"b", 2}, {"a", 1}, {"c", 3}};
  EXPECT_EQ(written(map), R"({"a":1,"b":2,"c":3})");
}

}  // namespace
}  // namespace pluv::json
