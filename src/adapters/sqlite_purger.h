// Deletes what a storage file no longer has to keep, and gives free pages back to the system, in
// steps so small that no commit waits long for one. Owned by the store's writer, used on its thread
// between transactions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sqlite_database.h"
#include "base/result.h"

namespace pluv::adapters {

// Of one step; a single record may be larger.
inline constexpr std::int64_t kPurgeRecordsMax = 256;
inline constexpr std::int64_t kPurgeBytesMax = 1024 * 1024;

class Purger {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Purger>> prepare(SqliteDatabase& database);

  // One step, in a transaction of its own, of what was replaced at this time or before. False when
  // there was nothing to do. On an error nothing has changed.
  [[nodiscard]] Result<bool> step(std::int64_t replaced_until_unix_ms);

 private:
  // In the order of the SQL texts.
  enum Which : std::uint8_t {
    find_purge,
    find_records,
    delete_large,
    delete_records,
    delete_purge,
    which_count
  };

  Purger(SqliteDatabase& database, std::vector<SqliteStatement> statements)
      : database_(database), statements_(std::move(statements)) {}

  [[nodiscard]] Result<bool> purge(std::int64_t replaced_until_unix_ms);
  [[nodiscard]] Result<bool> shrink();

  SqliteDatabase& database_;
  std::vector<SqliteStatement> statements_;
};

}  // namespace pluv::adapters
