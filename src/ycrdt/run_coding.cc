#include "ycrdt/run_coding.h"

#include "ycrdt/utf16.h"

namespace pluv::ycrdt {
namespace {

// A zero with a minus: "zero, several times".
constexpr char kMinusZero = 0x40;

}  // namespace

void UintRunWriter::flush() {
  if (count_ == 0) return;
  if (count_ == 1) {
    write_var_int(out_, static_cast<std::int64_t>(last_));
    return;
  }
  if (last_ == 0) {
    out_.push_back(kMinusZero);
  } else {
    write_var_int(out_, -static_cast<std::int64_t>(last_));
  }
  write_var_uint(out_, count_ - 2);
}

void DifferenceRunWriter::flush() {
  if (count_ == 0) return;
  write_var_int(out_, difference_ * 2 + (count_ == 1 ? 0 : 1));
  if (count_ > 1) write_var_uint(out_, count_ - 2);
}

void TextRunWriter::write(std::string_view text) { write(text, *utf16_length(text)); }

std::string TextRunWriter::take() {
  std::string out;
  write_var_bytes(out, texts_);
  out += lengths_.take();
  return out;
}

void UintRunReader::begin_run() noexcept {
  const ByteReader::VarInt read = reader_.var_int();
  count_ = 1;
  value_ = static_cast<std::uint64_t>(read.value);
  if (read.value >= 0 && !read.negative_zero) return;
  value_ = static_cast<std::uint64_t>(-read.value);
  count_ = reader_.var_uint() + 2;
}

void DifferenceRunReader::begin_run() noexcept {
  const std::int64_t read = reader_.var_int().value;
  count_ = 1;
  difference_ = read >> 1;
  if ((read & 1) != 0) count_ = reader_.var_uint() + 2;
}

TextRunReader::TextRunReader(std::string_view bytes) noexcept : lengths_(std::string_view()) {
  ByteReader reader(bytes);
  texts_ = reader.var_bytes();
  failed_ = reader.failed();
  if (failed_) return;
  lengths_ = UintRunReader(reader);
  const auto units = utf16_length(texts_);
  not_utf8_ = !units.has_value();
  failed_ = not_utf8_;
  ascii_ = units == texts_.size();
}

std::string_view TextRunReader::read(std::size_t& units, std::string& scratch) {
  units = 0;
  const std::uint64_t length = lengths_.read();
  // A code unit takes a byte or more; both of a pair take four.
  if (failed() || length > texts_.size()) {
    failed_ = true;
    return {};
  }
  units = static_cast<std::size_t>(length);
  const std::string_view from = texts_;
  if (ascii_) {
    texts_.remove_prefix(units);
    return from.substr(0, units);
  }
  if (units == 0) return {};
  const bool from_half = inside_pair_;
  std::size_t begin = 0;
  std::size_t left = units;
  if (from_half) {
    begin = 4;
    --left;
    inside_pair_ = false;
  }
  std::size_t at = begin;
  while (left != 0 && at < from.size()) {
    const auto lead = static_cast<std::uint8_t>(from[at]);
    const bool pair = lead >= 0xf0;
    if (pair && left == 1) {
      inside_pair_ = true;
      left = 0;
      break;
    }
    left -= pair ? 2 : 1;
    at += lead < 0x80 ? 1 : lead < 0xe0 ? 2 : pair ? 4 : 3;
  }
  if (left != 0) {
    failed_ = true;
    return {};
  }
  texts_.remove_prefix(at);
  const std::string_view whole = from.substr(begin, at - begin);
  if (!from_half && !inside_pair_) return whole;
  scratch.clear();
  if (from_half) scratch.append(kReplacement);
  scratch.append(whole);
  if (inside_pair_) scratch.append(kReplacement);
  return scratch;
}

}  // namespace pluv::ycrdt
