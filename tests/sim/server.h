// A server's process: rooms, and around them what the native platform does with their effects -
// queues that are written as the net takes them, slow receivers, pacing, timers, host calls that
// take their time, draining. Owned by the World; one is killed, another one takes its place.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/websocket_frame.h"
#include "platform/native/outbox.h"
#include "room/room.h"
#include "tests/sim/network.h"

namespace pluv::sim {

class World;

class Server {
 public:
  Server(World& world, std::uint32_t number, bool has_store);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Its process is gone, with all that was in its memory.
  void die();
  void accept(LinkId link, const std::string& room, const std::string& user);
  void received(LinkId link, std::span<char> bytes);
  void peer_closed(LinkId link);
  void writable(LinkId link);

  // Whoever it follows still has the store; and has let go of it.
  void store_waits() noexcept { store_free_ = false; }
  void store_is_free();
  // No more joins; closes its sessions over the window, and tells the World when all is saved.
  void drain(std::int64_t window_ms);
  [[nodiscard]] bool draining() const noexcept { return draining_; }

  void feed(const std::string& room, const room::Input& input);
  void edit(const std::string& room);
  // The room's memory goes, and it is made again from what was kept of its sessions; unless it is
  // at work.
  void hibernate(const std::string& room);

  struct Entry;
  [[nodiscard]] const room::Room* find(const std::string& room) const;
  [[nodiscard]] std::size_t rooms() const noexcept { return rooms_.size(); }
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  // Sessions, of all rooms, in no order that matters: for a random choice.
  [[nodiscard]] std::vector<LinkId> open_links() const;
  [[nodiscard]] std::vector<SessionId> sessions_of(const std::string& room) const;

 private:
  enum class Phase : std::uint8_t { open, pacing, closing, gone };
  struct Connection;

  Entry& find_or_make(const std::string& room);
  void attach(Entry& entry, Connection& connection);
  void detach(Connection& connection);
  void step(Entry& entry, const room::Input& input);
  void check_pong(const Entry& entry, room::SessionIndex index);
  void execute(Entry& entry);
  void execute_send(Entry& entry, const room::Send& send);
  void send_in_pieces(Connection& connection, const room::Send& send);
  void check_silence(const Entry& entry, const SessionId& session);
  void check_ready_for_changes(const Entry& entry, const Connection& connection);
  void check_document(const Entry& entry, std::string_view text);
  void check_kept(const Entry& entry) const;
  void check_spoken_of(const Entry& entry, std::string_view text);
  void execute_close(Entry& entry, const room::Close& close);
  void execute_call(Entry& entry, room::CallHost& call);
  void load(Entry& entry, room::Ticket ticket);
  void append(Entry& entry, room::AppendUpdate& append);
  void note_append(Entry& entry, bool done);
  void check_given_up(const Entry& entry);
  void compact(Entry& entry, room::CompactDocument& compact);
  // Later, if the room is still the same.
  template <class Fn>
  void later(const Entry& entry, std::int64_t wait_ms, Fn fn);
  void with_store(std::function<void()> call);
  void answer_call(Entry& entry, room::Ticket ticket, std::string data);
  void give_initial_storage(Entry& entry, room::Ticket ticket);
  void settle();
  void enqueue(Connection& connection, const native::BufferRef& buffer,
               const native::QueuedFrame& frame);
  void queued(Connection& connection);
  void check_queue(Connection& connection);
  void plan_flush(Entry& entry);
  void flush(Connection& connection);
  void start_close(Connection& connection, std::uint16_t code, std::string_view reason);
  void end(Connection& connection);
  void drain_some();
  void hash_effects();
  void fail(const Entry& entry, const std::string& what) const;
  [[nodiscard]] Connection* find(LinkId link);

  World& world_;
  const std::uint32_t number_;
  const bool has_store_;
  bool store_free_ = true;
  std::vector<std::function<void()>> waiting_for_store_;
  std::map<std::string, std::unique_ptr<Entry>> rooms_;
  std::map<LinkId, std::unique_ptr<Connection>> connections_;
  std::vector<LinkId> ended_;  // too slow: their sessions end after the step
  room::Effects effects_;
  bool stepping_ = false;
  std::uint64_t next_generation_ = 1;
  std::uint64_t next_edit_ = 1;
  std::map<std::uint64_t, std::string> edits_;  // that were not answered yet
  bool draining_ = false;
  std::int64_t drain_began_ms_ = 0;
  std::int64_t drain_window_ms_ = 0;
  std::size_t drain_sessions_ = 0;
};

}  // namespace pluv::sim
