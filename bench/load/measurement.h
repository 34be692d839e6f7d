// What the server and the load generator have spent since it was made.
#pragma once

#include <cstdint>
#include <string_view>

#include "crowd.h"
#include "process_usage.h"
#include "report.h"

namespace pluv::bench {

struct CostUnit {
  std::string_view name;
  double per_second;
};
inline constexpr CostUnit kMicroseconds{"us", 1e6};
inline constexpr CostUnit kMilliseconds{"ms", 1e3};

class Measurement {
 public:
  Measurement(int server_pid, const Crowd& crowd);

  void stop();
  [[nodiscard]] double seconds() const noexcept { return seconds_; }
  [[nodiscard]] double server_cpu_seconds() const noexcept {
    return after_.cpu_seconds - before_.cpu_seconds;
  }
  // The server's CPU time for each of so many things; nothing when it is not measured.
  void report_cost(Report& report, CostUnit unit, std::string_view thing, double count) const;
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return bytes_; }
  [[nodiscard]] const ProcessUsage& server() const noexcept { return after_; }
  // What joining cost the server for each of so many clients, and what memory they take at the end.
  // The server as it was before they came; they joined before this was made.
  void report_clients(Report& report, const ProcessUsage& empty, double count) const;
  // How busy both were, and the server's memory. A generator that is busy all the time is itself
  // the limit.
  void report(Report& report) const;

 private:
  const int pid_;
  const Crowd& crowd_;
  ProcessUsage before_;
  ProcessUsage after_;
  ProcessUsage own_before_;
  double own_cpu_seconds_ = 0;
  std::uint64_t bytes_;
  std::int64_t begin_us_;
  double seconds_ = 0;
};

}  // namespace pluv::bench
