#include "platform/native/process_memory.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace pluv::native {

std::uint64_t resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose);
  if (!file) return 0;
  unsigned long long size = 0;
  unsigned long long resident = 0;
  if (std::fscanf(file.get(), "%llu %llu", &size, &resident) != 2) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace pluv::native
