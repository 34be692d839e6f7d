// pluv-bench: a load generator for servers of pluv, y-websocket and Hocuspocus, and for plain
// relays. See bench/README.md.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <string>

#include "crowd.h"
#include "scenarios.h"

namespace pluv::bench {
namespace {

void raise_descriptor_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

bool pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

bool write_file(const std::string& path, const std::string& content) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  const bool written = file != nullptr && std::fputs(content.c_str(), file) >= 0;
  if (file != nullptr && std::fclose(file) == 0 && written) return true;
  std::fprintf(stderr, "pluv-bench: cannot write %s\n", path.c_str());
  return false;
}

void run(const Options& options, Report& report) {
  if (options.scenario == "presence") return run_presence(options, 1, options.clients, report);
  if (options.scenario == "rooms") {
    return run_presence(options, options.rooms, options.per_room, report);
  }
  if (options.scenario == "broadcast") return run_broadcast(options, report);
  if (options.scenario == "storage") return run_storage(options, report);
  if (options.scenario == "join") return run_join(options, report);
  if (options.scenario == "cold") return run_cold(options, report);
  if (options.scenario == "mixed") return run_mixed(options, report);
  run_idle(options, report);
}

int main_of(int argc, char** argv) {
  Options options;
  options.room_prefix = "load-" + std::to_string(::getpid()) + "-";
  std::string json_file;
  std::string plot_file;
  int core = -1;
  CLI::App app(
      "Puts load on a server on this machine, checks that all of it arrives, and says what it "
      "cost the server");
  app.name("pluv-bench");
  app.footer("Ends with 0, with 1 when something was missing or wrong, with 2 when misused.");
  app.require_subcommand(1);
  const auto common = [&](CLI::App* command) {
    command->add_option("--port", options.port, "Of the server")->required();
    command->add_option("--protocol", options.protocol)
        ->check(CLI::IsMember({"pluv", "y-websocket", "hocuspocus", "relay"}))
        ->capture_default_str();
    command->add_option("--pid", options.pid, "The server's process, to measure it from outside");
    command->add_option("--seconds", options.seconds)
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    command->add_option("--json", json_file, "Write the result there as well");
    command->add_option("--plot", plot_file, "Draw the latencies there, as an SVG");
    command->add_option("--core", core, "Run on this core only");
    command->callback([&options, command] { options.scenario = command->get_name(); });
    return command;
  };
  const auto clients = [&](CLI::App* command, std::uint32_t least) {
    command->add_option("--clients", options.clients)
        ->check(CLI::Range(least, 1'000'000u))
        ->capture_default_str();
  };
  const auto rate = [&](CLI::App* command, const char* what, double least) {
    command->add_option("--rate", options.rate, what)
        ->check(CLI::Range(least, 1e6))
        ->capture_default_str();
  };
  const auto senders = [&](CLI::App* command) {
    command->add_option("--senders", options.senders, "Who sends, evenly spread; 0: all")
        ->check(CLI::Range(0u, 1'000'000u))
        ->capture_default_str();
  };
  const auto in_flight = [&](CLI::App* command) {
    command->add_option("--in-flight", options.in_flight, "Messages on the way at a time")
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
  };
  const auto document = [&](CLI::App* command) {
    command->add_option("--document", options.document, "Bytes of text in the room's document")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{100'000'000}))
        ->capture_default_str();
  };
  const auto per_room = [&](CLI::App* command) {
    command->add_option("--per-room", options.per_room, "Clients of a room")
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
  };

  CLI::App* const presence = common(app.add_subcommand("presence", "One room; all send presences"));
  clients(presence, 2);
  senders(presence);
  rate(presence, "Presences a second and sender", 0.0001);
  const auto rooms_of = [&](CLI::App* command) {
    command->add_option("--rooms", options.rooms)
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
  };
  CLI::App* const rooms = common(app.add_subcommand("rooms", "The same in many rooms"));
  rooms_of(rooms);
  per_room(rooms);
  senders(rooms);
  rate(rooms, "Presences a second and sender", 0.0001);
  CLI::App* const broadcast =
      common(app.add_subcommand("broadcast", "One room; one client sends events to all"));
  clients(broadcast, 2);
  in_flight(broadcast);
  broadcast->add_option("--payload", options.payload, "Bytes of an event")
      ->check(CLI::Range(1u, 10'000'000u))
      ->capture_default_str();
  CLI::App* const storage =
      common(app.add_subcommand("storage", "One room; one client types into its document"));
  clients(storage, 2);
  rate(storage, "Keystrokes a second; 0: flat out, --in-flight at a time", 0);
  in_flight(storage);
  document(storage);
  CLI::App* const join =
      common(app.add_subcommand("join", "All join one room with a document, at once"));
  clients(join, 1);
  document(join);
  CLI::App* const mixed = common(app.add_subcommand(
      "mixed", "Few large rooms and many small ones; people move, type, come and go, read slowly"));
  clients(mixed, 2);
  rooms_of(mixed);
  CLI::App* const cold = common(app.add_subcommand(
      "cold", "Rooms with a stored document that all have left; joins of the oldest"));
  rooms_of(cold);
  rate(cold, "Joins a second", 0.1);
  document(cold);
  CLI::App* const idle = common(app.add_subcommand("idle", "Clients that only are there"));
  clients(idle, 1);
  per_room(idle);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  raise_descriptor_limit();
  if (core >= 0 && !pin_to(core)) {
    std::fprintf(stderr, "pluv-bench: there is no core %d\n", core);
    return 2;
  }
  Report report;
  report.text("scenario", options.scenario);
  report.text("protocol", options.protocol);
  try {
    run(options, report);
  } catch (const LoadError& error) {
    std::fprintf(stderr, "pluv-bench: %s\n", error.what());
    return 1;
  }
  std::fputs(report.table().c_str(), stdout);
  const bool written = (json_file.empty() || write_file(json_file, report.json())) &&
                       (plot_file.empty() || write_file(plot_file, report.plot()));
  return written ? 0 : 2;
}

}  // namespace
}  // namespace pluv::bench

int main(int argc, char** argv) { return pluv::bench::main_of(argc, argv); }
