#include "base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/base64_blocks.h"

namespace pluv {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kForeign = 0xff;

constexpr std::array<std::uint8_t, 256> inverse(std::string_view alphabet) {
  std::array<std::uint8_t, 256> table{};
  table.fill(kForeign);
  for (std::size_t at = 0; at < alphabet.size(); ++at) {
    table[static_cast<std::uint8_t>(alphabet[at])] = static_cast<std::uint8_t>(at);
  }
  return table;
}

constexpr auto kStandardInverse = inverse(kStandard);
constexpr auto kUrlInverse = inverse(kUrl);

// Writes the characters of `bytes` and answers where they end.
char* encode(std::string_view bytes, std::string_view alphabet, char padding, char* out) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  std::size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    const std::uint32_t group =
        (std::uint32_t{byte(at)} << 16) | (std::uint32_t{byte(at + 1)} << 8) | byte(at + 2);
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[(group >> 12) & 63];
    *out++ = alphabet[(group >> 6) & 63];
    *out++ = alphabet[group & 63];
  }
  const std::size_t rest = bytes.size() - at;
  if (rest == 0) return out;
  const std::uint32_t group =
      (std::uint32_t{byte(at)} << 16) | (rest == 2 ? std::uint32_t{byte(at + 1)} << 8 : 0u);
  *out++ = alphabet[group >> 18];
  *out++ = alphabet[(group >> 12) & 63];
  if (rest == 2) {
    *out++ = alphabet[(group >> 6) & 63];
  } else if (padding != 0) {
    *out++ = padding;
  }
  if (padding != 0) *out++ = padding;
  return out;
}

// Writes the bytes of `text`, which has no padding, and answers where they end; null when it is no
// base64.
char* decode(std::string_view text, const std::array<std::uint8_t, 256>& table,
             char* out) noexcept {
  const auto value = [&](std::size_t at) { return table[static_cast<std::uint8_t>(text[at])]; };
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    const std::uint8_t a = value(at);
    const std::uint8_t b = value(at + 1);
    const std::uint8_t c = value(at + 2);
    const std::uint8_t d = value(at + 3);
    if ((a | b | c | d) > 63) return nullptr;
    *out++ = static_cast<char>(a << 2 | b >> 4);
    *out++ = static_cast<char>(b << 4 | c >> 2);
    *out++ = static_cast<char>(c << 6 | d);
  }
  const std::size_t rest = text.size() - at;
  if (rest == 0) return out;
  if (rest == 1) return nullptr;
  const std::uint8_t a = value(at);
  const std::uint8_t b = value(at + 1);
  const std::uint8_t c = rest == 3 ? value(at + 2) : std::uint8_t{0};
  if ((a | b | c) > 63) return nullptr;
  *out++ = static_cast<char>(a << 2 | b >> 4);
  if (rest == 2) return (b & 15) == 0 ? out : nullptr;
  *out++ = static_cast<char>(b << 4 | c >> 2);
  return (c & 3) == 0 ? out : nullptr;
}

template <bool kBlocks>
void append(std::string& out, std::string_view bytes) {
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  char* const to = out.data() + begin;
  std::size_t blocks = 0;
  if constexpr (kBlocks) blocks = base64_encode_blocks(bytes.data(), bytes.size(), to);
  encode(bytes.substr(blocks), kStandard, '=', to + blocks / 3 * 4);
}

template <bool kBlocks>
std::optional<std::string> decode_padded(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string out(text.size() / 4 * 3 + 2, '\0');
  std::size_t blocks = 0;
  if constexpr (kBlocks) blocks = base64_decode_blocks(text.data(), text.size(), out.data());
  const char* const end =
      decode(text.substr(blocks), kStandardInverse, out.data() + blocks / 4 * 3);
  if (end == nullptr) return std::nullopt;
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

}  // namespace

void base64_append(std::string& out, std::string_view bytes) { append<true>(out, bytes); }

void base64_append_plain(std::string& out, std::string_view bytes) { append<false>(out, bytes); }

std::string base64_encode(std::string_view bytes) {
  std::string out;
  base64_append(out, bytes);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  return decode_padded<true>(text);
}

std::optional<std::string> base64_decode_plain(std::string_view text) {
  return decode_padded<false>(text);
}

std::string base64url_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '\0');
  out.resize(static_cast<std::size_t>(encode(bytes, kUrl, 0, out.data()) - out.data()));
  return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 2, '\0');
  const char* const end = decode(text, kUrlInverse, out.data());
  if (end == nullptr) return std::nullopt;
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

}  // namespace pluv
