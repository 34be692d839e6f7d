// Points in time as people write them on a command line, and back. Pure functions, always of UTC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::apps {

// Milliseconds since 1970-01-01T00:00:00Z, of one of
//   2026-11-26T07:41:38.250Z    RFC 3339; also with an offset (+01:00), with a space for the T
//   1795678898 or 1795678898.5  seconds since 1970
//   2h or "2h ago"              before now, units as parse_duration_ms
// from 1970 to the year 9999. Of a fraction, milliseconds count. Errors say what is expected.
[[nodiscard]] Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_unix_ms);

// "2026-11-26T07:41:38.250Z", which parse_moment reads back.
[[nodiscard]] std::string format_moment(std::int64_t unix_ms);

}  // namespace pluv::apps
