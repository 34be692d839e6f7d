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
#include <vector>

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
    for (const char* const end : {"-journal", "-wal", "-shm"}) ::unlink((path_ + end).c_str());
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

// One of the others: not a storage file, so that nothing is known of it but that it is SQLite's.
Result<SqliteDatabase> open_other(const std::string& path) {
  struct stat status{};
  auto opened = SqliteDatabase::open(path, SqliteDatabase::Access::read);
  if (opened && opened->integer("PRAGMA schema_version").ok()) return opened;
  // A folder that nobody can write to, as in open_to_read.
  if (::lstat((path + "-wal").c_str(), &status) == 0) return opened;
  return SqliteDatabase::open(path, SqliteDatabase::Access::read_still);
}

// What is copied, in a transaction that stays open: it is what keeps the copy from beginning anew
// at every write.
struct Source {
  const BackupFile* file;
  SqliteDatabase database;
  std::uint64_t pages = 0;
};

Result<std::vector<Source>> look_at_all(const std::vector<BackupFile>& files) {
  std::vector<Source> out;
  for (const BackupFile& file : files) {
    const bool is_first = &file == files.data();
    struct stat status{};
    if (!is_first && ::stat(file.from.c_str(), &status) != 0 && errno == ENOENT) continue;
    auto opened = is_first ? open_to_read(file.from) : open_other(file.from);
    if (!opened) return std::move(opened).error();
    out.push_back({.file = &file, .database = std::move(*opened)});
  }
  // Opened already, so that these are a moment apart.
  for (Source& source : out) {
    if (auto begun = source.database.execute("BEGIN"); !begun) return std::move(begun).error();
    const auto tables = source.database.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::move(tables).error();
    if (*tables == 0) continue;  // made, and nothing in it yet
    const auto pages = source.database.integer("PRAGMA page_count");
    if (!pages) return std::move(pages).error();
    source.pages = static_cast<std::uint64_t>(*pages);
  }
  std::erase_if(out, [](const Source& source) { return source.pages == 0; });
  return out;
}

struct Copying {
  const std::function<void(Progress)>& progress;
  const std::atomic<bool>& stop;
  std::uint64_t done = 0;  // pages of the files before this one
  std::uint64_t total = 0;
};

Result<void> copy(SqliteDatabase& source, SqliteDatabase& copy, const Copying& copying) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main"));
  if (backup == nullptr) return sqlite_error(copy.handle());
  for (;;) {
    if (copying.stop) return Error{ErrorCode::unavailable, copy.path() + ": the store was closed"};
    const int code = sqlite3_backup_step(backup.get(), kStepPages);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
      sqlite3_sleep(kRetryMs);
      continue;
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) return sqlite_error(copy.path(), code);
    const auto pages = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup.get()));
    const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup.get()));
    if (copying.progress) {
      copying.progress({.done = copying.done + pages - left, .total = copying.total});
    }
    if (code == SQLITE_DONE) return {};
  }
}

Result<void> make_copy(Source& source, const std::string& to, const Copying& copying) {
  (void)make_private_file(to);
  auto target = SqliteDatabase::open(to, SqliteDatabase::Access::create);
  if (!target) return std::move(target).error();
  if (auto copied = copy(source.database, *target, copying); !copied) return copied;
  if (source.file->on_copy.empty()) return {};
  return target->execute(source.file->on_copy.c_str());
}

// Takes the names back that were given, unless all were.
class GivenNames {
 public:
  GivenNames() = default;
  ~GivenNames() {
    for (const std::string& path : given_) ::unlink(path.c_str());
  }
  GivenNames(const GivenNames&) = delete;
  GivenNames& operator=(const GivenNames&) = delete;

  Result<void> give(const std::string& partial, const std::string& path) {
    // link, as rename would overwrite.
    if (::link(partial.c_str(), path.c_str()) != 0) {
      return errno == EEXIST ? exists(path) : failed(path);
    }
    given_.push_back(path);
    return {};
  }
  void keep() { given_.clear(); }

 private:
  std::vector<std::string> given_;
};

}  // namespace

Result<void> back_up(const std::vector<BackupFile>& files,
                     const std::function<void(Progress)>& progress, const std::atomic<bool>& stop) {
  for (const BackupFile& file : files) {
    struct stat status{};
    if (::lstat(file.to.c_str(), &status) == 0) return exists(file.to);
  }
  auto sources = look_at_all(files);
  if (!sources) return std::move(sources).error();
  Copying copying{.progress = progress, .stop = stop};
  for (const Source& source : *sources) copying.total += source.pages;
  std::vector<std::unique_ptr<PartialFile>> partials;
  // The storage file, which takes longest, last: whoever writes to the others is free by then.
  std::vector<Source> left = std::move(*sources);
  GivenNames names;
  std::vector<std::string> targets;
  while (!left.empty()) {
    Source& source = left.back();
    partials.push_back(std::make_unique<PartialFile>(source.file->to + ".partial"));
    targets.push_back(source.file->to);
    if (auto made = make_copy(source, partials.back()->path(), copying); !made) return made;
    copying.done += source.pages;
    left.pop_back();
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (auto named = names.give(partials[i]->path(), targets[i]); !named) return named;
  }
  if (auto synced = sync_folder_of(targets.back()); !synced) return synced;
  names.keep();
  return {};
}

}  // namespace pluv::adapters
