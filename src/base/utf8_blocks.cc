#include "base/utf8_blocks.h"

#include <cstdint>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace pluv {

#ifdef __x86_64__

namespace {

constexpr std::size_t kBlock = 32;

// What may be wrong with two bytes that follow each other. Each half of the first and the upper
// half of the second rule some of it out; what all three leave is wrong.
constexpr char kTooShort = 1 << 0;   // a lead byte or ASCII where a continuation has to be
constexpr char kTooLong = 1 << 1;    // a continuation after ASCII
constexpr char kOverlong3 = 1 << 2;  // E0 80 to E0 9F
constexpr char kTooLarge = 1 << 3;   // F4 90 and more
constexpr char kSurrogate = 1 << 4;  // ED A0 and more
constexpr char kOverlong2 = 1 << 5;  // C0 and C1
constexpr char kOverlong4 = 1 << 6;  // F0 80 to F0 8F; F5 80 and more
constexpr char kTwo = static_cast<char>(1 << 7);  // two continuations: right after E0 to F4 only
constexpr char kAnyLow = kTooShort | kTooLong | kTwo;
constexpr char kLarge = kAnyLow | kTooLarge | kOverlong4;
constexpr char kAfter = kTooLong | kOverlong2 | kTwo;

const bool kHasAvx2 = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}();

__attribute__((target("avx2"))) __m256i look_up(const char (&table)[16], __m256i nibbles) noexcept {
  const __m128i half = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_set_m128i(half, half), nibbles);
}

constexpr char kFirstHigh[16] = {
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTwo,
    kTwo,
    kTwo,
    kTwo,
    kTooShort | kOverlong2,
    kTooShort,
    kTooShort | kOverlong3 | kSurrogate,
    kTooShort | kTooLarge | kOverlong4,
};
constexpr char kFirstLow[16] = {
    kAnyLow | kOverlong3 | kOverlong2 | kOverlong4,
    kAnyLow | kOverlong2,
    kAnyLow,
    kAnyLow,
    kAnyLow | kTooLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge,
    kLarge | kSurrogate,
    kLarge,
    kLarge,
};
constexpr char kSecondHigh[16] = {
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kAfter | kOverlong3 | kOverlong4,
    kAfter | kOverlong3 | kTooLarge,
    kAfter | kSurrogate | kTooLarge,
    kAfter | kSurrogate | kTooLarge,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
};

// The block moved on by so many bytes, after the end of the one before.
template <int kBytes>
__attribute__((target("avx2"))) __m256i moved(__m256i block, __m256i before) noexcept {
  return _mm256_alignr_epi8(block, _mm256_permute2x128_si256(before, block, 0x21), 16 - kBytes);
}

// Where something is wrong with the block.
__attribute__((target("avx2"))) __m256i wrong(__m256i block, __m256i before) noexcept {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i first = moved<1>(block, before);
  const __m256i pairs = _mm256_and_si256(
      _mm256_and_si256(look_up(kFirstHigh, _mm256_and_si256(_mm256_srli_epi16(first, 4), nibble)),
                       look_up(kFirstLow, _mm256_and_si256(first, nibble))),
      look_up(kSecondHigh, _mm256_and_si256(_mm256_srli_epi16(block, 4), nibble)));
  // The third byte after E0 and more and the fourth after F0 and more: two continuations are right
  // there, and nowhere else.
  const __m256i third = _mm256_subs_epu8(moved<2>(block, before), _mm256_set1_epi8(0xe0 - 0x80));
  const __m256i fourth = _mm256_subs_epu8(moved<3>(block, before), _mm256_set1_epi8(0xf0 - 0x80));
  const __m256i two = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(kTwo));
  return _mm256_xor_si256(two, pairs);
}

__attribute__((target("avx2"))) std::size_t valid_avx2(const char* bytes,
                                                       std::size_t size) noexcept {
  __m256i before = _mm256_setzero_si256();
  std::size_t at = 0;
  for (; size - at >= kBlock; at += kBlock) {
    const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + at));
    const __m256i bad = wrong(block, before);
    if (_mm256_testz_si256(bad, bad) == 0) break;
    before = block;
  }
  // The last character may go on after the blocks.
  std::size_t lead = at;
  while (lead > 0 && at - lead < 4) {
    const auto byte = static_cast<std::uint8_t>(bytes[--lead]);
    if (byte < 0x80) return at;
    if (byte < 0xc0) continue;
    const std::size_t length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return lead + length <= at ? at : lead;
  }
  return at;
}

}  // namespace

std::size_t utf8_valid_blocks(const char* bytes, std::size_t size) noexcept {
  return kHasAvx2 ? valid_avx2(bytes, size) : 0;
}

#else

std::size_t utf8_valid_blocks(const char*, std::size_t) noexcept { return 0; }

#endif

}  // namespace pluv
