// The pattern language, and that no pattern makes any text slow.
#include "json/pattern.h"

#include <gtest/gtest.h>

namespace pluv::json {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern;
  return compiled.ok() && compiled->matches(text);
}

TEST(Pattern, MatchesAsTheLanguageSays) {
  struct Case {
    const char* pattern;
    const char* text;
    bool expected;
  };
  const Case cases[] = {
      {"abc", "xxabcxx", true},
      {"^abc$", "abc", true},
      {"^abc$", "abcd", false},
      {"^a.c$",
       "a\xc3\xa9"
       "c",
       true},
      {"^a*$", "", true},
      {"^a+$", "", false},
      {"^(ab|cd)+$", "abcdab", true},
      {"^(ab|cd)+$", "abc", false},
      {"^a{2,3}$", "a", false},
      {"^a{2,3}$", "aa", true},
      {"^a{2,3}$", "aaa", true},
      {"^a{2,3}$", "aaaa", false},
      {"^[a-z0-9_]+$", "ab_9", true},
      {"^[^a-z]+$", "AB", true},
      {"^[^a-z]+$", "aB", false},
      {"^\\d{3}-\\w+\\s$", "123-a_b ", true},
      {"^\\D$", "1", false},
      {"^a?b$", "b", true},
      {"^(?:x|)$", "", true},
      {"^\\.$", ".", true},
      {"^\\.$", "x", false},
      {"^[\\]\\-]$", "-", true},
      {"^\\u00e9$", "\xc3\xa9", true},
      {"", "anything", true},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(matches(one.pattern, one.text), one.expected) << one.pattern << " " << one.text;
  }
}

TEST(Pattern, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"(", ")", "[", "a{2", "*", "a**", "[z-a]", "\\", "a{3,2}", "(?=a)",
                              "\\1", "a{1001}", "\\b"}) {
    EXPECT_FALSE(Pattern::compile(pattern).ok()) << pattern;
  }
}

TEST(Pattern, HasABoundOnItsSize) {
  EXPECT_TRUE(Pattern::compile("a{500}").ok());
  EXPECT_FALSE(Pattern::compile("(a{1000}){1000}").ok());
}

// A backtracking matcher would need 2^5000 steps for these; this test would never end.
TEST(Pattern, NoTextIsSlow) {
  const std::string text(5'000, 'a');
  for (const char* pattern : {"^(a+)+$", "^(a|aa)+$", "^(a*)*$", "^(.*a){10}$"}) {
    EXPECT_FALSE(matches(pattern, text + "!")) << pattern;
    EXPECT_TRUE(matches(pattern, text)) << pattern;
  }
}

}  // namespace
}  // namespace pluv::json
