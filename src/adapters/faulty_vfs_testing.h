// A disk that fails as it is told: SQLite's file layer with errors put in. While one lives, what is
// opened goes through it. One at a time; it outlives the stores.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace pluv::adapters::testing {

class FaultyVfs {
 public:
  FaultyVfs() : base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
    current_ = this;
    vfs_.zName = "faulty";
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(base_, 1);
    current_ = nullptr;
  }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  static constexpr int kAlways = 1'000'000'000;
  // So many writes, from now on, answer with SQLite's code. 0: they work again.
  void fail_writes(int times, int code = SQLITE_FULL) {
    write_code_ = code;
    write_failures_ = times;
  }
  // All syncs answer with the code; SQLITE_OK: they work again.
  void fail_syncs(int code) { sync_code_ = code; }
  void fail_reads(int code) { read_code_ = code; }
  // Writes of a block with this text in it fail. Set while no store is open.
  void poison(std::string text) { poison_ = std::move(text); }
  // What is opened from now on can only be read, as on a read-only file system.
  void only_read(bool so) { only_read_ = so; }
  // Of the write-ahead log.
  [[nodiscard]] int log_syncs() const { return log_syncs_; }

 private:
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    FaultyVfs& self = *current_;
    if (self.only_read_)
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    const int code = self.base_->xOpen(self.base_, name, file, flags, out_flags);
    if (code != SQLITE_OK || file->pMethods == nullptr) return code;
    // The database has other locks than its companions; they read, write and sync alike.
    const bool is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    std::call_once(is_database ? self.database_once_ : self.log_once_, [&] {
      sqlite3_io_methods& methods = is_database ? self.database_methods_ : self.log_methods_;
      methods = *file->pMethods;
      methods.xRead = read;
      methods.xWrite = write;
      methods.xSync = is_database ? sync : sync_log;
      if (is_database) self.real_ = file->pMethods;
    });
    file->pMethods = is_database ? &self.database_methods_ : &self.log_methods_;
    return code;
  }
  static int read(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
    const int code = current_->read_code_;
    return code != SQLITE_OK ? code : current_->real_->xRead(file, data, size, at);
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    FaultyVfs& self = *current_;
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
    if (!self.poison_.empty() && bytes.find(self.poison_) != std::string_view::npos) {
      return SQLITE_IOERR_WRITE;
    }
    if (self.write_failures_ > 0) {
      --self.write_failures_;
      return self.write_code_;
    }
    return self.real_->xWrite(file, data, size, at);
  }
  static int sync(sqlite3_file* file, int flags) {
    const int code = current_->sync_code_;
    return code != SQLITE_OK ? code : current_->real_->xSync(file, flags);
  }
  static int sync_log(sqlite3_file* file, int flags) {
    ++current_->log_syncs_;
    return sync(file, flags);
  }

  static inline FaultyVfs* current_ = nullptr;  // SQLite calls plain functions
  sqlite3_vfs* base_;
  sqlite3_vfs vfs_;
  std::once_flag database_once_;
  std::once_flag log_once_;
  const sqlite3_io_methods* real_ = nullptr;  // a database is opened before its log
  sqlite3_io_methods database_methods_{};
  sqlite3_io_methods log_methods_{};
  std::atomic<int> write_failures_ = 0;
  std::atomic<int> write_code_ = SQLITE_FULL;
  std::atomic<int> sync_code_ = SQLITE_OK;
  std::atomic<int> read_code_ = SQLITE_OK;
  std::atomic<int> log_syncs_ = 0;
  std::atomic<bool> only_read_ = false;
  std::string poison_;
};

}  // namespace pluv::adapters::testing
