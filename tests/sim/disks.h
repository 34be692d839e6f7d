// The kinds of disk that this build has.
#pragma once

#include <memory>

#include "tests/sim/disk.h"

namespace pluv::sim {

// Where there is no SQLite (WebAssembly) no plan asks for one.
[[nodiscard]] std::unique_ptr<Disk> make_sqlite_disk(bool strict);

}  // namespace pluv::sim
