// Values as Yjs documents hold them: what JSON has, and undefined, big integers and byte arrays
// besides. lib0 calls the encoding "Any" (encoding.js, writeAny). Inside a document values stay in
// that encoding, spelled as lib0 itself spells them, so that they are copied and compared as bytes;
// class Any is for who reads or writes them.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {

// A value and all that is in it. Objects keep their members in JavaScript's order once encoded:
// array indices first and ascending, then the others as they were first set; of two equal keys the
// last one counts.
class Any {
 public:
  struct Undefined {
    bool operator==(const Undefined&) const = default;
  };
  struct Null {
    bool operator==(const Null&) const = default;
  };
  struct BigInt {
    std::int64_t value = 0;
    bool operator==(const BigInt&) const = default;
  };
  struct Bytes {
    std::string value;
    bool operator==(const Bytes&) const = default;
  };
  using Array = std::vector<Any>;
  using Object = std::vector<std::pair<std::string, Any>>;
  using Value =
      std::variant<Undefined, Null, bool, double, BigInt, std::string, Bytes, Array, Object>;

  Any() = default;                         // undefined
  Any(std::nullptr_t) : value_(Null{}) {}  // NOLINT: implicit
  // A bool itself, nothing that only converts to it, such as a pointer.
  template <std::same_as<bool> T>
  Any(T value) : value_(value) {}       // NOLINT: implicit
  Any(double value) : value_(value) {}  // NOLINT: implicit
  // A number of any integer type. JavaScript's numbers are doubles: exact up to 2^53, beyond it the
  // nearest that there is. BigInt is exact.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Any(T value) : value_(static_cast<double>(value)) {}       // NOLINT: implicit
  Any(BigInt value) : value_(value) {}                       // NOLINT: implicit
  Any(const char* text) : value_(std::string(text)) {}       // NOLINT: implicit
  Any(std::string text) : value_(std::move(text)) {}         // NOLINT: implicit
  Any(std::string_view text) : value_(std::string(text)) {}  // NOLINT: implicit
  Any(Bytes bytes) : value_(std::move(bytes)) {}             // NOLINT: implicit
  Any(Array array) : value_(std::move(array)) {}             // NOLINT: implicit
  Any(Object object) : value_(std::move(object)) {}          // NOLINT: implicit
  // Neither a number nor a text for sure.
  Any(char) = delete;
  Any(wchar_t) = delete;
  Any(char8_t) = delete;
  Any(char16_t) = delete;
  Any(char32_t) = delete;
  template <class T>
    requires(std::is_pointer_v<T> && !std::is_convertible_v<T, const char*>)
  Any(T) = delete;

  [[nodiscard]] const Value& value() const& noexcept { return value_; }
  [[nodiscard]] Value& value() & noexcept { return value_; }
  [[nodiscard]] Value value() && noexcept { return std::move(value_); }
  // The alternative T of Value, nullptr when it is another. Of a temporary a value, since a pointer
  // would be there longer than what it points to.
  template <class T>
  [[nodiscard]] const T* get() const& noexcept {
    return std::get_if<T>(&value_);
  }
  template <class T>
  [[nodiscard]] T* get() & noexcept {
    return std::get_if<T>(&value_);
  }
  template <class T>
  [[nodiscard]] std::optional<T> get() && noexcept {
    T* const found = std::get_if<T>(&value_);
    return found == nullptr ? std::nullopt : std::optional<T>(std::move(*found));
  }
  [[nodiscard]] bool is_undefined() const noexcept {
    return std::holds_alternative<Undefined>(value_);
  }
  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<Null>(value_); }

  // Numbers as JavaScript's ===, objects with their members in order.
  bool operator==(const Any&) const = default;

 private:
  Value value_;
};

// An array index of ECMAScript: "0" to "4294967294" without leading zeros. Such keys of an object
// come before its others, ascending.
[[nodiscard]] std::optional<std::uint32_t> array_index(std::string_view key) noexcept;

// Why an encoded value is refused. Malformed: cut off, of unknown kind, or with text that is not
// UTF-8.
enum class AnyFault : std::uint8_t { none, malformed, too_deep };

// Walks over one encoded value, with at most depth_max containers in each other. Where there is a
// fault the reader failed. `shortest` is set to false when lib0 would spell the value in another
// way (see respell_any); it is never set to true.
[[nodiscard]] AnyFault check_any(ByteReader& reader, std::size_t depth_max,
                                 bool& shortest) noexcept;
// Whether there is no fault.
[[nodiscard]] inline bool skip_any(ByteReader& reader, std::size_t depth_max,
                                   bool& shortest) noexcept {
  return check_any(reader, depth_max, shortest) == AnyFault::none;
}

// The functions below take values that skip_any accepted.

// Decodes the value at the reader's place.
[[nodiscard]] Any read_any(ByteReader& reader);
[[nodiscard]] Any decode_any(std::string_view encoded);
// Appends the value as lib0 encodes it.
void write_any(std::string& out, const Any& value);
// Appends the encoded value in lib0's own spelling.
void respell_any(std::string& out, std::string_view encoded);

// Appends JSON.stringify of the value: undefined is left out of objects and null elsewhere, byte
// arrays are objects of their indices. Big integers, which JSON.stringify refuses, are numbers.
void append_json(std::string& out, std::string_view encoded);
[[nodiscard]] std::string to_json(const Any& value);
// Appends the value of a JSON text. An error when the text is not JSON or too deep.
[[nodiscard]] Result<void> encode_json(std::string& out, std::string_view text,
                                       std::size_t depth_max);

// True when the value is undefined, which legacy lists hold, or null.
[[nodiscard]] inline bool is_encoded_null(std::string_view encoded) noexcept {
  return encoded.size() == 1 && static_cast<std::uint8_t>(encoded[0]) == 126;
}

}  // namespace pluv::ycrdt
