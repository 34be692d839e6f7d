#include "json/decimal.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace pluv::json {
namespace {

using Limits = std::numeric_limits<double>;

std::string library_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr};
}

std::string our_text(double value) {
  const DecimalDigits digits = shortest_digits(value);
  std::string out(digits.text.data(), static_cast<std::size_t>(digits.count));
  if (digits.count > 1) out.insert(1, ".");
  const int magnitude = std::abs(digits.exponent);
  out += digits.exponent < 0 ? "e-" : "e+";
  return out + (magnitude < 10 ? "0" : "") + std::to_string(magnitude);
}

void expect_same(double value) {
  const std::string text = library_text(value);
  EXPECT_EQ(our_text(value), text);
  EXPECT_EQ(nearest_double(text), value) << text;
}

TEST(Decimal, DoublesOfAllSizesAreTheLibrarys) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::fabs(std::bit_cast<double>(random()));
    if (std::isfinite(value) && value > 0) expect_same(value);
  }
}

TEST(Decimal, WhatPeopleWriteIsTheLibrarys) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    const auto digits = static_cast<double>(random() % 1'000'000'000 + 1);
    expect_same(digits / std::pow(10, static_cast<int>(random() % 12)));
    expect_same(static_cast<double>(random() >> 11) * 0x1p-53 + 0x1p-60);
  }
}

TEST(Decimal, EndsOfRangesAreTheLibrarys) {
  for (const double value : {Limits::denorm_min(), 2 * Limits::denorm_min(), Limits::min(),
                             std::nextafter(Limits::min(), 0.0), Limits::max(), 1e15, 1e21, 1e23,
                             9007199254740993.0, 5e-7, 4.35, 0.3, 1.0 / 3, 0.1 + 0.2}) {
    expect_same(value);
  }
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    const double value = std::ldexp(1.0, exponent);
    expect_same(value);
    expect_same(std::nextafter(value, Limits::max()));
    if (exponent > -1074) expect_same(std::nextafter(value, 0.0));
  }
}

// The middle between 1 and the next double, in full.
constexpr std::string_view kMiddle = "1.00000000000000011102230246251565404236316680908203125";

TEST(Decimal, TheMiddleOfTwoIsReadAsTheEvenOne) {
  EXPECT_EQ(nearest_double(kMiddle), 1.0);
  EXPECT_EQ(nearest_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(nearest_double("9007199254740995"), 9007199254740996.0);
  EXPECT_EQ(nearest_double("-9007199254740995"), -9007199254740996.0);
}

TEST(Decimal, ADigitFarBehindTheMiddleCounts) {
  const std::string zeros(100'000, '0');
  EXPECT_EQ(nearest_double(std::string(kMiddle) + zeros), 1.0);
  EXPECT_EQ(nearest_double(std::string(kMiddle) + zeros + "1"), std::nextafter(1.0, 2.0));
  EXPECT_EQ(nearest_double("0." + zeros + "123e100000"), 0.123);
  EXPECT_EQ(nearest_double("123" + zeros + "e-100000"), 123.0);
}

TEST(Decimal, WhatIsTooLargeIsInfinityAndTooSmallZero) {
  EXPECT_EQ(nearest_double("1.7976931348623158e308"), Limits::max());
  EXPECT_EQ(nearest_double("1.7976931348623159e308"), Limits::infinity());
  EXPECT_EQ(nearest_double("-1e309"), -Limits::infinity());
  EXPECT_EQ(nearest_double("1e999999999999999999999"), Limits::infinity());
  EXPECT_EQ(nearest_double("1e-999999999999999999999"), 0.0);
  EXPECT_EQ(nearest_double("2.4703282292062327e-324"), 0.0);
  EXPECT_EQ(nearest_double("2.4703282292062328e-324"), Limits::denorm_min());
  EXPECT_EQ(nearest_double("2e-324"), 0.0);
}

TEST(Decimal, LongDigitsAreTheLibrarys) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2'000; ++i) {
    std::string text(1 + random() % 900, '0');
    for (char& c : text) c = static_cast<char>('0' + random() % 10);
    text[0] = '1';
    text.insert(1, ".");
    text += "5e" + std::to_string(static_cast<int>(random() % 640) - 330);
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec == std::errc()) {
      EXPECT_EQ(nearest_double(text), value) << text;
    }
  }
}

}  // namespace
}  // namespace pluv::json
