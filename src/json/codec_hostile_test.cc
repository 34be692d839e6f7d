// What the codec does with texts that are cut, changed, deep or at the limits of a type.
#include <gtest/gtest.h>

#include <map>

#include "json/codec.h"

namespace hostile_types {

enum class Level { low, high };
struct Named {
  std::string name;
};

}  // namespace hostile_types

template <>
struct pluv::json::EnumNames<hostile_types::Level> {
  static constexpr std::pair<hostile_types::Level, std::string_view> table[] = {
      {hostile_types::Level::low, "very low"}, {hostile_types::Level::high, "very high"}};
};

namespace pluv::json {
namespace {

using hostile_types::Level;
using hostile_types::Named;

struct Add {
  static constexpr Tag pluv_tag{"add", "op"};
  int index;
  std::vector<Named> items;
};
struct Remove {
  static constexpr Tag pluv_tag{"remove", "op"};
  static constexpr bool pluv_strict = true;
  int index;
};
using Operation = std::variant<Add, Remove>;
struct Batch {
  std::string id;
  std::optional<Named> author;
  std::map<std::string, std::vector<double>> samples;
  std::vector<Operation> operations;
  std::array<bool, 2> flags;
  Extra rest;
};
struct Tree {
  std::vector<Tree> children;
};

template <class T>
std::string error_of(std::string_view text) {
  const Result<T> result = from_json<T>(text);
  return result.ok() ? "no error" : result.error().message;
}

const std::string kBatch =
    R"({"id":"b\u00e91","author":{"name":"Ada"},"samples":{"x":[1,2.5],"y":[]},)"
    R"("operations":[{"op":"add","index":0,"items":[{"name":"n"}]},{"index":7,"op":"remove"}],)"
    R"("flags":[true,false],"more":{"a":[1]}})";

TEST(CodecHostile, EveryCutIsAnError) {
  ASSERT_EQ(error_of<Batch>(kBatch), "no error");
  for (std::size_t cut = 0; cut < kBatch.size(); ++cut) {
    EXPECT_NE(error_of<Batch>(kBatch.substr(0, cut)), "no error") << cut;
  }
}

TEST(CodecHostile, WhatAChangedTextReadsAsIsWrittenAndReadBackEqual) {
  for (std::size_t i = 0; i < kBatch.size(); ++i) {
    for (const char c : {'"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', ' ', '\x80'}) {
      std::string changed = kBatch;
      changed[i] = c;
      const Result<Batch> value = from_json<Batch>(changed);
      if (!value.ok()) {
        EXPECT_FALSE(value.error().message.empty());
        continue;
      }
      const std::string text = to_json(*value);
      const Result<Batch> again = from_json<Batch>(text);
      ASSERT_TRUE(again.ok()) << changed << " -> " << text << ": " << again.error().message;
      EXPECT_EQ(to_json(*again), text);
    }
  }
}

TEST(CodecHostile, AgreesWithADocumentOnWhatIsJson) {
  for (const char* text :
       {"{\"id\":1", "{\"id\":\"a\",}", "[", "", "{\"id\":\"\xff\"}", "{'id':1}"}) {
    EXPECT_FALSE(from_json<Raw>(text).ok()) << text;
    EXPECT_FALSE(from_json<Value>(text).ok()) << text;
    EXPECT_FALSE(from_json<Named>(text).ok()) << text;
  }
  // Members without a field are validated too.
  EXPECT_EQ(error_of<Named>(R"({"name":"a","z":[01]})"), "Unexpected character at byte 18");
  EXPECT_EQ(error_of<Named>(R"({"name":"a"} x)"), "Unexpected text after the value at byte 13");
}

TEST(CodecHostile, PathsReachThroughEveryContainer) {
  const auto batch = [](std::string_view member) {
    return R"({"id":"b","samples":{},"operations":[],"flags":[true,true],)" + std::string(member) +
           "}";
  };
  EXPECT_EQ(error_of<Batch>(batch(R"("author":{"name":1})")),
            "author.name: expected string, received number");
  EXPECT_EQ(error_of<Batch>(batch(R"("author":{})")), "author.name: required");
  EXPECT_EQ(error_of<Batch>(batch(R"("samples":{"x":[1,"2"]})")),
            "samples.x[1]: expected number, received string");
  EXPECT_EQ(error_of<Batch>(batch(R"("operations":[{"op":"add","index":0,"items":[{},1]}])")),
            "operations[0].items[0].name: required");
  EXPECT_EQ(error_of<Batch>(batch(R"("operations":[{"op":"swap"}])")),
            "operations[0].op: expected one of \"add\", \"remove\"");
  EXPECT_EQ(error_of<Batch>(batch(R"("operations":[{}])")), "operations[0].op: required");
  EXPECT_EQ(error_of<Batch>(batch(R"("operations":[{"op":1}])")),
            "operations[0].op: expected string, received number");
  EXPECT_EQ(error_of<Batch>(batch(R"("operations":[{"op":"remove","index":1,"x":2}])")),
            "operations[0].x: unexpected member");
  EXPECT_EQ(error_of<Batch>(batch(R"("flags":[true])")), "flags: expected 2 items, received 1");
  EXPECT_EQ(error_of<Batch>(batch(R"("flags":[true,false,true])")),
            "flags: expected 2 items, received 3");
  EXPECT_EQ(error_of<std::vector<std::vector<int>>>("[[1],[2,null]]"),
            "[1][1]: expected integer, received null");
}

TEST(CodecHostile, LongNamesFromOutsideAreCutInErrors) {
  using Map = std::map<std::string, int>;
  const std::string long_name = std::string(63, 'x') + "é" + std::string(1000, 'y');
  const std::string message = error_of<Map>("{\"" + long_name + "\":null}");
  EXPECT_EQ(message, std::string(63, 'x') + ": expected integer, received null");
  EXPECT_EQ(error_of<Map>("{\"" + std::string(64, 'x') + "\":null}"),
            std::string(64, 'x') + ": expected integer, received null");
}

TEST(CodecHostile, RecursiveTypesStopAtTheDepthLimit) {
  const auto nested = [](std::size_t levels) {  // two containers a level
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "{\"children\":[";
    for (std::size_t i = 0; i < levels; ++i) text += "]}";
    return text;
  };
  EXPECT_EQ(error_of<Tree>(nested(kDepthMax / 2)), "no error");
  EXPECT_EQ(from_json<Tree>(nested(kDepthMax / 2 + 1)).error().code, ErrorCode::limit);
  EXPECT_EQ(from_json<Tree>(nested(100'000)).error().code, ErrorCode::limit);
}

TEST(CodecHostile, AnEqualNameLeavesNothingOfTheFirst) {
  const auto value = from_json<Batch>(
      R"({"id":"a","id":"b","author":{"name":"x"},"author":null,"samples":{"x":[1]},)"
      R"("samples":{"y":[2]},"operations":[],"flags":[true,true]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->id, "b");
  EXPECT_FALSE(value->author.has_value());
  EXPECT_EQ(value->samples.size(), 1u);
  EXPECT_EQ(value->samples.at("y"), std::vector<double>{2});
}

TEST(CodecHostile, ExtraKeepsEqualNamesAndFindsTheLast) {
  struct Keeps {
    Extra rest;
  };
  const auto value = from_json<Keeps>(R"({"a":1,"b\n":[ ],"a":2})");
  ASSERT_TRUE(value.ok());
  ASSERT_NE(value->rest.find("a"), nullptr);
  EXPECT_EQ(value->rest.find("a")->text, "2");
  EXPECT_EQ(value->rest.find("c"), nullptr);
  EXPECT_EQ(to_json(*value), R"({"a":1,"b\n":[ ],"a":2})");
}

TEST(CodecHostile, IntegersAtEveryLimit) {
  const auto fits = []<class T>(T, const char* text) { return from_json<T>(text).ok(); };
  EXPECT_TRUE(fits(std::uint8_t{}, "255"));
  EXPECT_FALSE(fits(std::uint8_t{}, "256"));
  EXPECT_FALSE(fits(std::uint8_t{}, "-1"));
  EXPECT_TRUE(fits(std::uint8_t{}, "-0"));
  EXPECT_TRUE(fits(std::int16_t{}, "-32768"));
  EXPECT_FALSE(fits(std::int16_t{}, "32768"));
  EXPECT_TRUE(fits(std::int64_t{}, "-9223372036854775808"));
  EXPECT_FALSE(fits(std::int64_t{}, "-9223372036854775809"));
  EXPECT_FALSE(fits(std::int64_t{}, "9.3e18"));
  EXPECT_FALSE(fits(std::int64_t{}, "1e400"));
  EXPECT_FALSE(fits(std::int64_t{}, "-1e400"));
  EXPECT_TRUE(fits(std::uint64_t{}, "18446744073709551615"));
  EXPECT_FALSE(fits(std::uint64_t{}, "18446744073709551616"));
  EXPECT_FALSE(fits(std::uint64_t{}, "1.8446744073709552e19"));
  EXPECT_TRUE(fits(std::uint64_t{}, "1.5e3"));
  EXPECT_FALSE(fits(std::uint64_t{}, "1.5e0"));
  EXPECT_EQ(error_of<std::int8_t>("200"), "expected integer from -128 to 127");
  EXPECT_EQ(error_of<int>("0.5"), "expected integer, received fraction");
  EXPECT_FALSE(fits(1.0F, "3.5e38"));
  EXPECT_TRUE(fits(1.0F, "3.4e38"));
}

TEST(CodecHostile, NotFiniteNumbersAreWrittenAsNull) {
  EXPECT_EQ(to_json(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(to_json(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(CodecHostile, EnumNamesMayBeAnyText) {
  EXPECT_EQ(to_json(Level::high), "\"very high\"");
  EXPECT_EQ(*from_json<Level>("\"very low\""), Level::low);
  EXPECT_EQ(error_of<Level>("\"low\""), "expected one of \"very low\", \"very high\"");
  EXPECT_EQ(to_json(static_cast<Level>(9)), "null");
}

TEST(CodecHostile, ATaggedStructAloneAsksForItsTag) {
  EXPECT_EQ(to_json(Remove{3}), R"({"op":"remove","index":3})");
  EXPECT_EQ(from_json<Remove>(R"({"index":3,"op":"remove"})")->index, 3);
  EXPECT_EQ(error_of<Remove>(R"({"index":3})"), "op: required");
  EXPECT_EQ(error_of<Remove>(R"({"index":3,"op":"add"})"), "op: expected \"remove\"");
}

TEST(CodecHostile, AnEmptyRawIsNull) { EXPECT_EQ(to_json(Raw{}), "null"); }

}  // namespace
}  // namespace pluv::json
