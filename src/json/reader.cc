#include "json/reader.h"

#include "json/number.h"
#include "json/scan.h"

namespace pluv::json {
Kind kind_of(std::string_view raw) noexcept {
  for (const char c : raw) {
    if (scan::is_space(c)) continue;
    switch (c) {
      case '{': return Kind::object;
      case '[': return Kind::array;
      case '"': return Kind::string;
      case 't':
      case 'f': return Kind::boolean;
      case 'n': return Kind::null;
      default: return c == '-' || scan::is_digit(c) ? Kind::number : Kind::none;
    }
  }
  return Kind::none;
}

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::none: return "nothing";
    case Kind::null: return "null";
    case Kind::boolean: return "boolean";
    case Kind::number: return "number";
    case Kind::string: return "string";
    case Kind::array: return "array";
    case Kind::object: return "object";
  }
  return "nothing";
}

Error ReadError::to_error() const {
  return {code, std::string(reason == nullptr ? "No error" : reason) + " at byte " +
                    std::to_string(offset)};
}

void append_unescaped(std::string_view inner, std::string& out) {
  const char* at = inner.data();
  const char* const end = at + inner.size();
  while (at != end) {
    const auto* const slash =
        static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (slash == nullptr) {
      out.append(at, end);
      return;
    }
    out.append(at, slash);
    at = slash + 2;
    if (slash[1] != 'u') {
      out.push_back(scan::unescaped(slash[1]));
      continue;
    }
    std::uint32_t point = scan::hex4(at);
    at += 4;
    if (point >= 0xd800 && point < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
      const std::uint32_t low = scan::hex4(at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
    }
    scan::append_utf8(point >= 0xd800 && point < 0xe000 ? 0xfffd : point, out);
  }
}

Reader::Reader(std::string_view text, std::size_t depth_max) noexcept
    : begin_(text.data()),
      at_(text.data()),
      end_(text.data() + text.size()),
      depth_max_(static_cast<std::uint32_t>(depth_max < kDepthCap ? depth_max : kDepthCap)) {}

bool Reader::fail(const char* reason, ErrorCode code) noexcept {
  if (reason_ == nullptr) {
    reason_ = reason;
    code_ = code;
  }
  return false;
}

bool Reader::fail_unexpected() noexcept {
  return fail(at_ == end_ ? "Unexpected end" : "Unexpected character");
}

void Reader::skip_some_space() noexcept {
  while (at_ != end_ && scan::is_space(*at_)) ++at_;
}

Kind Reader::peek() noexcept {
  if (!ok()) return Kind::none;
  skip_space();
  return at_ == end_ ? Kind::none : kind_of(std::string_view(at_, 1));
}

bool Reader::enter(char opening) noexcept {
  if (!ok()) return false;
  skip_space();
  if (at_ == end_ || *at_ != opening) return fail_unexpected();
  if (depth_ >= depth_max_) return fail("Nested too deeply", ErrorCode::limit);
  ++depth_;
  ++at_;
  first_ = true;
  return true;
}

bool Reader::enter_object() noexcept { return enter('{'); }
bool Reader::enter_array() noexcept { return enter('['); }

// Between the parts of a container: takes the comma that is due, or leaves.
bool Reader::leave_or_comma(char closing, bool& left) noexcept {
  if (!ok()) return false;
  skip_space();
  if (at_ == end_) return fail_unexpected();
  left = *at_ == closing;
  if (left) {
    if (depth_ == 0) return fail_unexpected();
    ++at_;
    --depth_;
    first_ = false;
    return true;
  }
  if (first_) {
    first_ = false;
    return true;
  }
  if (*at_ != ',') return fail_unexpected();
  ++at_;
  return true;
}

bool Reader::next_element() noexcept {
  bool left = false;
  return leave_or_comma(']', left) && !left;
}

bool Reader::next_member(std::string& scratch, std::string_view& key) {
  bool left = false;
  if (!leave_or_comma('}', left) || left) return false;
  skip_space();
  const char* const start = at_;
  if (!read_string(key, scratch)) return false;
  name_ = std::string_view(start, static_cast<std::size_t>(at_ - start));
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail_unexpected();
  ++at_;
  return true;
}

bool Reader::scan_escape() noexcept {
  if (end_ - at_ < 2) {
    at_ = end_;
    return fail_unexpected();
  }
  switch (at_[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': at_ += 2; return true;
    case 'u': break;
    default: return fail("Unknown escape");
  }
  if (end_ - at_ < 6) return fail("Unfinished escape");
  for (int i = 2; i < 6; ++i) {
    if (scan::hex_digit(at_[i]) < 0) return fail("Unfinished escape");
  }
  at_ += 6;
  return true;
}

bool Reader::scan_string(std::string_view& inner, bool& escaped) noexcept {
  if (at_ == end_ || *at_ != '"') return fail_unexpected();
  const char* const start = ++at_;
  escaped = false;
  for (;;) {
    at_ = scan::plain_run(at_, end_);
    if (at_ == end_) return fail("Unfinished string");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      inner = std::string_view(start, static_cast<std::size_t>(at_ - start));
      ++at_;
      return true;
    }
    if (c == '\\') {
      escaped = true;
      if (!scan_escape()) return false;
    } else if (c < 0x20) {
      return fail("Control character in a string");
    } else {
      const int size = scan::utf8_size(at_, end_);
      if (size == 0) return fail("Invalid UTF-8");
      at_ += size;
    }
  }
}

bool Reader::read_string(std::string_view& out, std::string& scratch) {
  if (!ok()) return false;
  skip_space();
  bool escaped = false;
  if (!scan_string(out, escaped)) return false;
  if (escaped) {
    scratch.clear();
    append_unescaped(out, scratch);
    out = scratch;
  }
  return true;
}

bool Reader::scan_number() noexcept {
  const auto digits = [this] {
    const char* const start = at_;
    while (at_ != end_ && scan::is_digit(*at_)) ++at_;
    return at_ != start;
  };
  if (at_ != end_ && *at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else if (!digits()) {
    return fail_unexpected();
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fail_unexpected();
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fail_unexpected();
  }
  return true;
}

bool Reader::read_number_text(std::string_view& out) noexcept {
  if (!ok()) return false;
  skip_space();
  const char* const start = at_;
  if (!scan_number()) return false;
  out = std::string_view(start, static_cast<std::size_t>(at_ - start));
  return true;
}

bool Reader::read_number(double& out) noexcept {
  std::string_view text;
  if (!read_number_text(text)) return false;
  out = number_from_text(text);
  return true;
}

bool Reader::scan_literal(std::string_view literal) noexcept {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(literal)) {
    return fail_unexpected();
  }
  at_ += literal.size();
  return true;
}

bool Reader::read_bool(bool& out) noexcept {
  if (!ok()) return false;
  skip_space();
  const bool value = at_ != end_ && *at_ == 't';
  if (!scan_literal(value ? "true" : "false")) return false;
  out = value;
  return true;
}

bool Reader::read_null() noexcept {
  if (!ok()) return false;
  skip_space();
  return scan_literal("null");
}

bool Reader::scan_scalar() noexcept {
  std::string_view inner;
  bool escaped = false;
  switch (*at_) {
    case '"': return scan_string(inner, escaped);
    case 't': return scan_literal("true");
    case 'f': return scan_literal("false");
    case 'n': return scan_literal("null");
    default: return scan_number();
  }
}

bool Reader::scan_member_name() noexcept {
  std::string_view inner;
  bool escaped = false;
  skip_space();
  if (!scan_string(inner, escaped)) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail_unexpected();
  ++at_;
  return true;
}

// Iterative: a bit a level remembers whether the container is an object.
bool Reader::skip_value() noexcept {
  if (!ok()) return false;
  std::uint64_t is_object[kDepthCap / 64];
  std::uint32_t depth = 0;
  first_ = false;
  for (;;) {
    skip_space();
    if (at_ == end_) return fail_unexpected();
    const char c = *at_;
    bool empty = false;
    if (c == '{' || c == '[') {
      if (depth_ + depth >= depth_max_) return fail("Nested too deeply", ErrorCode::limit);
      ++at_;
      skip_space();
      empty = at_ != end_ && *at_ == (c == '{' ? '}' : ']');
      if (empty) {
        ++at_;
      } else {
        const std::uint64_t bit = std::uint64_t{1} << (depth % 64);
        std::uint64_t& word = is_object[depth / 64];
        if (depth % 64 == 0) word = 0;
        word = c == '{' ? word | bit : word & ~bit;
        ++depth;
        if (c == '{' && !scan_member_name()) return false;
        continue;
      }
    } else if (!scan_scalar()) {
      return false;
    }
    for (;;) {  // after a value: leave the containers that end here
      if (depth == 0) return true;
      const bool object = (is_object[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) != 0;
      skip_space();
      if (at_ == end_) return fail_unexpected();
      if (*at_ == ',') {
        ++at_;
        if (object && !scan_member_name()) return false;
        break;
      }
      if (*at_ != (object ? '}' : ']')) return fail_unexpected();
      ++at_;
      --depth;
    }
  }
}

bool Reader::raw_value(std::string_view& out) noexcept {
  if (!ok()) return false;
  skip_space();
  const char* const start = at_;
  if (!skip_value()) return false;
  out = std::string_view(start, static_cast<std::size_t>(at_ - start));
  return true;
}

bool Reader::finish() noexcept {
  if (!ok()) return false;
  skip_space();
  if (at_ != end_) return fail("Unexpected text after the value");
  return depth_ == 0 || fail_unexpected();
}

Result<void> validate(std::string_view text, std::size_t depth_max) {
  Reader reader(text, depth_max);
  reader.skip_value();
  if (!reader.finish()) return reader.error().to_error();
  return {};
}

}  // namespace pluv::json
