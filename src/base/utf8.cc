#include "base/utf8.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "base/utf8_blocks.h"

namespace pluv {
namespace {

// Texts so long are worth the look at blocks.
constexpr std::ptrdiff_t kBlocksFrom = 64;

bool continues(char c) noexcept { return (static_cast<std::uint8_t>(c) & 0xc0u) == 0x80u; }

}  // namespace

template <bool kBlocks>
bool Utf8Validator::feed_by(std::string_view bytes) noexcept {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (remaining_ == 0) {
      while (end - at >= 32) {  // most text is ASCII
        std::array<std::uint64_t, 4> words;
        std::memcpy(words.data(), at, 32);
        const std::uint64_t all = words[0] | words[1] | words[2] | words[3];
        if ((all & 0x8080808080808080u) != 0) break;
        at += 32;
      }
      while (end - at >= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        if ((word & 0x8080808080808080u) != 0) break;
        at += 8;
      }
      if (at == end) break;
      if (kBlocks && end - at >= kBlocksFrom) {
        at += utf8_valid_blocks(at, static_cast<std::size_t>(end - at));
        if (at == end) break;
      }
      const auto lead = static_cast<std::uint8_t>(*at++);
      if (lead < 0x80) continue;
      lower_ = 0x80;
      upper_ = 0xbf;
      if (lead >= 0xc2 && lead <= 0xdf) {
        if (at != end && continues(*at)) {
          ++at;
          continue;
        }
        remaining_ = 1;
      } else if (lead >= 0xe0 && lead <= 0xef) {
        remaining_ = 2;
        if (lead == 0xe0) lower_ = 0xa0;
        if (lead == 0xed) upper_ = 0x9f;
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        remaining_ = 3;
        if (lead == 0xf0) lower_ = 0x90;
        if (lead == 0xf4) upper_ = 0x8f;
      } else {
        return false;
      }
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(*at++);
    if (byte < lower_ || byte > upper_) return false;
    lower_ = 0x80;
    upper_ = 0xbf;
    --remaining_;
  }
  return true;
}

bool Utf8Validator::feed(std::string_view bytes) noexcept { return feed_by<true>(bytes); }

bool Utf8Validator::feed_plain(std::string_view bytes) noexcept { return feed_by<false>(bytes); }

bool is_utf8(std::string_view bytes) noexcept {
  Utf8Validator validator;
  return validator.feed(bytes) && validator.complete();
}

}  // namespace pluv
