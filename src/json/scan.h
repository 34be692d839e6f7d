// The inner loops shared by what reads and writes JSON: runs of plain text, single UTF-8 sequences
// and escapes. Internal to src/json; owns nothing and never reads past `end`.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace pluv::json::scan {

[[nodiscard]] inline bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

[[nodiscard]] inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The first byte at or after `at` that is a quotation mark, a backslash, a control character or not
// ASCII; `end` when there is none. Sixteen (or eight) bytes at a time.
[[nodiscard]] inline const char* plain_run(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Signed: bytes from 0x80 are negative, so one comparison finds them and the controls.
    const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    const int mask = _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
    if (mask != 0) return at + std::countr_zero(static_cast<unsigned>(mask));
    at += 16;
  }
#else
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    constexpr std::uint64_t kOnes = 0x0101010101010101u;
    constexpr std::uint64_t kHighs = 0x8080808080808080u;
    const std::uint64_t quote = word ^ (kOnes * '"');
    const std::uint64_t slash = word ^ (kOnes * '\\');
    // Each term has a high bit set if any of its bytes is wanted (exact as a test for "any").
    const std::uint64_t found = (word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes) | word;
    if ((found & kHighs) != 0) break;
    at += 8;
  }
#endif
  while (at != end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
    ++at;
  }
  return at;
}

// Bytes of the valid UTF-8 sequence at `at` (1 to 4), or 0 when it is malformed or cut off
// (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF). at < end.
[[nodiscard]] inline int utf8_size(const char* at, const char* end) noexcept {
  const auto byte = [at](int i) { return static_cast<std::uint8_t>(at[i]); };
  const auto tail = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
  const std::uint8_t lead = byte(0);
  const auto left = end - at;
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && tail(1) ? 2 : 0;
  if (lead < 0xf0) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (lead > 0xf4 || left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return 4;
}

// -1 when c is no hexadecimal digit.
[[nodiscard]] inline int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Of four digits that a Reader has checked.
[[nodiscard]] inline std::uint32_t hex4(const char* at) noexcept {
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    unit = unit << 4 | static_cast<std::uint32_t>(hex_digit(at[i]));
  }
  return unit;
}

inline void append_utf8(std::uint32_t point, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

[[nodiscard]] inline char unescaped(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;  // a quotation mark, a backslash or a slash
  }
}

}  // namespace pluv::json::scan
