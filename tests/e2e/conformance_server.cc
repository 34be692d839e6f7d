// A server made with the public API as a user would write it, for the end-to-end suites: the
// reference's procedures, and one of every kind of resolver; documents end with their rooms
// unless there is a folder for them. Prints a line with "listening" and the address when it is
// ready.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "pluv/pluv.h"
#include "tests/e2e/conformance_router.h"

namespace {

struct User {
  std::string id;
  std::string name;
};
using conformance::Value;

struct Flags {
  std::uint16_t port = 3000;
  std::string host = "127.0.0.1";
  bool auth = false;
  bool strict = false;
  std::string data;
  std::optional<std::uint32_t> rate_limit;
  std::optional<std::uint32_t> keep_ms;
};

struct KeptCalls {
  int loads = 0;
  int saves = 0;
};

// An application's own database, which is slow.
class Database {
 public:
  explicit Database(std::uint32_t delay_ms) : delay_(delay_ms) {}

  std::optional<std::string> load(const std::string& room) {
    std::this_thread::sleep_for(delay_);
    const std::lock_guard lock(mutex_);
    ++calls_[room].loads;
    const auto found = documents_.find(room);
    return found == documents_.end() ? std::nullopt : std::optional(found->second);
  }
  void save(const std::string& room, std::string base64) {
    std::this_thread::sleep_for(delay_);
    const std::lock_guard lock(mutex_);
    ++calls_[room].saves;
    documents_[room] = std::move(base64);
  }
  KeptCalls calls(const std::string& room) {
    const std::lock_guard lock(mutex_);
    return calls_[room];
  }

 private:
  const std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::map<std::string, std::string> documents_;
  std::map<std::string, KeptCalls> calls_;
};

pluv::Limits limits_of(const Flags& flags) {
  pluv::Limits limits;
  if (flags.rate_limit) {
    limits.messages_per_second_max = *flags.rate_limit;
    limits.messages_burst_max = *flags.rate_limit * 4;
  }
  return limits;
}

pluv::Persistence persistence_of(const Flags& flags) {
  if (flags.data.empty()) return {};
  return pluv::sqlite({.path = flags.data + "/pluv.sqlite"});
}

// The same events with and without authorization.
template <class Io>
auto make_server(const Io& io, const Flags& flags) {
  const auto double_number = io.procedure().template input<Value>().self(
      [](const Value& in) -> pluv::task<pluv::Event<"doubledNumber", Value>> {
        const double doubled = co_await pluv::blocking([&in] { return in.value * 2; });
        co_return pluv::emit<"doubledNumber">(Value{doubled});
      });
  const auto boom =
      io.procedure().broadcast([] { throw std::runtime_error("boom: the handler failed"); });

  return io.server(pluv::ServerOptions{
      .router = io.merge_routers(
          conformance::make_router(io),
          io.router(pluv::on<"doubleNumber">(double_number), pluv::on<"boom">(boom))),
      .strict = flags.strict});
}

// Documents outlive their rooms in a database of the application's.
template <class Io>
auto make_keeping_server(const Io& io, std::uint32_t delay_ms) {
  auto database = std::make_shared<Database>(delay_ms);
  const auto kept_calls = io.procedure().self([database](typename Io::Ctx& ctx) {
    return pluv::emit<"keptCallsCounted">(database->calls(std::string(ctx.room())));
  });
  return io.server(pluv::ServerOptions{
      .router = io.router(pluv::on<"keptCalls">(kept_calls)),
      .get_initial_storage = [database](const typename Io::InitialStorageEvent& event)
          -> pluv::task<std::optional<std::string>> {
        co_return co_await pluv::blocking([&] { return database->load(event.room); });
      },
      .on_storage_destroyed = [database](const typename Io::StorageEvent& event) -> pluv::task<> {
        std::string state = event.encoded_state.base64();
        co_await pluv::blocking([&] { database->save(event.room, std::move(state)); });
      }});
}

template <class Server>
int serve(const Server& server, pluv::ListenOptions options) {
  auto listening = server.listen(std::move(options));
  std::printf("listening on http://127.0.0.1:%u\n", static_cast<unsigned>(listening.port()));
  std::fflush(stdout);
  return listening.run();
}

int run(const Flags& flags) {
  pluv::ListenOptions options{.port = flags.port, .host = flags.host};
  if (!flags.auth) {
    const auto io = pluv::create_io(pluv::platform_native(pluv::NativeOptions{
        .crdt = pluv::yjs(), .persistence = persistence_of(flags), .limits = limits_of(flags)}));
    if (flags.keep_ms) return serve(make_keeping_server(io, *flags.keep_ms), std::move(options));
    return serve(make_server(io, flags), std::move(options));
  }
  const auto io = pluv::create_io(pluv::platform_native(
      pluv::NativeOptions{.authorize = pluv::authorize<User>({.secret = "secret123"}),
                          .crdt = pluv::yjs(),
                          .persistence = persistence_of(flags),
                          .limits = limits_of(flags)}));
  options.routes.push_back(pluv::get("/api/pluv/authorize", [&io](const pluv::Request& request) {
    const std::string id = request.query("id").value_or("");
    try {
      return pluv::Response::text(
          200, io.create_token({.room = request.query("room").value_or(""),
                                .user = {.id = id, .name = request.query("name").value_or(id)},
                                .request = &request}));
    } catch (const std::invalid_argument& refused) {
      return pluv::Response::text(400, refused.what());
    }
  }));
  return serve(make_server(io, flags), std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("A pluv server made with the public API, for the end-to-end tests.");
  app.add_option("--port", flags.port, "port; 0: any free one");
  app.add_option("--host", flags.host, "address to bind");
  app.add_flag("--auth", flags.auth, "ask for tokens; GET /api/pluv/authorize?room=&id=&name=");
  app.add_flag("--strict", flags.strict, "refuse events that no procedure has");
  app.add_option("--data", flags.data,
                 "folder of the documents' file; left out: they end with their rooms");
  app.add_option("--keep-ms", flags.keep_ms,
                 "documents outlive their rooms in a database that takes so long to load and save; "
                 "without --auth");
  app.add_option("--rate-limit", flags.rate_limit, "messages a second and session; 0: off");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(flags);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "conformance_server: %s\n", failed.what());
    return 1;
  }
}
