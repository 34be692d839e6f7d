// Writer: appends JSON to a string that the caller owns, byte for byte as JSON.stringify writes it
// (no white space). It puts the commas; that begin and end are paired and that keys stand only in
// objects is the caller's part and is not checked. Never throws; allocates only by growing `out`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pluv::json {

// Appends text as a JSON string. Escapes \b \f \n \r \t \" \\ and other controls as \u00xx, and
// nothing else. Bytes that are not UTF-8 become U+FFFD, so the output always is UTF-8.
void append_string(std::string& out, std::string_view text);

// Not thread-safe; `out` must outlive it.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // The next call writes this member's value.
  void key(std::string_view name);

  void string(std::string_view text);
  void number(double value);
  void number(std::int64_t value);
  void number(std::uint64_t value);
  void boolean(bool value);  // NOLINT: the value itself
  void null();
  // A JSON text that is already valid, copied as it is.
  void raw(std::string_view json);

  // What is written so far, and what else was in the string before.
  [[nodiscard]] std::string& out() noexcept { return out_; }

 private:
  void comma() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }
  void open(char c) {
    comma();
    out_.push_back(c);
    comma_ = false;
  }
  void close(char c) {
    out_.push_back(c);
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;  // a value stands before this place in the same container
};

}  // namespace pluv::json
