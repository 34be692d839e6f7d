#include "adapters/sqlite_schema.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace pluv::adapters {
namespace {

// Entry n brings version n to version n + 1. An entry that was released never changes.
constexpr std::array kMigrations = {
    // WITHOUT ROWID keeps a room's records next to each other. AUTOINCREMENT: purges rely on an id
    // never coming back.
    R"sql(
      CREATE TABLE rooms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        snapshot_number INTEGER NOT NULL DEFAULT 0,
        snapshot_version INTEGER NOT NULL DEFAULT 0);
      CREATE TABLE records (
        room INTEGER NOT NULL,
        number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        unix_ms INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (room, number, version)) WITHOUT ROWID;
      CREATE TABLE purges (
        unix_ms INTEGER NOT NULL,
        room INTEGER NOT NULL,
        number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (unix_ms, room, number, version)) WITHOUT ROWID;
    )sql",
    R"sql(
      CREATE TABLE large (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        data BLOB NOT NULL);
      ALTER TABLE records ADD COLUMN large INTEGER;
    )sql",
};
static_assert(kMigrations.size() == static_cast<std::size_t>(kSchemaVersion));

// Syncing at checkpoints keeps the file whole through a power cut; the store syncs the log itself
// as its durability asks. The journal's limit gives back what one large transaction took.
constexpr const char* kWriterSettings = R"sql(
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -16384;
  PRAGMA secure_delete = FAST;
)sql";

// False only when it is surely not there.
bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 || errno != ENOENT;
}

struct Identity {
  std::int64_t application = 0;
  std::int64_t version = 0;
  bool empty = false;  // no tables at all
};

Result<Identity> identify(SqliteDatabase& database) {
  Identity identity;
  // First the tables: a file that is no database is refused here.
  auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::move(tables).error();
  identity.empty = *tables == 0;
  auto application = database.integer("PRAGMA application_id");
  if (!application) return std::move(application).error();
  identity.application = *application;
  auto version = database.integer("PRAGMA user_version");
  if (!version) return std::move(version).error();
  identity.version = *version;
  return identity;
}

Result<void> check(const std::string& path, const Identity& identity) {
  if (identity.application != kApplicationId) {
    return Error{ErrorCode::invalid, path + " is not a storage file of pluv"};
  }
  if (identity.version > kSchemaVersion) {
    return Error{ErrorCode::invalid, path + " was written by a newer pluv (version " +
                                         std::to_string(identity.version) +
                                         " of the format; this one reads up to " +
                                         std::to_string(kSchemaVersion) + ")"};
  }
  return {};
}

// A file that is no database at all says so in the words of a foreign one.
Error refusal(const std::string& path, Error error, SqliteDatabase& database) {
  if (sqlite3_errcode(database.handle()) != SQLITE_NOTADB) return error;
  return {ErrorCode::invalid, path + " is not a storage file of pluv: it is no SQLite database"};
}

Result<void> migrate(SqliteDatabase& database, std::int64_t version) {
  if (auto begun = database.execute("BEGIN EXCLUSIVE"); !begun) return begun;
  for (auto next = static_cast<std::size_t>(version); next < kMigrations.size(); ++next) {
    if (auto done = database.execute(kMigrations[next]); !done) return done;
  }
  const std::string marks = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                            "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
  if (auto marked = database.execute(marks.c_str()); !marked) return marked;
  return database.execute("COMMIT");
}

}  // namespace

Result<SqliteDatabase> open_prepared(const std::string& path) {
  const bool has_log = exists(path + "-wal");
  auto opened = SqliteDatabase::open(path, SqliteDatabase::Access::create);
  if (!opened) return opened;
  SqliteDatabase database = std::move(opened).value();
  // Closing would put the log into the file and remove it: not with somebody else's.
  if (has_log) {
    sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  auto identity = identify(database);
  if (!identity) return refusal(path, std::move(identity).error(), database);
  const bool is_new = identity->empty && identity->application == 0 && identity->version == 0;
  if (!is_new) {
    if (auto checked = check(path, *identity); !checked) return std::move(checked).error();
  }
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  if (is_new) {
    // Before anything is written: it cannot be chosen later.
    if (auto set = database.execute("PRAGMA auto_vacuum = INCREMENTAL"); !set) {
      return std::move(set).error();
    }
  }
  if (auto set = database.execute("PRAGMA journal_mode = WAL"); !set) {
    return std::move(set).error();
  }
  if (auto set = database.execute(kWriterSettings); !set) return std::move(set).error();
  if (is_new || identity->version < kSchemaVersion) {
    if (auto done = migrate(database, identity->version); !done) return std::move(done).error();
  }
  return database;
}

namespace {

Result<SqliteDatabase> open_as(const std::string& path, SqliteDatabase::Access access) {
  auto opened = SqliteDatabase::open(path, access);
  if (!opened) return opened;
  SqliteDatabase database = std::move(opened).value();
  auto identity = identify(database);
  if (!identity) return refusal(path, std::move(identity).error(), database);
  if (identity->empty && identity->application == 0) {
    return Error{ErrorCode::invalid, path + " is empty: no documents were ever kept in it"};
  }
  if (auto checked = check(path, *identity); !checked) return std::move(checked).error();
  if (identity->version < kSchemaVersion) {
    return Error{ErrorCode::invalid, path + " is of an older version: open it once for writing"};
  }
  return database;
}

}  // namespace

Result<SqliteDatabase> open_to_write(const std::string& path) {
  const bool made = make_private_file(path);
  auto opened = open_prepared(path);
  // A disk that was full leaves no empty file behind.
  struct stat status{};
  if (!opened && made && ::stat(path.c_str(), &status) == 0 && status.st_size == 0) {
    ::unlink(path.c_str());
  }
  return opened;
}

Result<SqliteDatabase> open_to_read(const std::string& path) {
  if (!exists(path)) return Error{ErrorCode::not_found, path + " does not exist"};
  auto opened = open_as(path, SqliteDatabase::Access::read);
  // A copy on a read-only disk, say. With a log beside it there is something that SQLite must not
  // leave out.
  if (!opened && opened.error().code == ErrorCode::unavailable && !exists(path + "-wal")) {
    auto still = open_as(path, SqliteDatabase::Access::read_still);
    if (still.ok()) return still;
  }
  return opened;
}

}  // namespace pluv::adapters
