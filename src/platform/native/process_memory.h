// What the kernel says of this process's memory. Reads /proc, some microseconds a call; any thread.
#pragma once

#include <cstdint>

namespace pluv::native {

// Resident memory of the process, in bytes; 0 when /proc is not there.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace pluv::native
