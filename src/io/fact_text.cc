#include "io/fact_text.h"

namespace pluv::detail {
namespace {

using json::Fact;
using json::FactKind;

std::string counted(std::string_view bound, const std::string& count, std::string_view noun) {
  return std::string(bound) + count + " " + std::string(noun) + (count == "1" ? "" : "s");
}

std::string words(const Fact& fact) {
  switch (fact.kind) {
    case FactKind::min_length: return counted("at least ", fact.value, "character");
    case FactKind::max_length: return counted("at most ", fact.value, "character");
    case FactKind::pattern: return "matches " + fact.value;
    case FactKind::starts_with: return "starts with " + fact.value;
    case FactKind::ends_with: return "ends with " + fact.value;
    case FactKind::includes: return "includes " + fact.value;
    case FactKind::one_of: {
      std::string out = "one of";
      for (const std::string& value : fact.values) out += " " + value;
      return out;
    }
    case FactKind::at_least: return "at least " + fact.value;
    case FactKind::at_most: return "at most " + fact.value;
    case FactKind::above: return "more than " + fact.value;
    case FactKind::below: return "less than " + fact.value;
    case FactKind::whole: return "an integer";
    case FactKind::multiple_of: return "a multiple of " + fact.value;
    case FactKind::min_items: return counted("at least ", fact.value, "item");
    case FactKind::max_items: return counted("at most ", fact.value, "item");
    case FactKind::each: return "each: " + fact_text(fact.inner, "");
    case FactKind::fields: {
      std::string out;
      for (std::size_t i = 0; i < fact.inner.size(); ++i) {
        const std::string& member = fact.inner[i].member;
        if (i > 0 && fact.inner[i - 1].member == member) continue;
        out += (out.empty() ? "" : ", ") + member + " " + fact_text(fact.inner, member);
      }
      return out;
    }
    case FactKind::default_value: return "default " + fact.value;
    case FactKind::predicate:  // the message of its failure: "expected an even number"
      return fact.value.starts_with("expected ") ? fact.value.substr(9) : fact.value;
  }
  return {};
}

}  // namespace

std::string fact_text(const std::vector<Fact>& facts, std::string_view member) {
  std::string out;
  for (const Fact& fact : facts) {
    if (fact.member != member) continue;
    if (!out.empty()) out += ", ";
    out += words(fact);
  }
  return out;
}

}  // namespace pluv::detail
