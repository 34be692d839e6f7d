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
                                   "\x7d\xc0\x80\x80\x80\x10"s,  // -2^31 as an integer
                                   "\x7d\x80\0"s,                // 0 in two bytes
                                   "\x7d\x80\x80\x80\x80\x10"s,  // 2^31 as an integer
                                   "\x77\x81\0x"s,               // a text's size in two bytes
                                   "\x74\x81\0x"s,               // a byte array's
                                   "\x75\x81\0\x7e"s,            // a count in two bytes
                                   "\x76\1\x81\0x\x7e"s,         // a key's size
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

TEST(Any, ThereIsOneSpellingOfNaN) {
  for (const char* hex :
       {"7c 7fc00000", "7c ffc00001", "7b 7ff8000000000001", "7b fff8000000000000"}) {
    const std::string bytes = from_hex(hex);
    ByteReader reader(bytes);
    bool shortest = true;
    EXPECT_TRUE(skip_any(reader, 0, shortest));
    EXPECT_FALSE(shortest) << hex;
    std::string again;
    respell_any(again, bytes);
    EXPECT_EQ(to_hex(again), "7b7ff8000000000000");
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

TEST(Any, NumbersInJsonAreJavaScripts) {
  const std::pair<double, const char*> cases[] = {
      {-0.0, "0"},
      {1e21, "1e+21"},
      {1e-7, "1e-7"},
      {123456789012345680000.0, "123456789012345680000"},
      {5e-324, "5e-324"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {-2147483648.0, "-2147483648"},
      {16777217.0, "16777217"},
      {std::numeric_limits<double>::infinity(), "null"}};
  for (const auto& [value, json] : cases) EXPECT_EQ(to_json(Any(value)), json);
  EXPECT_EQ(to_json(Any(Any::BigInt{INT64_MIN})), "-9223372036854775808");
  EXPECT_EQ(to_json(Any(std::int64_t{1} << 40)), "1099511627776");
}

// The bytes are lib0's.
TEST(Any, NumbersTakeTheShortestOfThreeSpellings) {
  const std::pair<double, const char*> cases[] = {{1e21, "7b444b1ae4d6e2ef50"},
                                                  {2147483648.0, "7c4f000000"},
                                                  {-2147483648.0, "7ccf000000"},
                                                  {9007199254740992.0, "7c5a000000"},
                                                  {123456789012.0, "7b423cbe991a140000"},
                                                  {16777217.0, "7d81808010"},
                                                  {-1.5, "7cbfc00000"},
                                                  {3.4028234663852886e38, "7c7f7fffff"},
                                                  {1e39, "7b48078287f49c4a1d"},
                                                  {5e-324, "7b0000000000000001"},
                                                  {-HUGE_VAL, "7cff800000"},
                                                  {4294967296.5, "7b41f0000000080000"}};
  for (const auto& [value, hex] : cases) {
    EXPECT_EQ(to_hex(encoded(value)), hex);
    EXPECT_EQ(decode_any(encoded(value)), Any(value));
    bool shortest = true;
    const std::string bytes = encoded(value);
    ByteReader reader(bytes);
    EXPECT_TRUE(skip_any(reader, 0, shortest) && shortest) << hex;
  }
}

TEST(Any, StringsInJsonAreEscaped) {
  EXPECT_EQ(to_json("\"\\\n\t\x01 \x7F/\xE2\x80\xA8"),
            "\"\\\"\\\\\\n\\t\\u0001 \x7F/\xE2\x80\xA8\"");
  EXPECT_EQ(to_json(Any::Object{{"a\"", "b"}}), R"({"a\"":"b"})");
}

TEST(Any, JsonHoldsEveryKindOfValue) {
  const Any value = Any::Object{{"undefined", Any()},
                                {"null", nullptr},
                                {"list", Any::Array{true, false, Any(), 0.5, 0.1, "x"}},
                                {"bytes", Any::Bytes{std::string("\0\x80", 2)}},
                                {"no bytes", Any::Bytes{}},
                                {"big", Any::BigInt{7}},
                                {"object", Any::Object{{"in", Any::Array{Any::Object{}}}}}};
  EXPECT_EQ(to_json(value),
            R"({"null":null,"list":[true,false,null,0.5,0.1,"x"],"bytes":{"0":0,"1":128},)"
            R"("no bytes":{},"big":7,"object":{"in":[{}]}})");
}

TEST(Any, AnArrayIndexIsACanonicalNumberBelow2To32Minus1) {
  EXPECT_EQ(array_index("0"), 0u);
  EXPECT_EQ(array_index("10"), 10u);
  EXPECT_EQ(array_index("4294967294"), 4294967294u);
  for (const char* key :
       {"", "00", "01", "-1", "1a", "a", " 1", "1.0", "4294967295", "9999999999", "10000000000"}) {
    EXPECT_EQ(array_index(key), std::nullopt) << key;
  }
}

TEST(Any, EqualKeysInJsonKeepTheFirstPlaceAndTheLastValue) {
  std::string bytes;
  ASSERT_TRUE(encode_json(bytes, R"({"b":1,"\u0061":[1],"1":{"x":1,"x":2},"b":[]})", 10).ok());
  std::string json;
  append_json(json, bytes);
  EXPECT_EQ(json, R"({"1":{"x":2},"b":[],"a":[1]})");
}

TEST(Any, JsonOfAnyKindButOneValueIsRefused) {
  for (const char* json :
       {"",     " ",       "nul",      "tru",        "[1,]",     "[1 2]", "[",
        "[[1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{1:2}", "{\"a\":{\"b\":}}",
        "1 2",  "\"",      "\"\x01\"", "\"\xff\"",   "01",       "1.",    "undefined",
        "[] []"}) {
    std::string bytes;
    EXPECT_FALSE(encode_json(bytes, json, 10).ok()) << json;
    EXPECT_EQ(bytes, "") << json;
  }
}

TEST(Any, JsonIsBoundedInDepth) {
  for (const std::size_t depth : {1u, 2u, 3u}) {
    std::string bytes;
    EXPECT_EQ(encode_json(bytes, "[{\"a\":1}]", depth).ok(), depth >= 2);
  }
}

// More members than are looked at while one walks over them.
TEST(Any, LargeObjectsAreSpelledInOrderToo) {
  for (const int count : {16, 17, 40}) {
    Any::Object forward;
    Any::Object backward;
    for (int i = 0; i < count; ++i) {
      forward.emplace_back("k" + std::to_string(i), i);
      backward.emplace_back(std::to_string(count - i), i);
    }
    EXPECT_EQ(decode_any(encoded(forward)), Any(forward));
    const Any read = decode_any(encoded(backward));
    const auto& members = *read.get<Any::Object>();
    ASSERT_EQ(members.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(members[static_cast<std::size_t>(i)].first, std::to_string(i + 1));
    }
    // Seventeen members are taken for spelled otherwise, which costs a look and changes nothing.
    const std::string bytes = encoded(forward);
    ByteReader reader(bytes);
    bool shortest = true;
    EXPECT_TRUE(skip_any(reader, 1, shortest));
    EXPECT_EQ(shortest, count <= 16);
    std::string again;
    respell_any(again, bytes);
    EXPECT_EQ(to_hex(again), to_hex(bytes));
  }
}

// tests/compile_fail/ycrdt_any.cc has what a value cannot be made of.
TEST(Any, IsMadeOfEveryIntegerType) {
  const auto is = [](const Any& value, double number) { return value == Any(number); };
  EXPECT_TRUE(is(Any(std::int8_t{-5}), -5) && is(Any(std::uint8_t{200}), 200));
  EXPECT_TRUE(is(Any(std::int16_t{-300}), -300) && is(Any(std::uint16_t{60000}), 60000));
  EXPECT_TRUE(is(Any(-5), -5) && is(Any(4'294'967'295u), 4294967295.0));
  EXPECT_TRUE(is(Any(-5l), -5) && is(Any(5ul), 5) && is(Any(3ll), 3) && is(Any(3ull), 3));
  EXPECT_TRUE(is(Any(std::string("four").size()), 4) && is(Any(1.5f), 1.5));
  EXPECT_EQ(Any(true).get<double>(), std::nullopt);
  EXPECT_EQ(Any(true).get<bool>(), true);
  // Exact up to 2^53, then the nearest one.
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  EXPECT_EQ(to_json(Any(kExact - 1)), "9007199254740991");
  EXPECT_EQ(to_json(Any(-kExact)), "-9007199254740992");
  EXPECT_EQ(Any(kExact + 1), Any(kExact));
  EXPECT_EQ(to_json(Any(Any::BigInt{kExact + 1})), "9007199254740993");
}

TEST(Any, ValuesAreReadAsTheirKind) {
  EXPECT_TRUE(Any().is_undefined());
  EXPECT_TRUE(Any(nullptr).is_null());
  EXPECT_FALSE(Any(0).is_null() || Any(0).is_undefined());
  EXPECT_EQ(Any(std::string_view("x")), Any("x"));
  EXPECT_EQ(Any(std::string("x")), Any("x"));
  EXPECT_NE(Any(Any::BigInt{1}), Any(1));
  EXPECT_NE(Any(std::nan("")), Any(std::nan("")));
  EXPECT_EQ(Any(0.0), Any(-0.0));
  Any list = Any::Array{1};
  list.get<Any::Array>()->push_back("two");
  EXPECT_EQ(to_json(list), R"([1,"two"])");
  EXPECT_EQ(list.get<Any::Object>(), nullptr);
  EXPECT_TRUE(is_encoded_null(encoded(nullptr)));
  EXPECT_FALSE(is_encoded_null(encoded(Any())));
  EXPECT_FALSE(is_encoded_null(""));
  EXPECT_EQ(decode_any("\x7f"), Any());
}

}  // namespace
}  // namespace pluv::ycrdt
