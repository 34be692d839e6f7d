// Numbers between text and double, exactly as JavaScript reads and prints them. Pure functions; no
// locale and, but for the growth of `out`, no allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pluv::json {

// The nearest double of a text that follows JSON's grammar for numbers (a Reader checked it);
// Infinity or -Infinity when too large, as JSON.parse gives.
[[nodiscard]] double number_from_text(std::string_view text) noexcept;

// As Number::toString prints it (ECMA-262 section 6.1.6.1.20): the shortest digits that read back
// equal, an exponent from 1e21 and below 1e-6; -0 is 0; null when not finite, as JSON.stringify.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);
void append_number(std::string& out, std::uint64_t value);

}  // namespace pluv::json
