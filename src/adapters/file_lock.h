// A lock on a path, held by one owner in one process at a time: a file PATH.lock under flock(2).
// The system lets go of it when its process ends, however that is. The file itself never has to be
// removed by hand: one that was left behind is taken over.
#pragma once

#include <string>

#include "base/result.h"

namespace pluv::adapters {

class FileLock {
 public:
  // Errors: conflict when somebody else holds it ("... is in use by another process (pid 7)"),
  // unavailable when the lock's file cannot be made.
  [[nodiscard]] static Result<FileLock> acquire(const std::string& path);

  // Removes the file and lets go.
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  FileLock(int descriptor, std::string lock_path) noexcept
      : descriptor_(descriptor), lock_path_(std::move(lock_path)) {}

  int descriptor_ = -1;  // -1: moved from
  std::string lock_path_;
};

}  // namespace pluv::adapters
