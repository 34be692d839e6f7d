#include "json/rules.h"

#include "json/number.h"

namespace pluv::json {
namespace rules {
namespace {

// "expected at least 2 items, received 1".
bool test_bounds(std::size_t size, std::size_t min, std::size_t max, std::string_view noun,
                 Issue& issue) {
  if (size >= min && size <= max) return true;
  const std::size_t bound = size < min ? min : max;
  issue.message = min == max   ? "expected "
                  : size < min ? "expected at least "
                               : "expected at most ";
  append_bound(issue.message, static_cast<std::uint64_t>(bound));
  issue.message.push_back(' ');
  issue.message += noun;
  if (bound != 1) issue.message.push_back('s');
  issue.message += ", received ";
  append_bound(issue.message, static_cast<std::uint64_t>(size));
  return false;
}

void describe_sizes(FactKind least, FactKind most, std::size_t min, std::size_t max,
                    std::vector<Fact>& out) {
  if (min > 0) out.push_back({.kind = least, .value = std::to_string(min)});
  if (max != kUnbounded) out.push_back({.kind = most, .value = std::to_string(max)});
}

}  // namespace

std::size_t utf16_length(std::string_view text) noexcept {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xc0) != 0x80;
    units += byte >= 0xf0;  // beyond the basic plane: a surrogate pair
  }
  return units;
}

bool LengthBounds::test(std::string_view text, Issue& issue) const {
  return test_bounds(utf16_length(text), min, max, "character", issue);
}

bool SizeBounds::test_size(std::size_t size, Issue& issue) const {
  return test_bounds(size, min, max, "item", issue);
}

bool Matches::test(std::string_view value, Issue& issue) const {
  if (compiled.matches(value)) return true;
  issue.message = "expected text that matches " + text;
  return false;
}

bool Contains::test(std::string_view value, Issue& issue) const {
  switch (where) {
    case Where::start:
      if (value.starts_with(part)) return true;
      issue.message = "expected text that starts with ";
      break;
    case Where::end:
      if (value.ends_with(part)) return true;
      issue.message = "expected text that ends with ";
      break;
    case Where::anywhere:
      if (value.find(part) != std::string_view::npos) return true;
      issue.message = "expected text that includes ";
      break;
  }
  append_string(issue.message, part);
  return false;
}

bool OneOfTexts::test(std::string_view value, Issue& issue) const {
  for (const std::string& candidate : allowed) {
    if (candidate == value) return true;
  }
  const std::vector<std::string_view> names(allowed.begin(), allowed.end());
  return codec::not_one_of(names.data(), names.size(), issue);
}

void LengthBounds::describe(std::vector<Fact>& out) const {
  describe_sizes(FactKind::min_length, FactKind::max_length, min, max, out);
}

void SizeBounds::describe(std::vector<Fact>& out) const {
  describe_sizes(FactKind::min_items, FactKind::max_items, min, max, out);
}

void Matches::describe(std::vector<Fact>& out) const {
  out.push_back({.kind = FactKind::pattern, .value = to_json(text)});
}

void Contains::describe(std::vector<Fact>& out) const {
  const FactKind kind = where == Where::start ? FactKind::starts_with
                        : where == Where::end ? FactKind::ends_with
                                              : FactKind::includes;
  out.push_back({.kind = kind, .value = to_json(part)});
}

void OneOfTexts::describe(std::vector<Fact>& out) const {
  out.push_back({.kind = FactKind::one_of});
  for (const std::string& candidate : allowed) out.back().values.push_back(to_json(candidate));
}

void append_bound(std::string& out, double bound) { append_number(out, bound); }
void append_bound(std::string& out, std::int64_t bound) { append_number(out, bound); }
void append_bound(std::string& out, std::uint64_t bound) { append_number(out, bound); }

bool fail_bound(Side side, const std::string& bound, Issue& issue) {
  constexpr const char* kSides[] = {"at least ", "at most ", "more than ", "less than "};
  issue.message = "expected ";
  issue.message += kSides[static_cast<std::size_t>(side)];
  issue.message += bound;
  return false;
}

void describe_bound(Side side, std::string bound, std::vector<Fact>& out) {
  constexpr FactKind kKinds[] = {FactKind::at_least, FactKind::at_most, FactKind::above,
                                 FactKind::below};
  out.push_back({.kind = kKinds[static_cast<std::size_t>(side)], .value = std::move(bound)});
}

bool is_multiple(double value, double step) noexcept {
  const double quotient = value / step;
  if (!std::isfinite(quotient)) return false;
  const double difference = std::fabs(quotient - std::nearbyint(quotient));
  return difference <= 1e-12 * std::fmax(1.0, std::fabs(quotient));
}

}  // namespace rules

rules::Matches pattern(PatternLiteral literal) {
  return {Pattern::compile(literal.text()).value(), std::string(literal.text())};
}

rules::Matches pattern(Pattern compiled, std::string text) {
  return {std::move(compiled), std::move(text)};
}

}  // namespace pluv::json
