#include "apps/pluvd/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace pluv::apps {
namespace {

struct Unit {
  std::string_view name;  // lower case
  std::int64_t factor;
};

constexpr std::array kDurationUnits = {
    Unit{"ms", 1},       Unit{"s", 1'000},     Unit{"m", 60'000},
    Unit{"min", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000},
};
constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"kb", 1'000},
    Unit{"mb", 1'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"kib", std::int64_t{1} << 10},
    Unit{"mib", std::int64_t{1} << 20},
    Unit{"gib", std::int64_t{1} << 30},
};
constexpr std::int64_t kDurationMsMax = std::int64_t{366} * 86'400'000;
constexpr std::int64_t kSizeBytesMax = std::int64_t{1} << 40;
constexpr std::int64_t kCountMax = 1'000'000'000'000'000;
constexpr std::size_t kDigitsMax = 15;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The digits at the front of text, which it cuts off.
std::string_view cut_digits(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

std::int64_t to_number(std::string_view digits) noexcept {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// "1.5" times factor; nullopt when malformed, not whole, or over max. Exact: no floating point.
std::optional<std::int64_t> scaled(std::string_view number, std::int64_t factor,
                                   std::int64_t max) noexcept {
  const std::string_view whole = cut_digits(number);
  if (whole.empty() || whole.size() > kDigitsMax) return std::nullopt;
  const std::int64_t value = to_number(whole);
  if (value > max / factor) return std::nullopt;
  std::int64_t out = value * factor;
  if (!number.empty()) {
    number.remove_prefix(1);  // the dot
    if (number.empty() || number.size() > 6) return std::nullopt;
    std::int64_t divisor = 1;
    for (std::size_t at = 0; at < number.size(); ++at) divisor *= 10;
    // At most 999'999 * 2^30.
    const std::int64_t part = to_number(number) * factor;
    if (part % divisor != 0) return std::nullopt;
    out += part / divisor;
  }
  return out <= max ? std::optional(out) : std::nullopt;
}

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                            std::int64_t max) {
  std::string_view rest = text;
  static_cast<void>(cut_digits(rest));
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    static_cast<void>(cut_digits(rest));
  }
  const std::string_view number = text.substr(0, text.size() - rest.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::string unit = lower(rest);
  for (const Unit& known : units) {
    if (known.name == unit) return scaled(number, known.factor, max);
  }
  return std::nullopt;
}

}  // namespace

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  if (text == "0") return std::int64_t{0};
  const auto ms = parse_with_unit(text, kDurationUnits, kDurationMsMax);
  if (ms) return *ms;
  return Error{ErrorCode::invalid,
               "a duration with its unit, such as 500ms, 5s, 2m or 1h (at most 366d)"};
}

Result<std::int64_t> parse_size_bytes(std::string_view text) {
  const auto bytes = parse_with_unit(text, kSizeUnits, kSizeBytesMax);
  if (bytes) return *bytes;
  return Error{ErrorCode::invalid, "a size such as 512, 64KiB or 1MB (at most 1024GiB)"};
}

Result<std::int64_t> parse_count(std::string_view text) {
  std::string_view rest = text;
  const std::string_view digits = cut_digits(rest);
  if (digits.empty() || !rest.empty() || digits.size() > kDigitsMax ||
      to_number(digits) > kCountMax) {
    return Error{ErrorCode::invalid, "a whole number"};
  }
  return to_number(digits);
}

Result<bool> parse_switch(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return Error{ErrorCode::invalid, "true or false"};
}

std::string format_duration(std::int64_t ms) {
  if (ms == 0) return "0";
  static constexpr std::array kUnits = {Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                                        Unit{"m", 60'000}, Unit{"s", 1'000}};
  for (const Unit& unit : kUnits) {
    // 90s and 36h read better than 1.5m, and better than a number of the smaller unit.
    if (ms % unit.factor == 0) return std::to_string(ms / unit.factor) + std::string(unit.name);
  }
  return std::to_string(ms) + "ms";
}

std::string format_size(std::int64_t bytes) {
  static constexpr std::array kUnits = {Unit{"GiB", std::int64_t{1} << 30},
                                        Unit{"MiB", std::int64_t{1} << 20},
                                        Unit{"KiB", std::int64_t{1} << 10}};
  for (const Unit& unit : kUnits) {
    if (bytes != 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes) + "B";
}

std::string short_size(std::uint64_t bytes) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  std::uint64_t divisor = 1024;
  while (unit + 1 < kUnits.size() && bytes / divisor >= 1024) {
    divisor *= 1024;
    ++unit;
  }
  const std::uint64_t rest = bytes % divisor;
  // Cut, not rounded: "1024.0 KiB" would be an odd thing to read.
  const std::uint64_t tenths = bytes / divisor * 10 + rest / (divisor / 1024) * 10 / 1024;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + kUnits.at(unit);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table; the one before the last is for swaps.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace pluv::apps
