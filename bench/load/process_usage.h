// CPU time and memory of another process, read from /proc (Linux, proc(5)). Measuring from outside
// keeps the server honest.
#pragma once

#include <cstdint>

namespace pluv::bench {

struct ProcessUsage {
  double cpu_seconds = 0;        // user and system, all threads
  std::int64_t private_kib = 0;  // memory that is this process's alone
  std::int64_t resident_kib = 0;
};

// Zeroes when the process cannot be read.
[[nodiscard]] ProcessUsage read_process_usage(int pid);

}  // namespace pluv::bench
