#include "platform/native/connections.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/uninitialized.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

constexpr std::size_t kPiecesMax = 64;  // of one sendmsg
constexpr int kTlsReadsMax = 16;        // records a turn
constexpr std::int64_t kQueueMetricsMs = 250;

Interest without_reading(Interest interest) noexcept {
  const bool writes = interest == Interest::write || interest == Interest::read_and_write;
  return writes ? Interest::write : Interest::none;
}

}  // namespace

void Connection::ready(bool readable, bool writable) {
  worker->connections().on_ready(*this, readable, writable);
}

Connection* Connections::add(std::unique_ptr<Connection> connection) {
  Connection& added = *connection;
  added.worker = &worker_;
  added.place = static_cast<std::uint32_t>(all_.size());
  added.interest = Interest::read;
  all_.push_back(std::move(connection));
  if (!worker_.loop().watch(added.socket.fd(), added, Interest::read)) {
    destroy(added);
    return nullptr;
  }
  if (added.outbox.blocked()) {
    ++blocked_count_;
    set_interest(added, Interest::read_and_write);
  } else if (!added.outbox.empty()) {
    flush_later(added);
  }
  return &added;
}

std::unique_ptr<Connection> Connections::take(Connection& connection) {
  const std::size_t place = connection.place;
  std::unique_ptr<Connection> taken = std::move(all_[place]);
  if (place + 1 != all_.size()) {
    all_[place] = std::move(all_.back());
    all_[place]->place = static_cast<std::uint32_t>(place);
  }
  all_.pop_back();
  if (taken->outbox.blocked()) --blocked_count_;
  return taken;
}

std::unique_ptr<Connection> Connections::release(Connection& connection) {
  PLUV_ASSERT(!connection.in_room());
  if (connection.dirty) {
    std::erase(waiting_, &connection);
    connection.dirty = false;
  }
  worker_.timers().cancel(connection.timer);
  worker_.loop().forget(connection.socket.fd());
  return take(connection);
}

void Connections::destroy(Connection& connection) {
  if (connection.phase == Phase::dead) return;
  connection.phase = Phase::dead;
  worker_.timers().cancel(connection.timer);
  worker_.loop().forget(connection.socket.fd());
  connection.socket.close();
  graveyard_.push_back(take(connection));
  connection.outbox.clear();
  if (connection.aside) worker_.rooms().forget_aside(connection);
  if (connection.http && connection.http->later) worker_.handshakes().forget_later(connection);
  if (connection.dirty && !connection.in_room()) std::erase(waiting_, &connection);
  worker_.connection_ended(connection);
}

void Connections::on_ready(Connection& connection, bool readable, bool writable) {
  if (connection.phase == Phase::dead) return;
  if (connection.phase == Phase::tls) {
    advance_tls(connection);
    return;
  }
  if (writable) {
    flush(connection);
    if (connection.phase == Phase::dead) return;
  }
  if (!readable) return;
  if (connection.awaits_answer()) {
    destroy(connection);  // nobody watches for bytes now: the client is gone
  } else if (!connection.aside) {
    read(connection);
  }
}

void Connections::pause(Connection& connection) { set_interest(connection, connection.interest); }

void Connections::resume(Connection& connection) {
  set_interest(connection, connection.outbox.blocked() ? Interest::read_and_write : Interest::read);
  read(connection);  // TLS may have read on already, of which the socket says nothing
}

void Connections::advance_tls(Connection& connection) {
  const IoResult result = connection.socket.handshake();
  switch (result.status) {
    case IoStatus::done:
      connection.phase = Phase::http;
      set_interest(connection, Interest::read);
      read(connection);
      return;
    case IoStatus::wait_read: set_interest(connection, Interest::read); return;
    case IoStatus::wait_write: set_interest(connection, Interest::write); return;
    case IoStatus::closed: destroy(connection); return;
    case IoStatus::failed:
      worker_.count_refusal(ConnectionRefusal::tls_failed);
      destroy(connection);
      return;
  }
}

void Connections::set_interest(Connection& connection, Interest interest) {
  if (connection.is_paused()) interest = without_reading(interest);
  if (connection.interest == interest) return;
  connection.interest = interest;
  worker_.loop().change(connection.socket.fd(), connection, interest);
}

void Connections::read(Connection& connection) {
  const std::span<char> buffer = worker_.receive_buffer();
  // Without TLS once: what is left makes the socket ready again, and the others have their turn.
  const int reads_max = connection.socket.tls() ? kTlsReadsMax : 1;
  for (int reads = 0; reads < reads_max; ++reads) {
    const IoResult result = connection.socket.read(buffer);
    switch (result.status) {
      case IoStatus::done: break;
      case IoStatus::wait_read: return;
      case IoStatus::wait_write: set_interest(connection, Interest::read_and_write); return;
      case IoStatus::closed:
      case IoStatus::failed: destroy(connection); return;
    }
    worker_.metrics().bytes_in.add(result.size);
    const std::uint64_t moves = worker_.moves();
    hand_over(connection, buffer.first(result.size));
    // A connection that has moved to another worker must not be touched.
    if (worker_.moves() != moves || connection.phase == Phase::dead || connection.is_paused()) {
      return;
    }
  }
}

void Connections::hand_over(Connection& connection, std::span<char> bytes) {
  switch (connection.phase) {
    case Phase::http: worker_.handshakes().receive(connection, bytes); return;
    case Phase::open: worker_.rooms().receive(connection, bytes); return;
    case Phase::closing: read_until_close(connection, bytes); return;
    case Phase::pacing:
    case Phase::finishing:
    case Phase::lingering:  // nobody listens any more
    case Phase::tls:
    case Phase::dead: return;
  }
}

void Connections::read_until_close(Connection& connection, std::span<char> bytes) {
  for (;;) {
    const net::FrameEvent event = connection.frames.next(bytes);
    if (event.kind == net::EventKind::need_more) return;
    if (event.kind != net::EventKind::close && event.kind != net::EventKind::error) continue;
    finish(connection);
    return;
  }
}

void Connections::send_bytes(Connection& connection, std::string_view bytes) {
  connection.outbox.push(SharedBuffer::copy_of(bytes),
                         QueuedFrame{.size = static_cast<std::uint32_t>(bytes.size())});
  flush_later(connection);
}

void Connections::send_rest(Connection& connection, std::string bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  connection.outbox.push(SharedBuffer::of(std::make_shared<const std::string>(std::move(bytes))),
                         QueuedFrame{.size = size, .continues = true});
  flush_later(connection);
}

void Connections::flush_later(Connection& connection) {
  if (connection.dirty || connection.outbox.blocked()) return;
  connection.dirty = true;
  waiting_.push_back(&connection);
}

void Connections::drop_queue(Connection& connection) {
  const bool was_blocked = connection.outbox.blocked();
  connection.outbox.drop_unbegun();
  if (was_blocked && !connection.outbox.blocked()) --blocked_count_;
}

void Connections::flush_waiting() {
  // flush() may end connections, which changes the list.
  while (!waiting_.empty()) {
    Connection& connection = *waiting_.back();
    waiting_.pop_back();
    connection.dirty = false;
    if (connection.phase != Phase::dead) flush(connection);
  }
}

void Connections::flush(Connection& connection) {
  PLUV_UNINITIALIZED std::array<iovec, kPiecesMax> pieces;
  Outbox& outbox = connection.outbox;
  const bool was_blocked = outbox.blocked();
  while (!outbox.empty()) {
    const std::size_t count = outbox.gather(pieces);
    const IoResult result = connection.socket.write(std::span(pieces).first(count));
    if (result.status == IoStatus::done) {
      worker_.metrics().sends.add(1);
      worker_.metrics().bytes_out.add(result.size);
      outbox.sent(result.size);
      connection.progress_ms = worker_.now_ms();
      connection.urgent_waiting = 0;
      continue;
    }
    if (result.status == IoStatus::failed || result.status == IoStatus::closed) {
      destroy(connection);
      return;
    }
    outbox.pin(connection.socket.tls_write_size());
    if (!was_blocked) {
      outbox.block();
      ++blocked_count_;
    }
    worker_.metrics().conflated.add(outbox.take_conflated());
    set_interest(connection, Interest::read_and_write);
    if (connection.in_room()) worker_.rooms().check_queue(connection);
    return;
  }
  if (was_blocked) --blocked_count_;
  set_interest(connection, Interest::read);
  if (connection.phase == Phase::finishing) linger(connection);
}

void Connections::start_close(Connection& connection, std::uint16_t code, std::string_view reason) {
  std::string frame;
  net::append_close(frame, code, reason);
  worker_.metrics().closes[close_code_slot(code)].add(1);
  connection.phase = Phase::closing;
  worker_.timers().set(connection.timer, worker_.now_ms() + worker_.limits().close_ms_max);
  send_bytes(connection, frame);
}

void Connections::start_pacing(Connection& connection, std::uint16_t code,
                               std::string_view reason) {
  connection.close_code = code;
  connection.close_reason = reason;
  pace(connection);
}

void Connections::finish_paced(Connection& connection, std::string_view bytes) {
  connection.held_answer = std::make_unique<std::string>(bytes);
  pace(connection);
}

void Connections::pace(Connection& connection) {
  connection.phase = Phase::pacing;
  const Limits& limits = worker_.limits();
  worker_.timers().set(
      connection.timer,
      worker_.now_ms() + worker_.random_between(limits.pacing_ms_min, limits.pacing_ms_max));
}

void Connections::shorten_pacing(Connection& connection) {
  if (connection.phase != Phase::pacing) return;
  worker_.timers().set(connection.timer,
                       worker_.now_ms() + worker_.random_between(0, worker_.drain_left_ms()));
}

void Connections::end_pacing(Connection& connection) {
  if (connection.held_answer) {
    send_bytes(connection, *connection.held_answer);
    finish(connection);
  } else {
    start_close(connection, connection.close_code, connection.close_reason);
  }
}

void Connections::finish(Connection& connection) {
  connection.phase = Phase::finishing;
  worker_.timers().set(connection.timer, worker_.now_ms() + worker_.limits().close_ms_max);
  if (connection.outbox.empty()) {
    linger(connection);
  } else {
    flush_later(connection);
  }
}

bool Connections::still_flows(Connection& connection, std::int64_t ms_max) {
  const std::int64_t end_ms = connection.progress_ms + ms_max;
  if (end_ms <= worker_.now_ms()) return false;
  worker_.timers().set(connection.timer, end_ms);
  return true;
}

void Connections::linger(Connection& connection) {
  // A close with unread bytes would reset the connection and could take our last frames with it.
  connection.phase = Phase::lingering;
  connection.socket.shut_down_writing();
}

void Connections::on_timer(Connection& connection) {
  switch (connection.phase) {
    case Phase::tls: [[fallthrough]];
    case Phase::http: worker_.handshakes().timed_out(connection); return;
    case Phase::pacing: end_pacing(connection); return;
    case Phase::open: worker_.rooms().check_queue(connection); return;
    case Phase::finishing:
    case Phase::lingering:
      if (!still_flows(connection, worker_.limits().close_ms_max)) destroy(connection);
      return;
    case Phase::closing: destroy(connection); return;
    case Phase::dead: return;
  }
}

void Connections::refresh_queue_metrics() {
  LoopMetrics& metrics = worker_.metrics();
  if (blocked_count_ == 0) {
    metrics.queued_bytes.set(0);
    metrics.queued_bytes_max.set(0);
    return;
  }
  if (worker_.now_ms() - queue_metrics_ms_ < kQueueMetricsMs) return;
  queue_metrics_ms_ = worker_.now_ms();
  std::size_t sum = 0;
  std::size_t longest = 0;
  for (const std::unique_ptr<Connection>& connection : all_) {
    if (!connection->outbox.blocked()) continue;
    sum += connection->outbox.bytes();
    longest = std::max(longest, connection->outbox.bytes());
  }
  metrics.queued_bytes.set(sum);
  metrics.queued_bytes_max.set(longest);
}

}  // namespace pluv::native
