// How a message says which one it is: the member "x" of its JSON, a number above zero.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::bench {

inline constexpr std::string_view kStampKey = R"("x":)";

[[nodiscard]] inline std::string spelled_stamp(std::int64_t stamp) {
  return std::string(kStampKey) + std::to_string(stamp);
}

inline void add_stamps(std::string_view message, std::vector<std::int64_t>& out) {
  for (std::size_t at = message.find(kStampKey); at != std::string_view::npos;
       at = message.find(kStampKey, at)) {
    at += kStampKey.size();
    std::int64_t stamp = 0;
    (void)std::from_chars(message.data() + at, message.data() + message.size(), stamp);
    if (stamp > 0) out.push_back(stamp);
  }
}

}  // namespace pluv::bench
