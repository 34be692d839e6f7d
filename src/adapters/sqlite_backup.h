// Copies of a storage file, and of what belongs to it, while others write to them.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "adapters/history.h"
#include "base/result.h"

namespace pluv::adapters {

struct BackupFile {
  std::string from;
  std::string to;
  std::string on_copy;  // SQL that is carried out on the copy before it gets its name; may be empty
};

// A storage file, and others beside it, as of the call: all of them are looked at in one go, in the
// order given (the storage file first), before any is copied. One of the others that is not there,
// or empty, is left out. Each is written as TO.partial; when all are whole and synced they get
// their names, the storage file last, so that it stands for all. Until then the logs of the sources
// grow with what is written meanwhile. Progress is in pages. Blocks.
// Errors: conflict when a TO exists, unavailable when `stop` became true; else as sqlite_error.
[[nodiscard]] Result<void> back_up(const std::vector<BackupFile>& files,
                                   const std::function<void(Progress)>& progress,
                                   const std::atomic<bool>& stop);

}  // namespace pluv::adapters
