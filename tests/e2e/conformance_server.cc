// A server made with the public API as a user would write it, for the end-to-end suites: the
// reference's procedures, and one of every kind of resolver; documents end with their rooms. Prints
// a line with "listening" and the address when it is ready.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>

#include "pluv/pluv.h"

namespace {

struct User {
  std::string id;
  std::string name;
};
struct Message {
  std::string message;
};
struct Value {
  double value;
};
struct Note {
  std::optional<std::string> note;
};

struct Flags {
  std::uint16_t port = 3000;
  std::string host = "127.0.0.1";
  bool auth = false;
  bool strict = false;
  std::string data;
  std::optional<std::uint32_t> rate_limit;
};

pluv::Limits limits_of(const Flags& flags) {
  pluv::Limits limits;
  if (flags.rate_limit) {
    limits.messages_per_second_max = *flags.rate_limit;
    limits.messages_burst_max = *flags.rate_limit * 4;
  }
  return limits;
}

// The same events with and without authorization.
template <class Io>
auto make_server(const Io& io, const Flags& flags) {
  const auto send_message = io.procedure().template input<Message>().broadcast(
      [](const Message& in) { return pluv::emit<"receiveMessage">(in); });
  const auto double_value = io.procedure().template input<Value>().self(
      [](const Value& in) { return pluv::emit<"doubledValue">(Value{in.value * 2}); });
  const auto double_number = io.procedure().template input<Value>().self(
      [](const Value& in) -> pluv::task<pluv::Event<"doubledNumber", Value>> {
        const double doubled = co_await pluv::blocking([&in] { return in.value * 2; });
        co_return pluv::emit<"doubledNumber">(Value{doubled});
      });
  const auto boom =
      io.procedure().broadcast([] { throw std::runtime_error("boom: the handler failed"); });
  const auto sync_note = io.procedure().template input<Note>().sync(
      [](const Note& in) { return pluv::emit<"noteSynced">(in); });

  return io.server(pluv::ServerOptions{
      .router =
          io.router(pluv::on<"sendMessage">(send_message), pluv::on<"doubleValue">(double_value),
                    pluv::on<"doubleNumber">(double_number), pluv::on<"boom">(boom),
                    pluv::on<"syncNote">(sync_note)),
      .strict = flags.strict});
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
    const auto io = pluv::create_io(pluv::platform_native(
        pluv::NativeOptions{.crdt = pluv::yjs(), .limits = limits_of(flags)}));
    return serve(make_server(io, flags), std::move(options));
  }
  const auto io = pluv::create_io(pluv::platform_native(
      pluv::NativeOptions{.authorize = pluv::authorize<User>({.secret = "secret123"}),
                          .crdt = pluv::yjs(),
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
  app.add_option("--data", flags.data, "a folder for what outlives the process; nothing does yet");
  app.add_option("--rate-limit", flags.rate_limit, "messages a second and session; 0: off");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(flags);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "conformance_server: %s\n", failed.what());
    return 1;
  }
}
