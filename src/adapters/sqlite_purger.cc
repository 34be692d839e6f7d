#include "adapters/sqlite_purger.h"

#include <array>

#include "adapters/sqlite_record.h"

namespace pluv::adapters {
namespace {

// Free pages are used again. Only when they are many, and a large part of the file, is it worth
// moving others to give them back.
constexpr std::int64_t kFreePagesKept = 4'096;

constexpr std::array kTexts = {
    "SELECT unix_ms, room, number, version FROM purges WHERE unix_ms <= ? "
    "ORDER BY unix_ms, room, number, version LIMIT 1",
    "SELECT number, version, coalesce(length(large.data), length(records.data)) "
    "FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? AND (number, version) "
    "< (?, ?) ORDER BY number, version LIMIT ?",
    "DELETE FROM large WHERE id IN "
    "(SELECT large FROM records WHERE room = ? AND (number, version) <= (?, ?))",
    "DELETE FROM records WHERE room = ? AND (number, version) <= (?, ?)",
    "DELETE FROM purges WHERE unix_ms = ? AND room = ? AND number = ? AND version = ?",
};

}  // namespace

Result<std::unique_ptr<Purger>> Purger::prepare(SqliteDatabase& database) {
  static_assert(kTexts.size() == which_count);
  auto statements = database.prepare_all(kTexts);
  if (!statements) return std::move(statements).error();
  return std::unique_ptr<Purger>(new Purger(database, std::move(statements).value()));
}

Result<bool> Purger::step(std::int64_t replaced_until_unix_ms) {
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return std::move(begun).error();
  auto purged = purge(replaced_until_unix_ms);
  if (purged.ok()) {
    auto committed = database_.execute("COMMIT");
    if (!committed) purged = std::move(committed).error();
  }
  if (database_.in_transaction()) (void)database_.execute("ROLLBACK");
  if (!purged.ok() || *purged) return purged;
  return shrink();
}

Result<bool> Purger::purge(std::int64_t replaced_until_unix_ms) {
  std::int64_t replaced_unix_ms = 0;
  std::int64_t room = 0;
  RecordPosition before;
  {
    SqliteQuery query(statements_[find_purge]);
    auto row = query.integer(replaced_until_unix_ms).row();
    if (!row || !*row) return row;
    replaced_unix_ms = query.integer_at(0);
    room = query.integer_at(1);
    before = {query.integer_at(2), query.integer_at(3)};
  }
  // Oldest first, so that what is left is at any time the log from some record on.
  RecordPosition last;
  std::int64_t records = 0;
  std::int64_t bytes = 0;
  {
    SqliteQuery query(statements_[find_records]);
    query.integer(room).integer(before.number).integer(before.version).integer(kPurgeRecordsMax);
    while (bytes < kPurgeBytesMax) {
      auto row = query.row();
      if (!row) return row;
      if (!*row) break;
      last = {query.integer_at(0), query.integer_at(1)};
      bytes += query.integer_at(2);
      ++records;
    }
  }
  for (const Which which : {delete_large, delete_records}) {
    if (records == 0) break;
    SqliteQuery query(statements_[which]);
    query.integer(room).integer(last.number).integer(last.version);
    if (auto done = query.run(); !done) return std::move(done).error();
  }
  if (records < kPurgeRecordsMax && bytes < kPurgeBytesMax) {
    SqliteQuery query(statements_[delete_purge]);
    query.integer(replaced_unix_ms).integer(room).integer(before.number).integer(before.version);
    if (auto done = query.run(); !done) return std::move(done).error();
  }
  return true;
}

Result<bool> Purger::shrink() {
  auto free = database_.integer("PRAGMA freelist_count");
  if (!free) return std::move(free).error();
  auto pages = database_.integer("PRAGMA page_count");
  if (!pages) return std::move(pages).error();
  if (*free <= kFreePagesKept || *free < *pages / 4) return false;
  if (auto done = database_.execute("PRAGMA incremental_vacuum(256)"); !done) {
    return std::move(done).error();
  }
  return true;
}

}  // namespace pluv::adapters
