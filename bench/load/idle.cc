#include "crowd.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {

void run_idle(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  const ProcessUsage before = read_process_usage(options.pid);
  Crowd crowd(*protocol, options.port);
  crowd.join(options.clients, [&](std::uint32_t i) {
    return options.room_prefix + std::to_string(i / options.per_room);
  });
  crowd.settle(1000);
  const ProcessUsage joined = read_process_usage(options.pid);
  Measurement measurement(options.pid, crowd);
  crowd.settle(static_cast<int>(options.seconds * 1000));
  measurement.stop();
  Histogram joins;
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    joins.record(crowd.at(i).joined_us() - crowd.at(i).began_us());
  }
  report.number("clients", options.clients);
  report.number("clients_per_room", options.per_room);
  if (options.pid != 0) {
    const auto kib = measurement.server().resident_kib - before.resident_kib;
    report.number("server_kib_per_client", static_cast<double>(kib) / options.clients, "KiB");
    report.number("server_cpu_ms_per_join",
                  (joined.cpu_seconds - before.cpu_seconds) * 1e3 / options.clients, "ms");
  }
  report.latency("join", joins);
  measurement.report(report);
}

}  // namespace pluv::bench
