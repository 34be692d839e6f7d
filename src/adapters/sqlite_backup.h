// A copy of a storage file while others write to it.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "adapters/history.h"
#include "base/result.h"

namespace pluv::adapters {

struct BackupPaths {
  std::string from;
  std::string to;
};

// The file as of the call. Written as TO.partial and renamed when it is whole and synced. Until
// then the log of the source grows with what is written meanwhile. Progress is in pages. Blocks.
// Errors: conflict when TO exists, unavailable when `stop` became true; else as sqlite_error.
[[nodiscard]] Result<void> back_up(const BackupPaths& paths,
                                   const std::function<void(Progress)>& progress,
                                   const std::atomic<bool>& stop);

}  // namespace pluv::adapters
