#include "crowd.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {

void run_idle(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  const ProcessUsage empty = read_process_usage(options.pid);
  Crowd crowd(*protocol, options.port);
  crowd.join(options.clients, [&](std::uint32_t i) {
    return options.room_prefix + std::to_string(i / options.per_room);
  });
  crowd.settle(1000);
  Measurement measurement(options.pid, crowd);
  crowd.settle(static_cast<int>(options.seconds * 1000));
  measurement.stop();
  Histogram joins;
  for (std::size_t i = 0; i < crowd.size(); ++i) {
    joins.record(crowd.at(i).joined_us() - crowd.at(i).began_us());
  }
  report.number("clients", options.clients);
  report.number("clients_per_room", options.per_room);
  measurement.report_clients(report, empty, options.clients);
  report.latency("join", joins);
  measurement.report(report);
}

}  // namespace pluv::bench
