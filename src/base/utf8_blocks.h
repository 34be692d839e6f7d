// The bulk of UTF-8 validation, 32 bytes at a time where the processor has AVX2 (elsewhere it does
// nothing). After J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction Per
// Byte", 2021.
#pragma once

#include <cstddef>

namespace pluv {

// How many bytes from the beginning, which begins a character, are seen to be whole valid
// characters. What comes after them has to be looked at otherwise: it may be good or not.
[[nodiscard]] std::size_t utf8_valid_blocks(const char* bytes, std::size_t size) noexcept;

}  // namespace pluv
