// The clients of a scenario: WebSocket connections on one epoll, non-blocking, each in a room with
// a session of the protocol under test. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket_frame.h"
#include "protocol.h"

namespace pluv::bench {

// The run is worth nothing: a connection broke, somebody does not answer, a check failed.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Microseconds of the steady clock.
[[nodiscard]] std::int64_t now_us();

class Client {
 public:
  enum class State : std::uint8_t { connecting, open, joined, closed };

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool joined() const noexcept { return state_ == State::joined; }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  [[nodiscard]] Session& session() noexcept { return *session_; }
  // When it began to connect and when it had joined.
  [[nodiscard]] std::int64_t began_us() const noexcept { return began_us_; }
  [[nodiscard]] std::int64_t joined_us() const noexcept { return joined_us_; }
  // The document that it got when it joined.
  std::string document;

 private:
  friend class Crowd;

  State state_ = State::connecting;
  bool watching_writable_ = false;
  bool paused_ = false;
  std::uint32_t number_ = 0;
  int fd_ = -1;
  std::uint64_t received_bytes_ = 0;
  std::int64_t began_us_ = 0;
  std::int64_t joined_us_ = 0;
  std::unique_ptr<Session> session_;
  std::string own_document_;
  std::string head_;
  std::string out_;
  std::unique_ptr<net::FrameReader> reader_;
};

class Crowd {
 public:
  using OnReceived = std::function<void(Client&, Received&)>;

  Crowd(const Protocol& protocol, std::uint16_t port);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Begins to connect another client, which has the document already. Throws LoadError.
  Client& add(std::string_view room, std::string_view document = {});
  // Adds so many, a hundred at a time, and waits until all have joined. Throws LoadError.
  void join(std::uint32_t count, const std::function<std::string(std::uint32_t)>& room_of);
  // Waits until all that were added have joined.
  void wait_joined(int seconds_max = 60);
  void send(Client& client, std::string_view message);
  // Ends the connection without a word. The client stays in the list, closed.
  void close(Client& client);
  // Whether the client reads what comes. While it does not the server has to keep it.
  void pause(Client& client, bool paused);
  // Waits at most so long for something to come, and takes it. Throws LoadError when a connection
  // breaks that nobody has closed.
  void turn(int wait_ms);
  // Turns until the condition holds; false when it did not come to that.
  [[nodiscard]] bool turn_until(const std::function<bool()>& condition, int seconds_max);
  // Turns for so long.
  void settle(int ms);
  // Turns until no message has come for so long, for a minute at most: who has joined may still be
  // sent what the others are.
  void settle_until_quiet(int ms);

  [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }
  [[nodiscard]] Client& at(std::size_t i) noexcept { return *clients_[i]; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept;

  OnReceived on_received = [](Client&, Received&) {};
  std::function<void(Client&)> on_joined = [](Client&) {};

 private:
  void watch(Client& client);
  void flush(Client& client);
  void readable(Client& client);
  void upgraded(Client& client);
  void take(Client& client, std::string_view message);
  [[noreturn]] void fail(const Client& client, const std::string& why) const;

  const Protocol& protocol_;
  std::uint16_t port_;
  int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t all_joined_ = 0;  // those before it have joined or are closed
  Received received_;
  std::uint64_t messages_ = 0;
};

}  // namespace pluv::bench
