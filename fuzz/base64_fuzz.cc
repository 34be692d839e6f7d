// Any bytes in base64 and back, and any text taken for base64: both ways agree with a plain reading
// of RFC 4648; the blocks of AVX2 agree with what is done without them.
// link: base
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/base64.h"
#include "base/base64_blocks.h"

namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// One bit after the other; the last group has to be filled up with zeros (section 3.5).
std::optional<std::string> plainly_decoded(std::string_view text, std::string_view alphabet,
                                           bool padded) {
  if (padded) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == alphabet.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count));
    bits &= (1u << count) - 1;
  }
  if (bits != 0) return std::nullopt;
  return out;
}

// What a whole encoding and its blocks alone say.
void expect_blocks_agree(std::string_view bytes, std::string_view text) {
  std::string chars(text.size(), '\0');
  const std::size_t encoded = pluv::base64_encode_blocks(bytes.data(), bytes.size(), chars.data());
  PLUV_ASSERT(encoded % 3 == 0 && encoded <= bytes.size());
  PLUV_ASSERT(chars.substr(0, encoded / 3 * 4) == text.substr(0, encoded / 3 * 4));
}

void expect_decoded_blocks_agree(std::string_view text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  const std::size_t decoded = pluv::base64_decode_blocks(text.data(), text.size(), bytes.data());
  PLUV_ASSERT(decoded % 4 == 0 && decoded <= text.size());
  const auto plain = plainly_decoded(text.substr(0, decoded), kStandard, false);
  PLUV_ASSERT(plain.has_value() && *plain == bytes.substr(0, decoded / 4 * 3));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string standard = pluv::base64_encode(bytes);
  const std::string url = pluv::base64url_encode(bytes);
  PLUV_ASSERT(pluv::base64_decode(standard) == bytes);
  PLUV_ASSERT(pluv::base64url_decode(url) == bytes);
  PLUV_ASSERT(plainly_decoded(standard, kStandard, true) == bytes);
  PLUV_ASSERT(plainly_decoded(url, kUrl, false) == bytes);
  std::string appended = "x";
  pluv::base64_append(appended, bytes);
  PLUV_ASSERT(appended == "x" + standard);
  std::string without_blocks;
  pluv::base64_append_plain(without_blocks, bytes);
  PLUV_ASSERT(without_blocks == standard);
  expect_blocks_agree(bytes, standard);

  PLUV_ASSERT(pluv::base64_decode_plain(bytes) == pluv::base64_decode(bytes));
  PLUV_ASSERT(pluv::base64_decode(bytes) == plainly_decoded(bytes, kStandard, true));
  PLUV_ASSERT(pluv::base64url_decode(bytes) == plainly_decoded(bytes, kUrl, false));
  expect_decoded_blocks_agree(bytes);

  // Whole base64 but for one character.
  if (size < 2) return 0;
  std::string changed = standard;
  changed[(data[0] | data[1] << 8u) % changed.size()] = static_cast<char>(data[size - 1]);
  PLUV_ASSERT(pluv::base64_decode(changed) == plainly_decoded(changed, kStandard, true));
  expect_decoded_blocks_agree(changed);
  return 0;
}
