// A WebSocket client of the load generator: non-blocking, one of thousands on one epoll. Plays the
// pluv client's part of a join ($initializeSession, the "$initialized" update, $getOthers) and
// leaves the rest to the scenario.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/websocket_frame.h"

namespace pluv::bench {

class LoadClient {
 public:
  using OnMessage = std::function<void(LoadClient&, std::string_view text)>;

  LoadClient(int epoll, std::uint32_t number, OnMessage on_message);
  ~LoadClient();
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  // Begins to connect to 127.0.0.1:port and to join the room. False when there is no socket.
  bool connect(std::uint16_t port, const std::string& room);
  void on_readable();
  void on_writable();
  void send(std::string_view text);

  [[nodiscard]] bool joined() const { return joined_; }  // saw its $storageReceived
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;

 private:
  void flush();
  void take(std::string_view text);
  void watch(bool writable);
  void fail(const char* why);

  const int epoll_;
  const std::uint32_t number_;
  OnMessage on_message_;
  int fd_ = -1;
  bool upgraded_ = false;
  bool joined_ = false;
  bool failed_ = false;
  bool watching_writable_ = false;
  std::string head_;
  std::string out_;
  net::FrameReader reader_;
};

}  // namespace pluv::bench
