// How a fuzzer gets several texts out of one input: its lines, so that a dictionary's words and the
// committed cases stay readable. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::fuzz {

// At most 16; the last one holds all that is left.
[[nodiscard]] inline std::vector<std::string> lines_of(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const std::size_t end = out.size() == 15 ? bytes.npos : bytes.find('\n');
    out.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
  }
  return out;
}

// The first line, and all after it.
[[nodiscard]] inline std::string_view take_line(std::string_view& bytes) noexcept {
  const std::size_t end = bytes.find('\n');
  const std::string_view out = bytes.substr(0, end);
  bytes.remove_prefix(end == bytes.npos ? bytes.size() : end + 1);
  return out;
}

}  // namespace pluv::fuzz
