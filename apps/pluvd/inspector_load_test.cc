#include "apps/pluvd/inspector_load.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pluv::apps {
namespace {

LoadReading reading(std::int64_t unix_ms, std::uint64_t messages, std::int64_t cpu_ms = 0) {
  LoadReading out;
  out.unix_ms = unix_ms;
  out.metrics.messages_in_total = messages;
  out.metrics.sessions = 3;
  out.cpu_ms = cpu_ms;
  return out;
}

std::size_t count(const std::string& json) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = json.find("at_unix_ms", at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(InspectorLoad, TellsWhatHasHappenedInEachInterval) {
  InspectorLoad load(10'000);
  EXPECT_EQ(load.json(0), R"({"interval_ms":10000,"samples":[]})");
  load.add(reading(1'000, 100, 50));
  EXPECT_EQ(count(load.json(0)), 0U);
  load.add(reading(11'000, 130, 80));
  load.add(reading(21'000, 130, 81));
  const std::string json = load.json(0);
  EXPECT_EQ(count(json), 2U);
  EXPECT_NE(json.find(R"("at_unix_ms":11000,"rooms":0,"sessions":3,"messages_in":30,)"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("messages_in":0,)"), std::string::npos);
  EXPECT_NE(json.find(R"("cpu_ms":30})"), std::string::npos);
  EXPECT_EQ(count(load.json(11'000)), 1U);
  EXPECT_EQ(count(load.json(21'000)), 0U);
}

TEST(InspectorLoad, TellsHowLongTurnsTook) {
  InspectorLoad load(10'000);
  LoadReading first = reading(1'000, 0);
  first.metrics.turns[native::turn_bucket_of(90'000)] = 5;
  load.add(first);
  LoadReading second = first;
  second.unix_ms = 11'000;
  second.metrics.turns[native::turn_bucket_of(100)] = 980;
  second.metrics.turns[native::turn_bucket_of(2'000)] = 20;
  load.add(second);
  const std::string json = load.json(0);
  EXPECT_NE(json.find(R"("turn_p50_ms":0.111,"turn_p99_ms":2.047})"), std::string::npos) << json;
}

TEST(InspectorLoad, KeepsAnHour) {
  InspectorLoad load(10'000);
  for (int i = 0; i < 1'000; ++i) load.add(reading(i * 10'000, 0));
  EXPECT_EQ(count(load.json(0)), 361U);
  InspectorLoad often(100);
  for (int i = 0; i < 5'000; ++i) often.add(reading(i * 100, 0));
  EXPECT_EQ(count(often.json(0)), 4'096U);
}

TEST(InspectorLoad, ReadsTheProcess) {
  LoadReading own;
  read_process(own);
  EXPECT_GT(own.memory_bytes, 1'000'000U);
  EXPECT_GE(own.cpu_ms, 0);
}

}  // namespace
}  // namespace pluv::apps
