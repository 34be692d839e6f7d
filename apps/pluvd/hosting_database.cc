#include "apps/pluvd/hosting_database.h"

#include <utility>

namespace pluv::apps {
namespace {

// "pluh" in SQLite's header.
constexpr std::int64_t kApplicationId = 0x706c7568;
constexpr std::int64_t kVersion = 1;

constexpr const char* kTables = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    room TEXT NOT NULL,
    user TEXT NOT NULL,
    revoked_s INTEGER NOT NULL,
    UNIQUE (project, room, user)
  );
  CREATE TABLE IF NOT EXISTS answers (
    project TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    status INTEGER NOT NULL,
    location TEXT NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (project, key)
  );
  CREATE INDEX IF NOT EXISTS answers_by_age ON answers (project, at_ms);
  PRAGMA application_id = 0x706c7568;
  PRAGMA user_version = 1;
  COMMIT;
)";

Result<void> prepare(adapters::SqliteDatabase& connection, const std::string& path) {
  const auto application = connection.integer("PRAGMA application_id");
  if (!application.ok()) return application.error();
  const auto version = connection.integer("PRAGMA user_version");
  if (!version.ok()) return version.error();
  const bool is_new = *application == 0 && *version == 0;
  if (!is_new && *application != kApplicationId) {
    return Error{ErrorCode::invalid, path + " is no file of a hosted pluvd"};
  }
  if (*version > kVersion) return Error{ErrorCode::invalid, path + " is of a newer version"};
  if (Result<void> set = connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      !set.ok()) {
    return set;
  }
  return is_new ? connection.execute(kTables) : Result<void>();
}

}  // namespace

Result<std::shared_ptr<HostingDatabase>> HostingDatabase::open(const std::string& path) {
  if (!path.empty()) adapters::make_private_file(path);
  auto connection = adapters::SqliteDatabase::open(path.empty() ? ":memory:" : path,
                                                   adapters::SqliteDatabase::Access::create);
  if (!connection.ok()) return connection.error();
  if (Result<void> prepared = prepare(*connection, path); !prepared.ok()) return prepared.error();
  return std::shared_ptr<HostingDatabase>(new HostingDatabase(path, std::move(*connection)));
}

Result<adapters::SqliteDatabase> HostingDatabase::open_reader() const {
  return adapters::SqliteDatabase::open(path_, adapters::SqliteDatabase::Access::read);
}

}  // namespace pluv::apps
