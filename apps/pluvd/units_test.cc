#include "apps/pluvd/units.h"

#include <gtest/gtest.h>

#include <array>

namespace pluv::apps {
namespace {

TEST(Units, ReadsDurationsWithTheirUnit) {
  EXPECT_EQ(parse_duration_ms("500ms").value(), 500);
  EXPECT_EQ(parse_duration_ms("5s").value(), 5'000);
  EXPECT_EQ(parse_duration_ms("1.5s").value(), 1'500);
  EXPECT_EQ(parse_duration_ms("2m").value(), 120'000);
  EXPECT_EQ(parse_duration_ms("2 MIN").value(), 120'000);
  EXPECT_EQ(parse_duration_ms("1h").value(), 3'600'000);
  EXPECT_EQ(parse_duration_ms("366d").value(), std::int64_t{366} * 86'400'000);
  EXPECT_EQ(parse_duration_ms("0").value(), 0);
}

TEST(Units, RefusesDurationsThatAreNone) {
  for (const char* text : {"", "5", "s", "-5s", "+5s", "5 s s", "1.s", ".5s", "0.5ms", "1e3s",
                           "5sec", "367d", "31622400001ms", "99999999999999999999s", "1,5s"}) {
    EXPECT_FALSE(parse_duration_ms(text).ok()) << text;
  }
}

TEST(Units, ReadsSizesInPowersOf1000And1024) {
  EXPECT_EQ(parse_size_bytes("512").value(), 512);
  EXPECT_EQ(parse_size_bytes("512B").value(), 512);
  EXPECT_EQ(parse_size_bytes("64KiB").value(), 65'536);
  EXPECT_EQ(parse_size_bytes("64kib").value(), 65'536);
  EXPECT_EQ(parse_size_bytes("64 kB").value(), 64'000);
  EXPECT_EQ(parse_size_bytes("1MB").value(), 1'000'000);
  EXPECT_EQ(parse_size_bytes("1.5MiB").value(), 1'572'864);
  EXPECT_EQ(parse_size_bytes("1024GiB").value(), std::int64_t{1} << 40);
}

TEST(Units, RefusesSizesThatAreNone) {
  for (const char* text : {"", "K", "64K", "-1", "0.5", "1.0001KiB", "1025GiB", "1099511627777",
                           "1TB", "0x10", "1 000"}) {
    EXPECT_FALSE(parse_size_bytes(text).ok()) << text;
  }
}

TEST(Units, ReadsCounts) {
  EXPECT_EQ(parse_count("0").value(), 0);
  EXPECT_EQ(parse_count("999999999999999").value(), 999'999'999'999'999);
  for (const char* text : {"", "-1", "+1", "1.0", "1s", " 1", "1_000", "1000000000000000"}) {
    EXPECT_FALSE(parse_count(text).ok()) << text;
  }
}

TEST(Units, ReadsSwitches) {
  for (const char* text : {"true", "yes", "on", "1", "TRUE"}) EXPECT_TRUE(*parse_switch(text));
  for (const char* text : {"false", "no", "off", "0", "Off"}) EXPECT_FALSE(*parse_switch(text));
  for (const char* text : {"", "maybe", "2", "tru"}) EXPECT_FALSE(parse_switch(text).ok());
}

TEST(Units, WritesWhatItReads) {
  for (const std::int64_t ms : {0, 1, 999, 1'000, 1'500, 90'000, 120'000, 3'600'000, 86'400'000}) {
    EXPECT_EQ(parse_duration_ms(format_duration(ms)).value(), ms) << format_duration(ms);
  }
  for (const std::int64_t bytes : {0, 1, 512, 1'000, 1'024, 65'536, 1'048'576, 1'000'000}) {
    EXPECT_EQ(parse_size_bytes(format_size(bytes)).value(), bytes) << format_size(bytes);
  }
  EXPECT_EQ(format_duration(90'000), "90s");
  EXPECT_EQ(format_duration(8), "8ms");
  EXPECT_EQ(format_size(512), "512B");
  EXPECT_EQ(format_size(64 * 1024), "64KiB");
}

TEST(Units, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("port", "prot"), 1U);
  EXPECT_EQ(edit_distance("port", "ports"), 1U);
  EXPECT_EQ(edit_distance("port", "part"), 1U);
  EXPECT_EQ(edit_distance("host", "port"), 2U);
}

TEST(Units, SuggestsOnlyWhatIsNear) {
  const std::array<std::string_view, 3> names = {"host", "port", "log_level"};
  EXPECT_EQ(nearest("prot", names), "port");
  EXPECT_EQ(nearest("loglevel", names), "log_level");
  EXPECT_EQ(nearest("colour", names), std::nullopt);
}

TEST(Units, ShortensSizesForReading) {
  EXPECT_EQ(short_size(0), "0 B");
  EXPECT_EQ(short_size(1'023), "1023 B");
  EXPECT_EQ(short_size(1'024), "1.0 KiB");
  EXPECT_EQ(short_size(1'536), "1.5 KiB");
  EXPECT_EQ(short_size(1'048'575), "1023.9 KiB");
  EXPECT_EQ(short_size(1'048'576), "1.0 MiB");
  EXPECT_EQ(short_size(UINT64_MAX), "15.9 EiB");
}

}  // namespace
}  // namespace pluv::apps
