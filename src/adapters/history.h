// What a store with a history answers about it, and what its checks find. Values.
#pragma once

#include <cstdint>
#include <string>

namespace pluv::adapters {

// A record of a room, of its present document or of its past.
struct HistoryEntry {
  std::uint64_t number = 0;  // of the update, or of the newest update in the snapshot
  bool is_snapshot = false;
  std::int64_t unix_ms = 0;  // when it was written; never goes back within a room
  std::uint64_t bytes = 0;

  bool operator==(const HistoryEntry&) const = default;
};

// Something wrong with a storage file.
struct Finding {
  std::string room;          // empty: it is about the file
  std::uint64_t number = 0;  // of the record; 0: about the room as a whole
  std::string message;
  bool in_history = false;  // the record was replaced: the present document does without it
};

// How far a long operation is; its units are the operation's own.
struct Progress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

}  // namespace pluv::adapters
