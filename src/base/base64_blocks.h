// The bulk of base64, the standard alphabet, many characters at a time where the processor has the
// instructions (AVX2, found out when it runs; elsewhere these do nothing). After W. Mula and
// D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pluv {

// Encodes whole blocks of `in` and answers how many bytes of it that were, a multiple of 3, for
// which 4 characters each were written to `out`.
[[nodiscard]] std::size_t base64_encode_blocks(const char* in, std::size_t size,
                                               char* out) noexcept;

// Decodes whole blocks of `in` and answers how many characters of it that were, a multiple of 4,
// for which 3 bytes each were written to `out`; it stops before a block with a foreign character.
// May write up to 8 bytes more than that, which is never beyond `size` / 4 * 3.
[[nodiscard]] std::size_t base64_decode_blocks(const char* in, std::size_t size,
                                               char* out) noexcept;

// base64_append and base64_decode without the blocks: what a processor does that has not got them.
// For tests and fuzzers, which hold the two ways to each other on processors that have.
void base64_append_plain(std::string& out, std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decode_plain(std::string_view text);

}  // namespace pluv
