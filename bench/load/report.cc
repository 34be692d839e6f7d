#include "report.h"

#include <fmt/format.h>

#include "json/writer.h"
#include "plot.h"

namespace pluv::bench {
namespace {

struct Percentile {
  const char* name;
  double part;
};
constexpr Percentile kPercentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};

std::string spelled(double value) {
  return value != 0 && value < 100 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value);
}

}  // namespace

void Report::number(std::string_view name, double value, std::string_view unit) {
  numbers_.push_back({std::string(name), value, std::string(unit)});
}
void Report::text(std::string_view name, std::string_view value) {
  texts_.emplace_back(name, value);
}
void Report::latency(std::string_view name, const Histogram& histogram) {
  latencies_.emplace_back(name, histogram);
}

std::string Report::table() const {
  std::string out;
  for (const auto& [name, value] : texts_) out += fmt::format("{:<32} {}\n", name, value);
  for (const Number& n : numbers_) {
    out += fmt::format("{:<32} {} {}\n", n.name, spelled(n.value), n.unit);
  }
  for (const auto& [name, histogram] : latencies_) {
    out += fmt::format("{:<32}", name + "_ms");
    for (const Percentile& p : kPercentiles) {
      out += fmt::format(" {} {:.3g}", p.name, static_cast<double>(histogram.at(p.part)) / 1e3);
    }
    out += '\n';
  }
  return out;
}

std::string Report::plot() const {
  std::string title;
  for (const auto& [name, value] : texts_) title += (title.empty() ? "" : ", ") + value;
  std::vector<PlotLine> lines;
  lines.reserve(latencies_.size());
  for (const auto& [name, histogram] : latencies_) lines.push_back({name, &histogram});
  return latency_plot(title, lines);
}

std::string Report::json() const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [name, value] : texts_) {
    writer.key(name);
    writer.string(value);
  }
  for (const Number& n : numbers_) {
    writer.key(n.name);
    writer.raw(fmt::format("{}", n.value));
  }
  for (const auto& [name, histogram] : latencies_) {
    writer.key(name + "_ms");
    writer.begin_object();
    writer.key("count");
    writer.raw(fmt::format("{}", histogram.count()));
    writer.key("mean");
    writer.raw(fmt::format("{}", histogram.mean() / 1e3));
    for (const Percentile& p : kPercentiles) {
      writer.key(p.name);
      writer.raw(fmt::format("{}", static_cast<double>(histogram.at(p.part)) / 1e3));
    }
    writer.end_object();
  }
  writer.end_object();
  out += '\n';
  return out;
}

}  // namespace pluv::bench
