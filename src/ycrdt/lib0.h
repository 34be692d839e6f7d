// lib0's number and string coding, which all Yjs formats stand on
// (https://github.com/dmonad/lib0, encoding.js and decoding.js): variable-length integers of up to
// 53 bits, seven bits a byte and the lowest first; signed ones with six bits and a sign in the
// first byte; strings and byte arrays with their length before them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pluv::ycrdt {

// A few bytes that are expected again and again, such as the id of the client whose structs are
// read: told by one comparison instead of being read.
class Spelling {
 public:
  static constexpr std::size_t kSizeMax = 8;

  Spelling() = default;  // of nothing that could be met
  // Longer ones are not met either.
  explicit Spelling(std::string_view bytes) noexcept {
    if (bytes.empty() || bytes.size() > kSizeMax) return;
    unsigned char mask[kSizeMax] = {};
    std::memset(mask, 0xff, bytes.size());
    std::memcpy(&mask_, mask, kSizeMax);
    word_ = 0;
    std::memcpy(&word_, bytes.data(), bytes.size());
    size_ = bytes.size();
  }

 private:
  friend class ByteReader;
  std::uint64_t word_ = 1;  // has a bit that the mask has not: equals nothing
  std::uint64_t mask_ = 0;
  std::size_t size_ = 0;
};

// Reads from bytes that the caller keeps. Once something failed every read answers zero or empty
// and failed() is true, so one check after several reads is enough. Never allocates.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] const char* position() const noexcept { return at_; }
  void fail() noexcept {
    failed_ = true;
    at_ = end_;
  }

  std::uint8_t byte() noexcept {
    if (at_ == end_) {
      fail();
      return 0;
    }
    return static_cast<std::uint8_t>(*at_++);
  }

  // At most 2^53 - 1; longer spellings of small numbers are taken, as lib0 does.
  std::uint64_t var_uint() noexcept {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) {
      return static_cast<std::uint8_t>(*at_++);
    }
    if (left() >= 3) {
      const auto at = [this](int i) { return std::uint64_t{static_cast<std::uint8_t>(at_[i])}; };
      // Clocks of most documents.
      if (at(1) < 0x80) return short_var_uint(2, (at(0) & 0x7f) | at(1) << 7);
      if (at(2) < 0x80) {
        return short_var_uint(3, (at(0) & 0x7f) | (at(1) & 0x7f) << 7 | at(2) << 14);
      }
    }
    // A copy goes there, so that this reader, if it is local, can stay in registers.
    ByteReader reader = *this;
    const std::uint64_t value = reader.long_var_uint();
    *this = reader;
    return value;
  }

  // Whether this comes next; then it is passed. At the very end of the bytes it may be missed.
  bool skip(const Spelling& expected) noexcept {
    if (left() < Spelling::kSizeMax) return false;
    std::uint64_t word;
    std::memcpy(&word, at_, Spelling::kSizeMax);
    if ((word & expected.mask_) != expected.word_) return false;
    at_ += expected.size_;
    return true;
  }

  struct VarInt {
    std::int64_t value = 0;
    bool negative_zero = false;
    bool shortest = true;  // spelled with as few bytes as possible
  };
  VarInt var_int() noexcept;

  // A length and so many bytes.
  std::string_view var_bytes() noexcept {
    const std::uint64_t size = var_uint();
    return bytes(size);
  }
  std::string_view bytes(std::uint64_t size) noexcept {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view out(at_, static_cast<std::size_t>(size));
    at_ += size;
    return out;
  }

 private:
  std::uint64_t short_var_uint(int size, std::uint64_t value) noexcept {
    at_ += size;
    return value;
  }
  std::uint64_t long_var_uint() noexcept;

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

// Bytes of the longest spelling that the writers below use.
inline constexpr std::size_t kVarUintSizeMax = 10;

// Appends to a string that the caller owns.
void write_var_uint(std::string& out, std::uint64_t value);
void write_var_int(std::string& out, std::int64_t value);
inline void write_var_bytes(std::string& out, std::string_view bytes) {
  write_var_uint(out, bytes.size());
  out.append(bytes);
}
// How many bytes write_var_uint takes.
[[nodiscard]] inline std::size_t var_uint_size(std::uint64_t value) noexcept {
  return value == 0 ? 1 : (static_cast<std::size_t>(std::bit_width(value)) + 6) / 7;
}

}  // namespace pluv::ycrdt
