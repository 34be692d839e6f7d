// Numbers in the inspector's addresses. Pure functions.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace pluv::apps {

// A whole number, nothing else. Errors: invalid, which names it.
[[nodiscard]] inline Result<std::uint64_t> whole_number(std::string_view name,
                                                        std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) {
    return Error{ErrorCode::invalid, std::string(name) + ": a whole number is expected"};
  }
  return number;
}

// The request's parameter, at most `most`; without one the other number.
[[nodiscard]] inline Result<std::uint64_t> number_parameter(const net::Request& request,
                                                            std::string_view name,
                                                            std::uint64_t otherwise,
                                                            std::uint64_t most = UINT64_MAX) {
  const auto text = request.query_get(name);
  if (!text || text->empty()) return otherwise;
  const auto number = whole_number(name, *text);
  if (!number.ok()) return number.error();
  return std::min(*number, most);
}

}  // namespace pluv::apps
