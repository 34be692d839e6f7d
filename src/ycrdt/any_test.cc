#include "ycrdt/any.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ycrdt/doc_testing.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {
namespace {

// The bytes are lib0's (encoding.writeAny).
TEST(Any, IsSpelledAsLib0SpellsIt) {
  EXPECT_EQ(to_hex(encoded(Any())), "7f");
  EXPECT_EQ(to_hex(encoded(nullptr)), "7e");
  EXPECT_EQ(to_hex(encoded(true)), "78");
  EXPECT_EQ(to_hex(encoded(false)), "79");
  EXPECT_EQ(to_hex(encoded(0)), "7d00");
  EXPECT_EQ(to_hex(encoded(-0.0)), "7d40");
  EXPECT_EQ(to_hex(encoded(63)), "7d3f");
  EXPECT_EQ(to_hex(encoded(64)), "7d8001");
  EXPECT_EQ(to_hex(encoded(-1)), "7d41");
  EXPECT_EQ(to_hex(encoded(2147483647.0)), "7dbfffffff0f");
  EXPECT_EQ(to_hex(encoded(-2147483647.0)), "7dffffffff0f");
  EXPECT_EQ(to_hex(encoded(2147483648.0)), "7c4f000000");
  EXPECT_EQ(to_hex(encoded(0.5)), "7c3f000000");
  EXPECT_EQ(to_hex(encoded(0.1)), "7b3fb999999999999a");
  EXPECT_EQ(to_hex(encoded(std::nan(""))), "7b7ff8000000000000");
  EXPECT_EQ(to_hex(encoded(std::numeric_limits<double>::infinity())), "7c7f800000");
  EXPECT_EQ(to_hex(encoded(Any::BigInt{-2})), "7afffffffffffffffe");
  EXPECT_EQ(to_hex(encoded("hé")), "770368c3a9");
  EXPECT_EQ(to_hex(encoded(Any::Bytes{"\x01\xff"})), "740201ff");
  EXPECT_EQ(to_hex(encoded(Any::Array{1, "a"})), "75027d01770161");
  EXPECT_EQ(to_hex(encoded(Any::Object{{"a", 1}})), "760101617d01");
}

TEST(Any, ReadsWhatItWrites) {
  const Any value =
      Any::Object{{"list", Any::Array{nullptr, true, 1.5, "text", Any::Array{}, Any::Object{}}},
                  {"big", Any::BigInt{std::numeric_limits<std::int64_t>::min()}},
                  {"bytes", Any::Bytes{std::string("\0\1", 2)}},
                  {"number", 1e300}};
  EXPECT_EQ(decode_any(encoded(value)), value);
}

TEST(Any, ObjectsHaveJavaScriptsOrder) {
  const Any value = Any::Object{{"b", 1}, {"10", 2}, {"2", 3}, {"b", 4}, {"01", 5}};
  EXPECT_EQ(to_json(value), R"({"2":3,"10":2,"b":4,"01":5})");
  // Inside of others, too, and with many members.
  Any::Object many;
  for (int i = 40; i > 0; --i) many.emplace_back(std::to_string(i), i);
  const std::string json = to_json(Any::Array{Any(many)});
  EXPECT_EQ(json.substr(0, 20), R"([{"1":1,"2":2,"3":3,)");
}

TEST(Any, KnowsWhatLib0WouldSpellOtherwise) {
  const auto shortest = [](std::string_view bytes) {
    ByteReader reader(bytes);
    bool out = true;
    EXPECT_TRUE(skip_any(reader, 10, out));
    EXPECT_TRUE(reader.at_end());
    return out;
  };
  for (const Any& value : {Any(5), Any(-0.0), Any(0.1), Any(0.5), Any("x"), Any(Any::Array{1}),
                           Any(Any::Object{{"a", 1}, {"b", 2}})}) {
    EXPECT_TRUE(shortest(encoded(value))) << to_json(value);
  }
  using namespace std::string_literals;
  for (const std::string& bytes : {"\x7b\x3f\xf0\0\0\0\0\0\0"s,  // 1 as a float64
                                   "\x7b\x3f\xe0\0\0\0\0\0\0"s,  // 0.5 as a float64
                                   "\x7c\x3f\x80\0\0"s,          // 1 as a float32
                                   "\x7d\x80\0"s,                // 0 in two bytes
                                   "\x7d\x80\x80\x80\x80\x10"s,  // 2^31 as an integer
                                   "\x76\2\1b\x7e\1\x31\x7e"s,   // an index after a name
                                   "\x76\2\1b\x7e\1b\x7e"s}) {   // a name twice
    EXPECT_FALSE(shortest(bytes)) << to_hex(bytes);
    std::string again;
    respell_any(again, bytes);
    EXPECT_EQ(decode_any(again), decode_any(bytes));
    std::string once_more;
    respell_any(once_more, again);
    EXPECT_EQ(to_hex(once_more), to_hex(again));
  }
}

TEST(Any, MalformedBytesAreRefused) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {""s, "\x7d"s, "\x7d\x80"s, "\x7c\0\0\0"s, "\x77\2x"s, "\x77\1\xff"s, "\x75\2\x7e"s,
        "\x76\1\1"s, "\x76\1\1\xff\x7e"s, "\x74\5ab"s, "\x73"s, "\x80"s, "\0"s,
        "\x75\xff\xff\xff\xff\x0f"s}) {
    ByteReader reader(bytes);
    bool shortest = true;
    EXPECT_FALSE(skip_any(reader, 10, shortest)) << to_hex(bytes);
  }
}

TEST(Any, DepthIsBounded) {
  std::string bytes;
  for (int i = 0; i < 10; ++i) bytes += "\x75\1";
  bytes += "\x7e";
  for (const std::size_t depth_max : {9u, 10u}) {
    ByteReader reader(bytes);
    bool shortest = true;
    EXPECT_EQ(skip_any(reader, depth_max, shortest), depth_max == 10);
  }
}

TEST(Any, JsonBecomesTheSameValue) {
  for (const char* json : {"null", "true", "1", "-1.5", "\"x\\n\"", "[]", "{}",
                           R"({"a":[1,{"b":null},"c"],"d":{}})", "[[[]]]", "1e+300"}) {
    std::string bytes;
    ASSERT_TRUE(encode_json(bytes, json, 10).ok()) << json;
    std::string again;
    append_json(again, bytes);
    EXPECT_EQ(again, json);
  }
  for (const char* json : {"", "nul", "[1,]", "{\"a\"}", "1 2", "[[[[[[[[[[[]]]]]]]]]]]"}) {
    std::string bytes;
    EXPECT_FALSE(encode_json(bytes, json, 10).ok()) << json;
  }
}

TEST(Any, JsonIsWhatStringifyGives) {
  EXPECT_EQ(to_json(Any::Object{{"a", Any()}, {"b", 1}}), R"({"b":1})");
  EXPECT_EQ(to_json(Any::Array{Any(), std::nan("")}), "[null,null]");
  EXPECT_EQ(to_json(Any::Bytes{"\x01\xff"}), R"({"0":1,"1":255})");
}

}  // namespace
}  // namespace pluv::ycrdt
