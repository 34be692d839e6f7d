#include "histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace pluv::bench {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.at(0.5), 0);
  EXPECT_EQ(empty.max(), 0);
  EXPECT_EQ(empty.mean(), 0);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram all;
  for (int i = 1; i <= 100; ++i) all.record(i);
  EXPECT_EQ(all.at(0), 1);
  EXPECT_EQ(all.at(0.5), 50);
  EXPECT_EQ(all.at(0.99), 99);
  EXPECT_EQ(all.at(1), 100);
  EXPECT_DOUBLE_EQ(all.mean(), 50.5);
}

TEST(Histogram, OthersAreExactToOnePartIn128) {
  std::vector<std::int64_t> values;
  Histogram all;
  for (std::uint64_t i = 0, value = 1; i < 5'000; ++i) {
    value = value * 6364136223846793005u + 1442695040888963407u;
    values.push_back(static_cast<std::int64_t>(value >> (4 + i % 50)));
    all.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double part : {0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = values[static_cast<std::size_t>(std::ceil(part * 5'000)) - 1];
    EXPECT_GE(all.at(part), exact) << part;
    EXPECT_LE(all.at(part) - exact, exact / 128) << part;
  }
}

TEST(Histogram, TakesAnyValue) {
  Histogram all;
  all.record(-5);
  all.record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(all.at(0.5), 0);
  EXPECT_EQ(all.at(1), std::numeric_limits<std::int64_t>::max());
}

TEST(Histogram, TwoAddUp) {
  Histogram a;
  Histogram b;
  a.record(1'000);
  b.record(3'000'000);
  b.record(5);
  a.add(b);
  EXPECT_EQ(a.count(), 3u);
  EXPECT_EQ(a.at(0.3), 5);
  EXPECT_EQ(a.max(), 3'000'000);
}

}  // namespace
}  // namespace pluv::bench
