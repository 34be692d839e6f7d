#include "adapters/sqlite_backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "adapters/sqlite_database.h"
#include "adapters/sqlite_schema.h"

namespace pluv::adapters {
namespace {

// 1 MB: often enough to look whether it is to stop.
constexpr int kStepPages = 256;
constexpr int kRetryMs = 20;

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};

// Removes what was made until now, unless it was renamed.
class PartialFile {
 public:
  explicit PartialFile(std::string path) : path_(std::move(path)) { remove(); }
  ~PartialFile() { remove(); }
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void remove() const {
    ::unlink(path_.c_str());
    ::unlink((path_ + "-journal").c_str());
  }
  std::string path_;
};

Error exists(const std::string& path) { return {ErrorCode::conflict, path + " exists"}; }

Error failed(const std::string& path) {
  const int code = errno;
  return {ErrorCode::unavailable, path + ": " + std::generic_category().message(code)};
}

Result<void> sync_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed(folder);
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced ? Result<void>() : failed(folder);
}

Result<void> copy(SqliteDatabase& source, SqliteDatabase& copy,
                  const std::function<void(Progress)>& progress, const std::atomic<bool>& stop) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
  if (backup == nullptr) return sqlite_error(copy.handle());
  for (;;) {
    if (stop) return Error{ErrorCode::unavailable, copy.path() + ": the store was closed"};
    const int code = sqlite3_backup_step(backup.get(), kStepPages);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      sqlite3_sleep(kRetryMs);
      continue;
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) return sqlite_error(copy.path(), code);
    const auto pages = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
    const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
    if (progress) progress({.done = pages - left, .total = pages});
    if (code == SQLITE_DONE) return {};
  }
}

}  // namespace

Result<void> back_up(const BackupPaths& paths, const std::function<void(Progress)>& progress,
                     const std::atomic<bool>& stop) {
  struct stat status{};
  if (::lstat(paths.to.c_str(), &status) == 0) return exists(paths.to);
  auto source = open_to_read(paths.from);
  if (!source) return std::move(source).error();
  // A transaction that stays open is what keeps the copy from beginning anew at every write.
  if (auto begun = source->execute("BEGIN; SELECT count(*) FROM sqlite_schema"); !begun) {
    return begun;
  }
  const PartialFile partial(paths.to + ".partial");
  (void)make_private_file(partial.path());
  {
    auto target = SqliteDatabase::open(partial.path(), SqliteDatabase::Access::create);
    if (!target) return std::move(target).error();
    if (auto copied = copy(*source, *target, progress, stop); !copied) return copied;
  }
  // link, as rename would overwrite.
  if (::link(partial.path().c_str(), paths.to.c_str()) != 0) {
    return errno == EEXIST ? exists(paths.to) : failed(paths.to);
  }
  return sync_folder_of(paths.to);
}

}  // namespace pluv::adapters
