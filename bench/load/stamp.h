// How a message says which one it is: the member "x" of its JSON, a number above zero.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace pluv::bench {

inline constexpr std::string_view kStampKey = R"("x":)";

[[nodiscard]] inline std::string spelled_stamp(std::int64_t stamp) {
  return std::string(kStampKey) + std::to_string(stamp);
}

// 0 when there is none.
[[nodiscard]] inline std::int64_t stamp_in(std::string_view message) noexcept {
  const std::size_t at = message.find(kStampKey);
  if (at == std::string_view::npos) return 0;
  std::int64_t stamp = 0;
  (void)std::from_chars(message.data() + at + kStampKey.size(), message.data() + message.size(),
                        stamp);
  return stamp;
}

}  // namespace pluv::bench
