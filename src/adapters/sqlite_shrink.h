// Makes a storage file as small as it can be, for a tool; a store that runs purges in small steps
// (sqlite_purger.h) and keeps free pages to use them again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "adapters/history.h"
#include "base/result.h"

namespace pluv::adapters {

struct ShrinkOptions {
  std::string path;
  // What was replaced at this time or before is deleted. 0: only what is left of removed rooms.
  std::int64_t replaced_until_unix_ms = 0;
};

// Deletes what need not be kept and gives all free pages back to the system. Progress is in pages
// that are given back; it is empty while there is still something to delete. Takes the file's lock.
// Blocks. Errors: conflict when the file is in use by another process, not_found when there is
// none, else as sqlite_error; what was done until then stays done.
[[nodiscard]] Result<void> shrink_file(const ShrinkOptions& options,
                                       const std::function<void(Progress)>& progress);

}  // namespace pluv::adapters
