// Numbers with a unit as people write them in settings: durations ("5s", "500ms"), sizes ("64KiB",
// "1MB"), plain counts and switches; and back into text. Pure functions; errors say what is
// expected, not which setting it was (the caller knows).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::apps {

// Milliseconds. A number, whole or with a fraction, and ms, s, m (or min), h or d; 0 needs no
// unit. Fractions of a millisecond are refused. At most 366 days.
[[nodiscard]] Result<std::int64_t> parse_duration_ms(std::string_view text);
// Bytes. A number, whole or with a fraction, and nothing or B, kB, MB, GB (powers of 1000), KiB,
// MiB or GiB (powers of 1024), letters in any case. At most 1 TiB.
[[nodiscard]] Result<std::int64_t> parse_size_bytes(std::string_view text);
// A whole number of at most 10^15, without sign, spaces or underscores.
[[nodiscard]] Result<std::int64_t> parse_count(std::string_view text);
// true, yes, on, 1; false, no, off, 0.
[[nodiscard]] Result<bool> parse_switch(std::string_view text);

// In the largest unit that divides it: 90'000 is "90s", 120'000 is "2m".
[[nodiscard]] std::string format_duration(std::int64_t ms);
// In the largest power of 1024 that divides it: 65'536 is "64KiB", 1'000 is "1000B".
[[nodiscard]] std::string format_size(std::int64_t bytes);
// For reading, at most 10 characters: "512 B", "64.0 KiB", "1.2 GiB".
[[nodiscard]] std::string short_size(std::uint64_t bytes);

// The candidate that text is most likely a slip of: few edits away, relative to its length.
// nullopt when none is near. O(candidates * lengths).
template <class Range>
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view text,
                                                      const Range& candidates);

// The number of single-character edits (insert, remove, replace, swap two neighbours).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::optional<std::string_view> nearest(std::string_view text, const Range& candidates) {
  std::optional<std::string_view> best;
  std::size_t best_distance = text.size() / 3 + 1;  // so many edits are still a slip
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance || (distance == best_distance && !best)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace pluv::apps
