// Facts: what the rules of a Schema ask for, as data, for those who write the schema down in
// another language (TypeScript's comments, JSON Schema). Plain values; made by Schema::facts() and
// the rules' describe(). Nothing is tested here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pluv::json {

enum class FactKind : std::uint8_t {
  min_length,  // of a string, in UTF-16 code units
  max_length,
  pattern,  // a regular expression that matches somewhere in it
  starts_with,
  ends_with,
  includes,
  one_of,
  at_least,
  at_most,
  above,
  below,
  whole,  // a number without a fraction
  multiple_of,
  min_items,  // of an array or a map
  max_items,
  each,    // `inner` holds for every element
  fields,  // `inner` holds for the members of the struct, each under its name
  default_value,
  predicate,
};

struct Fact {
  FactKind kind = FactKind::predicate;
  // JSON text: a number, a string, the default. Of a predicate, its message as plain text.
  std::string value{};
  std::vector<std::string> values{};  // of one_of, as JSON texts
  std::vector<Fact> inner{};
  std::string member{};  // the struct's member that it is about; empty: the whole value
};

// All facts of a schema, in the order of its checks.
struct SchemaFacts {
  std::vector<Fact> list{};
  bool strict = false;  // members without a field are refused
};

// Puts the facts that a rule adds after `before` under a member's name.
inline void name_facts(std::vector<Fact>& facts, std::size_t before, std::string_view member) {
  for (std::size_t i = before; i < facts.size(); ++i) facts[i].member = std::string(member);
}

}  // namespace pluv::json
