#include "json/reader.h"

#include <gtest/gtest.h>

namespace pluv::json {
namespace {

using std::string_literals::operator""s;

bool accepts(std::string_view text) { return validate(text).ok(); }

TEST(Reader, AcceptsWhatTheGrammarAllows) {
  const std::string texts[] = {"null",
                               "true",
                               "false",
                               "0",
                               "-0",
                               "1",
                               "-1",
                               "10",
                               "1234567890",
                               "0.1",
                               "-0.5",
                               "1.50",
                               "1e1",
                               "1E1",
                               "1e+1",
                               "1e-1",
                               "0e0",
                               "0E+05",
                               "1.5e300",
                               "1e400",
                               "-1e-400",
                               "123456789012345678901234567890",
                               "\"\"",
                               "\"a\"",
                               "\"\\\"\"",
                               "\"\\\\\"",
                               "\"\\/\"",
                               "\"\\b\\f\\n\\r\\t\"",
                               "\"\\u0000\"",
                               "\"\\u00e9\\u00C9\"",
                               "\"\\ud83d\\ude00\"",
                               "\"\\ud800\"",
                               "\"\\udc00\"",
                               "\"\\udc00\\ud800\"",
                               "\"\\ud800x\"",
                               "\"\\ud800\\n\"",
                               "\"\x7f\"",
                               "\"\xc3\xa9\"",
                               "\"\xe2\x82\xac\"",
                               "\"\xf0\x9f\x98\x80\"",
                               "\"\xf4\x8f\xbf\xbf\"",
                               "\"\xef\xbf\xbf\"",
                               "\"\xe2\x80\xa8\"",
                               "\"/\"",
                               "\"'\"",
                               "\"{[,:]}\"",
                               "[]",
                               "[ ]",
                               "[[]]",
                               "[null]",
                               "[1]",
                               "[1,2]",
                               "[ 1 , 2 ]",
                               "[[],{}]",
                               "[\"\"]",
                               "{}",
                               "{ }",
                               "{\"\":0}",
                               "{\"a\":1}",
                               "{ \"a\" : 1 , \"b\" : [] }",
                               "{\"a\":{\"a\":{}}}",
                               "{\"a\":1,\"a\":2}",
                               "{\"\\u0061\":1}",
                               " 1 ",
                               "\t\n\r 1\t\n\r ",
                               "[1]\n",
                               "[true,false,null]",
                               "[[1],[2,[3]],{\"x\":[{}]}]"};
  for (const std::string& text : texts) EXPECT_TRUE(accepts(text)) << text;
}

TEST(Reader, RefusesWhatTheGrammarDoesNotAllow) {
  const std::string texts[] = {"",
                               " ",
                               "\xef\xbb\xbf"
                               "1",
                               "nul",
                               "nulll",
                               "Null",
                               "True",
                               "tru",
                               "falsee",
                               "undefined",
                               "NaN",
                               "Infinity",
                               "-Infinity",
                               "-",
                               "+1",
                               "01",
                               "-01",
                               "00",
                               "1.",
                               ".1",
                               "-.1",
                               "1.e1",
                               "1e",
                               "1e+",
                               "1E-",
                               "1e1.5",
                               "0x10",
                               "1_000",
                               "1 2",
                               "1,",
                               ",",
                               "--1",
                               "1-",
                               "1e1e1",
                               "\xd9\xa1",
                               "\"",
                               "\"a",
                               "a\"",
                               "'a'",
                               "\"\\\"",
                               "\"\\",
                               "\"\\a\"",
                               "\"\\x41\"",
                               "\"\\'\"",
                               "\"\\u\"",
                               "\"\\u1\"",
                               "\"\\u123\"",
                               "\"\\u12g4\"",
                               "\"\\U0041\"",
                               "\"\\ud800\\u\"",
                               "\"\n\"",
                               "\"\t\"",
                               "\"\x1f\"",
                               "\"\0\""s,
                               "\"\x80\"",
                               "\"\xc3\"",
                               "\"\xc0\x80\"",
                               "\"\xe2\x82\"",
                               "\"\xe0\x80\x80\"",
                               "\"\xed\xa0\x80\"",
                               "\"\xf0\x80\x80\x80\"",
                               "\"\xf4\x90\x80\x80\"",
                               "\"\xf5\x80\x80\x80\"",
                               "\"\xff\"",
                               "\"\\\xc3\xa9\"",
                               "[",
                               "]",
                               "[1",
                               "[1,",
                               "[1,]",
                               "[,1]",
                               "[,]",
                               "[1,,2]",
                               "[1 2]",
                               "[1:2]",
                               "[1}",
                               "[\"a\"",
                               "[]]",
                               "[[]",
                               "[1]x",
                               "[1],",
                               "{",
                               "}",
                               "{]",
                               "{\"a\"",
                               "{\"a\"}",
                               "{\"a\":",
                               "{\"a\":}",
                               "{\"a\":1",
                               "{\"a\":1,",
                               "{\"a\":1,}",
                               "{,}",
                               "{,\"a\":1}",
                               "{\"a\" 1}",
                               "{\"a\":1 \"b\":2}",
                               "{\"a\":1,,\"b\":2}",
                               "{a:1}",
                               "{'a':1}",
                               "{1:1}",
                               "{null:1}",
                               "{\"a\":1:2}",
                               "{\"a\",1}",
                               "{\"a\":1]",
                               "{}{}",
                               "{} x",
                               "{\"\xff\":1}",
                               "{\"a\":\"\xff\"}",
                               "[1]//x",
                               "/**/1",
                               "#1",
                               "1\f",
                               "\v1",
                               "1\xc2\xa0",
                               "\0"s,
                               "1\0"s,
                               "[1\0]"s,
                               "{\"a\":nul}",
                               "[tru]",
                               "[-]",
                               "[1.]",
                               "[\"\\u00\"]",
                               "{\"a\":[}",
                               "[{]",
                               "{\"\\q\":1}"};
  for (const std::string& text : texts) EXPECT_FALSE(accepts(text)) << text;
}

// Reading by the structured calls must agree with skipping.
bool walk(Reader& reader, std::string& scratch) {
  std::string_view text;
  double number = 0;
  bool boolean = false;
  switch (reader.peek()) {
    case Kind::object:
      reader.enter_object();
      while (reader.next_member(scratch, text)) walk(reader, scratch);
      break;
    case Kind::array:
      reader.enter_array();
      while (reader.next_element()) walk(reader, scratch);
      break;
    case Kind::string: reader.read_string(text, scratch); break;
    case Kind::number: reader.read_number(number); break;
    case Kind::boolean: reader.read_bool(boolean); break;
    case Kind::null: reader.read_null(); break;
    case Kind::none: return reader.skip_value();
  }
  return reader.ok();
}

TEST(Reader, WalkingAndSkippingAgreeOnEveryCutAndEveryChangedByte) {
  const std::string good =
      R"( {"a":[1,-2.5e3,"x\n\u00e9",true,null,{}],"b\"":{"c":[[],[0]]},"d":"é😀"} )";
  const auto check = [](const std::string& text) {
    std::string scratch;
    Reader walker(text);
    const bool walked = walk(walker, scratch) && walker.finish();
    EXPECT_EQ(walked, accepts(text)) << text;
    return walked;
  };
  EXPECT_TRUE(check(good));
  for (std::size_t cut = 0; cut + 1 < good.size(); ++cut) EXPECT_FALSE(check(good.substr(0, cut)));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : "\"\\{}[],:0-.eu \n\x80\xff"s) {
      std::string changed = good;
      changed[i] = c;
      check(changed);
    }
  }
}

TEST(Reader, ReadsAMessageWithoutCopying) {
  const std::string text = R"({"type":"$updatePresence","data":{"presence":{"x": 1}},"n":-2.5e1})";
  Reader reader(text);
  std::string scratch;
  std::string_view key;
  std::string_view type;
  std::string_view data;
  double number = 0;
  ASSERT_TRUE(reader.enter_object());
  ASSERT_TRUE(reader.next_member(scratch, key));
  EXPECT_EQ(key, "type");
  EXPECT_EQ(reader.last_name(), "\"type\"");
  ASSERT_TRUE(reader.read_string(type, scratch));
  EXPECT_EQ(type, "$updatePresence");
  EXPECT_EQ(type.data(), text.data() + 9);
  ASSERT_TRUE(reader.next_member(scratch, key));
  ASSERT_TRUE(reader.raw_value(data));
  EXPECT_EQ(data, R"({"presence":{"x": 1}})");
  ASSERT_TRUE(reader.next_member(scratch, key));
  ASSERT_TRUE(reader.read_number(number));
  EXPECT_EQ(number, -25);
  EXPECT_FALSE(reader.next_member(scratch, key));
  EXPECT_TRUE(reader.finish());
}

std::string decoded(std::string_view text) {
  Reader reader(text);
  std::string scratch = "left over";
  std::string_view out;
  EXPECT_TRUE(reader.read_string(out, scratch) && reader.finish()) << text;
  return std::string(out);
}

TEST(Reader, DecodesEscapes) {
  EXPECT_EQ(decoded(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decoded(R"("\u0000")"), "\0"s);
  EXPECT_EQ(decoded(R"("a\u00e9\u20ACz")"), "aé€z");
  EXPECT_EQ(decoded(R"("\ud83d\ude00!")"), "😀!");
  EXPECT_EQ(decoded(R"("\udbff\udfff")"), "\xf4\x8f\xbf\xbf");
  EXPECT_EQ(decoded(R"("plain é")"), "plain é");
}

TEST(Reader, LoneSurrogatesBecomeReplacementCharacters) {
  EXPECT_EQ(decoded(R"("\ud800")"), "\xef\xbf\xbd");
  EXPECT_EQ(decoded(R"("\udfffx")"), "\xef\xbf\xbdx");
  EXPECT_EQ(decoded(R"("\ud800\ud83d\ude00")"), "\xef\xbf\xbd😀");
  EXPECT_EQ(decoded(R"("\ud800\n")"), "\xef\xbf\xbd\n");
  EXPECT_EQ(decoded(R"("\ude00\ud83d")"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Reader, UnescapesNames) {
  Reader reader(R"({"a\u0062":1})");
  std::string scratch;
  std::string_view key;
  ASSERT_TRUE(reader.enter_object() && reader.next_member(scratch, key));
  EXPECT_EQ(key, "ab");
  EXPECT_EQ(reader.last_name(), R"("a\u0062")");
}

TEST(Reader, FindsSpecialBytesAtEveryDistance) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string plain(size, 'x');
    EXPECT_TRUE(accepts("\"" + plain + "\""));
    EXPECT_TRUE(accepts("\"" + plain + "é" + plain + "\""));
    EXPECT_FALSE(accepts("\"" + plain + "\x01" + plain + "\""));
    EXPECT_FALSE(accepts("\"" + plain + "\x1f" + plain + "\""));
    EXPECT_FALSE(accepts("\"" + plain + "\xff" + plain + "\""));
    EXPECT_FALSE(accepts("\"" + plain));
    EXPECT_EQ(decoded("\"" + plain + "\\n" + plain + "\""), plain + "\n" + plain);
  }
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Reader, DepthIsBoundedWhenSkipping) {
  EXPECT_TRUE(validate(nested(kDepthMax - 1)).ok());
  EXPECT_TRUE(validate(nested(kDepthMax)).ok());
  const Result<void> deep = validate(nested(kDepthMax + 1));
  ASSERT_FALSE(deep.ok());
  EXPECT_EQ(deep.error().code, ErrorCode::limit);
  EXPECT_TRUE(validate(nested(kDepthCap), 100000).ok());
  EXPECT_FALSE(validate(nested(kDepthCap + 1), 100000).ok());
  EXPECT_FALSE(validate("[]", 0).ok());
  EXPECT_TRUE(validate("1", 0).ok());
}

TEST(Reader, DepthIsBoundedWhenEntering) {
  for (const std::size_t depth : {2u, 3u, 4u}) {
    const std::string text = nested(depth);
    Reader reader(text, 3);
    std::string scratch;
    EXPECT_EQ(walk(reader, scratch), depth <= 3) << depth;
    Reader mixed(text, 3);
    EXPECT_TRUE(mixed.enter_array() && mixed.next_element());
    EXPECT_EQ(mixed.skip_value(), depth <= 3) << depth;
  }
}

TEST(Reader, DepthBombsFailWithoutRecursion) {
  EXPECT_FALSE(accepts(std::string(10'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(accepts(objects));
}

TEST(Reader, SiblingsDoNotCountAsDepth) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += "[[]],";
  EXPECT_TRUE(validate(text + "{}]", 3).ok());
  std::string scratch;
  text += "{}]";
  Reader reader(text, 3);
  EXPECT_TRUE(walk(reader, scratch) && reader.finish());
}

TEST(Reader, KindsOfEveryLevelAreRemembered) {
  std::string text;
  std::string end;
  for (int i = 0; i < 200; ++i) {
    const bool object = i % 3 == 0;
    text += object ? "{\"k\":" : "[1,";
    end.insert(0, object ? ",\"z\":2}" : ",3]");
  }
  EXPECT_TRUE(validate(text + "0" + end, 200).ok());
  end[0] = ']';
  EXPECT_FALSE(validate(text + "0" + end, 200).ok());
}

TEST(Reader, ErrorsSayWhyAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"[1,x]", "Unexpected character at byte 3"},
      {"[1,", "Unexpected end at byte 3"},
      {"\"\\q\"", "Unknown escape at byte 1"},
      {"\"ab", "Unfinished string at byte 3"},
      {"\"\xff\"", "Invalid UTF-8 at byte 1"},
      {"\"\n\"", "Control character in a string at byte 1"},
      {"1 2", "Unexpected text after the value at byte 2"}};
  for (const auto& [text, message] : cases) {
    const Result<void> result = validate(text);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message, message);
    EXPECT_EQ(result.error().code, ErrorCode::invalid);
  }
}

TEST(Reader, StaysFailed) {
  Reader reader("[x,1]");
  std::string_view raw;
  EXPECT_TRUE(reader.enter_array() && reader.next_element());
  EXPECT_FALSE(reader.raw_value(raw));
  EXPECT_FALSE(reader.next_element());
  EXPECT_EQ(reader.peek(), Kind::none);
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(reader.error().offset, 1u);
}

TEST(Reader, WrongCallsAreErrorsNotCrashes) {
  double number = 0;
  bool boolean = false;
  EXPECT_FALSE(Reader("\"1\"").read_number(number));
  EXPECT_FALSE(Reader("1").read_bool(boolean));
  EXPECT_FALSE(Reader("").read_null());
  EXPECT_FALSE(Reader("1").enter_array());
  EXPECT_FALSE(Reader("]").next_element());
  EXPECT_FALSE(Reader(std::string_view()).skip_value());
  Reader unfinished("[]");
  EXPECT_TRUE(unfinished.enter_array());
  EXPECT_FALSE(unfinished.finish());
}

TEST(Reader, ACopyIsABookmark) {
  Reader reader("[1,2]");
  double number = 0;
  ASSERT_TRUE(reader.enter_array() && reader.next_element());
  Reader bookmark = reader;
  EXPECT_TRUE(reader.skip_value() && reader.next_element() && reader.read_number(number));
  EXPECT_EQ(number, 2);
  EXPECT_TRUE(bookmark.read_number(number));
  EXPECT_EQ(number, 1);
}

TEST(Kind, IsToldByTheFirstByte) {
  EXPECT_EQ(kind_of(" \n{"), Kind::object);
  EXPECT_EQ(kind_of("["), Kind::array);
  EXPECT_EQ(kind_of("\""), Kind::string);
  EXPECT_EQ(kind_of("-1"), Kind::number);
  EXPECT_EQ(kind_of("9"), Kind::number);
  EXPECT_EQ(kind_of("true"), Kind::boolean);
  EXPECT_EQ(kind_of("false"), Kind::boolean);
  EXPECT_EQ(kind_of("null"), Kind::null);
  for (const char* text : {"", " ", "x", "+1", ",", "]", "\xef\xbb\xbf{"}) {
    EXPECT_EQ(kind_of(text), Kind::none) << text;
  }
  EXPECT_EQ(kind_name(Kind::boolean), "boolean");
  EXPECT_EQ(kind_name(Kind::none), "nothing");
}

}  // namespace
}  // namespace pluv::json
