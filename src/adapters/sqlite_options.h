// The settings of an SqliteStore. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/store.h"

namespace pluv::adapters {

// The largest update or snapshot. SQLite takes 1 GB; a record is held in memory about three times
// while it is written.
inline constexpr std::size_t kRecordBytesMax = 512 * 1024 * 1024;

struct SqliteOptions {
  std::string path;
  Durability durability = Durability::process;
  // How long replaced updates and snapshots are kept. 0: not at all.
  std::int64_t history_ms = 0;
  // Only load, list, history, load_at, backup and verify; takes no lock, so that a tool can look at
  // the file of a server that runs.
  bool read_only = false;
  std::size_t record_bytes_max = kRecordBytesMax;
  // What nobody waits for an answer of. level is "info", "warn" or "error", event a name in
  // snake_case. Called on the store's threads; may be empty.
  std::function<void(std::string_view level, std::string_view event, std::string_view message)> log;
  // Milliseconds since 1970-01-01T00:00:00Z. Called on the store's threads; empty: the system's.
  std::function<std::int64_t()> unix_ms;
};

}  // namespace pluv::adapters
