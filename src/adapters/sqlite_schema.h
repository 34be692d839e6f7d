// The tables of a storage file, and how a file is opened: told from other files and other versions
// before anything in it changes, created and brought up to date.
//
//   rooms    a row for each room that has a document, and which record its current snapshot is
//   records  the updates and snapshots of a room in the order (number, version): updates have
//            version 0; a snapshot has the number of the newest update in it, and version 1, or
//            more when there was one of that number already. A room's document is its current
//            snapshot and the updates after it; what lies before is its history.
//   large    what is too long to lie in its record, which names it: SQLite compares the keys of a
//            table WITHOUT ROWID with whole rows, so that long ones would be read, of whatever
//            room, by whoever writes or looks for a record near them. (A file of version 1 has long
//            ones in their records, where they may stay.) No id comes back: what a damaged file has
//            lost is never taken for somebody else's.
//   purges   records of a room that lie before the named one were replaced at that time. They are
//            deleted in small steps once they are older than the history that is kept. A room that
//            was removed leaves its records under its id, which no other room gets, and one purge
//            of them all.
//
// So compacting and removing are a row or two in one transaction, however long the log is.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/sqlite_database.h"
#include "base/result.h"

namespace pluv::adapters {

// "pluv" in SQLite's header, where file(1) looks for it.
inline constexpr std::int64_t kApplicationId = 0x706c7576;
inline constexpr std::int64_t kSchemaVersion = 2;

// Opens the file for its one writer; creates it when it is absent or empty. The caller holds the
// lock of the file. Errors: invalid for a file that is not of this kind or of a newer version
// (it stays as it is), otherwise as sqlite_error.
[[nodiscard]] Result<SqliteDatabase> open_to_write(const std::string& path);
// The same, but for the file's rights, which are those that SQLite gives it: where files are not
// the system's own.
[[nodiscard]] Result<SqliteDatabase> open_prepared(const std::string& path);
// Opens an existing file of the current version. Errors as above; not_found when there is none.
[[nodiscard]] Result<SqliteDatabase> open_to_read(const std::string& path);

}  // namespace pluv::adapters
