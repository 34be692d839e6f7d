#include <algorithm>
#include <vector>

#include "crowd.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {
namespace {

// Everybody sends, evenly spread, on a schedule that does not wait: a stamp is the number of its
// slot, and the latency counts from when the slot was due.
class PresenceRun {
 public:
  PresenceRun(const Options& options, const Protocol& protocol, std::uint32_t rooms,
              std::uint32_t per_room)
      : options_(options),
        senders_(rooms * per_room),
        receivers_(protocol.echoes_presence() ? per_room : per_room - 1),
        crowd_(protocol, options.port) {
    crowd_.join(rooms * per_room, [&](std::uint32_t i) {
      return options.room_prefix + std::to_string(i / per_room);
    });
    crowd_.settle(300);
  }

  void run(Report& report) {
    const auto rounds = static_cast<std::size_t>(options_.seconds * options_.rate);
    arrived_.assign(rounds * senders_, 0);
    slot_us_ = 1e6 / options_.rate / static_cast<double>(senders_);
    Measurement measurement(options_.pid, crowd_);
    begin_us_ = now_us();
    crowd_.on_received = [this](Client&, Received& received) { take(received); };
    for (std::size_t slot = 0; slot < arrived_.size();) {
      const std::int64_t left_us = due_us(slot) - now_us();
      if (left_us > 0) {
        crowd_.turn(left_us > 1000 ? 1 : 0);
        continue;
      }
      Client& client = crowd_.at(slot % senders_);
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
    if (slot >= arrived_.size()) return;  // what was there before the run
    latency_.record(now - due_us(slot));
    if (++arrived_[slot] > receivers_) {
      throw LoadError("presence " + std::to_string(slot) + " came more often than it was sent");
    }
    if (arrived_[slot] == receivers_ && slot + senders_ >= arrived_.size()) ++last_ones_;
  }

  void tell(Report& report, const Measurement& measurement) const {
    const double expected = static_cast<double>(arrived_.size()) * static_cast<double>(receivers_);
    const auto deliveries = static_cast<double>(latency_.count());
    report.number("deliveries", deliveries);
    // A server may leave out a presence for which a newer one is there, never the last.
    report.number("conflated", expected - deliveries);
    report.number("deliveries_per_second", deliveries / measurement.seconds(), "/s");
    measurement.report_cost(report, kMicroseconds, "delivery", deliveries);
    report.number("bytes_per_delivery",
                  static_cast<double>(measurement.received_bytes()) / deliveries, "bytes");
    report.latency("latency", latency_);
    measurement.report(report);
  }

  const Options& options_;
  const std::size_t senders_;
  const std::uint32_t receivers_;
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
  report.number("rate", options.rate, "a second and client");
  PresenceRun(options, *protocol, rooms, per_room).run(report);
}

}  // namespace pluv::bench
