// The disk of a simulated machine, with the documents of all rooms: what the stores' logic makes of
// it when it is full, when the power is cut, when a record is torn. Synchronous; when and whether
// somebody is answered is the business of SimStore. Two kinds: a model (model_disk.h), which is
// plain enough to be right, and the SQLite store's own tables in a file in memory (sqlite_disk.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/store.h"
#include "base/result.h"
#include "tests/sim/random.h"

namespace pluv::sim {

class Disk {
 public:
  virtual ~Disk() = default;

  [[nodiscard]] virtual Result<adapters::StoredDocument> load(const std::string& room) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> append(const std::string& room,
                                                     const std::string& update,
                                                     std::int64_t unix_ms) = 0;
  [[nodiscard]] virtual Result<void> compact(const std::string& room, std::uint64_t last,
                                             const std::string& snapshot, std::int64_t unix_ms) = 0;
  // The room's document is deleted, safe from a cut. False: it could not be.
  [[nodiscard]] virtual bool remove(const std::string& room) = 0;
  // All that was written is safe from a cut then.
  [[nodiscard]] virtual Result<void> sync() = 0;
  // The store's housekeeping: replaced records go.
  virtual void purge(std::int64_t until_unix_ms) = 0;

  // No write succeeds while it is full.
  virtual void set_full(bool full) = 0;
  // The process that had it open is gone; what it wrote stays.
  virtual void process_killed() = 0;
  // The machine is gone: what was not synced stays in part.
  virtual void power_cut(Random& random) = 0;
  // The newest update of the room has other bytes than were written. False: it has none, or it
  // cannot be torn alone.
  virtual bool tear_newest(const std::string& room) = 0;
};

}  // namespace pluv::sim
