#include "apps/pluvd/log.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace pluv::apps {
namespace {

TEST(LogLine, WritesFieldsForPeople) {
  EXPECT_EQ(log_line_text("session closed", R"({"room":"a-1","code":1012,"ok":true,"user":null})"),
            "session closed room=a-1 code=1012 ok=true user=null");
  EXPECT_EQ(log_line_text("event", R"({"why":"two words","none":"","list":[1,2]})"),
            "event why=\"two words\" none=\"\" list=[1,2]");
  EXPECT_EQ(log_line_text("event", "{}"), "event");
}

TEST(LogLine, LetsNoFieldForgeALineOrDriveATerminal) {
  EXPECT_EQ(
      log_line_text("a\nb", R"({"x":"1\n2026 ERROR","y":"\u001b[31m","z":"a b\u007f\u0085"})"),
      "a b x=\"1\\n2026 ERROR\" y=\"\\u001b[31m\" z=\"a b\\u007f\\u0085\"");
  EXPECT_EQ(log_line_text("event", R"({"a=b":"c=d"})"), "event \"a=b\"=\"c=d\"");
}

TEST(LogLine, LeavesOutFieldsThatAreNoObject) {
  EXPECT_EQ(log_line_text("event", "{\"a\":"), "event");
  EXPECT_EQ(log_line_text("event", "[1]"), "event");
  EXPECT_EQ(log_line_json("info", "event", "garbage"), R"({"level":"info","event":"event"})");
}

TEST(LogLine, IsOneJsonObject) {
  const std::string line =
      log_line_json("warn", "two \"words\"\n", "{\"a\": {\"b\":\n1}, \"level\":\"x\"}");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto value = json::Value::parse(line);
  ASSERT_TRUE(value.ok()) << line;
  EXPECT_EQ(*value.value().find("level")->as_string(), "warn");
  EXPECT_EQ(*value.value().find("event")->as_string(), "two \"words\"\n");
  EXPECT_EQ(*value.value().find("field_level")->as_string(), "x");
  EXPECT_EQ(*value.value().find("a")->find("b")->as_number(), 1);
}

}  // namespace
}  // namespace pluv::apps
