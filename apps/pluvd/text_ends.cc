#include "apps/pluvd/text_ends.h"

#include <algorithm>

namespace pluv::apps {
namespace {

// In the middle of a character.
bool is_inside(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

}  // namespace

std::size_t common_front(std::string_view left, std::string_view right) {
  const auto [in_left, in_right] = std::ranges::mismatch(left, right);
  auto bytes = static_cast<std::size_t>(in_left - left.begin());
  while (bytes > 0 && (is_inside(left, bytes) || is_inside(right, bytes))) --bytes;
  return bytes;
}

std::size_t common_back(std::string_view left, std::string_view right) {
  const std::size_t most = std::min(left.size(), right.size());
  std::size_t bytes = 0;
  while (bytes < most && left[left.size() - bytes - 1] == right[right.size() - bytes - 1]) ++bytes;
  while (bytes > 0 &&
         (is_inside(left, left.size() - bytes) || is_inside(right, right.size() - bytes))) {
    --bytes;
  }
  return bytes;
}

CommonEnds common_ends(std::string_view left, std::string_view right) {
  CommonEnds ends;
  ends.front = common_front(left, right);
  ends.back = common_back(left.substr(ends.front), right.substr(ends.front));
  return ends;
}

}  // namespace pluv::apps
