#include "process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace pluv::bench {

ProcessUsage read_process_usage(int pid) {
  ProcessUsage usage;
  const std::string folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return usage;
  std::istringstream fields(line.substr(name_end + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  usage.cpu_seconds =
      static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));

  std::ifstream memory(folder + "/smaps_rollup");
  while (std::getline(memory, line)) {
    std::istringstream entry(line);
    std::string name;
    std::int64_t kib = 0;
    entry >> name >> kib;
    if (name == "Rss:") usage.resident_kib = kib;
    if (name == "Private_Clean:" || name == "Private_Dirty:") usage.private_kib += kib;
  }
  return usage;
}

}  // namespace pluv::bench
