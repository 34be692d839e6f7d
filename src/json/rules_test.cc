// Each rule alone, at n-1, n and n+1, with the message it gives.
#include "json/rules.h"

#include <gtest/gtest.h>

#include <map>

namespace pluv::json {
namespace {

template <class R, class V>
std::string failure(const R& rule, const V& value) {
  Issue issue;
  return rules::apply(rule, value, issue) ? "" : issue.to_error().message;
}

TEST(Rules, Lengths) {
  EXPECT_EQ(failure(min_length(2), std::string("a")), "expected at least 2 characters, received 1");
  EXPECT_EQ(failure(min_length(2), std::string("ab")), "");
  EXPECT_EQ(failure(max_length(2), std::string("ab")), "");
  EXPECT_EQ(failure(max_length(2), std::string("abc")),
            "expected at most 2 characters, received 3");
  EXPECT_EQ(failure(length(1), std::string()), "expected 1 character, received 0");
  EXPECT_EQ(failure(length(1), std::string("a")), "");
  EXPECT_EQ(failure(length(1), std::string("ab")), "expected 1 character, received 2");
  EXPECT_EQ(failure(length(7), std::string("é€😀abc")), "");
}

TEST(Rules, Counts) {
  EXPECT_EQ(failure(min_items(1), std::vector<int>{}), "expected at least 1 item, received 0");
  EXPECT_EQ(failure(min_items(1), std::vector<int>{1}), "");
  EXPECT_EQ(failure(max_items(1), std::vector<int>{1}), "");
  EXPECT_EQ(failure(max_items(1), std::vector<int>{1, 2}), "expected at most 1 item, received 2");
  EXPECT_EQ(failure(max_items(0), std::map<std::string, int>{{"a", 1}}),
            "expected 0 items, received 1");
}

TEST(Rules, Bounds) {
  EXPECT_EQ(failure(minimum(3), 2), "expected at least 3");
  EXPECT_EQ(failure(minimum(3), 3), "");
  EXPECT_EQ(failure(maximum(3), 3), "");
  EXPECT_EQ(failure(maximum(3), 4), "expected at most 3");
  EXPECT_EQ(failure(minimum(0.5), 0.25), "expected at least 0.5");
  EXPECT_EQ(failure(minimum(0.5), 0.5), "");
  EXPECT_EQ(failure(positive(), 0), "expected more than 0");
  EXPECT_EQ(failure(positive(), 1u), "");
  EXPECT_EQ(failure(negative(), 0.0), "expected less than 0");
  EXPECT_EQ(failure(negative(), -0.5), "");
  EXPECT_EQ(failure(non_negative(), -1), "expected at least 0");
  EXPECT_EQ(failure(non_negative(), 0), "");
}

TEST(Rules, BoundsOfIntegersAreExact) {
  constexpr std::int64_t kBig = (std::int64_t{1} << 60) + 1;
  EXPECT_EQ(failure(minimum(kBig), kBig), "");
  EXPECT_NE(failure(minimum(kBig), kBig - 1), "");
  EXPECT_EQ(failure(minimum(-1), std::uint64_t{0}), "");
  EXPECT_EQ(failure(maximum(std::uint64_t{5}), std::int64_t{-5}), "");
  EXPECT_NE(failure(maximum(std::numeric_limits<std::int64_t>::max()),
                    std::numeric_limits<std::uint64_t>::max()),
            "");
}

TEST(Rules, Multiples) {
  EXPECT_EQ(failure(multiple_of(5), 10), "");
  EXPECT_EQ(failure(multiple_of(5), -10), "");
  EXPECT_EQ(failure(multiple_of(-5), 10), "");
  EXPECT_EQ(failure(multiple_of(5), 0), "");
  EXPECT_EQ(failure(multiple_of(5), 11), "expected a multiple of 5");
  EXPECT_EQ(failure(multiple_of(-1), std::numeric_limits<std::int64_t>::min()), "");
  EXPECT_EQ(failure(multiple_of(0.1), 0.3), "");
  EXPECT_EQ(failure(multiple_of(0.01), 1234567.89), "");
  EXPECT_EQ(failure(multiple_of(0.1), 0.35), "expected a multiple of 0.1");
  EXPECT_EQ(failure(multiple_of(0.5), 3), "");
  EXPECT_NE(failure(multiple_of(0.0), 1.0), "");
  EXPECT_NE(failure(multiple_of(0), 1), "");
  EXPECT_EQ(failure(integer(), 2.0), "");
  EXPECT_EQ(failure(integer(), 2.5), "expected integer, received fraction");
}

TEST(Rules, Choices) {
  EXPECT_EQ(failure(one_of("a", "b"), std::string("b")), "");
  EXPECT_EQ(failure(one_of("a", "b"), std::string("c")), "expected one of \"a\", \"b\"");
  EXPECT_EQ(failure(one_of("a"), std::string("")), "expected \"a\"");
  EXPECT_EQ(failure(one_of(1, 2), 2), "");
  EXPECT_EQ(failure(one_of(1, 2), 2.5), "expected one of 1, 2");
}

TEST(Rules, Texts) {
  EXPECT_EQ(failure(starts_with("ab"), std::string("abc")), "");
  EXPECT_EQ(failure(starts_with("ab"), std::string("b")), "expected text that starts with \"ab\"");
  EXPECT_EQ(failure(ends_with("bc"), std::string("abc")), "");
  EXPECT_EQ(failure(ends_with("bc"), std::string("b")), "expected text that ends with \"bc\"");
  EXPECT_EQ(failure(includes("b"), std::string("abc")), "");
  EXPECT_EQ(failure(includes("\n"), std::string("b")), "expected text that includes \"\\n\"");
  EXPECT_EQ(failure(pattern("^\\d+$"), std::string("12")), "");
  EXPECT_EQ(failure(pattern("^\\d+$"), std::string("1x")), "expected text that matches ^\\d+$");
  Result<Pattern> compiled = Pattern::compile("x");
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(failure(pattern(*compiled, "an x"), std::string("y")),
            "expected text that matches an x");
}

TEST(Rules, LookInsideOptionalAndNullable) {
  EXPECT_EQ(failure(minimum(1), std::optional<int>()), "");
  EXPECT_EQ(failure(minimum(1), std::optional<int>(0)), "expected at least 1");
  EXPECT_EQ(failure(min_length(1), Nullable<std::string>()), "");
  EXPECT_EQ(failure(min_length(1), Nullable<std::string>(std::string())),
            "expected at least 1 character, received 0");
  EXPECT_EQ(failure(each(minimum(1)), std::optional<std::vector<int>>({1, 0})),
            "[1]: expected at least 1");
}

TEST(Rules, EachNamesTheElement) {
  EXPECT_EQ(failure(each(each(maximum(1))), std::vector<std::vector<int>>{{1}, {0, 2}}),
            "[1][1]: expected at most 1");
  EXPECT_EQ(failure(each(maximum(1)), std::map<std::string, int>{{"a", 1}, {"b", 2}}),
            "b: expected at most 1");
  EXPECT_EQ(failure(each(one_of(true)), std::vector<bool>{true, false}),
            "[1]: expected one of true");
  EXPECT_EQ(failure(each(minimum(1)), std::array<int, 2>{1, 0}), "[1]: expected at least 1");
}

TEST(Rules, Predicates) {
  const auto even = refine([](int n) { return n % 2 == 0; }, "expected an even number");
  EXPECT_EQ(failure(even, 2), "");
  EXPECT_EQ(failure(even, 3), "expected an even number");
}

}  // namespace
}  // namespace pluv::json
