// Which web pages may open a WebSocket: a list of allowed origins against the Origin field
// (RFC 6454 section 7, RFC 6455 section 10.2). A value made once from the configuration; immutable,
// so any thread may ask. A request without the field does not come from a browser: whether it may
// pass is the caller's to decide.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pluv::net {

class OriginList {
 public:
  OriginList() = default;  // allows nothing
  // Patterns: "*" (every origin, "null" too), "null" (sandboxed pages and files),
  // "https://example.com", "http://localhost:3000", or "https://*.example.com", where the star
  // stands for one or more whole labels. Scheme and host are compared without case; a scheme's
  // default port may be written or not.
  [[nodiscard]] static Result<OriginList> parse(std::span<const std::string> patterns);

  // origin: the value of the Origin field.
  [[nodiscard]] bool allows(std::string_view origin) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return patterns_.empty() && !any_ && !null_; }

 private:
  struct Pattern {
    std::string scheme;  // lower case
    std::string host;    // lower case; with a wildcard ".example.com"
    std::uint16_t port;  // 0 for a scheme without default port
    bool wildcard;
  };
  std::vector<Pattern> patterns_;
  bool any_ = false;
  bool null_ = false;
};

}  // namespace pluv::net
