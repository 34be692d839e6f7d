#include "tests/sim/sqlite_disk.h"

#include <sqlite3.h>

#include <optional>
#include <utility>

#include "adapters/sqlite_schema.h"
#include "base/assert.h"

namespace pluv::sim {
namespace {

constexpr const char* kPath = "/sim/pluv.sqlite";

bool is_failure(const Error& error) {
  return error.code == ErrorCode::unavailable || error.code == ErrorCode::internal;
}

}  // namespace

struct SqliteDisk::Open {
  explicit Open(adapters::SqliteDatabase opened) : database(std::move(opened)) {}

  adapters::SqliteDatabase database;
  std::unique_ptr<adapters::RecordWriter> writer;
  std::unique_ptr<adapters::Purger> purger;
  std::unique_ptr<adapters::RecordReader> reader;
};

SqliteDisk::SqliteDisk(bool strict) : strict_(strict) {}

SqliteDisk::~SqliteDisk() { close(); }

Result<SqliteDisk::Open*> SqliteDisk::opened() {
  if (open_) return open_.get();
  auto database = adapters::open_prepared(kPath);
  if (!database) return std::move(database).error();
  auto open = std::make_unique<Open>(std::move(database).value());
  if (strict_) {
    if (auto set = open->database.execute("PRAGMA synchronous = FULL"); !set) {
      return std::move(set).error();
    }
  }
  auto writer = adapters::RecordWriter::prepare(open->database);
  if (!writer) return std::move(writer).error();
  open->writer = std::move(writer).value();
  auto purger = adapters::Purger::prepare(open->database);
  if (!purger) return std::move(purger).error();
  open->purger = std::move(purger).value();
  auto reading = adapters::SqliteDatabase::open(kPath, adapters::SqliteDatabase::Access::read);
  if (!reading) return std::move(reading).error();
  auto reader = adapters::RecordReader::prepare(std::move(reading).value());
  if (!reader) return std::move(reader).error();
  open->reader = std::move(reader).value();
  open_ = std::move(open);
  return open_.get();
}

void SqliteDisk::roll_back() {
  if (open_->database.in_transaction()) (void)open_->database.execute("ROLLBACK");
  open_->writer->rolled_back();
}

template <class Write>
auto SqliteDisk::in_transaction(Write write) -> decltype(write()) {
  if (auto begun = open_->database.execute("BEGIN IMMEDIATE"); !begun) {
    return std::move(begun).error();
  }
  auto answer = write();
  if (answer.ok() || !is_failure(answer.error())) {
    auto committed = open_->database.execute("COMMIT");
    if (committed.ok()) {
      open_->writer->committed();
      return answer;
    }
    answer = std::move(committed).error();
  }
  roll_back();
  return answer;
}

Result<adapters::StoredDocument> SqliteDisk::load(const std::string& room) {
  auto open = opened();
  if (!open) return std::move(open).error();
  auto loaded = (*open)->reader->load(room);
  if (!loaded) return std::move(loaded).error();
  if (loaded->torn != 0) open_->writer->take_back(room, loaded->torn);
  return std::move(loaded->document);
}

Result<std::uint64_t> SqliteDisk::append(const std::string& room, const std::string& update,
                                         std::int64_t unix_ms) {
  auto open = opened();
  if (!open) return std::move(open).error();
  return in_transaction([&] { return open_->writer->append(room, update, unix_ms); });
}

Result<void> SqliteDisk::compact(const std::string& room, std::uint64_t last,
                                 const std::string& snapshot, std::int64_t unix_ms) {
  auto open = opened();
  if (!open) return std::move(open).error();
  return in_transaction([&] { return open_->writer->compact(room, last, snapshot, unix_ms); });
}

bool SqliteDisk::remove(const std::string& room) {
  if (!opened().ok()) return false;
  const auto removed = in_transaction([&] { return open_->writer->remove(room); });
  return removed.ok() && sync().ok();
}

Result<void> SqliteDisk::sync() {
  auto open = opened();
  if (!open) return std::move(open).error();
  return (*open)->database.sync_log();
}

void SqliteDisk::purge(std::int64_t until_unix_ms) {
  if (!open_) return;
  for (int steps = 0; steps < 8; ++steps) {
    const auto purged = open_->purger->step(until_unix_ms);
    if (!purged.ok() || !*purged) return;
  }
}

void SqliteDisk::process_killed() {
  // Closing in good order would put the log into the file.
  if (open_) {
    sqlite3_db_config(open_->database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  close();
}

void SqliteDisk::power_cut(Random& random) {
  process_killed();
  vfs_.power_cut(random);
}

bool SqliteDisk::tear_newest(const std::string& room) {
  auto open = opened();
  if (!open) return false;
  auto find = (*open)->database.prepare(
      "UPDATE records SET data = CAST(substr(data, 1, length(data) - 1) || x'5a' AS BLOB) "
      "WHERE version = 0 AND "
      "large IS NULL AND number > 1 AND room = (SELECT id FROM rooms WHERE name = ?1) AND number = "
      "(SELECT max(number) FROM records WHERE room = (SELECT id FROM rooms WHERE name = ?1)) AND "
      "NOT EXISTS (SELECT 1 FROM rooms WHERE name = ?1 AND snapshot_number >= number) AND "
      "data <> CAST(substr(data, 1, length(data) - 1) || x'5a' AS BLOB)");
  PLUV_ASSERT(find.ok());
  adapters::SqliteQuery query(*find);
  if (!query.text(room).run().ok()) return false;
  if (sqlite3_changes((*open)->database.handle()) != 1) return false;
  // Or a power cut might make it whole again.
  return (*open)->database.sync_log().ok();
}

void SqliteDisk::close() {
  if (!open_) return;
  open_->reader.reset();
  open_->writer.reset();
  open_->purger.reset();
  open_.reset();
}

}  // namespace pluv::sim
