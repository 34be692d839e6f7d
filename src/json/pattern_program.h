// The compiler of patterns (pattern.h), constexpr so that a wrong pattern in a program's text does
// not compile. Internal to src/json. A program is a list of instructions with relative jumps, so
// that a repeated part is repeated by copying it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pluv::json::pattern_detail {

inline constexpr std::size_t kInstructionsMax = 1024;
inline constexpr std::uint32_t kRepeatMax = 1000;  // the largest m or n of {m,n}
inline constexpr int kGroupDepthMax = 32;
inline constexpr std::uint32_t kPointMax = 0x10ffff;

enum class Op : std::uint8_t { point, set, split, jump, begin, end, match };

// point: a = the code point. set: a = first range, b = how many, negated.
// split: go on at +a and at +b. jump: go on at +a. (Offsets from the instruction itself.)
struct Instruction {
  Op op = Op::match;
  bool negated = false;
  std::int32_t a = 0;
  std::int32_t b = 0;
};

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Range> ranges;
};

inline constexpr Range kDigits[] = {{'0', '9'}};
inline constexpr Range kWord[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
inline constexpr Range kSpace[] = {
    {0x09, 0x0d},     {0x20, 0x20},     {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
inline constexpr Range kLineEnds[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

// One pass, recursive over groups only, kGroupDepthMax deep.
class Compiler {
 public:
  constexpr Compiler(std::string_view text, Program& program) : text_(text), program_(program) {}

  // nullptr, or what is wrong; where is offset().
  constexpr const char* compile() {
    if (alternation(0) && at_ != text_.size()) fail("Unmatched )");
    emit({.op = Op::match});
    return error_;
  }
  [[nodiscard]] constexpr std::size_t offset() const { return at_; }

 private:
  using Code = std::vector<Instruction>;

  constexpr bool fail(const char* reason) {
    if (error_ == nullptr) error_ = reason;
    return false;
  }
  [[nodiscard]] constexpr bool more() const { return at_ < text_.size(); }
  [[nodiscard]] constexpr bool next_is(char c) const { return more() && text_[at_] == c; }
  constexpr bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  constexpr bool emit(Instruction instruction) {
    if (program_.code.size() >= kInstructionsMax) return fail("Too large");
    program_.code.push_back(instruction);
    return true;
  }
  constexpr bool append(const Code& code) {
    if (program_.code.size() + code.size() > kInstructionsMax) return fail("Too large");
    for (const Instruction& instruction : code) program_.code.push_back(instruction);
    return true;
  }
  // Takes the instructions from `start` on out of the program.
  constexpr Code cut(std::size_t start) {
    Code code;
    for (std::size_t i = start; i < program_.code.size(); ++i) code.push_back(program_.code[i]);
    program_.code.resize(start);
    return code;
  }
  static constexpr std::int32_t distance(std::size_t n) { return static_cast<std::int32_t>(n); }

  constexpr bool alternation(int depth) {
    if (depth > kGroupDepthMax) return fail("Nested too deeply");
    const std::size_t start = program_.code.size();
    if (!sequence(depth)) return false;
    std::vector<std::size_t> exits;
    std::size_t left = start;  // where the newest alternative begins
    while (take('|')) {
      const Code code = cut(left);
      if (!emit({.op = Op::split, .a = 1, .b = distance(code.size() + 2)}) || !append(code)) {
        return false;
      }
      exits.push_back(program_.code.size());
      if (!emit({.op = Op::jump})) return false;
      left = program_.code.size();
      if (!sequence(depth)) return false;
    }
    for (const std::size_t exit : exits) {
      program_.code[exit].a = distance(program_.code.size() - exit);
    }
    return true;
  }

  constexpr bool sequence(int depth) {
    while (more() && text_[at_] != '|' && text_[at_] != ')') {
      const std::size_t start = program_.code.size();
      bool repeatable = true;
      if (!atom(depth, repeatable) || !quantifier(start, repeatable)) return false;
    }
    return true;
  }

  constexpr bool atom(int depth, bool& repeatable) {
    const char c = text_[at_];
    if (take('(')) {
      if (take('?') && !take(':')) return fail("Only (?: ) groups are supported");
      if (!alternation(depth + 1)) return false;
      return take(')') || fail("Missing )");
    }
    if (take('[')) return char_class();
    if (take('.')) return emit_set(kLineEnds, true);
    if (c == '^' || c == '$') {
      ++at_;
      repeatable = false;
      return emit({.op = c == '^' ? Op::begin : Op::end});
    }
    if (c == '*' || c == '+' || c == '?' || c == '{') return fail("Nothing to repeat");
    if (c == ']' || c == '}') return fail("Unescaped bracket");
    if (c == '\\' && at_ + 1 < text_.size()) {
      bool negated = false;
      if (const Shorthand set = shorthand(text_[at_ + 1], negated); set.ranges != nullptr) {
        at_ += 2;
        return emit_set(set, negated);
      }
    }
    std::uint32_t point = 0;
    return one_point(point) && emit({.op = Op::point, .a = static_cast<std::int32_t>(point)});
  }

  struct Shorthand {
    const Range* ranges = nullptr;
    std::size_t count = 0;

    constexpr Shorthand() = default;
    template <std::size_t N>
    constexpr Shorthand(const Range (&list)[N]) : ranges(list), count(N) {}  // NOLINT: implicit
  };

  static constexpr Shorthand shorthand(char c, bool& negated) {
    negated = c == 'D' || c == 'W' || c == 'S';
    switch (c) {
      case 'd':
      case 'D': return kDigits;
      case 'w':
      case 'W': return kWord;
      case 's':
      case 'S': return kSpace;
      default: return {};
    }
  }

  constexpr bool emit_set(Shorthand set, bool negated) {
    const std::size_t first = program_.ranges.size();
    for (std::size_t i = 0; i < set.count; ++i) program_.ranges.push_back(set.ranges[i]);
    return emit(
        {.op = Op::set, .negated = negated, .a = distance(first), .b = distance(set.count)});
  }

  // Adds a shorthand (or, negated, the gaps between its ranges) to the class that is being read.
  constexpr void add_shorthand(Shorthand set, bool negated) {
    std::uint32_t gap = 0;
    for (std::size_t i = 0; i < set.count; ++i) {
      const Range range = set.ranges[i];
      if (!negated) {
        program_.ranges.push_back(range);
      } else if (range.first > gap) {
        program_.ranges.push_back({gap, range.first - 1});
      }
      gap = range.last + 1;
    }
    if (negated) program_.ranges.push_back({gap, kPointMax});
  }

  constexpr bool char_class() {
    const std::size_t first = program_.ranges.size();
    const bool negated = take('^');
    while (!next_is(']')) {
      if (!more()) return fail("Missing ]");
      bool inverted = false;
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        if (const Shorthand set = shorthand(text_[at_ + 1], inverted); set.ranges != nullptr) {
          at_ += 2;
          add_shorthand(set, inverted);
          if (next_is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
            return fail("A range needs two characters");
          }
          continue;
        }
      }
      Range range;
      if (!one_point(range.first)) return false;
      range.last = range.first;
      if (next_is('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        bool ignored = false;
        if (next_is('\\') && at_ + 1 < text_.size() &&
            shorthand(text_[at_ + 1], ignored).ranges != nullptr) {
          return fail("A range needs two characters");
        }
        if (!one_point(range.last)) return false;
        if (range.last < range.first) return fail("A range runs backwards");
      }
      program_.ranges.push_back(range);
    }
    ++at_;
    return emit({.op = Op::set,
                 .negated = negated,
                 .a = distance(first),
                 .b = distance(program_.ranges.size() - first)});
  }

  // One character or escape of one character.
  constexpr bool one_point(std::uint32_t& point) {
    if (take('\\')) return escape(point);
    const auto lead = static_cast<std::uint8_t>(text_[at_]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return fail("Invalid UTF-8");
    if (at_ + size > text_.size()) return fail("Invalid UTF-8");
    point = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto byte = static_cast<std::uint8_t>(text_[at_ + i]);
      if ((byte & 0xc0) != 0x80) return fail("Invalid UTF-8");
      point = point << 6 | (byte & 0x3fu);
    }
    at_ += size;
    return true;
  }

  constexpr bool escape(std::uint32_t& point) {
    if (!more()) return fail("A backslash at the end");
    const char c = text_[at_++];
    switch (c) {
      case 't': point = '\t'; return true;
      case 'n': point = '\n'; return true;
      case 'v': point = '\v'; return true;
      case 'f': point = '\f'; return true;
      case 'r': point = '\r'; return true;
      case '0': point = 0; return true;
      case 'x': return hex(2, point);
      case 'u': return hex(4, point);
      default: break;
    }
    const bool punctuation = (c >= '!' && c <= '/') || (c >= ':' && c <= '@') ||
                             (c >= '[' && c <= '`' && c != '_') || (c >= '{' && c <= '~');
    if (!punctuation) return fail("Unknown escape");
    point = static_cast<std::uint8_t>(c);
    return true;
  }

  constexpr bool hex(int digits, std::uint32_t& point) {
    point = 0;
    for (int i = 0; i < digits; ++i) {
      if (!more()) return fail("Unfinished escape");
      const char c = text_[at_++];
      int digit = -1;
      if (c >= '0' && c <= '9') digit = c - '0';
      if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
      if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
      if (digit < 0) return fail("Unfinished escape");
      point = point * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  constexpr bool quantifier(std::size_t start, bool repeatable) {
    std::uint32_t least = 0;
    std::uint32_t most = 0;
    bool endless = false;
    if (take('*')) {
      endless = true;
    } else if (take('+')) {
      least = 1;
      endless = true;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      if (!braces(least, most, endless)) return false;
    } else {
      return true;
    }
    take('?');  // a lazy quantifier matches the same texts
    if (!repeatable || next_is('*') || next_is('+') || next_is('?') || next_is('{')) {
      return fail("Nothing to repeat");
    }
    return repeat(cut(start), least, most, endless);
  }

  constexpr bool braces(std::uint32_t& least, std::uint32_t& most, bool& endless) {
    if (!number(least)) return false;
    most = least;
    if (take(',')) {
      endless = next_is('}');
      if (!endless && !number(most)) return false;
    }
    if (!take('}')) return fail("Missing }");
    return endless || most >= least || fail("Bounds run backwards");
  }

  constexpr bool number(std::uint32_t& out) {
    const std::size_t start = at_;
    out = 0;
    while (more() && text_[at_] >= '0' && text_[at_] <= '9') {
      out = out * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
      if (out > kRepeatMax) return fail("Repeats over 1000 times");
    }
    return at_ != start || fail("A bound is missing");
  }

  constexpr bool repeat(const Code& code, std::uint32_t least, std::uint32_t most, bool endless) {
    const std::int32_t size = distance(code.size());
    for (std::uint32_t i = 0; i < least; ++i) {
      if (!append(code)) return false;
    }
    if (endless) {
      return emit({.op = Op::split, .a = 1, .b = size + 2}) && append(code) &&
             emit({.op = Op::jump, .a = -(size + 1)});
    }
    for (std::uint32_t i = least; i < most; ++i) {
      const std::int32_t rest = static_cast<std::int32_t>(most - i) * (size + 1);
      if (!emit({.op = Op::split, .a = 1, .b = rest}) || !append(code)) return false;
    }
    return true;
  }

  std::string_view text_;
  Program& program_;
  std::size_t at_ = 0;
  const char* error_ = nullptr;
};

}  // namespace pluv::json::pattern_detail
