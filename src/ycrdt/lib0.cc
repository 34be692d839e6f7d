#include "ycrdt/lib0.h"

#include "ycrdt/ids.h"

namespace pluv::ycrdt {

namespace {

// The bits of a number of at most eight bytes, the last of which is the first without its highest
// bit. All at once instead of byte by byte: client ids take five.
std::uint64_t bits_of_word(std::uint64_t word, int last_bit) noexcept {
  word &= 0x7f7f7f7f7f7f7f7fu & (~std::uint64_t{0} >> (63 - last_bit));
  // Neighbours of seven bits become groups of 14, 28 and 56.
  word = (word & 0x007f007f007f007fu) | ((word & 0x7f007f007f007f00u) >> 1);
  word = (word & 0x00003fff00003fffu) | ((word & 0x3fff00003fff0000u) >> 2);
  return (word & 0x000000000fffffffu) | ((word & 0x0fffffff00000000u) >> 4);
}

}  // namespace

std::uint64_t ByteReader::long_var_uint() noexcept {
  if (std::endian::native == std::endian::little && left() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at_, 8);
    if (const std::uint64_t ends = ~word & 0x8080808080808080u; ends != 0) {
      const int last_bit = std::countr_zero(ends);
      const std::uint64_t value = bits_of_word(word, last_bit);
      at_ += last_bit / 8 + 1;
      if (value <= kClientIdMax) return value;
      fail();
      return 0;
    }
  }
  std::uint64_t value = 0;
  unsigned shift = 0;
  while (at_ != end_) {
    const auto next = static_cast<std::uint8_t>(*at_++);
    const std::uint64_t bits = next & 0x7f;
    if (shift >= 53 ? bits != 0 : bits > (kClientIdMax >> shift)) break;
    if (shift < 53) value |= bits << shift;
    if (next < 0x80) return value;
    shift += shift < 56 ? 7 : 0;
  }
  fail();
  return 0;
}

ByteReader::VarInt ByteReader::var_int() noexcept {
  const std::uint8_t first = byte();
  const bool negative = (first & 0x40) != 0;
  std::uint64_t value = first & 0x3f;
  unsigned shift = 6;
  std::uint8_t last = first;
  std::size_t count = 1;
  while ((last & 0x80) != 0) {
    last = byte();
    ++count;
    const std::uint64_t bits = last & 0x7f;
    if (failed_ || (shift >= 53 ? bits != 0 : bits > (kClientIdMax >> shift))) {
      fail();
      return {};
    }
    if (shift < 53) value |= bits << shift;
    shift += shift < 56 ? 7 : 0;
  }
  VarInt out;
  out.value = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  out.negative_zero = negative && value == 0;
  out.shortest = count == 1 || (last & 0x7f) != 0;
  return out;
}

void write_var_uint(std::string& out, std::uint64_t value) {
  char buffer[kVarUintSizeMax];
  std::size_t size = 0;
  while (value >= 0x80) {
    buffer[size++] = static_cast<char>(0x80 | (value & 0x7f));
    value >>= 7;
  }
  buffer[size++] = static_cast<char>(value);
  out.append(buffer, size);
}

void write_var_int(std::string& out, std::int64_t value) {
  const bool negative = value < 0;
  std::uint64_t rest =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  char buffer[kVarUintSizeMax + 1];
  std::size_t size = 0;
  buffer[size] = static_cast<char>((rest & 0x3f) | (negative ? 0x40u : 0u));
  rest >>= 6;
  while (rest != 0) {
    buffer[size] = static_cast<char>(static_cast<std::uint8_t>(buffer[size]) | 0x80);
    ++size;
    buffer[size] = static_cast<char>(rest & 0x7f);
    rest >>= 7;
  }
  out.append(buffer, size + 1);
}

}  // namespace pluv::ycrdt
