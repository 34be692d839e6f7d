// Pattern: regular expressions for checking input, matched in time linear in the text however the
// pattern is written (a simulated automaton, no backtracking), so that no text can stall a server.
//
// The language is a subset of JavaScript's with the u flag: literals, ., [classes], \d \w \s and
// their opposites, \t \n \v \f \r \0 \xHH \uHHHH and escaped punctuation, ^ and $ (of the whole
// text), (groups) and (?:groups), |, * + ? {m} {m,} {m,n} with bounds up to 1000. A character is a
// code point. No captures, back references, look-around, word boundaries or flags.
#pragma once

#include <string_view>

#include "base/result.h"
#include "json/pattern_program.h"

namespace pluv::json {

// A compiled pattern: at most 1024 instructions (a character or class is one, times its repeats). A
// value; matching is const and may be done from many threads.
class Pattern {
 public:
  // "Missing ) at byte 4 of the pattern".
  [[nodiscard]] static Result<Pattern> compile(std::string_view text);

  // Whether the pattern matches somewhere in text (anchor it to ask for the whole). Time is the
  // product of both sizes at most; no allocation, 10 KB of stack. Bytes that are not UTF-8 count as
  // U+FFFD each.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;

 private:
  Pattern() = default;
  pattern_detail::Program program_;
};

// A pattern that is known when the program is compiled; a wrong one is a compile error there.
class PatternLiteral {
 public:
  template <std::size_t N>
  consteval PatternLiteral(const char (&text)[N]) : text_(text, N - 1) {  // NOLINT: implicit
    pattern_detail::Program program;
    pattern_detail::Compiler compiler(text_, program);
    if (compiler.compile() != nullptr) this_pattern_is_invalid();
  }
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  static void this_pattern_is_invalid();  // never defined: calling it is the compile error

  std::string_view text_;
};

}  // namespace pluv::json
