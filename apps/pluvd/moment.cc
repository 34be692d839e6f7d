#include "apps/pluvd/moment.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

#include "apps/pluvd/units.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kMomentMsMax = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

// Takes texts apart from the front. After the first part that is not as expected all fail.
class Cutter {
 public:
  explicit Cutter(std::string_view text) noexcept : rest_(text) {}

  // A number of exactly so many digits.
  std::int64_t digits(std::size_t count) noexcept {
    std::int64_t value = 0;
    if (rest_.size() < count) failed_ = true;
    for (std::size_t at = 0; at < count && !failed_; ++at) {
      failed_ = rest_[at] < '0' || rest_[at] > '9';
      value = value * 10 + (rest_[at] - '0');
    }
    if (failed_) return 0;
    rest_.remove_prefix(count);
    return value;
  }
  // One character out of these; answers which.
  char one_of(std::string_view characters) noexcept {
    if (failed_ || rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      failed_ = true;
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  // ".25", when it is there, in milliseconds.
  std::int64_t fraction_ms() noexcept {
    if (failed_ || rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
      if (count < 3) value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (count == 0) failed_ = true;
    for (; count < 3; ++count) value *= 10;
    return value;
  }
  [[nodiscard]] bool done() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<std::int64_t> rfc3339(std::string_view text) noexcept {
  Cutter cutter(text);
  const auto year = cutter.digits(4);
  cutter.one_of("-");
  const auto month = cutter.digits(2);
  cutter.one_of("-");
  const auto day = cutter.digits(2);
  cutter.one_of("Tt ");
  const auto hour = cutter.digits(2);
  cutter.one_of(":");
  const auto minute = cutter.digits(2);
  cutter.one_of(":");
  const auto second = cutter.digits(2);
  const auto fraction_ms = cutter.fraction_ms();
  const char zone = cutter.one_of("Zz+-");
  std::int64_t offset_ms = 0;
  if (zone == '+' || zone == '-') {
    const auto offset_hour = cutter.digits(2);
    cutter.one_of(":");
    const auto offset_minute = cutter.digits(2);
    if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
    offset_ms = offset_hour * kHourMs + offset_minute * kMinuteMs;
    if (zone == '-') offset_ms = -offset_ms;
  }
  // 60 is a leap second: Unix time has it as the next one.
  if (!cutter.done() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDayMs + hour * kHourMs + minute * kMinuteMs + second * 1'000 + fraction_ms -
         offset_ms;
}

std::optional<std::int64_t> unix_seconds(std::string_view text) noexcept {
  const std::size_t count = text.substr(0, text.find('.')).size();
  if (count == 0 || count > 12) return std::nullopt;
  Cutter cutter(text);
  const std::int64_t seconds = cutter.digits(count);
  const std::int64_t fraction_ms = cutter.fraction_ms();
  if (!cutter.done()) return std::nullopt;
  return seconds * 1'000 + fraction_ms;
}

std::optional<std::int64_t> before(std::int64_t now_unix_ms, std::string_view text) {
  constexpr std::string_view kAgo = " ago";
  if (text.ends_with(kAgo)) text.remove_suffix(kAgo.size());
  const Result<std::int64_t> ms = parse_duration_ms(text);
  return ms.ok() ? std::optional(now_unix_ms - *ms) : std::nullopt;
}

}  // namespace

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_unix_ms) {
  auto moment = rfc3339(text);
  if (!moment) moment = unix_seconds(text);
  if (!moment) moment = before(now_unix_ms, text);
  if (moment && *moment >= 0 && *moment <= kMomentMsMax) return *moment;
  return Error{ErrorCode::invalid,
               "a time such as 2026-11-26T07:41:38Z, 1795678898 (seconds since 1970) or 2h (ago)"};
}

std::string format_moment(std::int64_t unix_ms) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(unix_ms)};
  const auto days = floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(moment - days);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text.data();
}

}  // namespace pluv::apps
