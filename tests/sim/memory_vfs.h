// SQLite's file layer over files in memory, on a disk that may be full and whose power may be cut.
// While one lives, what SQLite opens is here. One at a time, used by one thread; it outlives the
// connections.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random.h"

namespace pluv::sim {

class MemoryVfs {
 public:
  MemoryVfs();
  ~MemoryVfs();
  MemoryVfs(const MemoryVfs&) = delete;
  MemoryVfs& operator=(const MemoryVfs&) = delete;

  // Every write fails that would make a file longer, or the log.
  void set_full(bool full) noexcept { full_ = full; }
  // While nothing is open: of each file, what was synced is left, and of later writes some, in any
  // order, some of them torn at a sector.
  void power_cut(Random& random);

 private:
  struct Change {
    std::size_t at = 0;
    std::string bytes;
    bool truncate = false;  // to `at`
  };
  struct File {
    std::string bytes;
    std::string synced;
    std::vector<Change> unsynced;
    std::vector<std::string> shared;  // regions of the log's index
    bool is_log = false;
    int handles = 0;
    int sharing = 0;  // handles with a lock
  };
  struct Handle;

  static void apply(const Change& change, std::string& to, std::size_t sectors_kept);
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags);
  static int remove(sqlite3_vfs*, const char* name, int);
  static int access(sqlite3_vfs*, const char* name, int, int* answer);
  static int full_path(sqlite3_vfs*, const char* name, int size, char* out);
  static int randomness(sqlite3_vfs*, int size, char* out);
  static int sleep(sqlite3_vfs*, int microseconds);
  static int current_time(sqlite3_vfs*, double* out);
  static int current_time_ms(sqlite3_vfs*, sqlite3_int64* out);
  static int last_error(sqlite3_vfs*, int, char*);
  static const sqlite3_io_methods kMethods;

  static inline MemoryVfs* current_ = nullptr;  // SQLite calls plain functions
  sqlite3_vfs* before_;
  sqlite3_vfs vfs_{};
  std::map<std::string, File> files_;
  std::uint64_t random_ = 1;
  bool full_ = false;
};

}  // namespace pluv::sim
