// One event loop: waits for sockets, wake-ups from other threads, signals and one point in time,
// and calls its owner once for all that has come in (a turn). The only unit that sees Asio: sockets
// are watched by an epoll set of our own that hangs in the io_context as one descriptor, so that a
// turn sees every ready socket at once, a watched socket costs this process no memory, and a
// connection moves to another loop by leaving one set and joining another. Everything but wake()
// and stop() is called on the loop's thread, or before it runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace pluv::native {

// What a watched descriptor belongs to. Must stay alive until the end of the turn in which it was
// forgotten.
class Pollable {
 public:
  // Level-triggered: comes again in the next turn while it is still so. An error or a hang-up is
  // told as readable.
  virtual void ready(bool readable, bool writable) = 0;

 protected:
  ~Pollable() = default;
};

struct Readiness {
  Pollable* owner = nullptr;
  bool readable = false;
  bool writable = false;
};

// none: an error or a hang-up is told all the same.
enum class Interest : std::uint8_t { none, read, write, read_and_write };

class EventLoop {
 public:
  // turn is called on the loop's thread with the sockets that are ready, possibly none.
  explicit EventLoop(std::function<void(std::span<const Readiness>)> turn);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // False when the kernel refuses (out of memory or watches).
  [[nodiscard]] bool watch(int fd, Pollable& owner, Interest interest);
  void change(int fd, Pollable& owner, Interest interest);
  void forget(int fd);

  // A turn comes when steady_ms() reaches at_ms. Replaces the earlier time.
  void set_timer(std::int64_t at_ms);
  // A turn comes soon. From any thread; calls before that turn are one.
  void wake();
  // on_signal is called on the loop's thread at each of these.
  void watch_signals(std::span<const int> signals, std::function<void(int)> on_signal);

  // Until stop(), which may come from any thread, and before run().
  void run();
  void stop();
  // What is ready, waiting at most wait for the first. Returns handlers run.
  std::size_t poll(std::chrono::milliseconds wait);

  [[nodiscard]] static std::int64_t steady_ms() noexcept;
  [[nodiscard]] static std::int64_t unix_ms() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pluv::native
