// How a server listens and runs: options of server.listen() and the handle that it returns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pluv/request.h"

namespace pluv {

// PEM files.
struct TlsOptions {
  std::string certificate_chain_file;
  std::string private_key_file;
};

struct ListenOptions {
  std::uint16_t port = 3000;       // 0: any free one; see Listening::port()
  std::string host = "127.0.0.1";  // address to bind; "0.0.0.0" or "::" for all
  // Allowed Origin headers ("https://app.example.com", "https://*.example.com"). Empty: any.
  std::vector<std::string> origins{};
  // HTTP beside the rooms. GET /healthz (200 while the process lives) and GET /readyz (503 while
  // draining) are there unless a route takes their path.
  std::vector<Route> routes{};
  std::optional<TlsOptions> tls{};
  // Rooms are served at room_path + "{room}". Empty: none are, only routes.
  std::string room_path = "/api/pluv/room/";
  // Event loops, one thread each. 0: one a core.
  std::uint32_t threads = 0;
  // One loop and no thread: the host program calls poll() in a loop of its own.
  bool manual = false;
  // CIDRs of proxies whose Forwarded and X-Forwarded-For are believed.
  std::vector<std::string> trusted_proxies{};
  bool deflate = false;  // permessage-deflate: less traffic, more memory and CPU
  // A drain spreads its closes (1012) over this time, so that clients do not all return at once.
  std::chrono::milliseconds drain_window = std::chrono::seconds(5);
  std::chrono::milliseconds drain_deadline = std::chrono::seconds(10);
  // run() drains on SIGTERM and SIGINT. start() and poll() never touch signals.
  bool handle_signals = true;
  // Unix socket on which a newer process of this server asks for the listening socket. Empty: none.
  std::string handover_path{};
  // Log lines: level "debug", "info", "warn" or "error", an event and a JSON object of fields.
  // Called from any thread. Default: warnings and errors (with NativeOptions::debug all) to stderr.
  std::function<void(std::string_view level, std::string_view event, std::string_view fields)>
      log{};
};

// The options of room.register_socket().
struct RegisterOptions {
  std::string token{};     // with `authorize`
  std::string received{};  // bytes already read after the WebSocket upgrade
};

namespace detail {
class Core;
}

// A server that listens. A handle: copies mean the same server, which ends with its last handle.
// Thread-safe.
class Listening {
 public:
  explicit Listening(std::shared_ptr<detail::Core> core) : core_(std::move(core)) {}

  // Serves until stop() or the end of a drain; the calling thread is one of the loops. Returns 0,
  // or 1 when a drain met its deadline with connections left: the process's exit code.
  int run();
  // The same on threads of its own; join() waits for their end and returns what run() would.
  void start();
  int join();
  // With ListenOptions::manual: one turn of the loop, waiting at most `wait` for something to do.
  // Returns how many handlers ran. Always from the same thread.
  std::size_t poll(std::chrono::milliseconds wait = std::chrono::milliseconds(0));

  // Ends in good order: no new connections, then closes spread over drain_window.
  void drain();
  // Ends at once.
  void stop();
  [[nodiscard]] bool draining() const;
  [[nodiscard]] std::uint16_t port() const;
  // Hands over a TCP connection that the host program accepted, before its HTTP request. The fd is
  // taken in any case.
  [[nodiscard]] Result<void> register_connection(int fd);

 private:
  std::shared_ptr<detail::Core> core_;
};

}  // namespace pluv
