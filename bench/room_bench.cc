// room_bench: what a room costs the server. Two scenarios against a running server on loopback:
//   presence  N clients in one room, each with R presence updates a second on a fixed schedule
//             (open loop: latency counts from the scheduled time, so stalls show)
//   idle      C connections in rooms of K that only exist
// The server's CPU time and memory are read from outside (--pid).
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load_client.h"
#include "process_usage.h"

namespace pluv::bench {
namespace {

struct Options {
  std::string scenario;
  std::uint16_t port = 3000;
  int pid = 0;
  std::uint32_t clients = 50;
  std::uint32_t per_room = 50;
  double rate = 10;
  double seconds = 10;
};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(::epoll_create1(0)) {}
  ~Load() { ::close(epoll_); }

  int presence() {
    join_all(options_.per_room);
    std::printf("%u clients in one room, %.0f presence updates/s each, %.0f s\n", options_.clients,
                options_.rate, options_.seconds);
    const auto period_us = static_cast<std::int64_t>(1e6 / options_.rate);
    const auto updates = static_cast<std::int64_t>(options_.seconds * options_.rate);
    latencies_us_.reserve(static_cast<std::size_t>(updates) * clients_.size() * clients_.size());
    const ProcessUsage before = read_process_usage(options_.pid);
    const std::int64_t begin = now_us();
    const auto count = static_cast<std::int64_t>(clients_.size());
    std::uint64_t sent = 0;
    for (std::int64_t slot = 0; slot < updates * count;) {
      const std::int64_t due = begin + slot * period_us / count;
      if (now_us() >= due) {
        clients_[static_cast<std::size_t>(slot % count)]->send(
            R"({"type":"$updatePresence","data":{"presence":{"x":)" + std::to_string(due) + "}}}");
        ++sent;
        ++slot;
        continue;
      }
      turn(1);
    }
    const std::uint64_t expected = sent * clients_.size();
    for (int wait = 0; wait < 200 && latencies_us_.size() < expected; ++wait) turn(10);
    const double elapsed = static_cast<double>(now_us() - begin) / 1e6;
    const ProcessUsage after = read_process_usage(options_.pid);
    const double cpu = after.cpu_seconds - before.cpu_seconds;
    const auto deliveries = static_cast<double>(latencies_us_.size());
    std::sort(latencies_us_.begin(), latencies_us_.end());
    const auto percentile = [&](double part) {
      if (latencies_us_.empty()) return 0.0;
      const auto at = static_cast<std::size_t>(part * (deliveries - 1));
      return static_cast<double>(latencies_us_[at]) / 1000;
    };
    std::printf("deliveries        %.0f of %llu expected, %.0f/s\n", deliveries,
                static_cast<unsigned long long>(expected), deliveries / elapsed);
    std::printf("latency ms        p50 %.2f  p90 %.2f  p99 %.2f  p99.9 %.2f  max %.2f\n",
                percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
                percentile(1));
    std::printf("server CPU        %.3f s, %.2f us a delivery, %.1f %% of a core\n", cpu,
                cpu * 1e6 / deliveries, cpu / elapsed * 100);
    std::printf("server memory     %lld KiB resident\n",
                static_cast<long long>(after.resident_kib));
    return latencies_us_.size() == expected ? 0 : 1;
  }

  int idle() {
    const ProcessUsage before = read_process_usage(options_.pid);
    join_all(options_.per_room);
    for (int i = 0; i < 50; ++i) turn(20);
    const ProcessUsage joined = read_process_usage(options_.pid);
    const std::int64_t until = now_us() + static_cast<std::int64_t>(options_.seconds * 1e6);
    while (now_us() < until) turn(50);
    const ProcessUsage after = read_process_usage(options_.pid);
    const auto count = static_cast<double>(clients_.size());
    std::printf("%u idle connections in rooms of %u\n", options_.clients, options_.per_room);
    std::printf("memory            %.2f KiB a connection (resident %lld -> %lld KiB)\n",
                static_cast<double>(after.resident_kib - before.resident_kib) / count,
                static_cast<long long>(before.resident_kib),
                static_cast<long long>(after.resident_kib));
    std::printf("join CPU          %.3f ms each\n",
                (joined.cpu_seconds - before.cpu_seconds) * 1e3 / count);
    std::printf("idle CPU          %.2f %% of a core over %.0f s\n",
                (after.cpu_seconds - joined.cpu_seconds) / options_.seconds * 100,
                options_.seconds);
    const bool alive = std::none_of(clients_.begin(), clients_.end(),
                                    [](const auto& client) { return client->failed(); });
    return alive ? 0 : 1;
  }

 private:
  void join_all(std::uint32_t per_room) {
    std::size_t joining_from = 0;
    while (clients_.size() < options_.clients) {
      const auto number = static_cast<std::uint32_t>(clients_.size());
      clients_.push_back(std::make_unique<LoadClient>(
          epoll_, number, [this](LoadClient&, std::string_view text) { on_message(text); }));
      const std::string room = "load-" + std::to_string(::getpid()) + "-" +
                               std::to_string(number / std::max(per_room, 1u));
      if (!clients_.back()->connect(options_.port, room)) {
        std::fprintf(stderr, "cannot connect client %u: %s\n", number, std::strerror(errno));
        std::exit(1);
      }
      if (clients_.size() - joining_from >= 100 || clients_.size() == options_.clients) {
        wait_joined(joining_from);
        joining_from = clients_.size();
      }
    }
    for (int i = 0; i < 20; ++i) turn(10);
    latencies_us_.clear();
  }

  void wait_joined(std::size_t from) {
    const std::int64_t until = now_us() + 20'000'000;
    const auto all = [&] {
      return std::all_of(clients_.begin() + static_cast<std::ptrdiff_t>(from), clients_.end(),
                         [](const auto& client) { return client->joined(); });
    };
    while (!all()) {
      turn(10);
      if (now_us() > until) {
        std::fprintf(stderr, "clients do not join\n");
        std::exit(1);
      }
    }
  }

  void turn(int wait_ms) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, wait_ms);
    for (int i = 0; i < count; ++i) {
      auto& client = *static_cast<LoadClient*>(events[i].data.ptr);
      if ((events[i].events & EPOLLOUT) != 0 && !client.failed()) client.on_writable();
      if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0 && !client.failed()) {
        client.on_readable();
      }
    }
  }

  void on_message(std::string_view text) {
    constexpr std::string_view kPresence = R"("data":{"presence":{"x":)";
    const std::size_t at = text.find(kPresence);
    if (at == std::string_view::npos || text.find("$presenceUpdated") == std::string_view::npos) {
      return;
    }
    std::int64_t due = 0;
    const char* digits = text.data() + at + kPresence.size();
    std::from_chars(digits, text.data() + text.size(), due);
    latencies_us_.push_back(now_us() - due);
  }

  const Options options_;
  const int epoll_;
  std::vector<std::unique_ptr<LoadClient>> clients_;
  std::vector<std::int64_t> latencies_us_;
};

int usage() {
  std::fprintf(stderr,
               "usage: room_bench presence|idle --port N --pid SERVER_PID [--clients N]\n"
               "                 [--per-room K] [--rate R] [--seconds S]\n");
  return 2;
}

int run(int argc, char** argv) {
  if (argc < 2) return usage();
  Options options;
  options.scenario = argv[1];
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::atof(argv[i + 1]);
    if (name == "--port")
      options.port = static_cast<std::uint16_t>(value);
    else if (name == "--pid")
      options.pid = static_cast<int>(value);
    else if (name == "--clients")
      options.clients = static_cast<std::uint32_t>(value);
    else if (name == "--per-room")
      options.per_room = static_cast<std::uint32_t>(value);
    else if (name == "--rate")
      options.rate = value;
    else if (name == "--seconds")
      options.seconds = value;
    else
      return usage();
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (options.scenario == "presence") {
    options.per_room = options.clients;
    return Load(options).presence();
  }
  if (options.scenario == "idle") return Load(options).idle();
  return usage();
}

}  // namespace
}  // namespace pluv::bench

int main(int argc, char** argv) { return pluv::bench::run(argc, argv); }
