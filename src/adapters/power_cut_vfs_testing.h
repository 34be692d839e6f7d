// A disk of which the power can be cut: SQLite's file layer with a record of what was written since
// each file's last sync. What a cut leaves is a copy: all that was synced, and of the rest some
// writes, in any order, some of them torn. While one lives, what is opened goes through it. One at
// a time; it outlives the stores.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::adapters::testing {

class PowerCutVfs {
 public:
  PowerCutVfs() : base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
    current_ = this;
    vfs_.zName = "power-cut";
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~PowerCutVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(base_, 1);
    current_ = nullptr;
  }
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;

  // Writes what a cut at this moment leaves of the one folder's files into another. From any
  // thread.
  void cut(const std::filesystem::path& folder, const std::filesystem::path& to,
           std::mt19937& random) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, disk] : disks_) {
      if (std::filesystem::path(path).parent_path() != folder) continue;
      std::string left = disk.synced;
      for (const Change& change : disk.unsynced) {
        if (random() % 3 != 0) apply(change, left, random() % 3 == 0 ? random() : SIZE_MAX);
      }
      const auto name = std::filesystem::path(path).filename();
      std::ofstream(to / name, std::ios::binary) << left;
    }
  }

 private:
  static constexpr std::size_t kSectorBytes = 512;

  struct Change {
    std::size_t at = 0;
    std::string bytes;
    bool truncate = false;  // to `at`
  };
  struct Disk {
    std::string synced;
    std::vector<Change> unsynced;
  };
  struct OpenFile {
    std::string path;
    const sqlite3_io_methods* real = nullptr;
  };

  // No more than the first sectors of it, when it is torn.
  static void apply(const Change& change, std::string& to, std::size_t torn_at) {
    if (change.truncate) {
      to.resize(std::min(to.size(), change.at));
      return;
    }
    const std::size_t sectors = (change.bytes.size() + kSectorBytes - 1) / kSectorBytes;
    const std::size_t kept = torn_at == SIZE_MAX
                                 ? change.bytes.size()
                                 : std::min(change.bytes.size(), torn_at % sectors * kSectorBytes);
    if (to.size() < change.at + kept) to.resize(change.at + kept, '\0');
    to.replace(change.at, kept, change.bytes, 0, kept);
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    PowerCutVfs& self = *current_;
    const int code = self.base_->xOpen(self.base_, name, file, flags, out_flags);
    if (code != SQLITE_OK || file->pMethods == nullptr || name == nullptr) return code;
    const std::lock_guard lock(self.mutex_);
    const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    sqlite3_io_methods& methods = is_database ? self.database_methods_ : self.log_methods_;
    if (methods.iVersion == 0) {
      (is_database ? self.database_real_ : self.log_real_) = file->pMethods;
      methods = *file->pMethods;
      methods.xWrite = write;
      methods.xTruncate = truncate;
      methods.xSync = sync;
      methods.xClose = close;
    }
    file->pMethods = &methods;
    self.disks_.try_emplace(name);
    self.files_[file] = {name, is_database ? self.database_real_ : self.log_real_};
    return code;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    PowerCutVfs& self = *current_;
    const std::lock_guard lock(self.mutex_);
    const OpenFile& open = self.files_.at(file);
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
    self.disks_.at(open.path).unsynced.push_back(
        {static_cast<std::size_t>(at), std::string(bytes), false});
    return open.real->xWrite(file, data, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    PowerCutVfs& self = *current_;
    const std::lock_guard lock(self.mutex_);
    const OpenFile& open = self.files_.at(file);
    self.disks_.at(open.path).unsynced.push_back({static_cast<std::size_t>(size), {}, true});
    return open.real->xTruncate(file, size);
  }
  static int sync(sqlite3_file* file, int) {
    PowerCutVfs& self = *current_;
    const std::lock_guard lock(self.mutex_);
    Disk& disk = self.disks_.at(self.files_.at(file).path);
    for (const Change& change : disk.unsynced) apply(change, disk.synced, SIZE_MAX);
    disk.unsynced.clear();
    return SQLITE_OK;
  }
  static int close(sqlite3_file* file) {
    PowerCutVfs& self = *current_;
    const sqlite3_io_methods* real = nullptr;
    {
      const std::lock_guard lock(self.mutex_);
      real = self.files_.extract(file).mapped().real;
    }
    return real->xClose(file);
  }

  static inline PowerCutVfs* current_ = nullptr;  // SQLite calls plain functions
  sqlite3_vfs* base_;
  sqlite3_vfs vfs_;
  std::mutex mutex_;
  std::map<std::string, Disk> disks_;
  std::map<sqlite3_file*, OpenFile> files_;
  const sqlite3_io_methods* database_real_ = nullptr;
  const sqlite3_io_methods* log_real_ = nullptr;
  sqlite3_io_methods database_methods_{};
  sqlite3_io_methods log_methods_{};
};

}  // namespace pluv::adapters::testing
