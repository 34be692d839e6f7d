// The connections of one worker: reads their sockets, writes their outboxes, ends them. What the
// bytes mean is decided by Handshakes (before the upgrade) and RoomHost (after it). Owned by a
// Worker, used on its thread alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "platform/native/connection.h"

namespace pluv::native {

class Worker;

class Connections {
 public:
  explicit Connections(Worker& worker) noexcept : worker_(worker) {}

  // Takes the connection in and watches its socket. Null when the kernel does not let it.
  Connection* add(std::unique_ptr<Connection> connection);
  // Gives it away to another worker. It must not be in a room nor have anything dirty.
  [[nodiscard]] std::unique_ptr<Connection> release(Connection& connection);

  void on_ready(Connection& connection, bool readable, bool writable);
  void on_timer(Connection& connection);

  // Queues a copy of the bytes; they are written at the end of the turn.
  void send_bytes(Connection& connection, std::string_view bytes);
  // What belongs behind the bytes that were queued last; not empty. It is not copied.
  void send_rest(Connection& connection, std::string bytes);
  void flush_later(Connection& connection);
  // Drops what is queued and has not begun to be written.
  void drop_queue(Connection& connection);
  // Writes what the socket takes. May end in destroy().
  void flush(Connection& connection);

  // For a connection that no room knows: sends the close frame behind what is queued and awaits
  // the peer's.
  void start_close(Connection& connection, std::uint16_t code, std::string_view reason);
  // Refuses for now: holds the connection for a random while, then closes it.
  void start_pacing(Connection& connection, std::uint16_t code, std::string_view reason);
  // The same before the upgrade: sends the bytes after the while, then ends our side.
  void finish_paced(Connection& connection, std::string_view bytes);
  // In a drain: one that is held is held no longer than the drain's window, since a process that
  // waits to take over waits for it, too.
  void shorten_pacing(Connection& connection);
  // Sends what is queued, then ends our side.
  void finish(Connection& connection);
  // Whether the socket has taken something within so long, which is then awaited once more: a large
  // answer takes its time, and only a client that takes nothing is given up.
  [[nodiscard]] bool still_flows(Connection& connection, std::int64_t ms_max);
  // Closes the socket at once. The object lives until the end of the turn; if it is in a room, the
  // RoomHost is told then.
  void destroy(Connection& connection);
  // Reads frames of a connection in Phase::closing.
  void read_until_close(Connection& connection, std::span<char> bytes);
  // Stops reading until resume(): its message waits (is_paused()), and so do those behind it.
  void pause(Connection& connection);
  void resume(Connection& connection);

  // Flushes what flush_later() collected.
  void flush_waiting();
  [[nodiscard]] bool flush_is_waiting() const noexcept { return !waiting_.empty(); }
  // Frees what destroy() left.
  void bury() noexcept { graveyard_.clear(); }
  void refresh_queue_metrics();

  [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] Connection& at(std::size_t place) noexcept { return *all_[place]; }

 private:
  void read(Connection& connection);
  void hand_over(Connection& connection, std::span<char> bytes);
  void advance_tls(Connection& connection);
  void set_interest(Connection& connection, Interest interest);
  void linger(Connection& connection);
  void pace(Connection& connection);
  void end_pacing(Connection& connection);
  [[nodiscard]] std::unique_ptr<Connection> take(Connection& connection);

  Worker& worker_;
  std::vector<std::unique_ptr<Connection>> all_;
  std::vector<Connection*> waiting_;  // dirty and in no room
  std::vector<std::unique_ptr<Connection>> graveyard_;
  std::size_t blocked_count_ = 0;
  std::int64_t queue_metrics_ms_ = 0;
};

}  // namespace pluv::native
