// The refinements of a Schema: what a value must satisfy beyond its type. Each is a small value
// made by a function of the same name (min_length(1)); it owns its bounds, and testing neither
// throws nor allocates unless it fails. A rule on an optional or Nullable member looks at the value
// inside and passes when there is none. Not thread-bound.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "json/codec.h"
#include "json/fact.h"
#include "json/pattern.h"

namespace pluv::json {

// A rule has `using PluvRule = void` and `bool test(const V&, Issue&) const`, which fills the
// issue's message when it answers false. It may have `void describe(std::vector<Fact>&) const`,
// which adds what it asks for (fact.h).
template <class R>
concept Rule = requires { typename R::PluvRule; };

namespace rules {

// UTF-16 code units, as JavaScript and zod count a string's length (an emoji has two).
[[nodiscard]] std::size_t utf16_length(std::string_view text) noexcept;

struct LengthBounds {
  using PluvRule = void;
  std::size_t min;
  std::size_t max;

  bool test(std::string_view text, Issue& issue) const;
  void describe(std::vector<Fact>& out) const;
};

struct SizeBounds {
  using PluvRule = void;
  std::size_t min;
  std::size_t max;

  template <class V>
    requires(!std::convertible_to<const V&, std::string_view>) && requires(const V& v) { v.size(); }
  bool test(const V& value, Issue& issue) const {
    return test_size(value.size(), issue);
  }
  void describe(std::vector<Fact>& out) const;

 private:
  bool test_size(std::size_t size, Issue& issue) const;
};

struct Matches {
  using PluvRule = void;
  Pattern compiled;
  std::string text;

  bool test(std::string_view value, Issue& issue) const;
  void describe(std::vector<Fact>& out) const;
};

enum class Where : std::uint8_t { start, end, anywhere };

struct Contains {
  using PluvRule = void;
  std::string part;
  Where where;

  bool test(std::string_view value, Issue& issue) const;
  void describe(std::vector<Fact>& out) const;
};

struct OneOfTexts {
  using PluvRule = void;
  std::vector<std::string> allowed;

  bool test(std::string_view value, Issue& issue) const;
  void describe(std::vector<Fact>& out) const;
};

template <class N>
concept Number = std::floating_point<N> || codec::Integer<N>;

void append_bound(std::string& out, double bound);
void append_bound(std::string& out, std::int64_t bound);
void append_bound(std::string& out, std::uint64_t bound);

// Exact for two integers of any size and sign.
template <Number A, Number B>
constexpr bool less(A a, B b) {
  if constexpr (std::integral<A> && std::integral<B>) {
    return std::cmp_less(a, b);
  } else {
    return static_cast<double>(a) < static_cast<double>(b);
  }
}

template <Number B>
using Widest =
    std::conditional_t<std::floating_point<B>, double,
                       std::conditional_t<std::is_signed_v<B>, std::int64_t, std::uint64_t>>;

enum class Side : std::uint8_t { at_least, at_most, above, below };

bool fail_bound(Side side, const std::string& bound, Issue& issue);
void describe_bound(Side side, std::string bound, std::vector<Fact>& out);

template <Number B>
struct Bound {
  using PluvRule = void;
  B bound;
  Side side;

  template <Number V>
  bool test(V value, Issue& issue) const {
    switch (side) {
      case Side::at_least:
        if (!less(value, bound)) return true;
        break;
      case Side::at_most:
        if (!less(bound, value)) return true;
        break;
      case Side::above:
        if (less(bound, value)) return true;
        break;
      case Side::below:
        if (less(value, bound)) return true;
        break;
    }
    std::string text;
    append_bound(text, static_cast<Widest<B>>(bound));
    return fail_bound(side, text, issue);
  }
  void describe(std::vector<Fact>& out) const {
    std::string text;
    append_bound(text, static_cast<Widest<B>>(bound));
    describe_bound(side, std::move(text), out);
  }
};

struct Whole {
  using PluvRule = void;

  template <Number V>
  bool test(V value, Issue& issue) const {
    if constexpr (std::floating_point<V>) {
      if (std::trunc(value) != value) {
        issue.message = "expected integer, received fraction";
        return false;
      }
    }
    return true;
  }
  void describe(std::vector<Fact>& out) const { out.push_back({.kind = FactKind::whole}); }
};

// Whether value is a whole number of steps, but for the rounding of decimal fractions.
[[nodiscard]] bool is_multiple(double value, double step) noexcept;

template <Number B>
struct MultipleOf {
  using PluvRule = void;
  B step;

  template <Number V>
  bool test(V value, Issue& issue) const {
    if constexpr (std::integral<V> && std::integral<B>) {
      // Magnitudes, since the smallest integer divided by -1 overflows.
      if (step != 0 && magnitude(value) % magnitude(step) == 0) return true;
    } else if (is_multiple(static_cast<double>(value), static_cast<double>(step))) {
      return true;
    }
    issue.message = "expected a multiple of ";
    append_bound(issue.message, static_cast<Widest<B>>(step));
    return false;
  }
  void describe(std::vector<Fact>& out) const {
    out.push_back({.kind = FactKind::multiple_of});
    append_bound(out.back().value, static_cast<Widest<B>>(step));
  }

 private:
  template <class I>
  static constexpr std::uint64_t magnitude(I value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return std::cmp_less(value, 0) ? 0 - bits : bits;
  }
};

template <class T, std::size_t N>
struct OneOfValues {
  using PluvRule = void;
  std::array<T, N> allowed;

  template <class V>
    requires requires(const V& v, const T& t) { v == t; }
  bool test(const V& value, Issue& issue) const {
    for (const T& candidate : allowed) {
      if constexpr (Number<V> && Number<T>) {
        if (!less(value, candidate) && !less(candidate, value)) return true;
      } else {
        if (value == candidate) return true;
      }
    }
    issue.message = "expected one of ";
    for (std::size_t i = 0; i < N; ++i) {
      if (i > 0) issue.message += ", ";
      to_json(allowed[i], issue.message);
    }
    return false;
  }
  void describe(std::vector<Fact>& out) const {
    out.push_back({.kind = FactKind::one_of});
    for (const T& candidate : allowed) out.back().values.push_back(to_json(candidate));
  }
};

template <class F>
struct Refine {
  using PluvRule = void;
  F predicate;
  std::string message;

  template <class V>
    requires std::predicate<const F&, const V&>
  bool test(const V& value, Issue& issue) const {
    if (predicate(value)) return true;
    issue.message = message;
    return false;
  }
  void describe(std::vector<Fact>& out) const {
    out.push_back({.kind = FactKind::predicate, .value = message});
  }
};

template <class T>
struct Default {
  using PluvRule = void;
  T value;

  template <class V>
  bool test(const V&, Issue&) const {
    return true;
  }
  void describe(std::vector<Fact>& out) const {
    out.push_back({.kind = FactKind::default_value, .value = to_json(value)});
  }
};

template <class R>
inline constexpr bool kIsDefault = false;
template <class T>
inline constexpr bool kIsDefault<Default<T>> = true;

template <class V>
inline constexpr bool kIsNullable = false;
template <class T>
inline constexpr bool kIsNullable<Nullable<T>> = true;

// Tests the value, or the one inside an optional or Nullable.
template <Rule R, class V>
bool apply(const R& rule, const V& value, Issue& issue) {
  if constexpr (requires { rule.test(value, issue); }) {
    return rule.test(value, issue);
  } else if constexpr (codec::kIsOptional<V> || kIsNullable<V>) {
    return !value || apply(rule, *value, issue);
  } else {
    static_assert(
        requires { rule.test(value, issue); },
        "pluv: this check does not fit the type of the member");
    return false;
  }
}

template <Rule R>
void describe(const R& rule, std::vector<Fact>& out) {
  if constexpr (requires { rule.describe(out); }) rule.describe(out);
}

template <class... R>
struct Each {
  using PluvRule = void;
  std::tuple<R...> parts;

  template <class V>
    requires requires(const V& v) {
      v.begin();
      requires !std::convertible_to<const V&, std::string_view>;
    }
  bool test(const V& value, Issue& issue) const {
    std::size_t index = 0;
    for (const auto& element : value) {
      if constexpr (codec::StringMap<V>) {
        if (!test_one(element.second, issue)) {
          issue.inside_member(element.first);
          return false;
        }
      } else if (!test_one(static_cast<const typename V::value_type&>(element), issue)) {
        issue.inside_element(index);
        return false;
      }
      ++index;
    }
    return true;
  }
  void describe(std::vector<Fact>& out) const {
    Fact fact{.kind = FactKind::each};
    std::apply([&](const R&... part) { (rules::describe(part, fact.inner), ...); }, parts);
    out.push_back(std::move(fact));
  }

 private:
  template <class E>
  bool test_one(const E& element, Issue& issue) const {
    return std::apply([&](const R&... part) { return (apply(part, element, issue) && ...); },
                      parts);
  }
};

inline constexpr std::size_t kUnbounded = static_cast<std::size_t>(-1);

}  // namespace rules

// Strings. Lengths are in UTF-16 code units, as zod counts.
[[nodiscard]] inline rules::LengthBounds min_length(std::size_t units) {
  return {units, rules::kUnbounded};
}
[[nodiscard]] inline rules::LengthBounds max_length(std::size_t units) { return {0, units}; }
[[nodiscard]] inline rules::LengthBounds length(std::size_t units) { return {units, units}; }
// A pattern that is spelled in the program; a wrong one does not compile.
[[nodiscard]] rules::Matches pattern(PatternLiteral literal);
// A pattern from elsewhere, compiled before; `text` is what errors show.
[[nodiscard]] rules::Matches pattern(Pattern compiled, std::string text);
[[nodiscard]] inline rules::Contains starts_with(std::string part) {
  return {std::move(part), rules::Where::start};
}
[[nodiscard]] inline rules::Contains ends_with(std::string part) {
  return {std::move(part), rules::Where::end};
}
[[nodiscard]] inline rules::Contains includes(std::string part) {
  return {std::move(part), rules::Where::anywhere};
}

// Strings or other values: one_of("red", "green"), one_of(1, 2, 3).
template <class... A>
  requires(sizeof...(A) > 0)
[[nodiscard]] auto one_of(A... allowed) {
  if constexpr ((std::convertible_to<A, std::string_view> && ...)) {
    return rules::OneOfTexts{{std::string(allowed)...}};
  } else {
    using T = std::common_type_t<A...>;
    return rules::OneOfValues<T, sizeof...(A)>{{static_cast<T>(allowed)...}};
  }
}

// Numbers. Bounds are included but for those of positive and negative.
template <rules::Number B>
[[nodiscard]] rules::Bound<B> minimum(B bound) {
  return {bound, rules::Side::at_least};
}
template <rules::Number B>
[[nodiscard]] rules::Bound<B> maximum(B bound) {
  return {bound, rules::Side::at_most};
}
[[nodiscard]] inline rules::Bound<int> positive() { return {0, rules::Side::above}; }
[[nodiscard]] inline rules::Bound<int> negative() { return {0, rules::Side::below}; }
[[nodiscard]] inline rules::Bound<int> non_negative() { return {0, rules::Side::at_least}; }
// No fraction (of a double; integer types never have one).
[[nodiscard]] inline rules::Whole integer() { return {}; }
// step is not 0.
template <rules::Number B>
[[nodiscard]] rules::MultipleOf<B> multiple_of(B step) {
  return {step};
}

// Arrays and maps.
[[nodiscard]] inline rules::SizeBounds min_items(std::size_t count) {
  return {count, rules::kUnbounded};
}
[[nodiscard]] inline rules::SizeBounds max_items(std::size_t count) { return {0, count}; }
// Every element, or every value of a map: each(min_length(1)).
template <Rule... R>
[[nodiscard]] rules::Each<R...> each(R... parts) {
  return {{std::move(parts)...}};
}

// Any predicate over the value, with the message of its failure ("expected an even number").
template <class F>
[[nodiscard]] rules::Refine<F> refine(F predicate, std::string message) {
  return {std::move(predicate), std::move(message)};
}

// What a missing member becomes; its other rules then look at that.
template <class T>
[[nodiscard]] auto default_value(T value) {
  if constexpr (std::convertible_to<T, std::string_view>) {
    return rules::Default<std::string>{std::string(value)};
  } else {
    return rules::Default<T>{std::move(value)};
  }
}

}  // namespace pluv::json
