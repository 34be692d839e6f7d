// What a storage file keeps of a room: records, and their checksums. See sqlite_schema.h.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace pluv::adapters {

// Where a record stands in its room: the order of the log.
struct RecordPosition {
  std::int64_t number = 0;   // from 1
  std::int64_t version = 0;  // 0: an update; else a snapshot of all up to this number

  auto operator<=>(const RecordPosition&) const = default;
};

// CRC-32 over all that a record says. SQLite checks the shape of its pages, not what is in them.
[[nodiscard]] std::uint32_t record_checksum(std::string_view room, RecordPosition position,
                                            std::int64_t unix_ms, std::string_view data) noexcept;

}  // namespace pluv::adapters
