#include "tests/sim/disks.h"

#include "tests/sim/sqlite_disk.h"

namespace pluv::sim {

std::unique_ptr<Disk> make_sqlite_disk(bool strict) { return std::make_unique<SqliteDisk>(strict); }

}  // namespace pluv::sim
