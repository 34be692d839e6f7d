// The bytes that the module and its host hand each other: little-endian numbers, and texts as a
// length and their bytes. Both ends are the same release, so there is nothing to negotiate; what
// does not fit is a bug and asserts. Points in time, tickets and numbers of updates are doubles,
// since the host is JavaScript: whole numbers below 2^53. Values; not thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace pluv::cloudflare {

static_assert(std::endian::native == std::endian::little);

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::uint8_t u8() noexcept { return number<std::uint8_t>(); }
  [[nodiscard]] std::uint32_t u32() noexcept { return number<std::uint32_t>(); }
  // A whole number of the host's.
  [[nodiscard]] std::int64_t whole() noexcept { return static_cast<std::int64_t>(real()); }
  [[nodiscard]] double real() noexcept { return number<double>(); }
  // A view into the bytes.
  [[nodiscard]] std::string_view text() noexcept {
    const std::uint32_t size = u32();
    PLUV_ASSERT(size <= bytes_.size());
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] bool at_end() const noexcept { return bytes_.empty(); }

 private:
  template <class T>
  T number() noexcept {
    PLUV_ASSERT(sizeof(T) <= bytes_.size());
    T value;
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return value;
  }

  std::string_view bytes_;
};

class ByteWriter {
 public:
  // bytes is appended to, and outlives the writer.
  explicit ByteWriter(std::string& bytes) noexcept : bytes_(bytes) {}

  void u8(std::uint8_t value) { number(value); }
  void u32(std::uint32_t value) { number(value); }
  void whole(std::int64_t value) { number(static_cast<double>(value)); }
  void text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  // How many there are, and all of them. Number: of four bytes.
  template <class Number>
  void u32s(std::span<const Number> values) {
    static_assert(sizeof(Number) == sizeof(std::uint32_t));
    u32(static_cast<std::uint32_t>(values.size()));
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  // Where they are instead of the bytes, which stay there until the host has read them: documents
  // are not copied.
  void reference(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    u32(static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(value.data())));
  }

 private:
  template <class T>
  void number(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
  }

  std::string& bytes_;
};

}  // namespace pluv::cloudflare
