// The validator that takes a text in pieces must agree, wherever it is cut, with the one that sees
// the whole; and both, and the blocks of AVX2, with a plain decoder of RFC 3629 written here.
// link: base
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "base/utf8_blocks.h"

namespace {

// Section 3's table read literally: decode, then ask whether the form was the shortest.
bool decodes(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = static_cast<std::uint8_t>(bytes[at++]);
    std::uint32_t point = lead;
    std::uint32_t least = 0;
    int more = 0;
    if (lead >= 0xf8) return false;
    if (lead >= 0xf0) {
      point = lead & 0x07u, more = 3, least = 0x10000;
    } else if (lead >= 0xe0) {
      point = lead & 0x0fu, more = 2, least = 0x800;
    } else if (lead >= 0xc0) {
      point = lead & 0x1fu, more = 1, least = 0x80;
    } else if (lead >= 0x80) {
      return false;
    }
    for (; more > 0; --more, ++at) {
      if (at == bytes.size() || (static_cast<std::uint8_t>(bytes[at]) & 0xc0u) != 0x80u) {
        return false;
      }
      point = point << 6 | (static_cast<std::uint8_t>(bytes[at]) & 0x3fu);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool valid = pluv::is_utf8(text);
  PLUV_ASSERT(valid == decodes(text));
  pluv::Utf8Validator plain;
  PLUV_ASSERT(valid == (plain.feed_plain(text) && plain.complete()));

  // What the blocks have seen is good, and ends where a character does.
  const std::size_t seen = pluv::utf8_valid_blocks(text.data(), text.size());
  PLUV_ASSERT(seen <= text.size() && decodes(text.substr(0, seen)));
  PLUV_ASSERT(valid == decodes(text.substr(seen)));

  // The first byte chooses the size of the pieces.
  const std::size_t piece = data[0] % 32u + 1u;
  pluv::Utf8Validator validator;
  bool fed = true;
  for (std::size_t at = 0; at < text.size() && fed; at += piece) {
    fed = validator.feed(text.substr(at, piece));
  }
  PLUV_ASSERT(valid == (fed && validator.complete()));

  // What was refused early cannot be the beginning of anything valid.
  if (!fed) {
    pluv::Utf8Validator again;
    PLUV_ASSERT(!again.feed(text));
  }
  return 0;
}
