#include "platform/native/metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "platform/native/listening.h"
#include "platform/native/loop_metrics.h"

namespace pluv::native {
namespace {

TEST(Metrics, TextNamesEveryFamilyWithItsType) {
  MetricsSnapshot snapshot;
  snapshot.connections = 3;
  snapshot.messages_out_total = 7;
  snapshot.closes_total[1013] = 2;
  snapshot.connections_refused_total["origin"] = 4;
  snapshot.refused_total[0] = 5;
  const std::string text = prometheus_text(snapshot);
  for (const char* line :
       {"# TYPE pluv_connections gauge\npluv_connections 3\n",
        "# TYPE pluv_messages_sent_total counter\npluv_messages_sent_total 7\n",
        "pluv_closes_total{code=\"1013\"} 2\n",
        "pluv_connections_refused_total{reason=\"origin\"} 4\n",
        "pluv_refused_total{reason=\"malformed_message\"} 5\n", "pluv_draining 0\n",
        "# TYPE process_resident_memory_bytes gauge\n", "# TYPE process_open_fds gauge\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("process_resident_memory_bytes 0\n"), std::string::npos);
  EXPECT_EQ(text.back(), '\n');
}

TEST(Metrics, OpenDescriptorsAreThoseOfTheProcess) {
  std::vector<OwnedFd> open;
  for (int i = 0; i < 20; ++i) open.emplace_back(::dup(0));
  const auto listed = [] {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return std::distance(begin(folder), end(folder)) - 1;  // without the folder's own
  }();
  ASSERT_GE(listed, 20);
  const std::string line = "process_open_fds " + std::to_string(listed) + "\n";
  EXPECT_NE(prometheus_text({}).find(line), std::string::npos) << line;
}

TEST(Metrics, TurnsAreCountedWithinAQuarterOfTheirTime) {
  for (std::uint64_t us = 0; us < 20'000'000; us += us / 7 + 1) {
    const std::size_t bucket = turn_bucket_of(us);
    ASSERT_LT(bucket, kTurnBuckets);
    if (bucket == kTurnBuckets - 1) break;
    EXPECT_GE(turn_bucket_us(bucket), us);
    EXPECT_LE(turn_bucket_us(bucket), us + us / 4 + 1);
  }
  EXPECT_EQ(turn_bucket_of(UINT64_MAX), kTurnBuckets - 1);
  LoopMetrics metrics;
  metrics.count_turn(100);
  MetricsSnapshot snapshot;
  metrics.add_to(snapshot);
  EXPECT_EQ(snapshot.turns[turn_bucket_of(100)], 1U);
}

TEST(Metrics, StepTimesAreACumulativeHistogramInSeconds) {
  LoopMetrics metrics;
  for (const std::uint64_t microseconds : {0, 1, 2, 3, 100'000, 100'001}) {
    metrics.count_step(microseconds);
  }
  MetricsSnapshot snapshot;
  metrics.add_to(snapshot);
  const std::string text = prometheus_text(snapshot);
  for (const char* line :
       {"pluv_step_seconds_bucket{le=\"0.000001\"} 2\n",
        "pluv_step_seconds_bucket{le=\"0.000002\"} 3\n",
        "pluv_step_seconds_bucket{le=\"0.000005\"} 4\n", "pluv_step_seconds_bucket{le=\"0.1\"} 5\n",
        "pluv_step_seconds_bucket{le=\"+Inf\"} 6\n", "pluv_step_seconds_sum 0.200007\n",
        "pluv_step_seconds_count 6\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Metrics, EveryCloseCodeHasItsSlot) {
  for (const int number : {1000, 1001, 1012, 1015, 3000, 4001}) {
    const auto code = static_cast<std::uint16_t>(number);
    EXPECT_EQ(close_code_of(close_code_slot(code)), code);
  }
  EXPECT_EQ(close_code_of(close_code_slot(4321)), 0);
  EXPECT_EQ(close_code_slot(999), close_code_slot(1016));
}

}  // namespace
}  // namespace pluv::native
