// Reader: a pull reader that validates JSON (RFC 8259, strict) while it walks over a text that the
// caller owns. It never allocates except into a scratch string that the caller passes in, never
// recurses, never throws and never accepts invalid UTF-8, trailing commas, comments or a BOM.
//
// An escaped lone surrogate ("\ud800") is accepted, as JSON.parse does, and decodes to U+FFFD,
// since UTF-8 cannot carry it; raw texts keep its spelling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::json {

// Containers that may be open at once, by default and at most.
inline constexpr std::size_t kDepthMax = 64;
inline constexpr std::size_t kDepthCap = 512;

enum class Kind : std::uint8_t { none, null, boolean, number, string, array, object };

// The kind of a JSON text, told by its first byte that is not white space; none when no value
// begins so. Validates nothing else.
[[nodiscard]] Kind kind_of(std::string_view raw) noexcept;

// "string", "number" ...; "nothing" for none.
[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

// Why and where (in bytes from the start of the text) reading stopped. Costs no allocation.
struct ReadError {
  ErrorCode code = ErrorCode::invalid;  // invalid, or limit when too deep
  const char* reason = nullptr;
  std::size_t offset = 0;

  // "Unexpected character at byte 12".
  [[nodiscard]] Error to_error() const;
};

// One value at a time, in the order of the text:
//
//   Reader reader(text);
//   std::string scratch;
//   std::string_view key, data;
//   if (reader.enter_object()) {
//     while (reader.next_member(scratch, key)) {
//       if (key == "data") reader.raw_value(data); else reader.skip_value();
//     }
//   }
//   if (!reader.finish()) return reader.error().to_error();
//
// Every function answers false once anything has failed, so one check at the end is enough. After
// next_member or next_element answered true exactly one value must be read (or skipped). Views into
// the text live as long as the text. A Reader is a small value: a copy is a bookmark to go back to.
// Not thread-safe.
class Reader {
 public:
  // depth_max counts containers open at once; more than kDepthCap is taken as kDepthCap.
  explicit Reader(std::string_view text, std::size_t depth_max = kDepthMax) noexcept;

  // The kind of the next value; none at the end, after an error, or when no value begins here.
  [[nodiscard]] Kind peek() noexcept;

  bool enter_object() noexcept;
  // True: `key` is the next member's unescaped name (a view into the text, or into scratch when it
  // has escapes) and its value is next. False: the object was left, or an error.
  bool next_member(std::string& scratch, std::string_view& key);
  // The name that next_member gave last, as it is spelled, with its quotation marks.
  [[nodiscard]] std::string_view last_name() const noexcept { return name_; }

  bool enter_array() noexcept;
  // True: an element is next. False: the array was left, or an error.
  bool next_element() noexcept;

  // `out` views the text when the string has no escapes, else scratch (which is overwritten).
  bool read_string(std::string_view& out, std::string& scratch);
  // As JSON.parse: the nearest double; Infinity when too large.
  bool read_number(double& out) noexcept;
  // The number as it is spelled.
  bool read_number_text(std::string_view& out) noexcept;
  bool read_bool(bool& out) noexcept;
  bool read_null() noexcept;

  // Validates one value of any kind and gives its exact text, without white space around it.
  bool raw_value(std::string_view& out) noexcept;
  // Validates one value and drops it.
  bool skip_value() noexcept;

  // True when nothing failed and only white space is left.
  bool finish() noexcept;

  [[nodiscard]] bool ok() const noexcept { return reason_ == nullptr; }
  // Meaningful when !ok().
  [[nodiscard]] ReadError error() const noexcept {
    return {code_, reason_, static_cast<std::size_t>(at_ - begin_)};
  }
  // Bytes read so far.
  [[nodiscard]] std::size_t offset() const noexcept {
    return static_cast<std::size_t>(at_ - begin_);
  }

 private:
  bool fail(const char* reason, ErrorCode code = ErrorCode::invalid) noexcept;
  bool fail_unexpected() noexcept;
  void skip_space() noexcept {
    if (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ') skip_some_space();
  }
  void skip_some_space() noexcept;
  bool enter(char opening) noexcept;
  bool leave_or_comma(char closing, bool& left) noexcept;
  bool scan_string(std::string_view& inner, bool& escaped) noexcept;
  bool scan_escape() noexcept;
  bool scan_number() noexcept;
  bool scan_literal(std::string_view literal) noexcept;
  bool scan_scalar() noexcept;
  bool scan_member_name() noexcept;

  const char* begin_;
  const char* at_;
  const char* end_;
  std::string_view name_;
  const char* reason_ = nullptr;
  std::uint32_t depth_ = 0;
  std::uint32_t depth_max_;
  ErrorCode code_ = ErrorCode::invalid;
  bool first_ = false;  // a container was entered and nothing of it was read yet
};

// Ok when text is exactly one JSON value (with white space around it or not).
[[nodiscard]] Result<void> validate(std::string_view text, std::size_t depth_max = kDepthMax);

// Appends what a string's text between its quotation marks stands for. `inner` must have been
// validated by a Reader.
void append_unescaped(std::string_view inner, std::string& out);

}  // namespace pluv::json
