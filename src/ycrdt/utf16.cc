#include "ycrdt/utf16.h"

#include <cstring>

#include "base/utf8.h"

namespace pluv::ycrdt {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080u;

template <class Word>
Word word_at(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

bool all_ascii(std::string_view text) noexcept {
  const char* const begin = text.data();
  const std::size_t size = text.size();
  std::uint64_t bits = 0;
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      bits = word_at<std::uint64_t>(begin + at);
      if ((bits & kHighBits) != 0) return false;
    }
    bits = word_at<std::uint64_t>(begin + size - 8);  // the rest, and some of it again
  } else if (size >= 4) {
    bits = word_at<std::uint32_t>(begin) | word_at<std::uint32_t>(begin + size - 4);
  } else {
    for (const char c : text) bits |= static_cast<std::uint8_t>(c);
  }
  return (bits & kHighBits) == 0;
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
