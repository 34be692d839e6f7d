// How the fuzzers of the Yjs engine get several pieces out of one input. Pure functions; the pieces
// are views into the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pluv::ycrdt {

// Takes a piece off the front: a byte says how long it is, 255 stands for all that is left.
[[nodiscard]] inline std::string_view take_piece(std::string_view& bytes) noexcept {
  if (bytes.empty()) return {};
  std::size_t size = static_cast<std::uint8_t>(bytes[0]);
  if (size == 255) size = bytes.size();
  bytes.remove_prefix(1);
  const std::string_view out = bytes.substr(0, size);
  bytes.remove_prefix(out.size());
  return out;
}

// The whole input as pieces, some of them empty.
[[nodiscard]] inline std::vector<std::string_view> cut(std::string_view bytes) {
  std::vector<std::string_view> out;
  while (bytes.size() > 1) out.push_back(take_piece(bytes));
  return out;
}

}  // namespace pluv::ycrdt
