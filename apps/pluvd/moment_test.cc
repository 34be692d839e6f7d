#include "apps/pluvd/moment.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::apps {
namespace {

constexpr std::int64_t kNow = 1'795'678'898'250;  // 2026-11-26T07:41:38.250Z

std::int64_t parse(std::string_view text) {
  const Result<std::int64_t> parsed = parse_moment(text, kNow);
  return parsed.ok() ? parsed.value() : -1;
}

TEST(Moment, ReadsRfc3339) {
  EXPECT_EQ(parse("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse("2026-11-26T07:41:38.25Z"), kNow);
  EXPECT_EQ(parse("2026-11-26t07:41:38.250z"), kNow);
  EXPECT_EQ(parse("2026-11-26 07:41:38.2509999Z"), kNow);
  EXPECT_EQ(parse("2026-11-26T08:41:38.25+01:00"), kNow);
  EXPECT_EQ(parse("2026-11-26T02:11:38.25-05:30"), kNow);
  EXPECT_EQ(parse("2024-02-29T00:00:00Z"), 1'709'164'800'000);
  EXPECT_EQ(parse("2016-12-31T23:59:60Z"), parse("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse("9999-12-31T23:59:59.999Z"), 253'402'300'799'999);
}

TEST(Moment, ReadsSecondsSince1970) {
  EXPECT_EQ(parse("0"), 0);
  EXPECT_EQ(parse("1795678898"), kNow - 250);
  EXPECT_EQ(parse("1795678898.25"), kNow);
  EXPECT_EQ(parse("253402300799"), 253'402'300'799'000);
  EXPECT_EQ(parse("253402300800"), -1);
  EXPECT_EQ(parse("1795678898250"), -1) << "these are milliseconds";
}

TEST(Moment, ReadsHowLongAgo) {
  EXPECT_EQ(parse("250ms"), kNow - 250);
  EXPECT_EQ(parse("2h"), kNow - 7'200'000);
  EXPECT_EQ(parse("2h ago"), kNow - 7'200'000);
  EXPECT_EQ(parse("1.5d ago"), kNow - 129'600'000);
  EXPECT_FALSE(parse_moment("2d", 1'000).ok()) << "before 1970";
}

TEST(Moment, RefusesAnythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026-11-26",
                           "2026-11-26T07:41:38",
                           "2026-11-26T07:41Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-11-26T24:00:00Z",
                           "2026-11-26T07:60:00Z",
                           "2026-11-26T07:41:61Z",
                           "2026-11-26T07:41:38.Z",
                           "2026-11-26T07:41:38+0100",
                           "2026-11-26T07:41:38+24:00",
                           "2026-11-26T07:41:38Zz",
                           "1969-12-31T23:59:59Z",
                           "-1",
                           "1.",
                           ".5",
                           "12a",
                           "ago",
                           "2 hours",
                           "99999999999999999999"}) {
    const Result<std::int64_t> parsed = parse_moment(text, kNow);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_TRUE(parsed.error().message.starts_with("a time such as")) << text;
  }
}

TEST(Moment, IsWrittenAsItIsRead) {
  EXPECT_EQ(format_moment(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_moment(kNow), "2026-11-26T07:41:38.250Z");
  EXPECT_EQ(parse(format_moment(kNow + 1)), kNow + 1);
}

}  // namespace
}  // namespace pluv::apps
