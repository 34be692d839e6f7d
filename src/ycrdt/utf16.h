// Texts are UTF-8 in memory and on the wire, and counted in UTF-16 code units, as JavaScript does.
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pluv::ycrdt {

// The bytes of U+FFFD, which stands for half a surrogate pair.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length in UTF-16 code units; nullopt when the text is not UTF-8 (RFC 3629).
[[nodiscard]] std::optional<std::size_t> utf16_length(std::string_view text) noexcept;

// Where in valid UTF-8 the code unit `index` begins.
struct Utf16Position {
  std::size_t byte = 0;
  bool inside_pair = false;  // it is the second half of the character that begins at `byte`
};
// Precondition: index <= utf16_length(text). Linear in index.
[[nodiscard]] Utf16Position utf16_position(std::string_view text, std::size_t index) noexcept;

}  // namespace pluv::ycrdt
