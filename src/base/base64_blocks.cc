#include "base/base64_blocks.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace pluv {

#ifdef __x86_64__

namespace {

// 24 bytes are 32 characters.
constexpr std::size_t kBytes = 24;
constexpr std::size_t kChars = 32;
// What a block reads or writes beyond its own: an encoder reads 28 bytes, a decoder writes 32.
constexpr std::size_t kReadBytes = 28;
constexpr std::size_t kSpareChars = 12;  // more input, so that 8 bytes more of output are its own

const bool kHasAvx2 = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}();

__attribute__((target("avx2"))) __m256i twice(char a, char b, char c, char d, char e, char f,
                                              char g, char h, char i, char j, char k, char l,
                                              char m, char n, char o, char p) noexcept {
  return _mm256_setr_epi8(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, a, b, c, d, e, f, g, h, i,
                          j, k, l, m, n, o, p);
}

__attribute__((target("avx2"))) std::size_t encode_avx2(const char* in, std::size_t size,
                                                        char* out) noexcept {
  // Of three bytes a b c, as b a c b: each 16 bits hold two of the four values.
  const __m256i spread = twice(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // What turns a value into its character, by the range that it is in.
  const __m256i shift =
      twice('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
            '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
  std::size_t at = 0;
  for (; size - at >= kReadBytes; at += kBytes, out += kChars) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at + 12));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    const __m256i first = _mm256_mulhi_epu16(
        _mm256_and_si256(bytes, _mm256_set1_epi32(0x0fc0'fc00)), _mm256_set1_epi32(0x0400'0040));
    const __m256i second = _mm256_mullo_epi16(
        _mm256_and_si256(bytes, _mm256_set1_epi32(0x003f'03f0)), _mm256_set1_epi32(0x0100'0010));
    const __m256i values = _mm256_or_si256(first, second);
    // 0: a to z, 1 to 10: digits, 11 and 12: + and /, 13: A to Z.
    const __m256i range = _mm256_or_si256(
        _mm256_subs_epu8(values, _mm256_set1_epi8(51)),
        _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), values), _mm256_set1_epi8(13)));
    const __m256i chars = _mm256_add_epi8(values, _mm256_shuffle_epi8(shift, range));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), chars);
  }
  return at;
}

__attribute__((target("avx2"))) std::size_t decode_avx2(const char* in, std::size_t size,
                                                        char* out) noexcept {
  // A character is foreign when the sets of its two halves meet.
  const __m256i low_sets = twice(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13,
                                 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  const __m256i high_sets = twice(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10,
                                  0x10, 0x10, 0x10, 0x10, 0x10);
  // What turns a character into its value, by its upper half; / has a place of its own.
  const __m256i shift = twice(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m256i gather = twice(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  const __m256i slash = _mm256_set1_epi8('/');
  std::size_t at = 0;
  for (; size - at >= kChars + kSpareChars; at += kChars, out += kBytes) {
    const __m256i chars = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + at));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi32(chars, 4), slash);
    const __m256i low = _mm256_and_si256(chars, slash);
    const __m256i foreign =
        _mm256_and_si256(_mm256_shuffle_epi8(low_sets, low), _mm256_shuffle_epi8(high_sets, high));
    if (_mm256_testz_si256(foreign, foreign) == 0) break;
    const __m256i values = _mm256_add_epi8(
        chars, _mm256_shuffle_epi8(shift, _mm256_add_epi8(_mm256_cmpeq_epi8(chars, slash), high)));
    const __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x0140'0140));
    const __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001'1000));
    const __m256i halves = _mm256_shuffle_epi8(groups, gather);
    const __m256i bytes =
        _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
  }
  return at;
}

}  // namespace

std::size_t base64_encode_blocks(const char* in, std::size_t size, char* out) noexcept {
  return kHasAvx2 ? encode_avx2(in, size, out) : 0;
}

std::size_t base64_decode_blocks(const char* in, std::size_t size, char* out) noexcept {
  return kHasAvx2 ? decode_avx2(in, size, out) : 0;
}

#else

std::size_t base64_encode_blocks(const char*, std::size_t, char*) noexcept { return 0; }

std::size_t base64_decode_blocks(const char*, std::size_t, char*) noexcept { return 0; }

#endif

}  // namespace pluv
