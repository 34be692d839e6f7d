#include "platform/native/worker.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "platform/native/listening.h"
#include "platform/native/log_fields.h"

namespace pluv::native {
namespace {

constexpr std::size_t kReceiveBufferBytes = 128 * 1024;
constexpr int kAcceptsMax = 64;  // a turn
constexpr std::int64_t kAcceptRetryMs = 100;
constexpr std::int64_t kDrainGraceMs = 1'000;  // for a connection that has not spoken yet
constexpr std::int64_t kDrainTickMs = 10;
constexpr std::uint32_t kRefusalLogsMax = 10;  // a second
constexpr std::uint16_t kCloseRestart = 1012;

thread_local const Worker* current_worker = nullptr;

// The worker whose loop this thread is driving.
class CurrentWorker {
 public:
  explicit CurrentWorker(const Worker* worker) noexcept
      : outer_(std::exchange(current_worker, worker)) {}
  ~CurrentWorker() { current_worker = outer_; }
  CurrentWorker(const CurrentWorker&) = delete;
  CurrentWorker& operator=(const CurrentWorker&) = delete;

 private:
  const Worker* outer_;
};

}  // namespace

Worker::Worker(Shared& shared)
    : shared_(shared),
      loop_([this](std::span<const Readiness> ready) { turn(ready); }),
      receive_buffer_(kReceiveBufferBytes),
      connections_(*this),
      handshakes_(*this),
      rooms_(*this),
      acceptor_(*this),
      memory_guard_(*this),
      drain_timer_(TimerKind::drain, nullptr),
      drain_deadline_(TimerKind::deadline, nullptr) {
  read_clock();
}

Worker::~Worker() = default;

// --- From any thread

void Worker::post(std::function<void()> fn) {
  {
    const std::lock_guard lock(mail_mutex_);
    mail_.push_back(std::move(fn));
  }
  loop_.wake();
}

void Worker::post_arrival(Arrival arrival) {
  {
    const std::lock_guard lock(mail_mutex_);
    arrivals_.push_back(std::move(arrival));
  }
  loop_.wake();
}

void Worker::stop() { loop_.stop(); }

bool Worker::on_own_thread() const noexcept { return current_worker == this; }

// --- Turns

void Worker::run() {
  const CurrentWorker current(this);
  loop_.run();
}

std::size_t Worker::poll(std::chrono::milliseconds wait) {
  const CurrentWorker current(this);
  return loop_.poll(wait);
}

void Worker::read_clock() noexcept {
  turn_began_ = std::chrono::steady_clock::now();
  now_ = Now{.steady_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                              turn_began_.time_since_epoch())
                              .count(),
             .unix_ms = EventLoop::unix_ms()};
}

void Worker::turn(std::span<const Readiness> ready) {
  in_turn_ = true;
  read_clock();
  take_mail();
  for (const Readiness& one : ready) one.owner->ready(one.readable, one.writable);
  fire_timers();
  rooms_.handle_aside();
  end_turn();
  in_turn_ = false;
  const auto taken = std::chrono::steady_clock::now() - turn_began_;
  metrics_.count_turn(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(taken).count()));
}

void Worker::ensure_turn() {
  if (!in_turn_) loop_.wake();
}

void Worker::take_mail() {
  std::vector<Arrival> arrivals;
  {
    const std::lock_guard lock(mail_mutex_);
    mail_taken_.swap(mail_);
    arrivals.swap(arrivals_);
  }
  for (Arrival& arrival : arrivals) {
    Connection* connection = connections_.add(std::move(arrival.connection));
    if (connection != nullptr) {
      rooms_.join(*connection, arrival.room, arrival.user, arrival.received);
    }
  }
  for (const std::function<void()>& fn : mail_taken_) fn();
  mail_taken_.clear();
}

void Worker::fire_timers() {
  while (Timer* timer = timers_.take_due(now_.steady_ms)) fire(*timer);
}

void Worker::fire(Timer& timer) {
  switch (timer.kind) {
    case TimerKind::connection:
      connections_.on_timer(*static_cast<Connection*>(timer.owner));
      return;
    case TimerKind::room_wake: rooms_.on_wake(*static_cast<RoomEntry*>(timer.owner)); return;
    case TimerKind::room_flush: rooms_.on_flush(*static_cast<RoomEntry*>(timer.owner)); return;
    case TimerKind::delayed: {
      const auto place = static_cast<Delayed*>(timer.owner)->place;
      const std::function<void()> fn = std::move(place->fn);
      delayed_.erase(place);
      fn();
      return;
    }
    case TimerKind::accept_retry: acceptor_.watch(); return;
    case TimerKind::aside: return;  // the turn looks for them at its end
    case TimerKind::memory: memory_guard_.look(); return;
    case TimerKind::drain: drain_some(); return;
    case TimerKind::deadline:
      // Also when only rooms are left: a document may have edits that its store does not take.
      shared_.exit_code.store(1);
      shared_.log("warn", "drain_deadline",
                  LogFields()
                      .add("connections", shared_.connections.load())
                      .add("rooms", shared_.rooms.load())
                      .text());
      shared_.stop_loops();
      return;
  }
}

void Worker::end_turn() {
  for (;;) {
    const bool settled = !rooms_.settle();
    connections_.flush_waiting();
    if (settled && !connections_.flush_is_waiting() && !rooms_.has_ended()) break;
  }
  connections_.bury();
  connections_.refresh_queue_metrics();
  if (shared_.draining.load(std::memory_order_relaxed) && shared_.connections.load() == 0 &&
      shared_.rooms.load() == 0) {
    shared_.stop_loops();
  }
  const std::int64_t next_ms = timers_.next_ms().value_or(0);
  if (next_ms == 0) return;
  if (armed_ms_ == 0 || next_ms < armed_ms_ || armed_ms_ <= now_.steady_ms) {
    armed_ms_ = next_ms;
    loop_.set_timer(next_ms);
  }
}

void Worker::post_after(std::chrono::milliseconds delay, std::function<void()> fn) {
  Delayed& delayed = delayed_.emplace_back(std::move(fn));
  delayed.place = std::prev(delayed_.end());
  timers_.set(delayed.timer, EventLoop::steady_ms() + std::max<std::int64_t>(delay.count(), 0));
  ensure_turn();
}

// --- Accepting

void Worker::accept_from(int listening_fd) { acceptor_.start(listening_fd); }
void Worker::stop_accepting() { acceptor_.stop(); }

void Worker::Acceptor::start(int fd) {
  fd_ = fd;
  watch();
}

void Worker::Acceptor::stop() {
  if (watching_) worker_.loop_.forget(fd_);
  watching_ = false;
  worker_.timers_.cancel(retry);
  fd_ = -1;
}

void Worker::Acceptor::watch() {
  if (fd_ >= 0 && !watching_) watching_ = worker_.loop_.watch(fd_, *this, Interest::read);
}

// Out of descriptors or memory: the listening socket stays readable, so watching it would spin.
void Worker::Acceptor::pause(int error) {
  worker_.shared_.log("error", "accept_failed", LogFields().add("error", errno_text(error)).text());
  worker_.loop_.forget(fd_);
  watching_ = false;
  worker_.timers_.set(retry, worker_.now_ms() + kAcceptRetryMs);
}

void Worker::Acceptor::ready(bool, bool) {
  if (!watching_) return;
  for (int i = 0; i < kAcceptsMax; ++i) {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      // What a client or the network did to one connection says nothing about the next one.
      if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) continue;
      pause(errno);
      return;
    }
    const net::IpAddress peer = address_of(storage);
    const auto& workers = worker_.shared_.workers;
    Worker& receiver = *workers[next_worker_++ % workers.size()];
    if (&receiver == &worker_) {
      worker_.handshakes_.accept(fd, peer);
    } else {
      auto owned = std::make_shared<OwnedFd>(fd);
      receiver.post(
          [&receiver, owned, peer] { receiver.handshakes_.accept(owned->release(), peer); });
    }
  }
}

void Worker::connection_ended(Connection& connection) {
  if (connection.address_counted) shared_.addresses.remove(connection.address);
  if (connection.user != nullptr) shared_.users.remove(*connection.user);
  shared_.connections.fetch_sub(1);
  if (connection.in_room()) rooms_.lost(connection);
}

// --- Draining

void Worker::begin_drain() {
  acceptor_.stop();
  drain_began_ms_ = now_.steady_ms;
  drain_sessions_ = metrics_.sessions.get();
  // Backwards: destroy() puts the last one into the gap.
  for (std::size_t place = connections_.size(); place-- > 0;) {
    Connection& connection = connections_.at(place);
    connections_.shorten_pacing(connection);
    if (connection.phase == Phase::http && connection.http->later) {
      handshakes_.hurry_later(connection);
      continue;
    }
    const bool idle = connection.phase == Phase::http && !connection.http->parser.mid_head() &&
                      connection.outbox.empty();
    if (!idle) continue;
    if (connection.http->answered) {
      connections_.destroy(connection);
    } else {
      // Its request may be on the way, or unread in the socket: closing now would reset it.
      timers_.set(connection.timer, now_.steady_ms + kDrainGraceMs);
    }
  }
  timers_.set(drain_timer_, now_.steady_ms);
  timers_.set(drain_deadline_, now_.steady_ms + shared_.config.drain_deadline_ms);
}

std::int64_t Worker::handshake_ms_max() const noexcept {
  const std::int64_t whole_ms = limits().handshake_ms_max;
  return shared_.draining.load() ? std::min(whole_ms, kDrainGraceMs) : whole_ms;
}

std::int64_t Worker::drain_left_ms() const noexcept {
  const std::int64_t passed_ms = drain_began_ms_ == 0 ? 0 : now_.steady_ms - drain_began_ms_;
  return std::max<std::int64_t>(shared_.config.drain_window_ms - passed_ms, 0);
}

bool Worker::is_closing_sessions() const noexcept {
  return shared_.draining.load() && drain_left_ms() > 0 && metrics_.sessions.get() > 0;
}

// Closes sessions, picked at random, until only those are left whose time has not come.
void Worker::drain_some() {
  const std::int64_t window_ms = std::max<std::int64_t>(shared_.config.drain_window_ms, 1);
  const std::int64_t passed_ms = std::min(now_.steady_ms - drain_began_ms_, window_ms);
  const std::uint64_t keep = drain_sessions_ * static_cast<std::uint64_t>(window_ms - passed_ms) /
                             static_cast<std::uint64_t>(window_ms);
  while (metrics_.sessions.get() > keep && connections_.size() > 0) {
    std::size_t place = random_number() % connections_.size();
    std::size_t tried = 0;
    while (tried < connections_.size() && connections_.at(place).phase != Phase::open) {
      place = (place + 1) % connections_.size();
      ++tried;
    }
    if (tried == connections_.size()) break;  // those left end by themselves
    rooms_.close_session(connections_.at(place), kCloseRestart, "The server restarts");
  }
  rooms_.forget_idle_rooms();
  timers_.set(drain_timer_, now_.steady_ms + kDrainTickMs);
}

// --- Randomness

std::uint64_t Worker::random_number() {
  std::array<std::uint8_t, 8> bytes{};
  if (!random_.fill(bytes)) return static_cast<std::uint64_t>(now_.steady_ms);
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

std::int64_t Worker::random_between(std::int64_t low, std::int64_t high) {
  if (high <= low) return low;
  const auto range = static_cast<std::uint64_t>(high - low) + 1;
  return low + static_cast<std::int64_t>(random_number() % range);
}

SessionId Worker::make_session_id() {
  std::array<std::uint8_t, 16> bytes{};
  const Result<void> filled = random_.fill(bytes);
  PLUV_ASSERT(filled.ok());  // without randomness two sessions would share an id
  return SessionId::from_random(bytes);
}

// --- Logging

bool Worker::may_log_refusal() noexcept {
  if (!shared_.hooks.log) return false;
  if (now_.steady_ms - refusal_log_ms_ >= 1000) {
    refusal_log_ms_ = now_.steady_ms;
    refusals_logged_ = 0;
  }
  return refusals_logged_++ < kRefusalLogsMax;
}

void Worker::log_refusal(ConnectionRefusal refusal, std::string_view room) {
  if (!may_log_refusal()) return;
  shared_.log("info", "refused",
              LogFields().add("room", room).add("reason", connection_refusal_name(refusal)).text());
}

void Worker::log_refusal(ConnectionRefusal refusal, const JoinRequest& join,
                         std::string_view cause) {
  if (!may_log_refusal()) return;
  const auto& project_of = shared_.hooks.project_of;
  const std::string project = project_of ? project_of(join) : std::string();
  LogFields fields;
  if (!project.empty()) fields.add("project", project);
  shared_.log("info", "refused",
              fields.add("room", join.room)
                  .add("reason", connection_refusal_name(refusal))
                  .add("cause", cause)
                  .text());
}

}  // namespace pluv::native
