#include "json/writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "json/reader.h"

namespace pluv::json {
namespace {

using std::string_literals::operator""s;

std::string json_quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

TEST(Writer, PutsCommasBetweenValuesOnly) {
  std::string out = "prefix ";
  Writer writer(out);
  writer.begin_object();
  writer.key("a");
  writer.begin_array();
  writer.number(1.5);
  writer.number(std::int64_t{-2});
  writer.begin_array();
  writer.end_array();
  writer.begin_object();
  writer.end_object();
  writer.end_array();
  writer.key("b\n");
  writer.string("x");
  writer.key("c");
  writer.boolean(true);
  writer.key("d");
  writer.null();
  writer.key("e");
  writer.raw("{\"f\":[]}");
  writer.key("g");
  writer.number(std::numeric_limits<std::uint64_t>::max());
  writer.end_object();
  EXPECT_EQ(out,
            "prefix {\"a\":[1.5,-2,[],{}],\"b\\n\":\"x\",\"c\":true,\"d\":null,"
            "\"e\":{\"f\":[]},\"g\":18446744073709551615}");
}

TEST(Writer, EscapesAsJsonStringify) {
  EXPECT_EQ(json_quoted("\b\f\n\r\t\"\\"), R"("\b\f\n\r\t\"\\")");
  EXPECT_EQ(json_quoted("\0\x01\x0b\x1f"s), R"("\u0000\u0001\u000b\u001f")");
  EXPECT_EQ(json_quoted("/'<>&\x7f"), "\"/'<>&\x7f\"");
  EXPECT_EQ(json_quoted("é€😀\xe2\x80\xa8"), "\"é€😀\xe2\x80\xa8\"");
  EXPECT_EQ(json_quoted(""), "\"\"");
}

TEST(Writer, InvalidUtf8BecomesReplacementCharacters) {
  EXPECT_EQ(json_quoted("a\xff"
                        "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(json_quoted("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(json_quoted("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(json_quoted("\xf0\x9f\x98"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Writer, EveryByteStringReadsBackAsText) {
  std::uint64_t state = 7;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    bool ascii = true;
    const int size = static_cast<int>(state >> 33) % 40;
    for (int i = 0; i < size; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text.push_back(static_cast<char>(state >> 56 & (round % 2 == 0 ? 0x7f : 0xff)));
      ascii = ascii && static_cast<unsigned char>(text.back()) < 0x80;
    }
    const std::string json = json_quoted(text);
    Reader reader(json);
    std::string scratch;
    std::string_view back;
    ASSERT_TRUE(reader.read_string(back, scratch) && reader.finish()) << json;
    if (ascii) {
      ASSERT_EQ(back, text);
    }
    state += 0x9e3779b97f4a7c15u;
  }
}

}  // namespace
}  // namespace pluv::json
