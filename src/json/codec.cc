#include "json/codec.h"

#include <charconv>
#include <cmath>

#include "json/number.h"

namespace pluv::json {
namespace {

constexpr std::size_t kPathNameMax = 64;  // bytes of a name that an error message repeats

// A prefix of at most kPathNameMax bytes that does not cut a UTF-8 sequence.
std::string_view short_name(std::string_view name) {
  if (name.size() <= kPathNameMax) return name;
  std::size_t end = kPathNameMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return name.substr(0, end);
}

enum class Fit : std::uint8_t { good, fraction, range };

// Whole numbers without loss where they are spelled as such, else by way of a double.
template <class T>
Fit to_integer(std::string_view text, T min, T max, T& out) {
  const char* const end = text.data() + text.size();
  T value = 0;
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec == std::errc() && result.ptr == end) {
    out = value;
  } else if (result.ec == std::errc::result_out_of_range && result.ptr == end) {
    return Fit::range;  // a double would round -(2^63 + 1) to one that fits
  } else {
    const double number = number_from_text(text);
    if (std::trunc(number) != number) return Fit::fraction;
    // max as a double may be one too large (2^63), hence >=; exact limits took the path above.
    if (number < static_cast<double>(min) || number >= static_cast<double>(max) + 1) {
      return Fit::range;
    }
    out = static_cast<T>(number);
  }
  return out < min || out > max ? Fit::range : Fit::good;
}

template <class T>
bool read_integer(Reader& reader, T& out, T min, T max, Issue& issue) {
  if (reader.peek() != Kind::number) return codec::mismatch(reader, "integer", issue);
  std::string_view text;
  if (!reader.read_number_text(text)) return codec::syntax(reader, issue);
  switch (to_integer(text, min, max, out)) {
    case Fit::good: return true;
    case Fit::fraction: issue.message = "expected integer, received fraction"; return false;
    case Fit::range: break;
  }
  issue.message = "expected integer from ";
  append_number(issue.message, min);
  issue.message += " to ";
  append_number(issue.message, max);
  return false;
}

}  // namespace

void Issue::inside_member(std::string_view name) {
  std::string outer(short_name(name));
  if (!path.empty() && path.front() != '[') outer.push_back('.');
  path.insert(0, outer);
}

void Issue::inside_element(std::size_t index) {
  std::string outer = "[" + std::to_string(index) + "]";
  if (!path.empty() && path.front() != '[') outer.push_back('.');
  path.insert(0, outer);
}

Error Issue::to_error() const { return {code, path.empty() ? message : path + ": " + message}; }

namespace codec {

bool syntax(const Reader& reader, Issue& issue) {
  const Error error = reader.error().to_error();
  issue.code = error.code;
  issue.message = error.message;
  return false;
}

bool mismatch(Reader& reader, std::string_view expected, Issue& issue) {
  const Kind kind = reader.peek();
  if (kind == Kind::none) {
    reader.skip_value();
    return syntax(reader, issue);
  }
  issue.message = "expected ";
  issue.message += expected;
  issue.message += ", received ";
  issue.message += kind_name(kind);
  return false;
}

bool missing(std::string_view name, Issue& issue) {
  issue.message = "required";
  issue.inside_member(name);
  return false;
}

bool unexpected_member(std::string_view name, Issue& issue) {
  issue.message = "unexpected member";
  issue.inside_member(name);
  return false;
}

bool not_one_of(const std::string_view* names, std::size_t count, Issue& issue) {
  issue.message = count == 1 ? "expected " : "expected one of ";
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) issue.message += ", ";
    append_string(issue.message, names[i]);
  }
  return false;
}

bool wrong_size(std::size_t expected, std::size_t received, Issue& issue) {
  issue.message =
      "expected " + std::to_string(expected) + " items, received " + std::to_string(received);
  return false;
}

bool read_text(Reader& reader, std::string& out, Issue& issue) {
  if (reader.peek() != Kind::string) return mismatch(reader, "string", issue);
  std::string_view text;
  if (!reader.read_string(text, out)) return syntax(reader, issue);
  if (text.data() != out.data()) out = text;
  return true;
}

bool read_signed(Reader& reader, std::int64_t& out, std::int64_t min, std::int64_t max,
                 Issue& issue) {
  return read_integer(reader, out, min, max, issue);
}

bool read_unsigned(Reader& reader, std::uint64_t& out, std::uint64_t max, Issue& issue) {
  return read_integer(reader, out, std::uint64_t{0}, max, issue);
}

bool read_finite(Reader& reader, double& out, double max, Issue& issue) {
  if (reader.peek() != Kind::number) return mismatch(reader, "number", issue);
  if (!reader.read_number(out)) return syntax(reader, issue);
  if (out >= -max && out <= max) return true;
  issue.message = "expected a smaller number";
  return false;
}

bool find_tag(Reader reader, std::string_view member, std::string& out, Issue& issue) {
  if (reader.peek() != Kind::object) return mismatch(reader, "object", issue);
  reader.enter_object();
  bool found = false;
  std::string scratch;
  std::string_view key;
  while (reader.next_member(scratch, key)) {
    if (key != member) {
      reader.skip_value();
    } else if (!read_text(reader, out, issue)) {
      issue.inside_member(member);
      return false;
    } else {
      found = true;
    }
  }
  if (!reader.ok()) return syntax(reader, issue);
  return found || missing(member, issue);
}

}  // namespace codec

bool Codec<bool>::read(Reader& reader, bool& out, Issue& issue) {
  if (reader.peek() != Kind::boolean) return codec::mismatch(reader, "boolean", issue);
  return reader.read_bool(out) || codec::syntax(reader, issue);
}

bool Codec<Raw>::read(Reader& reader, Raw& out, Issue& issue) {
  std::string_view raw;
  if (!reader.raw_value(raw)) return codec::syntax(reader, issue);
  out.text = raw;
  return true;
}

bool Codec<Value>::read(Reader& reader, Value& out, Issue& issue) {
  if (Value::read(reader, out, ParseLimits().values_max)) return true;
  if (!reader.ok()) return codec::syntax(reader, issue);
  issue.code = ErrorCode::limit;
  issue.message = "too many values";
  return false;
}

void Codec<Value>::write(Writer& writer, const Value& value) { writer.raw(value.to_text()); }

}  // namespace pluv::json
