#include "adapters/sqlite_shrink.h"

#include <filesystem>
#include <system_error>

#include "adapters/file_lock.h"
#include "adapters/sqlite_database.h"
#include "adapters/sqlite_purger.h"
#include "adapters/sqlite_schema.h"

namespace pluv::adapters {
namespace {

// 4 MB: often enough to tell how far it is.
constexpr const char* kGiveBack = "PRAGMA incremental_vacuum(1024)";
constexpr const char* kFreePages = "PRAGMA freelist_count";

Result<void> purge_all(SqliteDatabase& database, std::int64_t replaced_until_unix_ms,
                       const std::function<void(Progress)>& progress) {
  auto purger = Purger::prepare(database);
  if (!purger) return std::move(purger).error();
  for (;;) {
    auto more = (*purger)->step(replaced_until_unix_ms);
    if (!more) return std::move(more).error();
    if (!*more) return {};
    if (progress) progress({});
  }
}

Result<void> give_back_pages(SqliteDatabase& database,
                             const std::function<void(Progress)>& progress) {
  auto free = database.integer(kFreePages);
  if (!free) return std::move(free).error();
  const std::int64_t total = *free;
  while (*free > 0) {
    const std::int64_t before = *free;
    if (auto done = database.execute(kGiveBack); !done) return done;
    free = database.integer(kFreePages);
    if (!free) return std::move(free).error();
    if (*free >= before) return {};  // a file that somebody else's tool wrote anew
    if (progress) {
      progress({.done = static_cast<std::uint64_t>(total - *free),
                .total = static_cast<std::uint64_t>(total)});
    }
  }
  return {};
}

}  // namespace

Result<void> shrink_file(const ShrinkOptions& options,
                         const std::function<void(Progress)>& progress) {
  // The lock is of the file, by whatever path it is named.
  std::error_code failed;
  const std::string path = std::filesystem::canonical(options.path, failed).string();
  if (failed) return Error{ErrorCode::not_found, options.path + ": " + failed.message()};
  const auto lock = FileLock::acquire(path);
  if (!lock) return lock.error();
  auto database = open_to_write(path);
  if (!database) return std::move(database).error();
  if (auto done = purge_all(*database, options.replaced_until_unix_ms, progress); !done) {
    return done;
  }
  // Its last connection puts the log into the file, which is then shorter, and removes it.
  return give_back_pages(*database, progress);
}

}  // namespace pluv::adapters
