#include <vector>

#include "crowd.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {
namespace {

// So many events are on the way at a time; the next one is sent when the oldest has reached all.
class BroadcastRun {
 public:
  BroadcastRun(const Options& options, const Protocol& protocol)
      : options_(options),
        receivers_(protocol.echoes_events() ? options.clients : options.clients - 1),
        crowd_(protocol, options.port),
        last_stamp_(options.clients) {
    crowd_.join(options.clients, [&](std::uint32_t) { return options.room_prefix + "0"; });
    crowd_.settle(300);
  }

  void run(Report& report) {
    Measurement measurement(options_.pid, crowd_);
    crowd_.on_received = [this](Client& client, Received& received) { take(client, received); };
    const std::int64_t until = now_us() + static_cast<std::int64_t>(options_.seconds * 1e6);
    while (now_us() < until) {
      while (events_.size() - complete_ < options_.in_flight) send();
      crowd_.turn(10);
    }
    const bool all = crowd_.turn_until([&] { return complete_ == events_.size(); }, 20);
    measurement.stop();
    if (!all) throw LoadError(std::to_string(events_.size() - complete_) + " events have not come");
    const auto deliveries = static_cast<double>(latency_.count());
    report.number("deliveries", deliveries);
    report.number("deliveries_per_second", deliveries / measurement.seconds(), "/s");
    measurement.report_cost(report, kMicroseconds, "delivery", deliveries);
    report.latency("latency", latency_);
    measurement.report(report);
  }

 private:
  struct Event {
    std::int64_t sent_us;
    std::uint32_t arrived;
  };

  void send() {
    events_.push_back({now_us(), 0});
    Client& client = crowd_.at(0);
    crowd_.send(client, client.session().event(static_cast<std::int64_t>(events_.size()),
                                               options_.payload));
  }

  void take(Client& client, const Received& received) {
    if (received.kind != Received::Kind::event) return;
    const std::int64_t stamp = received.stamps.front();
    std::int64_t& last = last_stamp_[client.number()];
    if (stamp != last + 1) {
      throw LoadError("client " + std::to_string(client.number()) + " got event " +
                      std::to_string(stamp) + " after " + std::to_string(last));
    }
    last = stamp;
    Event& event = events_.at(static_cast<std::size_t>(stamp - 1));
    latency_.record(now_us() - event.sent_us);
    ++event.arrived;
    while (complete_ < events_.size() && events_[complete_].arrived == receivers_) ++complete_;
  }

  const Options& options_;
  const std::uint32_t receivers_;
  Crowd crowd_;
  std::vector<std::int64_t> last_stamp_;  // by client
  std::vector<Event> events_;
  std::size_t complete_ = 0;
  Histogram latency_;
};

}  // namespace

void run_broadcast(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_events()) throw LoadError("this protocol has no events");
  report.number("clients", options.clients);
  report.number("in_flight", options.in_flight);
  report.number("payload", options.payload, "bytes");
  BroadcastRun(options, *protocol).run(report);
}

}  // namespace pluv::bench
