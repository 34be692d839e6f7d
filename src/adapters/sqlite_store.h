// The store of a single server: all rooms in one SQLite file. Owned by whoever opened it;
// thread-safe. One thread writes: it takes all that waits and commits it at once, so the more is
// asked for, the less each costs. Another one reads, so that a large document holds up no update. A
// third one makes backups and checks. Answers come on these threads.
//
// Every answer that is an error names the file and says what SQLite said. What failed has changed
// nothing, and the store goes on: when the disk has room again, it works again. Codes: unavailable
// may pass, internal is damage, limit, not_found and conflict as the methods say.
//
// Queues are not bounded: who asks waits for each answer before it offers much more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/history.h"
#include "adapters/sqlite_backup.h"
#include "adapters/sqlite_options.h"
#include "adapters/store.h"
#include "base/result.h"

namespace pluv::adapters {

class SqliteStore final : public Store {
 public:
  // Creates the file when there is none. One store at a time may write to a file; PATH.lock says
  // so, and goes with the process. Errors: conflict when the file is in use by another process (or
  // by another store of this one), invalid when it is not a storage file or of a newer version (it
  // is left as it was), not_found when it is only to be read and is not there, else as above.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(SqliteOptions options);
  // As close.
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  // Room names have 1 to kRoomKeySizeMax bytes and records SqliteOptions::record_bytes_max at most;
  // over that the answer is a limit. A read-only store answers what would change it with forbidden.
  void load(std::string room, Done<StoredDocument> done) override;
  void append(std::string room, std::string update, Done<std::uint64_t> done) override;
  // not_found without the room; conflict when the room has no such update, or a newer snapshot.
  void compact(std::string room, std::uint64_t last, std::string snapshot,
               Done<void> done) override;
  void remove(std::string room, Done<void> done) override;
  void list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) override;
  // With Durability::none the answer is also an error when something that was answered before could
  // not be written.
  void flush(Done<void> done) override;

  [[nodiscard]] bool has_history() const noexcept override { return true; }
  void history_before(std::string room, std::uint64_t number, std::size_t limit,
                      Done<std::vector<HistoryEntry>> done) override;
  void load_number(std::string room, std::uint64_t number, Done<PastDocument> done) override;

  // All that is kept of a room, oldest first: its present document and what was replaced in the
  // last history_ms. Nothing, when the room has no document.
  void history(std::string room, Done<std::vector<HistoryEntry>> done);
  // The document as it was then. Answers nothing before the room's first update; not_found when the
  // history does not reach back so far.
  void load_at(std::string room, std::int64_t unix_ms, Done<StoredDocument> done);
  // A copy of the file as of now, while writes go on. It appears under its name when it is whole; a
  // file of that name is never overwritten (conflict). Progress is in pages. Closing ends it.
  void backup(std::string path, std::function<void(Progress)> progress, Done<void> done);
  // The same, and of SQLite files that belong to it (back_up).
  void backup(std::string path, std::vector<BackupFile> beside,
              std::function<void(Progress)> progress, Done<void> done);
  // Reads everything. An answer without findings means that all is well; an error, that it could
  // not look. Progress is in records. Closing ends it.
  void verify(std::function<void(Progress)> progress, Done<std::vector<Finding>> done);

  // Carries out all that was asked for, syncs and lets go of the file; later calls are answered
  // with unavailable. Not to be called by a `done`. Answers what the last sync did; again: nothing.
  Result<void> close();

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace pluv::adapters
