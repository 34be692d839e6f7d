#include "json/number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "json/decimal.h"
#include "json/scan.h"

namespace pluv::json {
namespace {

// A decimal number as a sign, up to 19 digits and a power of ten.
struct Decimal {
  std::uint64_t digits = 0;
  int digit_count = 0;        // significant ones, leading zeros not counted; capped at 20
  std::int64_t exponent = 0;  // of the last digit
  bool negative = false;
};

Decimal decimal_from(std::string_view text) noexcept {
  Decimal decimal;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (at != end && *at == '-') {
    decimal.negative = true;
    ++at;
  }
  bool fraction = false;
  for (; at != end && (*at == '.' || scan::is_digit(*at)); ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    if (decimal.digit_count > 0 || *at != '0') {
      if (decimal.digit_count < 19) {
        decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
      } else {
        ++decimal.exponent;
      }
      if (decimal.digit_count < 20) ++decimal.digit_count;
    }
    if (fraction) --decimal.exponent;
  }
  if (at == end) return decimal;
  ++at;  // the e
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  std::int64_t exponent = 0;
  for (; at != end; ++at) {
    if (exponent < 1'000'000'000'000) exponent = exponent * 10 + (*at - '0');
  }
  decimal.exponent += negative ? -exponent : exponent;
  return decimal;
}

// The library's ways are the faster ones, and large. libc++ 19 prints doubles and does not read
// them.
#if defined(__wasi__) || !defined(__cpp_lib_to_chars)

bool convert(std::string_view text, double& value) noexcept {
  value = nearest_double(text);
  return true;
}

DecimalDigits digits_of(double value) noexcept { return shortest_digits(value); }

#else

bool convert(std::string_view text, double& value) noexcept {
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

DecimalDigits digits_of(double value) noexcept {
  char text[32];  // d.dddddddddddddddde-308
  const char* const end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  DecimalDigits out;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') out.text[static_cast<std::size_t>(out.count++)] = *at;
  }
  ++at;  // the e
  const bool negative = *at == '-';
  for (++at; at != end; ++at) out.exponent = out.exponent * 10 + (*at - '0');
  if (negative) out.exponent = -out.exponent;
  return out;
}

#endif

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

double number_from_text(std::string_view text) noexcept {
  const Decimal decimal = decimal_from(text);
  // Both factors are exact doubles, so one rounding gives the nearest (Clinger's fast path).
  constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;
  if (decimal.digit_count <= 19 && decimal.digits <= kExactMax && decimal.exponent >= -22 &&
      decimal.exponent <= 22) {
    double value = static_cast<double>(decimal.digits);
    if (decimal.exponent < 0) {
      value /= kPowersOfTen[-decimal.exponent];
    } else {
      value *= kPowersOfTen[decimal.exponent];
    }
    return decimal.negative ? -value : value;
  }
  double value = 0;
  if (decimal.digits != 0 && !convert(text, value)) {
    // Out of range: which end tells the power of ten of the first digit.
    value = decimal.exponent > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    if (decimal.negative) value = -value;
  } else if (decimal.digits == 0 && decimal.negative) {
    value = -0.0;
  }
  return value;
}

void append_number(std::string& out, std::int64_t value) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, result.ptr);
}

void append_number(std::string& out, std::uint64_t value) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, result.ptr);
}

void append_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  constexpr double kIntegerMax = 9007199254740992.0;
  if (value >= -kIntegerMax && value <= kIntegerMax) {
    const auto integer = static_cast<std::int64_t>(value);
    if (static_cast<double>(integer) == value) return append_number(out, integer);
  }
  if (value < 0) out.push_back('-');
  const DecimalDigits decimal = digits_of(std::fabs(value));
  const char* const digits = decimal.text.data();
  const int count = decimal.count;
  const int exponent = decimal.exponent;
  const auto size = [](int n) { return static_cast<std::size_t>(n); };
  const int point = exponent + 1;  // digits before the decimal point
  if (point > 21 || point <= -6) {
    out.push_back(digits[0]);
    if (count > 1) {
      out.push_back('.');
      out.append(digits + 1, size(count - 1));
    }
    out += exponent < 0 ? "e-" : "e+";
    append_number(out, static_cast<std::int64_t>(exponent < 0 ? -exponent : exponent));
  } else if (point >= count) {
    out.append(digits, size(count));
    out.append(size(point - count), '0');
  } else if (point > 0) {
    out.append(digits, size(point));
    out.push_back('.');
    out.append(digits + point, size(count - point));
  } else {
    out += "0.";
    out.append(size(-point), '0');
    out.append(digits, size(count));
  }
}

}  // namespace pluv::json
