// The file of webhooks that are still to be delivered: an SQLite database of its own, made and
// recognised here, and the statements on it.
//
//   events  what is to be delivered, in the order of its ids, which never come back
//   dead    what was given up, with why
//   live    sessions that were announced as connected and not yet as gone; one with an empty
//   session
//           is the room's own, until its end was announced
//   meta    instance: a random text that makes the ids of deliveries unique beyond this file;
//           copied: this is a copy for a backup, which nobody has opened yet
//
// Bodies come last in their rows, so that reading the rest does not read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite_database.h"
#include "base/result.h"

namespace pluv::apps {

inline constexpr std::string_view kWebhooksFile = "webhooks.db";  // in the folder of the documents

// For a copy of the file. Whoever opens it, perhaps while the original has gone on, first leaps far
// ahead with its ids: a new event with the id of another would be taken for a repeat.
inline constexpr std::string_view kMarkCopied =
    "REPLACE INTO meta (key, value) VALUES ('copied', 1)";

enum class OutboxSql : std::uint8_t {
  begin,
  commit,
  rollback,
  add_event,
  add_live,
  remove_live,
  remove_live_room,
  list_live,
  list_events,
  event_body,
  remove_event,
  postpone_event,
  bury_event,
  list_dead,
  dead_body,
  count_dead,
  replay_dead,
  remove_dead,
  old_dead,
  first_dead,
  last_dead,
  restart_log,
};

class OutboxFile {
 public:
  // Empty path: in memory. Errors: invalid for a file that is not of this kind or of a newer
  // version, otherwise as adapters::sqlite_error.
  [[nodiscard]] static Result<std::unique_ptr<OutboxFile>> open(const std::string& path);

  [[nodiscard]] const adapters::SqliteStatement& operator[](OutboxSql sql) const {
    return statements_[static_cast<std::size_t>(sql)];
  }
  // Runs a statement that has no parameters and answers no rows.
  [[nodiscard]] Result<void> run(OutboxSql sql);
  // Gives some of the disk back, when an outage has taken much of it.
  void shrink();
  [[nodiscard]] std::int64_t last_id() const;
  // Of the write-ahead log, as of the last commit; how many commits there were.
  [[nodiscard]] int log_pages() const noexcept { return log_->pages; }
  [[nodiscard]] std::uint64_t commits() const noexcept { return log_->commits; }
  [[nodiscard]] const std::string& instance() const noexcept { return instance_; }

 private:
  explicit OutboxFile(adapters::SqliteDatabase database) : database_(std::move(database)) {}
  [[nodiscard]] Result<void> prepare(const std::string& path);
  [[nodiscard]] Result<void> read_instance();
  [[nodiscard]] Result<void> leap_when_copied();

  struct Log {
    int pages = 0;
    std::uint64_t commits = 0;
  };
  std::unique_ptr<Log> log_ = std::make_unique<Log>();  // SQLite tells it
  adapters::SqliteDatabase database_;
  std::vector<adapters::SqliteStatement> statements_;
  std::string instance_;
};

}  // namespace pluv::apps
