#include "ycrdt/utf16.h"

#include <cstring>

#include "base/utf8.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080u;

bool all_ascii(std::string_view text) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    if ((word & kHighBits) != 0) return false;
  }
  for (; left != 0; ++at, --left) {
    if ((static_cast<std::uint8_t>(*at) & 0x80) != 0) return false;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> utf16_length(std::string_view text) noexcept {
  if (all_ascii(text)) return text.size();
  if (!is_utf8(text)) return std::nullopt;
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    units +=
        static_cast<std::size_t>((byte & 0xc0) != 0x80) + static_cast<std::size_t>(byte >= 0xf0);
  }
  return units;
}

Utf16Position utf16_position(std::string_view text, std::size_t index) noexcept {
  std::size_t units = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (units == index) return {at, false};
    const auto lead = static_cast<std::uint8_t>(text[at]);
    if (lead < 0x80) {
      at += 1;
    } else if (lead < 0xe0) {
      at += 2;
    } else if (lead < 0xf0) {
      at += 3;
    } else {
      if (units + 1 == index) return {at, true};
      at += 4;
      ++units;
    }
    ++units;
  }
  return {text.size(), false};
}

}  // namespace pluv::ycrdt
