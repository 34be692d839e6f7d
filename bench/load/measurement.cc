#include "measurement.h"

#include <unistd.h>

#include <string>

namespace pluv::bench {

Measurement::Measurement(int server_pid, const Crowd& crowd)
    : pid_(server_pid),
      crowd_(crowd),
      before_(read_process_usage(server_pid)),
      own_before_(read_process_usage(::getpid())),
      bytes_(crowd.received_bytes()),
      begin_us_(now_us()) {}

void Measurement::stop() {
  seconds_ = static_cast<double>(now_us() - begin_us_) / 1e6;
  after_ = read_process_usage(pid_);
  own_cpu_seconds_ = read_process_usage(::getpid()).cpu_seconds - own_before_.cpu_seconds;
  bytes_ = crowd_.received_bytes() - bytes_;
}

void Measurement::report_cost(Report& report, CostUnit unit, std::string_view thing,
                              double count) const {
  if (pid_ == 0) return;
  std::string name = "server_cpu_";
  name.append(unit.name).append("_per_").append(thing);
  report.number(name, server_cpu_seconds() * unit.per_second / count, unit.name);
}

void Measurement::report_clients(Report& report, const ProcessUsage& empty, double count) const {
  if (pid_ == 0) return;
  report.number("server_kib_per_client",
                static_cast<double>(after_.resident_kib - empty.resident_kib) / count, "KiB");
  report.number("server_cpu_ms_per_join", (before_.cpu_seconds - empty.cpu_seconds) * 1e3 / count,
                "ms");
}

void Measurement::report(Report& report) const {
  report.number("seconds", seconds_, "s");
  report.number("generator_cpu_percent", own_cpu_seconds_ / seconds_ * 100, "% of a core");
  if (pid_ == 0) return;
  report.number("server_cpu_percent", server_cpu_seconds() / seconds_ * 100, "% of a core");
  report.number("server_resident_kib", static_cast<double>(after_.resident_kib), "KiB");
}

}  // namespace pluv::bench
