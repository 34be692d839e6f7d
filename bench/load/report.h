// What a run has found: named numbers with units, latencies, and what was run; as a table for
// people and as JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "histogram.h"

namespace pluv::bench {

class Report {
 public:
  // The name is what programs look for ("server_cpu_us_per_delivery"), the unit its last words.
  void number(std::string_view name, double value, std::string_view unit = {});
  void text(std::string_view name, std::string_view value);
  // In microseconds; told as percentiles.
  void latency(std::string_view name, const Histogram& histogram);

  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string json() const;
  // The latencies as an SVG.
  [[nodiscard]] std::string plot() const;

 private:
  struct Number {
    std::string name;
    double value;
    std::string unit;
  };
  std::vector<std::pair<std::string, std::string>> texts_;
  std::vector<Number> numbers_;
  std::vector<std::pair<std::string, Histogram>> latencies_;
};

}  // namespace pluv::bench
