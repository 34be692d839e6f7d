// Where rooms keep their documents: for each room a log of updates, of which the first may be a
// snapshot that stands for all before it. An interface; memory_store.h and sqlite_store.h implement
// it. The updates are bytes to it: what they mean is the storage kind's business.
//
// Methods are thread-safe, never block and never throw. What is asked for one room is carried out
// in the order of the calls. Each `done` is called exactly once, on a thread of the store's own (or
// inside the call), and must not block; it hands the answer over to whoever asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/history.h"
#include "base/result.h"

namespace pluv::adapters {

// What has happened to an update when its append is done.
enum class Durability : std::uint8_t {
  none,     // nothing yet: a killed process loses the last moments
  process,  // it was written: a killed process loses nothing, a power cut at most the last second
  strict,   // it was synced to the disk
};

// What is kept of a room's document. Merging the updates, in their order, gives the document.
struct StoredDocument {
  std::vector<std::string> updates;  // oldest first; empty: the room has none
  std::uint64_t last = 0;            // the number of the newest; 0: the room has none
  bool has_snapshot = false;         // updates.front() is one
};

// A room's document as it once was.
struct PastDocument {
  StoredDocument document;
  std::int64_t unix_ms = 0;  // when its newest record was written
};

// A room that has a document.
struct StoredRoom {
  std::string room;
  std::uint64_t last = 0;         // the number of the newest update
  std::uint64_t log_updates = 0;  // after the snapshot
  std::uint64_t log_bytes = 0;
  std::uint64_t snapshot_bytes = 0;  // 0: none
  std::int64_t changed_unix_ms = 0;
};

class Store {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  virtual ~Store() = default;

  // What the room has; nothing (no error) when it has never had a document. A document that is
  // there but cannot be read is an error, never an empty one.
  virtual void load(std::string room, Done<StoredDocument> done) = 0;
  // Adds the update to the room's log. Done, with its number, when it is as safe as the store's
  // durability says. On an error nothing of it is there.
  virtual void append(std::string room, std::string update, Done<std::uint64_t> done) = 0;
  // Puts the snapshot in place of the updates up to this number, all or nothing; later ones stay.
  virtual void compact(std::string room, std::uint64_t last, std::string snapshot,
                       Done<void> done) = 0;
  // Forgets the room's document and its history.
  virtual void remove(std::string room, Done<void> done) = 0;
  // Rooms whose names come after this one, in order of name, `limit` at most.
  virtual void list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) = 0;
  // Done when all that was asked for before is on the disk.
  virtual void flush(Done<void> done) = 0;

  // Stores may keep what was replaced, for a while; those that do not answer not_found.
  [[nodiscard]] virtual bool has_history() const noexcept { return false; }
  // Records of the room whose numbers are below this one, newest first: `limit` of them, and those
  // that have the last one's number. Nothing, when the room has no document.
  virtual void history_before(std::string room, std::uint64_t number, std::size_t limit,
                              Done<std::vector<HistoryEntry>> done);
  // The document up to the record of this number. not_found when there is none, or the history does
  // not reach back that far.
  virtual void load_number(std::string room, std::uint64_t number, Done<PastDocument> done);
};

inline void Store::history_before(std::string, std::uint64_t, std::size_t,
                                  Done<std::vector<HistoryEntry>> done) {
  done(Error{ErrorCode::not_found, "This store keeps no history"});
}

inline void Store::load_number(std::string, std::uint64_t, Done<PastDocument> done) {
  done(Error{ErrorCode::not_found, "This store keeps no history"});
}

}  // namespace pluv::adapters
