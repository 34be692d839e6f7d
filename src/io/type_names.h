// Names for the C++ types of a description in another language. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/shape.h"

namespace pluv::detail {

// Whether a shape is an object without members that the program did not name.
[[nodiscard]] bool is_plain_empty(const json::Shape& shape);

// For every shape its name, empty where it needs none. A struct or enum is called as in C++; types
// that would share a name are told apart by their namespace (ChatMessage), then by a number.
// Reserved names are given to none.
[[nodiscard]] std::vector<std::string> name_types(const json::Shapes& shapes,
                                                  const std::vector<std::string_view>& reserved);

}  // namespace pluv::detail
