// Many rooms with a stored document, far more than the server keeps in memory, and joins of those
// that were left the longest ago.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "crowd.h"
#include "document.h"
#include "measurement.h"
#include "scenarios.h"

namespace pluv::bench {
namespace {

constexpr int kSettleMs = 2000;
constexpr std::uint32_t kRoomsATold = 10'000;

class ColdRun {
 public:
  ColdRun(const Options& options, const Protocol& protocol)
      : options_(options),
        before_(read_process_usage(options.pid)),
        document_(options.document),
        expected_(document_.text()),
        crowd_(protocol, options.port) {
    for (std::uint32_t i = 0; i < options.rooms; ++i) {
      crowd_.close(seed(crowd_, room(i), document_));
      if ((i + 1) % kRoomsATold == 0) {
        std::fprintf(stderr, "pluv-bench: %u of %u rooms are there\n", i + 1, options.rooms);
      }
    }
    crowd_.settle(kSettleMs);
    stored_ = read_process_usage(options.pid);
    first_ = crowd_.size();
    crowd_.on_joined = [this](Client& client) { joined(client); };
  }

  void run(Report& report) {
    Measurement measurement(options_.pid, crowd_);
    join_on_schedule();
    crowd_.wait_joined();
    measurement.stop();
    const auto joins = static_cast<double>(due_us_.size());
    report.number("rooms", options_.rooms);
    report.number("document", static_cast<double>(options_.document), "bytes");
    report.number("joins", joins);
    measurement.report_cost(report, kMilliseconds, "join", joins);
    if (options_.pid != 0) {
      report.number("server_kib_with_all_rooms_stored",
                    static_cast<double>(stored_.resident_kib - before_.resident_kib), "KiB");
    }
    report.latency("join", latency_);
    measurement.report(report);
  }

 private:
  [[nodiscard]] std::string room(std::size_t number) const {
    return options_.room_prefix + std::to_string(number);
  }

  // In the order in which the rooms were left: the server has had the longest time to forget each.
  void join_on_schedule() {
    const auto count = static_cast<std::size_t>(
        std::clamp(options_.rate * options_.seconds, 1.0, static_cast<double>(options_.rooms)));
    const std::int64_t begin_us = now_us();
    while (due_us_.size() < count) {
      const std::int64_t due_us =
          begin_us +
          static_cast<std::int64_t>(static_cast<double>(due_us_.size()) * 1e6 / options_.rate);
      const std::int64_t left_us = due_us - now_us();
      if (left_us > 0) {
        crowd_.turn(left_us > 1000 ? 1 : 0);
        continue;
      }
      (void)crowd_.add(room(due_us_.size()));
      due_us_.push_back(due_us);
    }
  }

  void joined(Client& client) {
    latency_.record(client.joined_us() - due_us_.at(client.number() - first_));
    if (text_of(client.document) != expected_) {
      throw LoadError("a room came back with another document than was stored");
    }
    std::string().swap(client.document);
    crowd_.close(client);
  }

  const Options& options_;
  const ProcessUsage before_;
  TypedDocument document_;
  const std::string expected_;
  Crowd crowd_;
  ProcessUsage stored_;
  std::size_t first_ = 0;
  std::vector<std::int64_t> due_us_;  // of the joins
  Histogram latency_;
};

}  // namespace

void run_cold(const Options& options, Report& report) {
  const auto protocol = make_protocol(options.protocol);
  if (!protocol->has_documents()) throw LoadError("this protocol has no documents");
  ColdRun(options, *protocol).run(report);
}

}  // namespace pluv::bench
