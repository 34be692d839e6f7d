// Looks whether a storage file is whole: SQLite's own check, and of every record that it is what
// was written and where it belongs.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "adapters/history.h"
#include "base/result.h"

namespace pluv::adapters {

// Of more, a file has to be restored anyway.
inline constexpr std::size_t kFindingsMax = 1'000;

// What is wrong, kFindingsMax at most; nothing when all is well. An error, when it could not look.
// Progress is in records. Blocks; ends with unavailable when `stop` becomes true.
[[nodiscard]] Result<std::vector<Finding>> verify_file(
    const std::string& path, const std::function<void(Progress)>& progress,
    const std::atomic<bool>& stop);

}  // namespace pluv::adapters
