// What two texts have in common at their beginnings and at their ends, so that an edit of the one
// into the other leaves that alone. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace pluv::apps {

// In bytes; never in the middle of a character, and together no more than the shorter text.
struct CommonEnds {
  std::size_t front = 0;
  std::size_t back = 0;
};

// Both are UTF-8.
[[nodiscard]] std::size_t common_front(std::string_view left, std::string_view right);
[[nodiscard]] std::size_t common_back(std::string_view left, std::string_view right);
[[nodiscard]] CommonEnds common_ends(std::string_view left, std::string_view right);

}  // namespace pluv::apps
