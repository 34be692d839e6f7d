#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "crowd.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {
namespace {

// The senders take turns, on a schedule that does not wait: a stamp is the number of its slot, and
// the latency counts from when the slot was due.
class PresenceRun {
 public:
  PresenceRun(const Options& options, const Protocol& protocol, std::uint32_t rooms,
              std::uint32_t per_room)
      : options_(options),
        slots_(slots_of(options, std::size_t{rooms} * per_room)),
        senders_(std::min(senders_of(options, std::size_t{rooms} * per_room), slots_)),
        receivers_(protocol.echoes_presence() ? per_room : per_room - 1),
        empty_(read_process_usage(options.pid)),
        crowd_(protocol, options.port) {
    crowd_.join(rooms * per_room, [&](std::uint32_t i) {
      return options.room_prefix + std::to_string(i / per_room);
    });
    crowd_.settle_until_quiet(300);
  }

  void run(Report& report) {
    arrived_.assign(slots_, 0);
    slot_us_ = options_.seconds * 1e6 / static_cast<double>(slots_);
    Measurement measurement(options_.pid, crowd_);
    begin_us_ = now_us();
    crowd_.on_received = [this](Client&, Received& received) { take(received); };
    for (std::size_t slot = 0; slot < slots_;) {
      const std::int64_t left_us = due_us(slot) - now_us();
      if (left_us > 0) {
        crowd_.turn(left_us > 1000 ? 1 : 0);
        continue;
      }
      Client& client = sender(slot % senders_);
      crowd_.send(client, client.session().presence(static_cast<std::int64_t>(slot) + 1));
      if (++slot % 16 == 0) crowd_.turn(0);
    }
    const bool complete = crowd_.turn_until([&] { return last_ones_ == senders_; }, 20);
    // Nothing may come twice either.
    crowd_.settle(200);
    measurement.stop();
    if (!complete) {
      throw LoadError(std::to_string(senders_ - last_ones_) +
                      " last presences have not reached everybody");
    }
    tell(report, measurement);
  }

 private:
  static std::size_t senders_of(const Options& options, std::size_t clients) {
    return options.senders == 0 ? clients : std::min<std::size_t>(options.senders, clients);
  }
  // Not everybody's turn comes when the rate is low.
  static std::size_t slots_of(const Options& options, std::size_t clients) {
    const auto senders = static_cast<double>(senders_of(options, clients));
    return std::max<std::size_t>(
        static_cast<std::size_t>(std::llround(options.seconds * options.rate * senders)), 1);
  }

  // Spread over the clients, and so over the rooms.
  [[nodiscard]] Client& sender(std::size_t number) {
    return crowd_.at(number * crowd_.size() / senders_);
  }

  [[nodiscard]] std::int64_t due_us(std::size_t slot) const {
    return begin_us_ + static_cast<std::int64_t>(static_cast<double>(slot) * slot_us_);
  }

  void take(const Received& received) {
    if (received.kind != Received::Kind::presence) return;
    const std::int64_t now = now_us();
    for (const std::int64_t stamp : received.stamps) {
      arrive(static_cast<std::size_t>(stamp - 1), now);
    }
  }

  void arrive(std::size_t slot, std::int64_t now) {
    if (slot >= slots_) return;  // what was there before the run
    latency_.record(now - due_us(slot));
    if (++arrived_[slot] > receivers_) {
      throw LoadError("presence " + std::to_string(slot) + " came more often than it was sent");
    }
    if (arrived_[slot] == receivers_ && slot + senders_ >= slots_) ++last_ones_;
  }

  void tell(Report& report, const Measurement& measurement) const {
    const double expected = static_cast<double>(slots_) * static_cast<double>(receivers_);
    const auto deliveries = static_cast<double>(latency_.count());
    report.number("deliveries", deliveries);
    // A server may leave out a presence for which a newer one is there, never the last.
    report.number("conflated", expected - deliveries);
    report.number("deliveries_per_second", deliveries / measurement.seconds(), "/s");
    measurement.report_cost(report, kMicroseconds, "delivery", deliveries);
    report.number("bytes_per_delivery",
                  static_cast<double>(measurement.received_bytes()) / deliveries, "bytes");
    measurement.report_clients(report, empty_, static_cast<double>(crowd_.size()));
    report.latency("latency", latency_);
    measurement.report(report);
  }

  const Options& options_;
  const std::size_t slots_;
  const std::size_t senders_;  // whose turn comes
  const std::uint32_t receivers_;
  const ProcessUsage empty_;  // the server before anybody came
  Crowd crowd_;
  std::vector<std::uint32_t> arrived_;  // by slot
  std::size_t last_ones_ = 0;           // of the last round, that have reached everybody
  Histogram latency_;
  std::int64_t begin_us_ = 0;
  double slot_us_ = 0;
};

}  // namespace

void run_presence(const Options& options, std::uint32_t rooms, std::uint32_t per_room,
                  Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_presence()) throw LoadError("this protocol has no presence");
  report.number("rooms", rooms);
  report.number("clients_per_room", per_room);
  report.number("rate", options.rate, "a second and sender");
  PresenceRun(options, *protocol, rooms, per_room).run(report);
}

}  // namespace pluv::bench
