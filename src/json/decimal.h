// Between doubles and decimal digits, exactly, with big integers instead of the standard
// library's tables, which are 120 KB of a WebAssembly module. What has up to 15 digits, as most of
// what people and programs write, is printed without big integers; the rest takes a few
// microseconds, for which native builds use the library. Pure functions; no allocation.
#pragma once

#include <array>
#include <string_view>

namespace pluv::json {

// d.ddd times ten to the exponent.
struct DecimalDigits {
  std::array<char, 20> text;
  int count = 0;  // 1 to 17
  int exponent = 0;
};

// The fewest digits that read back as value, and of those the nearest ones. value: finite, above 0.
[[nodiscard]] DecimalDigits shortest_digits(double value) noexcept;

// The double nearest to a text that follows JSON's grammar for numbers, of two the even one;
// Infinity or -Infinity when it is too large.
[[nodiscard]] double nearest_double(std::string_view text) noexcept;

}  // namespace pluv::json
