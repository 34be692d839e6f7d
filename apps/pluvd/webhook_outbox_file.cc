#include "apps/pluvd/webhook_outbox_file.h"

#include <sqlite3.h>

#include <array>
#include <utility>

#include "auth/random.h"

namespace pluv::apps {
namespace {

using adapters::SqliteDatabase;
using adapters::SqliteQuery;

// "plwh" in SQLite's header.
constexpr std::int64_t kApplicationId = 0x706c7768;
constexpr std::int64_t kVersion = 1;
// Somebody's tool may write for a moment; an event loop does not wait for longer.
constexpr int kBusyMs = 20;

// Free pages, which the next events fill. More than these are given back, some at a time.
constexpr std::int64_t kFreePagesKept = 4'096;

constexpr const char* kSchema = R"sql(
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery INTEGER NOT NULL,  -- 0: the id
    project TEXT NOT NULL,
    room TEXT NOT NULL,
    event TEXT NOT NULL,
    at_unix_ms INTEGER NOT NULL,
    since_unix_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_unix_ms INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL);
  CREATE TABLE dead (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery INTEGER NOT NULL,
    project TEXT NOT NULL,
    room TEXT NOT NULL,
    event TEXT NOT NULL,
    at_unix_ms INTEGER NOT NULL,
    dead_unix_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    body BLOB NOT NULL);
  CREATE INDEX dead_of_project ON dead (project, id);
  CREATE TABLE live (
    project TEXT NOT NULL,
    room TEXT NOT NULL,
    session TEXT NOT NULL,
    number INTEGER NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (project, room, session)) WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
)sql";

// Nobody who adds an event waits for the disk: a commit is a write to the log. Checkpoints, which
// sync, are the delivery's (WebhookOutbox::care).
constexpr const char* kSettings = R"sql(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA secure_delete = FAST;
)sql";

// In the order of OutboxSql.
constexpr std::array kStatements = {
    "BEGIN IMMEDIATE",
    "COMMIT",
    "ROLLBACK",
    "INSERT INTO events (delivery, project, room, event, at_unix_ms, since_unix_ms, body)"
    " VALUES (0, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO live (project, room, session, number, user) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING",
    "DELETE FROM live WHERE project = ? AND room = ? AND session = ?",
    "DELETE FROM live WHERE project = ? AND room = ?",
    // A room's own row last: its empty session sorts first.
    "SELECT project, room, session, user FROM live"
    " ORDER BY project, room, session = '', number",
    "SELECT id, delivery, project, room, event, at_unix_ms, since_unix_ms, attempts, next_unix_ms,"
    " length(body) FROM events ORDER BY id",
    "SELECT body FROM events WHERE id = ?",
    "DELETE FROM events WHERE id = ?",
    "UPDATE events SET attempts = ?, next_unix_ms = ? WHERE id = ?",
    "INSERT INTO dead (delivery, project, room, event, at_unix_ms, dead_unix_ms, attempts, reason,"
    " body) SELECT iif(delivery = 0, id, delivery), project, room, event, at_unix_ms, ?, ?, ?, body"
    " FROM events WHERE id = ?",
    "SELECT id, delivery, room, event, at_unix_ms, dead_unix_ms, attempts, reason, length(body)"
    " FROM dead WHERE project = ? AND id > ? ORDER BY id LIMIT ?",
    "SELECT body FROM dead WHERE project = ? AND id = ?",
    "SELECT project, count(*), sum(length(body)) FROM dead GROUP BY project ORDER BY project",
    "INSERT INTO events (delivery, project, room, event, at_unix_ms, since_unix_ms, body)"
    " SELECT delivery, project, room, event, at_unix_ms, ?, body FROM dead"
    " WHERE project = ? AND id = ?"
    " RETURNING delivery, room, event, at_unix_ms, length(body)",
    "DELETE FROM dead WHERE project = ? AND id = ? RETURNING length(body)",
    // Ids grow with time.
    "SELECT id, project FROM dead WHERE dead_unix_ms < ? AND id <= (SELECT min(id) FROM dead) + 999"
    " ORDER BY id LIMIT 100",
    "SELECT id FROM dead WHERE project = ? ORDER BY id LIMIT 1",
    "SELECT id FROM dead WHERE project = ? ORDER BY id DESC LIMIT 1",
    "REPLACE INTO meta (key, value) VALUES ('restarted', 1)",
};

Result<void> recognise(SqliteDatabase& database, const std::string& path) {
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::move(tables).error();
  auto application = database.integer("PRAGMA application_id");
  if (!application) return std::move(application).error();
  auto version = database.integer("PRAGMA user_version");
  if (!version) return std::move(version).error();
  const bool is_new = *tables == 0 && *application == 0 && *version == 0;
  if (!is_new && *application != kApplicationId) {
    return Error{ErrorCode::invalid, path + " is not an outbox of pluv"};
  }
  if (*version > kVersion) {
    return Error{ErrorCode::invalid, path + " was written by a newer pluv"};
  }
  if (is_new) {  // it cannot be chosen later
    if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) return set;
  }
  if (auto set = database.execute(kSettings); !set) return set;
  if (!is_new) return {};
  const std::string all = "BEGIN EXCLUSIVE;" + std::string(kSchema) +
                          "PRAGMA application_id = " + std::to_string(kApplicationId) +
                          "; PRAGMA user_version = " + std::to_string(kVersion) + "; COMMIT";
  return database.execute(all.c_str());
}

}  // namespace

Result<std::unique_ptr<OutboxFile>> OutboxFile::open(const std::string& path) {
  const std::string name = path.empty() ? ":memory:" : path;
  if (!path.empty()) adapters::make_private_file(path);
  auto opened = SqliteDatabase::open(name, SqliteDatabase::Access::create);
  if (!opened) return std::move(opened).error();
  std::unique_ptr<OutboxFile> file(new OutboxFile(std::move(*opened)));
  if (auto prepared = file->prepare(name); !prepared) return std::move(prepared).error();
  return file;
}

Result<void> OutboxFile::prepare(const std::string& path) {
  if (auto recognised = recognise(database_, path); !recognised) return recognised;
  auto statements = database_.prepare_all(kStatements);
  if (!statements) return std::move(statements).error();
  statements_ = std::move(*statements);
  if (auto read = read_instance(); !read) return read;
  if (auto leapt = leap_when_copied(); !leapt) return leapt;
  sqlite3_busy_timeout(database_.handle(), kBusyMs);
  sqlite3_wal_hook(
      database_.handle(),
      [](void* log, sqlite3*, const char*, int pages) {
        static_cast<Log*>(log)->pages = pages;
        ++static_cast<Log*>(log)->commits;
        return SQLITE_OK;
      },
      log_.get());
  return {};
}

Result<void> OutboxFile::read_instance() {
  auto asked = database_.prepare("SELECT value FROM meta WHERE key = 'instance'");
  if (!asked) return std::move(asked).error();
  {
    SqliteQuery query(*asked);
    auto row = query.row();
    if (!row) return std::move(row).error();
    if (*row) {
      instance_ = query.bytes_at(0);
      return {};
    }
  }
  std::array<std::uint8_t, 8> random{};
  if (auto filled = auth::fill_random(random); !filled) return filled;
  constexpr char kDigits[] = "0123456789abcdef";
  for (const std::uint8_t byte : random) instance_.append({kDigits[byte >> 4], kDigits[byte & 15]});
  auto kept = database_.prepare("INSERT INTO meta (key, value) VALUES ('instance', ?)");
  if (!kept) return std::move(kept).error();
  return SqliteQuery(*kept).text(instance_).run();
}

// By a random distance, as one backup may be gone back to more than once.
Result<void> OutboxFile::leap_when_copied() {
  const auto copied = database_.integer("SELECT count(*) FROM meta WHERE key = 'copied'");
  if (!copied) return copied.error();
  if (*copied == 0) return {};
  std::array<std::uint8_t, 4> random{};
  if (auto filled = auth::fill_random(random); !filled) return filled;
  std::uint64_t distance = 1;
  for (const std::uint8_t byte : random) distance = distance << 8 | byte;
  const std::string sql =
      "BEGIN IMMEDIATE;"
      "INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0"
      " WHERE NOT EXISTS (SELECT * FROM sqlite_sequence WHERE name = 'events');"
      "UPDATE sqlite_sequence SET seq = seq + " +
      std::to_string(distance << 8) +
      " WHERE name = 'events';"
      "DELETE FROM meta WHERE key = 'copied';"
      "COMMIT";
  return database_.execute(sql.c_str());
}

Result<void> OutboxFile::run(OutboxSql sql) { return SqliteQuery((*this)[sql]).run(); }

void OutboxFile::shrink() {
  const auto free = database_.integer("PRAGMA freelist_count");
  if (!free.ok() || *free < kFreePagesKept) return;
  // What fails is tried again the next time.
  (void)database_.execute("PRAGMA incremental_vacuum(128)");
}

std::int64_t OutboxFile::last_id() const { return sqlite3_last_insert_rowid(database_.handle()); }

}  // namespace pluv::apps
