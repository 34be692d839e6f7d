// The run-length coders of version 2's streams: numbers, differences, bytes and texts, each with a
// count of repetitions where there are any. A run may stand for any number of values, whatever
// its size; so who reads asks for one value at a time and sees to it that there is an end.
// Source: lib0, encoding.js and decoding.js: RleEncoder, UintOptRleEncoder, IntDiffOptRleEncoder,
// StringEncoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ycrdt/ids.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {

// Each writer appends to a string of its own; take() ends it.

// A byte, and how often it is repeated if something follows (lib0: RleEncoder).
class ByteRunWriter {
 public:
  void write(std::uint8_t value) {
    if (count_ != 0 && value == last_) {
      ++count_;
      return;
    }
    if (count_ != 0) write_var_uint(out_, count_ - 1);
    out_.push_back(static_cast<char>(value));
    last_ = value;
    count_ = 1;
  }
  [[nodiscard]] const std::string& take() noexcept { return out_; }

 private:
  std::string out_;
  std::uint64_t count_ = 0;
  std::uint8_t last_ = 0;
};

// A number, or with a minus a number and how often it is repeated (lib0: UintOptRleEncoder).
class UintRunWriter {
 public:
  // At most 2^53 - 1.
  void write(std::uint64_t value) {
    if (value == last_) {
      ++count_;
      return;
    }
    flush();
    last_ = value;
    count_ = 1;
  }
  [[nodiscard]] const std::string& take() {
    flush();
    count_ = 0;
    return out_;
  }

 private:
  void flush();

  std::string out_;
  std::uint64_t count_ = 0;
  std::uint64_t last_ = 0;
};

// What is added to the number before, and how often (lib0: IntDiffOptRleEncoder).
class DifferenceRunWriter {
 public:
  // At most 2^51.
  void write(std::uint64_t value) {
    const std::int64_t difference = static_cast<std::int64_t>(value) - last_;
    last_ = static_cast<std::int64_t>(value);
    if (difference == difference_) {
      ++count_;
      return;
    }
    flush();
    difference_ = difference;
    count_ = 1;
  }
  [[nodiscard]] const std::string& take() {
    flush();
    count_ = 0;
    return out_;
  }

 private:
  void flush();

  std::string out_;
  std::int64_t last_ = 0;
  std::int64_t difference_ = 0;
  std::uint64_t count_ = 0;
};

// All texts as one, and their lengths (lib0: StringEncoder).
class TextRunWriter {
 public:
  // `units` is the length in UTF-16 code units.
  void write(std::string_view text, std::size_t units) {
    texts_.append(text);
    lengths_.write(units);
  }
  // Of valid UTF-8.
  void write(std::string_view text);
  [[nodiscard]] std::string take();

 private:
  std::string texts_;
  UintRunWriter lengths_;
};

// The readers answer zero once they failed: at the end of their bytes (where lib0 answers zero, or
// the last byte, without end), or at what no writer writes. They never allocate unless said.

class ByteRunReader {
 public:
  explicit ByteRunReader(std::string_view bytes) noexcept : reader_(bytes) {}

  std::uint8_t read() noexcept {
    if (count_ == 0) {
      value_ = reader_.byte();
      endless_ = reader_.at_end();  // the last one needs no count
      count_ = endless_ ? 1 : reader_.var_uint() + 1;
    }
    if (!endless_) --count_;
    return reader_.failed() ? 0 : value_;
  }
  [[nodiscard]] bool failed() const noexcept { return reader_.failed(); }

 private:
  ByteReader reader_;
  std::uint64_t count_ = 0;
  std::uint8_t value_ = 0;
  bool endless_ = false;
};

class UintRunReader {
 public:
  explicit UintRunReader(std::string_view bytes) noexcept : reader_(bytes) {}
  explicit UintRunReader(const ByteReader& reader) noexcept : reader_(reader) {}

  std::uint64_t read() noexcept {
    if (count_ == 0) begin_run();
    --count_;
    return reader_.failed() ? 0 : value_;
  }
  [[nodiscard]] bool failed() const noexcept { return reader_.failed(); }

 private:
  void begin_run() noexcept;

  ByteReader reader_;
  std::uint64_t count_ = 0;
  std::uint64_t value_ = 0;
};

// Numbers from 0 to 2^53 - 1; it fails where a sum leaves them.
class DifferenceRunReader {
 public:
  explicit DifferenceRunReader(std::string_view bytes) noexcept : reader_(bytes) {}

  std::uint64_t read() noexcept {
    if (count_ == 0) begin_run();
    --count_;
    value_ += difference_;
    if (value_ < 0 || value_ > static_cast<std::int64_t>(kClientIdMax)) reader_.fail();
    if (!reader_.failed()) return static_cast<std::uint64_t>(value_);
    value_ = difference_ = 0;
    return 0;
  }
  [[nodiscard]] bool failed() const noexcept { return reader_.failed(); }

 private:
  void begin_run() noexcept;

  ByteReader reader_;
  std::uint64_t count_ = 0;
  std::int64_t value_ = 0;
  std::int64_t difference_ = 0;
};

// Lengths may cut a surrogate pair in two; each half is U+FFFD then. Linear in all that is read.
class TextRunReader {
 public:
  explicit TextRunReader(std::string_view bytes) noexcept;

  // The next text and its length in UTF-16 code units: a view into the bytes, or, where a pair is
  // cut, into `scratch`, which it is made in.
  std::string_view read(std::size_t& units, std::string& scratch);
  [[nodiscard]] bool failed() const noexcept { return failed_ || lengths_.failed(); }
  // Whether it failed because the texts are not UTF-8.
  [[nodiscard]] bool not_utf8() const noexcept { return not_utf8_; }

 private:
  std::string_view texts_;  // what is left
  UintRunReader lengths_;
  bool ascii_ = false;
  bool inside_pair_ = false;  // the first half of what is left was taken
  bool failed_ = false;
  bool not_utf8_ = false;
};

}  // namespace pluv::ycrdt
