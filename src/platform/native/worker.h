// One event loop with everything that lives on it: connections, rooms, timers, and a mailbox
// through which other threads hand it work. A turn takes the mailbox, the ready sockets and the due
// timers, then flushes once. Owned by Server (shared_ptr, so that replies which come too late find
// nobody); used on its own thread but for what is marked.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "auth/random.h"
#include "platform/native/connections.h"
#include "platform/native/event_loop.h"
#include "platform/native/handshakes.h"
#include "platform/native/loop_metrics.h"
#include "platform/native/memory_guard.h"
#include "platform/native/room_host.h"
#include "platform/native/shared.h"
#include "platform/native/timers.h"

namespace pluv::native {

class Worker : public std::enable_shared_from_this<Worker> {
 public:
  explicit Worker(Shared& shared);
  ~Worker();

  // --- From any thread
  // Runs fn in a turn of this loop, in the order of the calls.
  void post(std::function<void()> fn);
  void post_arrival(Arrival arrival);
  void stop();
  [[nodiscard]] bool on_own_thread() const noexcept;
  [[nodiscard]] const LoopMetrics& metrics() const noexcept { return metrics_; }

  // --- From the thread that drives the loop
  void run();
  std::size_t poll(std::chrono::milliseconds wait);

  // --- From the loop's thread
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn);
  // Makes sure that what was just put down is seen to, also outside of a turn.
  void ensure_turn();
  // Closes what is open, spread over the drain's window.
  void begin_drain();
  // Of the drain's window, now; all of it when this loop has not begun to drain.
  [[nodiscard]] std::int64_t drain_left_ms() const noexcept;
  // Sessions are still being closed: waiting for others meanwhile makes no drain longer.
  [[nodiscard]] bool is_closing_sessions() const noexcept;
  // Takes sockets from this listening one, and gives them to all loops in turn.
  void accept_from(int listening_fd);
  void stop_accepting();
  // Keeps the process under its ceiling of memory; on the first loop alone.
  void start_memory_guard() { memory_guard_.start(); }

  [[nodiscard]] Shared& shared() noexcept { return shared_; }
  [[nodiscard]] const Limits& limits() const noexcept { return shared_.limits(); }
  // What a connection that comes now is given until its upgrade. In a drain it is waited for.
  [[nodiscard]] std::int64_t handshake_ms_max() const noexcept;
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] TimerHeap& timers() noexcept { return timers_; }
  [[nodiscard]] LoopMetrics& metrics() noexcept { return metrics_; }
  [[nodiscard]] Connections& connections() noexcept { return connections_; }
  [[nodiscard]] Handshakes& handshakes() noexcept { return handshakes_; }
  [[nodiscard]] RoomHost& rooms() noexcept { return rooms_; }
  [[nodiscard]] std::span<char> receive_buffer() noexcept { return receive_buffer_; }
  // As of the turn's beginning.
  [[nodiscard]] Now now() const noexcept { return now_; }
  [[nodiscard]] std::int64_t now_ms() const noexcept { return now_.steady_ms; }
  [[nodiscard]] SessionId make_session_id();
  // Evenly from [low, high].
  [[nodiscard]] std::int64_t random_between(std::int64_t low, std::int64_t high);
  [[nodiscard]] std::uint64_t random_number();

  void count_refusal(ConnectionRefusal refusal) noexcept {
    metrics_.connections_refused[static_cast<std::size_t>(refusal)].add(1);
  }
  void log_refusal(ConnectionRefusal refusal, std::string_view room);
  // Of a join that the authorizer, or what it answered, has refused. cause: its words for it.
  void log_refusal(ConnectionRefusal refusal, const JoinRequest& join, std::string_view cause);
  // Refusals are logged up to a rate, so that no client floods the log; metrics count all.
  [[nodiscard]] bool may_log_refusal() noexcept;
  // How many connections have left for other loops.
  [[nodiscard]] std::uint64_t moves() const noexcept { return moves_; }
  void count_move() noexcept { ++moves_; }
  void connection_ended(Connection& connection);

 private:
  struct Delayed {
    explicit Delayed(std::function<void()> function)
        : timer(TimerKind::delayed, this), fn(std::move(function)) {}
    Timer timer;
    std::function<void()> fn;
    std::list<Delayed>::iterator place;
  };
  class Acceptor final : public Pollable {
   public:
    explicit Acceptor(Worker& worker) noexcept
        : retry(TimerKind::accept_retry, nullptr), worker_(worker) {}
    void ready(bool readable, bool writable) override;
    void start(int fd);
    void stop();
    void watch();

    Timer retry;

   private:
    void pause(int error);
    Worker& worker_;
    int fd_ = -1;
    bool watching_ = false;
    std::size_t next_worker_ = 0;
  };

  void turn(std::span<const Readiness> ready);
  void take_mail();
  void fire_timers();
  void end_turn();
  void read_clock() noexcept;
  void fire(Timer& timer);
  void drain_some();

  Shared& shared_;
  LoopMetrics metrics_;
  EventLoop loop_;
  TimerHeap timers_;
  std::int64_t armed_ms_ = 0;  // the loop's own timer; 0: not set
  Now now_;
  std::chrono::steady_clock::time_point turn_began_;
  auth::RandomBuffer random_;
  std::vector<char> receive_buffer_;
  Connections connections_;
  Handshakes handshakes_;
  RoomHost rooms_;
  Acceptor acceptor_;
  MemoryGuard memory_guard_;
  std::list<Delayed> delayed_;
  Timer drain_timer_;
  Timer drain_deadline_;
  std::int64_t drain_began_ms_ = 0;
  std::uint64_t drain_sessions_ = 0;
  std::uint64_t moves_ = 0;
  std::int64_t refusal_log_ms_ = 0;
  std::uint32_t refusals_logged_ = 0;
  bool in_turn_ = false;

  std::mutex mail_mutex_;
  std::vector<std::function<void()>> mail_;
  std::vector<Arrival> arrivals_;
  std::vector<std::function<void()>> mail_taken_;  // memory of the last turn
};

}  // namespace pluv::native
