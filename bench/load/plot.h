// Latencies as a picture: how long (logarithmic) by how many took less (each step to the right is a
// tenth of those that were left). SVG 1.1, alone in a file; shown by any browser.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "histogram.h"

namespace pluv::bench {

struct PlotLine {
  std::string_view name;
  const Histogram* latency_us;
};

// Lines without values are left out. Title and names go in as they are, so they hold no markup.
[[nodiscard]] std::string latency_plot(std::string_view title, std::span<const PlotLine> lines);

}  // namespace pluv::bench
