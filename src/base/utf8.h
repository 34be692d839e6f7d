// UTF-8 validation after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstdint>
#include <string_view>

namespace pluv {

[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

// Validates a text that arrives in pieces, cut anywhere (RFC 6455 section 8.1: a WebSocket endpoint
// fails a connection as soon as a text message cannot be UTF-8 any more).
class Utf8Validator {
 public:
  // False as soon as the text so far cannot be the beginning of valid UTF-8.
  [[nodiscard]] bool feed(std::string_view bytes) noexcept;
  // The same as a processor does it that has no AVX2 (utf8_blocks.h). For tests and fuzzers, which
  // hold the two ways to each other.
  [[nodiscard]] bool feed_plain(std::string_view bytes) noexcept;
  // True when the text so far is complete.
  [[nodiscard]] bool complete() const noexcept { return remaining_ == 0; }
  void reset() noexcept { *this = Utf8Validator{}; }

 private:
  template <bool kBlocks>
  [[nodiscard]] bool feed_by(std::string_view bytes) noexcept;

  std::uint8_t remaining_ = 0;  // continuation bytes still due
  std::uint8_t lower_ = 0x80;   // range of the next continuation byte
  std::uint8_t upper_ = 0xbf;
};

}  // namespace pluv
