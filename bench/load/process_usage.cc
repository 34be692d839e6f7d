#include "process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace pluv::bench {
namespace {

// To the nanosecond, of the threads that are there now; 0 where the kernel does not tell.
double cpu_seconds_of_threads(const std::string& folder) {
  double nanoseconds = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(folder + "/task", error)) {
    std::ifstream file(task.path() / "schedstat");
    double on_cpu = 0;
    if (file >> on_cpu) nanoseconds += on_cpu;
  }
  return nanoseconds / 1e9;
}

// In ticks of ten milliseconds.
double cpu_seconds_of_process(const std::string& folder) {
  std::ifstream stat(folder + "/stat");
  std::string line;
  std::getline(stat, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUsage read_process_usage(int pid) {
  ProcessUsage usage;
  const std::string folder = "/proc/" + std::to_string(pid);
  usage.cpu_seconds = cpu_seconds_of_threads(folder);
  if (usage.cpu_seconds == 0) usage.cpu_seconds = cpu_seconds_of_process(folder);
  std::ifstream memory(folder + "/smaps_rollup");
  for (std::string line; std::getline(memory, line);) {
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
