// The rules of a schema in words, for the comments of generated types. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/fact.h"

namespace pluv::detail {

// "at least 1 character, at most 80 characters"; empty when no fact is about that member.
[[nodiscard]] std::string fact_text(const std::vector<json::Fact>& facts, std::string_view member);

}  // namespace pluv::detail
