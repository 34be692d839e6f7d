// What the native platform's tests share: a WebSocket client that waits with a time limit, over the
// project's own frames, and a server on a free port of the loopback. Tests only.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/websocket_frame.h"
#include "platform/native/listening.h"
#include "platform/native/server.h"

namespace pluv::native::test {

inline constexpr int kWaitMs = 10'000;  // of anything that should come at once
inline constexpr int kQuietMs = 150;    // for what must not come

// Runs until the condition holds; false after kWaitMs.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

// Connected to the loopback, blocking. Invalid when refused. receive_bytes: SO_RCVBUF, 0: default.
[[nodiscard]] OwnedFd connect_to(std::uint16_t port, int receive_bytes = 0);

// The same with a socket that is there already.
[[nodiscard]] OwnedFd connect_with(OwnedFd fd, std::uint16_t port);

class Client {
 public:
  explicit Client(OwnedFd fd);

  // A client in the room, upgraded; asserts that the server answers 101.
  [[nodiscard]] static std::unique_ptr<Client> join(std::uint16_t port, std::string_view room,
                                                    int receive_bytes = 0);

  void send_raw(std::string_view bytes);
  void send_text(std::string_view text);
  void send_frame(net::Opcode opcode, std::string_view payload);
  void send_close(std::uint16_t code);
  // Sends an HTTP head and returns the answer's head and body ("" when none came).
  [[nodiscard]] std::string request(std::string_view text);
  [[nodiscard]] bool upgrade(std::string_view target, std::string_view headers = {});

  struct Event {
    net::EventKind kind = net::EventKind::need_more;  // need_more: time is over, or end of stream
    std::uint16_t close_code = 0;
    std::string payload;
    bool end = false;  // the stream has ended
  };
  [[nodiscard]] Event next(int wait_ms = kWaitMs);
  // The next text whose "type" is this one, others skipped; "" when there is none.
  [[nodiscard]] std::string next_of_type(std::string_view type, int wait_ms = kWaitMs);
  // Skips all until a close frame; 0 when there is none.
  [[nodiscard]] std::uint16_t close_code(int wait_ms = kWaitMs);
  // Nothing but the end of the stream is left, or comes in time.
  [[nodiscard]] bool ended(int wait_ms = kWaitMs);
  // The whole opening exchange: $registered, $initializeSession, $storageReceived.
  [[nodiscard]] std::string initialize(std::string_view presence = "{}");

  [[nodiscard]] int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  [[nodiscard]] bool fill(int wait_ms);

  OwnedFd fd_;
  net::FrameReader reader_{
      net::FrameReaderOptions{.role = net::Role::client, .message_bytes_max = 64 * 1024 * 1024}};
  std::string received_;
  std::size_t used_ = 0;
  bool end_ = false;
};

// A listening server on its own threads; stopped with the object.
struct RunningServer {
  explicit RunningServer(ServerConfig config = {}, room::Definition definition = {},
                         ServerHooks hooks = {});
  [[nodiscard]] std::uint16_t port() const { return server->port(); }
  std::unique_ptr<Server> server;
};

[[nodiscard]] std::string temporary_path(std::string_view name);

}  // namespace pluv::native::test
