#include "plot.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pluv::bench {
namespace {

std::ptrdiff_t count(const std::string& text, std::string_view what) {
  std::ptrdiff_t out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

TEST(Plot, HasALineForEachThatHasValues) {
  Histogram fast;
  Histogram slow;
  const Histogram none;
  for (int i = 1; i <= 1000; ++i) {
    fast.record(100 + i);
    slow.record(20'000 + 100 * i);
  }
  const PlotLine lines[] = {{"fast", &fast}, {"none", &none}, {"slow", &slow}};
  const std::string svg = latency_plot("title", lines);
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(count(svg, "stroke-width=\"2\""), 2);
  EXPECT_NE(svg.find(">title<"), std::string::npos);
  EXPECT_NE(svg.find(">slow<"), std::string::npos);
  EXPECT_EQ(svg.find(">none<"), std::string::npos);
  // From 0.1 ms, which all take longer than, to 1 s.
  for (const char* label : {">0.1 ms<", ">1 ms<", ">10 ms<", ">100 ms<", ">1 s<", ">99.9 %<"}) {
    EXPECT_NE(svg.find(label), std::string::npos) << label;
  }
}

TEST(Plot, OfNothingOrOneValueIsAPicture) {
  Histogram one;
  one.record(0);
  for (const auto& lines : {std::vector<PlotLine>{}, std::vector<PlotLine>{{"one", &one}}}) {
    const std::string svg = latency_plot("", lines);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
  }
}

}  // namespace
}  // namespace pluv::bench
