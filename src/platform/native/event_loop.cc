#include "platform/native/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace pluv::native {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kReadinessMax = 256;  // sockets a turn

std::uint32_t events_of(Interest interest) noexcept {
  switch (interest) {
    case Interest::none: return 0;
    case Interest::read: return EPOLLIN | EPOLLRDHUP;
    case Interest::write: return EPOLLOUT;
    case Interest::read_and_write: return EPOLLIN | EPOLLRDHUP | EPOLLOUT;
  }
  return 0;
}

}  // namespace

struct EventLoop::Impl {
  explicit Impl(std::function<void(std::span<const Readiness>)> turn_function)
      : turn(std::move(turn_function)),
        poll_fd(::epoll_create1(EPOLL_CLOEXEC)),
        wake_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        sockets(io, poll_fd) {
    PLUV_ASSERT(poll_fd >= 0 && wake_fd >= 0);
    // Edge-triggered: each write is one wake-up, and nobody has to read.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    const bool watched = ::epoll_ctl(poll_fd, EPOLL_CTL_ADD, wake_fd, &event) == 0;
    PLUV_ASSERT(watched);
    await_sockets();
  }
  ~Impl() { ::close(wake_fd); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void await_sockets() {
    sockets.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error) return;
                         take_sockets();
                         await_sockets();
                       });
  }

  void take_sockets() {
    const int count = ::epoll_wait(poll_fd, events.data(), static_cast<int>(events.size()), 0);
    woken.store(false);  // before the turn: what is posted from now on may be missed by it
    std::size_t used = 0;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) continue;  // a wake-up
      readiness[used++] =
          Readiness{.owner = static_cast<Pollable*>(event.data.ptr),
                    .readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                    .writable = (event.events & EPOLLOUT) != 0};
    }
    turn(std::span(readiness).first(used));
  }

  void await_signal() {
    signals->async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      await_signal();
      on_signal(signal);
    });
  }

  bool control(int operation, int fd, Pollable& owner, Interest interest) const {
    epoll_event event{};
    event.events = events_of(interest);
    event.data.ptr = &owner;
    return ::epoll_ctl(poll_fd, operation, fd, &event) == 0;
  }

  std::function<void(std::span<const Readiness>)> turn;
  asio::io_context io{1};
  int poll_fd;
  int wake_fd;
  asio::posix::stream_descriptor sockets;  // owns poll_fd
  asio::steady_timer timer{io};
  std::optional<asio::signal_set> signals;
  std::function<void(int)> on_signal;
  std::atomic<bool> woken{false};
  std::array<epoll_event, kReadinessMax> events;
  std::array<Readiness, kReadinessMax> readiness;
};

EventLoop::EventLoop(std::function<void(std::span<const Readiness>)> turn)
    : impl_(std::make_unique<Impl>(std::move(turn))) {}
EventLoop::~EventLoop() = default;

bool EventLoop::watch(int fd, Pollable& owner, Interest interest) {
  return impl_->control(EPOLL_CTL_ADD, fd, owner, interest);
}

void EventLoop::change(int fd, Pollable& owner, Interest interest) {
  const bool changed = impl_->control(EPOLL_CTL_MOD, fd, owner, interest);
  PLUV_ASSERT(changed);
}

void EventLoop::forget(int fd) { ::epoll_ctl(impl_->poll_fd, EPOLL_CTL_DEL, fd, nullptr); }

void EventLoop::set_timer(std::int64_t at_ms) {
  impl_->timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(at_ms)));
  impl_->timer.async_wait([impl = impl_.get()](const boost::system::error_code& error) {
    if (!error) impl->turn({});
  });
}

void EventLoop::wake() {
  if (impl_->woken.exchange(true)) return;
  const std::uint64_t one = 1;
  const ssize_t written = ::write(impl_->wake_fd, &one, sizeof(one));
  PLUV_ASSERT(written == sizeof(one));
}

void EventLoop::watch_signals(std::span<const int> signals, std::function<void(int)> on_signal) {
  impl_->on_signal = std::move(on_signal);
  impl_->signals.emplace(impl_->io);
  for (const int signal : signals) impl_->signals->add(signal);
  impl_->await_signal();
}

void EventLoop::run() { impl_->io.run(); }
void EventLoop::stop() { impl_->io.stop(); }

std::size_t EventLoop::poll(std::chrono::milliseconds wait) {
  if (impl_->io.stopped()) return 0;
  const std::size_t waited = impl_->io.run_one_for(wait);
  return waited + impl_->io.poll();
}

std::int64_t EventLoop::steady_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t EventLoop::unix_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace pluv::native
