// Connections and queues of a server; server_rooms.cc has the rooms and their effects.
#include "tests/sim/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/sim/server_parts.h"

namespace pluv::sim {
namespace {

constexpr std::size_t kPiecesMax = 64;

}  // namespace

Server::Server(World& world, std::uint32_t number, bool has_store)
    : world_(world), number_(number), has_store_(has_store) {}

Server::~Server() = default;

void Server::die() {
  rooms_.clear();
  connections_.clear();
  ended_.clear();
  waiting_for_store_.clear();
  edits_.clear();
  draining_ = false;
}

Server::Connection* Server::find(LinkId link) {
  const auto found = connections_.find(link);
  return found == connections_.end() || found->second->phase == Phase::gone ? nullptr
                                                                            : found->second.get();
}

void Server::accept(LinkId link, const std::string& room, const std::string& user) {
  auto made = std::make_unique<Connection>();
  Connection& connection = *made;
  connections_[link] = std::move(made);
  connection.link = link;
  connection.session = world_.new_session(user);
  connection.frames = net::FrameReader(
      net::FrameReaderOptions{.message_bytes_max = world_.plan.limits.unregistered_bytes_max});
  connection.progress_ms = connection.heard_ms = world_.agenda.now_ms();
  ++world_.record.counts.joins;
  if (!store_free_) ++world_.record.counts.hand_overs_waited;
  Entry& entry = find_or_make(room);
  attach(entry, connection);
  const std::string json = user.empty() ? std::string() : R"({"id":")" + user + "\"}";
  step(entry, room::Opened{connection.index, connection.session, user, json, nullptr});
  settle();
}

void Server::received(LinkId link, std::span<char> bytes) {
  Connection* const connection = find(link);
  if (connection == nullptr || connection->phase == Phase::pacing) return;
  connection->receiving = true;
  while (connection->phase == Phase::open) {
    connection->frames.set_message_bytes_max(
        connection->entry->room.message_bytes_max(connection->index));
    const net::FrameEvent event = connection->frames.next(bytes);
    if (event.kind == net::EventKind::need_more) break;
    Entry& entry = *connection->entry;
    connection->heard_ms = world_.agenda.now_ms();
    switch (event.kind) {
      case net::EventKind::text:
        ++world_.record.counts.messages;
        connection->wrote |= event.payload.starts_with(R"({"type":"$updateStorage")");
        step(entry, room::Message{connection->index, event.payload});
        break;
      case net::EventKind::pong: step(entry, room::Heard{connection->index}); break;
      default: {
        // Clients here never break the protocol.
        fail(entry,
             "the frame of a client was taken for a wrong one: " + std::string(event.payload));
        return;
      }
    }
  }
  connection->receiving = false;
  if (!connection->outbox.blocked() && connection->phase != Phase::gone) flush(*connection);
  settle();
}

void Server::peer_closed(LinkId link) {
  Connection* const connection = find(link);
  if (connection == nullptr) return;
  Entry* const entry = connection->entry;
  const room::SessionIndex index = connection->index;
  if (entry != nullptr) detach(*connection);
  end(*connection);
  if (entry != nullptr) step(*entry, room::Closed{index});
  settle();
}

void Server::writable(LinkId link) {
  Connection* const connection = find(link);
  if (connection == nullptr) return;
  flush(*connection);
  settle();
}

void Server::attach(Entry& entry, Connection& connection) {
  std::uint32_t index = 0;
  while (index < entry.sessions.size() && entry.sessions[index] != nullptr) ++index;
  if (index == entry.sessions.size()) entry.sessions.push_back(nullptr);
  entry.sessions[index] = &connection;
  connection.entry = &entry;
  connection.index = room::SessionIndex{index};
}

void Server::detach(Connection& connection) {
  connection.entry->sessions[room::raw(connection.index)] = nullptr;
  connection.entry = nullptr;
}

// --- Queues, as the native platform has them.

void Server::enqueue(Connection& connection, const native::BufferRef& buffer,
                     const native::QueuedFrame& frame) {
  connection.outbox.push(buffer, frame);
  queued(connection);
}

void Server::queued(Connection& connection) {
  if (connection.outbox.blocked()) {
    world_.record.counts.conflated += connection.outbox.take_conflated();
    check_queue(connection);
    return;
  }
  if (connection.entry != nullptr) plan_flush(*connection.entry);
}

void Server::check_queue(Connection& connection) {
  if (connection.doomed || !connection.outbox.blocked()) return;
  const Limits& limits = world_.plan.limits;
  bool too_slow = connection.outbox.bytes() >= limits.queue_bytes_hard_max;
  if (!too_slow && connection.outbox.counted_bytes() > limits.queue_bytes_max) {
    const std::int64_t stalled_ms = connection.progress_ms + limits.queue_stall_ms;
    too_slow = world_.agenda.now_ms() >= stalled_ms;
    if (!too_slow && !connection.looked_after) {
      connection.looked_after = true;
      world_.agenda.at(stalled_ms, [this, link = connection.link] {
        Connection* const again = find(link);
        if (again == nullptr) return;
        again->looked_after = false;
        check_queue(*again);
        settle();
      });
    }
  }
  if (!too_slow) return;
  connection.doomed = true;
  ended_.push_back(connection.link);
}

// Rooms write at once or after a while, so that frames come together.
void Server::plan_flush(Entry& entry) {
  if (entry.flush_planned) return;
  entry.flush_planned = true;
  const std::int64_t wait_ms = world_.random.flip() ? 0 : world_.random.between(0, 20);
  later(entry, wait_ms, [this](Entry& again) {
    again.flush_planned = false;
    for (std::size_t at = 0; at < again.sessions.size(); ++at) {
      Connection* const connection = again.sessions[at];
      if (connection != nullptr && !connection->outbox.blocked()) flush(*connection);
    }
    settle();
  });
}

void Server::flush(Connection& connection) {
  native::Outbox& outbox = connection.outbox;
  while (!outbox.empty()) {
    std::array<iovec, kPiecesMax> pieces;
    std::size_t space = world_.network.space(connection.link);
    const std::size_t count = outbox.gather(pieces);
    std::string bytes;
    for (std::size_t at = 0; at < count && space > 0; ++at) {
      const std::size_t size = std::min(space, pieces[at].iov_len);
      bytes.append(static_cast<const char*>(pieces[at].iov_base), size);
      space -= size;
    }
    if (bytes.empty()) {
      if (!outbox.blocked()) outbox.block();
      check_queue(connection);
      return;
    }
    outbox.sent(bytes.size());
    connection.progress_ms = world_.agenda.now_ms();
    connection.urgent_waiting = 0;
    world_.network.send_to_client(connection.link, std::move(bytes));
  }
  if (connection.phase == Phase::closing) end(connection);
}

// The client answers a close frame by going; one that does not is let go of.
void Server::start_close(Connection& connection, std::uint16_t code, std::string_view reason) {
  std::string frame;
  net::append_close(frame, code, reason);
  connection.phase = Phase::closing;
  connection.outbox.push(native::SharedBuffer::copy_of(frame),
                         {.size = static_cast<std::uint32_t>(frame.size())});
  world_.agenda.after(world_.plan.limits.close_ms_max, [this, link = connection.link] {
    if (Connection* const late = find(link)) end(*late);
  });
  if (!connection.outbox.blocked()) flush(connection);
}

void Server::end(Connection& connection) {
  if (connection.phase == Phase::gone) return;
  connection.phase = Phase::gone;
  connection.outbox.clear();
  world_.network.close_by_server(connection.link);
}

void Server::settle() {
  while (!ended_.empty()) {
    const LinkId link = ended_.back();
    ended_.pop_back();
    Connection* const connection = find(link);
    if (connection == nullptr || connection->entry == nullptr) continue;
    ++world_.record.counts.slow_closed;
    Entry& entry = *connection->entry;
    const room::SessionIndex index = connection->index;
    detach(*connection);
    connection->outbox.drop_unbegun();
    start_close(*connection, room::kCloseOverloaded, "The connection is too slow");
    step(entry, room::Closed{index});
  }
}

std::vector<LinkId> Server::open_links() const {
  std::vector<LinkId> open;
  for (const auto& [link, connection] : connections_) {
    if (connection->phase == Phase::open) open.push_back(link);
  }
  return open;
}

// --- Draining.

void Server::drain(std::int64_t window_ms) {
  draining_ = true;
  drain_began_ms_ = world_.agenda.now_ms();
  drain_window_ms_ = std::max<std::int64_t>(window_ms, 1);
  drain_sessions_ = open_links().size();
  drain_some();
}

void Server::drain_some() {
  const std::int64_t passed = std::min(world_.agenda.now_ms() - drain_began_ms_, drain_window_ms_);
  const std::size_t keep = drain_sessions_ * static_cast<std::size_t>(drain_window_ms_ - passed) /
                           static_cast<std::size_t>(drain_window_ms_);
  std::vector<LinkId> open = open_links();
  while (open.size() > keep) {
    const std::size_t at = world_.random.below(open.size());
    Connection& connection = *connections_[open[at]];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    Entry& entry = *connection.entry;
    const room::SessionIndex index = connection.index;
    detach(connection);
    start_close(connection, 1012, "The server restarts");
    step(entry, room::Closed{index});
    settle();
    open = open_links();
  }
  std::vector<std::string> names;
  for (const auto& [name, entry] : rooms_) names.push_back(name);
  for (const std::string& name : names) feed(name, room::ForgetIdle{});
  if (rooms_.empty() && open.empty()) {
    world_.drained(*this);
    return;
  }
  world_.agenda.after(50, [this] {
    if (draining_) drain_some();
  });
}

}  // namespace pluv::sim
