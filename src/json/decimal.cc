#include "json/decimal.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "json/big_number.h"
#include "json/scan.h"

namespace pluv::json {
namespace {

constexpr int kMantissaBits = 52;  // that a double stores
constexpr int kExponentMin = -1022;

// Any two decimals of 15 digits are two doubles. So digits that few which read back as the value
// are the shortest, and one division of two exact doubles reads them. False when there are none.
bool digits_of_few(double value, DecimalDigits& out) noexcept {
  constexpr double kFewEnd = 1e15;
  constexpr int kExactPowerMax = 22;
  double power = 1;
  for (int places = 0; places <= kExactPowerMax && value * power < kFewEnd; ++places, power *= 10) {
    auto digits = static_cast<std::uint64_t>(std::nearbyint(value * power));
    if (static_cast<double>(digits) / power != value) continue;
    int zeros = 0;  // of a whole number, at its end
    for (; digits % 10 == 0; digits /= 10) ++zeros;
    std::size_t at = out.text.size();
    for (; digits != 0; digits /= 10) out.text[--at] = static_cast<char>('0' + digits % 10);
    out.count = static_cast<int>(out.text.size() - at);
    out.exponent = out.count - 1 + zeros - places;
    std::copy(out.text.begin() + static_cast<std::ptrdiff_t>(at), out.text.end(), out.text.begin());
    return true;
  }
  return false;
}

// A value and half the way to its neighbours, as multiples of one over scale.
struct Interval {
  BigNumber value;
  BigNumber below;
  BigNumber above;
  BigNumber scale;

  void next_place() noexcept {
    value.multiply(10);
    below.multiply(10);
    above.multiply(10);
  }
  // Of the value, which is less than ten.
  [[nodiscard]] char take_digit() noexcept {
    char digit = '0';
    for (; value >= scale; ++digit) value.subtract(scale);
    return digit;
  }
  [[nodiscard]] std::strong_ordering upper_end_to_one() const noexcept {
    BigNumber end = value;
    end.add(above);
    return end <=> scale;
  }
  [[nodiscard]] std::strong_ordering rest_to_half() const noexcept {
    BigNumber twice = value;
    twice.add(value);
    return twice <=> scale;
  }
};

Interval interval_of(std::uint64_t mantissa, int exponent, bool nearer_below) noexcept {
  const int extra = nearer_below ? 2 : 1;  // so that half of a step is a whole number
  Interval out{BigNumber(mantissa), BigNumber(1), BigNumber(1), BigNumber(1)};
  out.value.shift_left(std::max(exponent, 0) + extra);
  out.scale.shift_left(std::max(-exponent, 0) + extra);
  out.below.shift_left(std::max(exponent, 0));
  out.above.shift_left(std::max(exponent, 0) + extra - 1);
  return out;
}

// Reads the digits of a number's text: those that can matter, and the exponent of the last of them.
struct Digits {
  BigNumber number{0};
  int count = 0;
  std::int64_t exponent = 0;
  bool negative = false;
};

// No double and no middle of two has more digits; of what follows only counts whether it is zero.
constexpr int kDigitsMax = 770;

Digits digits_from(std::string_view text) noexcept {
  Digits out;
  std::size_t at = 0;
  if (!text.empty() && text[0] == '-') {
    out.negative = true;
    ++at;
  }
  bool fraction = false;
  bool cut = false;
  for (; at < text.size() && (text[at] == '.' || scan::is_digit(text[at])); ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    if (fraction) --out.exponent;
    const auto digit = static_cast<std::uint32_t>(text[at] - '0');
    if (out.count == kDigitsMax) {
      ++out.exponent;
      cut = cut || digit != 0;
    } else if (out.count != 0 || digit != 0) {
      out.number.multiply(10, digit);
      ++out.count;
    }
  }
  if (cut) {
    out.number.multiply(10, 1);
    ++out.count;
    --out.exponent;
  }
  if (at >= text.size()) return out;
  ++at;  // the e
  const bool below_one = text[at] == '-';
  if (text[at] == '-' || text[at] == '+') ++at;
  constexpr std::int64_t kExponentEnd = 1'000'000'000'000;
  std::int64_t exponent = 0;
  for (; at < text.size(); ++at) {
    if (exponent < kExponentEnd) exponent = exponent * 10 + (text[at] - '0');
  }
  out.exponent += below_one ? -exponent : exponent;
  return out;
}

// The double nearest to bits times two to the exponent - 63. bits: the highest is set; inexact:
// some of the value is below them.
double rounded(std::uint64_t bits, int exponent, bool inexact) noexcept {
  const int below_normal = std::max(kExponentMin - exponent, 0);
  const int dropped = 63 - kMantissaBits + below_normal;
  if (dropped > 64) return 0;
  std::uint64_t mantissa = dropped == 64 ? 0 : bits >> dropped;
  const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t rest = bits & (half | (half - 1));
  if (rest > half || (rest == half && (inexact || (mantissa & 1) != 0))) ++mantissa;
  // The mantissa's own highest bit adds one to the exponent, as does a carry out of it.
  if (below_normal == 0) {
    mantissa += static_cast<std::uint64_t>(exponent - kExponentMin) << kMantissaBits;
  }
  constexpr std::uint64_t kInfinity = std::uint64_t{0x7ff} << kMantissaBits;
  return std::bit_cast<double>(std::min(mantissa, kInfinity));
}

double nearest_to(Digits& digits) noexcept {
  // Ten to this power is more than the number, and a tenth of that is not.
  const std::int64_t end = digits.exponent + digits.count;
  if (digits.count == 0 || end < -323) return 0;
  if (end > 309) return std::bit_cast<double>(std::uint64_t{0x7ff} << kMantissaBits);
  const int power = static_cast<int>(digits.exponent);
  BigNumber& dividend = digits.number;
  BigNumber divisor(1);
  if (power >= 0) {
    dividend.multiply_by_power_of_ten(power);
  } else {
    divisor.multiply_by_power_of_ten(-power);
  }
  // Of one width, so that the quotient is between a half and two.
  int exponent = dividend.width() - divisor.width();
  dividend.shift_left(-exponent);
  divisor.shift_left(exponent);
  if (dividend < divisor) {
    dividend.shift_left(1);
    --exponent;
  }
  std::uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) {
    bits <<= 1;
    if (dividend >= divisor) {
      dividend.subtract(divisor);
      bits |= 1;
    }
    dividend.shift_left(1);
  }
  return rounded(bits, exponent, !dividend.zero());
}

}  // namespace

// As Steele and White, and Dragon4, have it: digits until what is left is within half of a step.
DecimalDigits shortest_digits(double value) noexcept {
  DecimalDigits out;
  if (digits_of_few(value, out)) return out;
  const auto stored = std::bit_cast<std::uint64_t>(value);
  const std::uint64_t fraction = stored & ((std::uint64_t{1} << kMantissaBits) - 1);
  const int biased = static_cast<int>(stored >> kMantissaBits);
  const std::uint64_t mantissa =
      biased == 0 ? fraction : fraction | std::uint64_t{1} << kMantissaBits;
  const int exponent = std::max(biased, 1) + kExponentMin - 1 - kMantissaBits;
  Interval interval = interval_of(mantissa, exponent, fraction == 0 && biased > 1);
  // Of two doubles as near, the even one is read: its ends read back, too.
  const bool even = mantissa % 2 == 0;
  const auto within = [even](std::strong_ordering order) {
    return order > 0 || (even && order == 0);
  };

  // The power of ten above the value, or one less.
  constexpr double kLog10Of2 = 0.30102999566398120;
  const int width = 64 - std::countl_zero(mantissa);
  int power = static_cast<int>(std::ceil((exponent + width - 1) * kLog10Of2 - 1e-10));
  if (power >= 0) {
    interval.scale.multiply_by_power_of_ten(power);
  } else {
    for (int i = power; i < 0; ++i) interval.next_place();
  }
  if (within(interval.upper_end_to_one())) {
    ++power;
  } else {
    interval.next_place();
  }
  out.exponent = power - 1;
  for (;; interval.next_place()) {
    char digit = interval.take_digit();
    const bool down = within(interval.below <=> interval.value);
    const bool up = within(interval.upper_end_to_one());
    const auto half = interval.rest_to_half();
    const bool odd = (digit & 1) != 0;  // as is its character; of two as near, the even one
    if (up && (!down || half > 0 || (half == 0 && odd))) ++digit;
    out.text[static_cast<std::size_t>(out.count++)] = digit;
    if (down || up) return out;
  }
}

double nearest_double(std::string_view text) noexcept {
  Digits digits = digits_from(text);
  const double value = nearest_to(digits);
  return digits.negative ? -value : value;
}

}  // namespace pluv::json
