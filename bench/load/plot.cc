#include "plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace pluv::bench {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 480;
constexpr double kLeft = 80;
constexpr double kRight = 30;
constexpr double kTop = 50;
constexpr double kBottom = 60;
constexpr int kTenthsMax = 5;  // the right edge: all but one in 100,000
constexpr const char* kColors[] = {"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df"};
constexpr const char* kShares[] = {"0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %"};

struct Scale {
  int low;   // powers of ten, in microseconds
  int high;  // above low

  [[nodiscard]] double y(double us) const {
    const double part = (std::log10(std::max(us, 1.0)) - low) / (high - low);
    return kHeight - kBottom - std::clamp(part, 0.0, 1.0) * (kHeight - kTop - kBottom);
  }
  [[nodiscard]] static double x(double tenths) {
    return kLeft + tenths / kTenthsMax * (kWidth - kLeft - kRight);
  }
};

Scale scale_of(std::span<const PlotLine> lines) {
  std::int64_t least = INT64_MAX;
  std::int64_t most = 1;
  for (const PlotLine& line : lines) {
    if (line.latency_us->count() == 0) continue;
    least = std::min(least, std::max<std::int64_t>(line.latency_us->at(0), 1));
    most = std::max(most, line.latency_us->max());
  }
  least = std::min(least, most);
  const auto low = static_cast<int>(std::floor(std::log10(static_cast<double>(least))));
  const auto high = static_cast<int>(std::ceil(std::log10(static_cast<double>(most))));
  return {low, std::max(high, low + 1)};
}

std::string spelled_us(int power) {
  const double ms = std::pow(10.0, power - 3);
  return ms >= 1000 ? fmt::format("{:g} s", ms / 1000) : fmt::format("{:g} ms", ms);
}

}  // namespace

std::string latency_plot(std::string_view title, std::span<const PlotLine> lines) {
  const Scale scale = scale_of(lines);
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" )"
      R"(font-family="sans-serif" font-size="14"><rect width="{0}" height="{1}" fill="#ffffff"/>)"
      R"(<text x="{2}" y="30" font-size="18">{3}</text>)",
      kWidth, kHeight, kLeft, title);
  const auto rule = [&](double x1, double y1, double x2, double y2) {
    out +=
        fmt::format(R"(<path d="M{:.1f} {:.1f}L{:.1f} {:.1f}" stroke="#d0d7de"/>)", x1, y1, x2, y2);
  };
  for (int power = scale.low; power <= scale.high; ++power) {
    const double y = scale.y(std::pow(10.0, power));
    rule(kLeft, y, kWidth - kRight, y);
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 8, y + 5,
                       spelled_us(power));
  }
  for (int tenths = 0; tenths <= kTenthsMax; ++tenths) {
    const double x = Scale::x(tenths);
    rule(x, kTop, x, kHeight - kBottom);
    out += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x,
                       kHeight - kBottom + 22, kShares[tenths]);
  }
  std::size_t shown = 0;
  for (const PlotLine& line : lines) {
    const Histogram& latency = *line.latency_us;
    if (latency.count() == 0) continue;
    const char* const color = kColors[shown % std::size(kColors)];
    std::string path;
    // As far as there are values: the last tenth that holds one.
    const double last =
        std::min(static_cast<double>(kTenthsMax), std::log10(static_cast<double>(latency.count())));
    constexpr int kSteps = 200;
    for (int step = 0; step <= kSteps; ++step) {
      const double tenths = last * step / kSteps;
      const auto us = static_cast<double>(latency.at(1 - std::pow(10.0, -tenths)));
      path += fmt::format("{}{:.1f} {:.1f}", step == 0 ? 'M' : 'L', Scale::x(tenths), scale.y(us));
    }
    out += fmt::format(R"(<path d="{}" fill="none" stroke="{}" stroke-width="2"/>)", path, color);
    out += fmt::format(R"(<text x="{}" y="{}" fill="{}">{}</text>)", kLeft + 12,
                       kTop + 20 + 20 * static_cast<double>(shown), color, line.name);
    ++shown;
  }
  out +=
      fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">as many took no longer</text></svg>)",
                  (kLeft + kWidth - kRight) / 2, kHeight - 14);
  out += '\n';
  return out;
}

}  // namespace pluv::bench
