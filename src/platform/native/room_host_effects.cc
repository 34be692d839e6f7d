// RoomHost's half that executes the effects of a step.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <variant>

#include "base/free_memory.h"
#include "net/websocket_frame.h"
#include "platform/native/log_fields.h"
#include "platform/native/room_host.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

constexpr std::size_t kBufferBytesMin = 1024;
constexpr std::size_t kBufferBytesMax = 64 * 1024;  // of a buffer for several frames
constexpr std::size_t kSpareBuffersMax = 32;
// Shorter messages grow when they are compressed on their own.
constexpr std::size_t kDeflateBytesMin = 96;
// Answers to pings that may overtake a backlog; a peer that pings on and reads nothing gets the
// others in their turn, where they count as any other frame.
constexpr std::uint8_t kUrgentWaitingMax = 16;
// Answers to the pings of one read that share a system call, or a flood of pings would cost the
// loop one each, and all others on it their time.
constexpr std::uint8_t kUrgentTogether = 64;
// After a whole document the memory of a step is given back.
constexpr std::size_t kEffectsBytesKept = 1024 * 1024;

constexpr std::string_view kTooSlowReason = "The connection is too slow";

}  // namespace

void RoomHost::execute(RoomEntry& entry) {
  for (room::Effect& effect : effects_.list) {
    if (const auto* send = std::get_if<room::Send>(&effect)) {
      execute_send(entry, *send);
    } else if (const auto* close = std::get_if<room::Close>(&effect)) {
      execute_close(entry, *close);
    } else if (const auto* ping = std::get_if<room::Ping>(&effect)) {
      Connection* connection = entry.sessions[room::raw(ping->session)];
      if (connection == nullptr || connection->phase != Phase::open) continue;
      std::string frame;
      net::append_frame(frame, net::Opcode::ping, {});
      const BufferRef buffer = SharedBuffer::copy_of(frame);
      enqueue(*connection,
              {.buffer = &buffer, .offset = 0, .size = static_cast<std::uint32_t>(frame.size())},
              QueuedFrame{});
    } else if (const auto* wake = std::get_if<room::WakeAt>(&effect)) {
      worker_.timers().set(entry.wake, wake->at_ms);
    } else if (auto* call = std::get_if<room::CallHost>(&effect)) {
      execute_call(entry, *call);
    } else if (const auto* refused = std::get_if<room::Refused>(&effect)) {
      execute_refused(entry, *refused);
    } else if (const auto* load = std::get_if<room::LoadDocument>(&effect)) {
      load_document(entry, *load);
    } else if (auto* append = std::get_if<room::AppendUpdate>(&effect)) {
      append_update(entry, *append);
    } else if (auto* compact = std::get_if<room::CompactDocument>(&effect)) {
      compact_document(entry, *compact);
    } else if (auto* edited = std::get_if<room::EditDone>(&effect)) {
      edit_done(*edited);
    } else if (const auto* trouble = std::get_if<room::Trouble>(&effect)) {
      execute_trouble(entry, *trouble);
    } else if (const auto* check = std::get_if<room::CheckToken>(&effect)) {
      check_token(entry, *check);
    } else if (std::holds_alternative<room::Finished>(effect)) {
      finished_ = true;
    }
  }
  if (effects_.bytes.capacity() > kEffectsBytesKept) free_memory(effects_.bytes);
}

void RoomHost::execute_send(RoomEntry& entry, const room::Send& send) {
  if (tap_ != nullptr && tap_->is_on()) tap_outbound(entry, send);
  const std::span<const room::SessionIndex> receivers = effects_.receivers_of(send);
  const bool may_deflate = entry.deflate_sessions > 0 && send.size() >= kDeflateBytesMin;
  if (send.body != nullptr && !may_deflate) {
    for (const room::SessionIndex receiver : receivers) {
      send_with_body(entry, send, entry.sessions[room::raw(receiver)]);
    }
    return;
  }
  std::string joined;
  const std::string_view payload = effects_.text_of(send, joined);
  const bool to_one = receivers.size() == 1;
  FrameSlice plain{};
  FrameSlice deflated{};
  std::uint64_t delivered = 0;
  for (const room::SessionIndex receiver : receivers) {
    Connection* connection = entry.sessions[room::raw(receiver)];
    if (connection == nullptr || connection->phase != Phase::open || connection->doomed) continue;
    FrameSlice* slice = &plain;
    if (may_deflate && connection->deflate) {
      if (deflated.size == 0) {
        deflate_scratch_.clear();
        if (deflater_->compress(payload, deflate_scratch_)) {
          deflated = append_frame(entry.deflated_frames, deflate_scratch_, true);
        }
      }
      if (deflated.size > 0) slice = &deflated;  // else there was no memory to compress
    }
    if (slice == &plain && plain.size == 0) plain = append_frame(entry.frames, payload, false);
    ++delivered;
    if (send.kind == room::FrameKind::urgent) {
      send_urgent(*connection, *slice);
      continue;
    }
    QueuedFrame how{.kind = send.kind, .subject = room::raw(send.subject)};
    if (to_one) how.counted = !take_join_answer(*connection);
    enqueue(*connection, *slice, how);
  }
  worker_.metrics().messages_out.add(delivered);
}

// Whether what is sent now is one of the answers to a join.
bool RoomHost::take_join_answer(Connection& connection) noexcept {
  if (connection.join_answers_left == 0) return false;
  --connection.join_answers_left;
  return true;
}

// The message goes out in three pieces, of which the large one is not copied.
void RoomHost::send_with_body(RoomEntry& entry, const room::Send& send, Connection* connection) {
  if (connection == nullptr || connection->phase != Phase::open || connection->doomed) return;
  std::array<char, net::kFrameHeaderBytesMax> header;
  const std::size_t header_size = net::write_frame_header(
      header.data(), {.opcode = net::Opcode::text, .payload_size = send.size()});
  const std::string_view frame = effects_.view(send.frame);
  const std::size_t before = header_size + send.body_at;
  const std::size_t after = frame.size() - send.body_at;
  if (!entry.frames || entry.frames->room() < header_size + frame.size()) {
    entry.frames =
        take_buffer(header_size + frame.size(), entry.frames ? entry.frames->capacity() : 0);
  }
  const auto offset = static_cast<std::uint32_t>(entry.frames->size());
  entry.frames->append({header.data(), header_size});
  entry.frames->append(frame);
  QueuedFrame how{.offset = offset, .size = static_cast<std::uint32_t>(before)};
  how.counted = !take_join_answer(*connection);
  connection->outbox.push(entry.frames, how);
  how.continues = true;
  how.offset = 0;
  how.size = static_cast<std::uint32_t>(send.body->size());
  connection->outbox.push(SharedBuffer::of(send.body), how);
  how.offset = offset + static_cast<std::uint32_t>(before);
  how.size = static_cast<std::uint32_t>(after);
  connection->outbox.push(entry.frames, how);
  queued(*connection);
  worker_.metrics().messages_out.add(1);
}

RoomHost::FrameSlice RoomHost::append_frame(BufferRef& buffer, std::string_view payload,
                                            bool compressed) {
  std::array<char, net::kFrameHeaderBytesMax> header;
  const std::size_t header_size = net::write_frame_header(
      header.data(),
      {.opcode = net::Opcode::text, .payload_size = payload.size(), .rsv1 = compressed});
  const std::size_t size = header_size + payload.size();
  if (!buffer || buffer->room() < size) {
    buffer = take_buffer(size, buffer ? buffer->capacity() : 0);
  }
  const std::size_t offset = buffer->size();
  buffer->append({header.data(), header_size});
  buffer->append(payload);
  return {.buffer = &buffer,
          .offset = static_cast<std::uint32_t>(offset),
          .size = static_cast<std::uint32_t>(size)};
}

BufferRef RoomHost::take_buffer(std::size_t size, std::size_t last_capacity) {
  const std::size_t wanted =
      std::max(size, std::clamp(last_capacity * 2, kBufferBytesMin, kBufferBytesMax));
  if (!spare_buffers_.empty() && spare_buffers_.back()->capacity() >= wanted) {
    BufferRef spare = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    return spare;
  }
  return SharedBuffer::make(wanted);
}

// A room's buffer after a flush: its last owner, as long as all receivers took all of it.
void RoomHost::give_back(BufferRef& buffer) {
  if (buffer && buffer.only_owner() && buffer->capacity() <= kBufferBytesMax &&
      spare_buffers_.size() < kSpareBuffersMax) {
    buffer->clear();
    spare_buffers_.push_back(std::move(buffer));
  }
  buffer = BufferRef();
}

void RoomHost::enqueue(Connection& connection, const FrameSlice& slice, const QueuedFrame& how) {
  QueuedFrame frame = how;
  frame.offset = slice.offset;
  frame.size = slice.size;
  connection.outbox.push(*slice.buffer, frame);
  queued(connection);
}

void RoomHost::queued(Connection& connection) {
  if (connection.outbox.blocked()) {
    worker_.metrics().conflated.add(connection.outbox.take_conflated());
    check_queue(connection);
    return;
  }
  if (connection.outbox.bytes() >= connection.room->room.limits().queue_bytes_hard_max) {
    worker_.connections().flush(connection);  // one turn made all that; what is left counts
    if (connection.phase == Phase::dead) return;
  }
  mark_dirty(*connection.room, connection);
}

void RoomHost::send_urgent(Connection& connection, const FrameSlice& slice) {
  if (!connection.outbox.blocked()) {
    connection.outbox.push_urgent(*slice.buffer, slice.offset, slice.size);
    if (receiving_ == &connection && ++connection.urgent_waiting < kUrgentTogether) return;
    worker_.connections().flush(connection);
  } else if (connection.urgent_waiting < kUrgentWaitingMax) {
    ++connection.urgent_waiting;
    connection.outbox.push_urgent(*slice.buffer, slice.offset, slice.size);
    check_queue(connection);
  } else {
    enqueue(connection, slice, QueuedFrame{});
  }
}

void RoomHost::mark_dirty(RoomEntry& entry, Connection& connection) {
  if (!connection.dirty) {
    connection.dirty = true;
    entry.dirty.push_back(room::raw(connection.index));
  }
  // In each turn that brings something, also while the room waits: its pacing counts them.
  if (entry.in_dirty_rooms) return;
  entry.in_dirty_rooms = true;
  dirty_rooms_.push_back(&entry);
}

void RoomHost::check_queue(Connection& connection) {
  if (connection.doomed || !connection.outbox.blocked()) return;
  const Limits& limits = connection.room->room.limits();
  bool too_slow = connection.outbox.bytes() >= limits.queue_bytes_hard_max;
  if (!too_slow && connection.outbox.counted_bytes() > limits.queue_bytes_max) {
    const std::int64_t stalled_ms = connection.progress_ms + limits.queue_stall_ms;
    too_slow = worker_.now_ms() >= stalled_ms;
    if (!too_slow && !connection.timer.set()) {
      worker_.timers().set(connection.timer, stalled_ms);
    }
  }
  if (too_slow) doom(connection, kTooSlowReason);
}

// Closed with 1013 at the end of the turn.
void RoomHost::doom(Connection& connection, std::string_view reason) {
  connection.doomed = true;
  connection.close_code = room::kCloseOverloaded;
  connection.close_reason = reason;
  ended_.push_back(&connection);
}

void RoomHost::execute_close(RoomEntry& entry, const room::Close& close) {
  Connection* connection = entry.sessions[room::raw(close.session)];
  PLUV_ASSERT(connection != nullptr);
  detach(*connection);
  if (connection->phase == Phase::dead) return;
  if (close.paced) {
    worker_.connections().flush_later(*connection);
    worker_.connections().start_pacing(*connection, close.code, close.reason);
  } else {
    worker_.connections().start_close(*connection, close.code, close.reason);
  }
}

void RoomHost::execute_refused(const RoomEntry& entry, const room::Refused& refused) {
  worker_.metrics().refused[static_cast<std::size_t>(refused.reason)].add(1);
  if (const auto& tell = worker_.shared().hooks.refused) {
    tell(entry.room.id(), refused.session.text(), refused.reason);
  }
  if (!worker_.may_log_refusal()) return;
  worker_.shared().log("info", "refused",
                       LogFields()
                           .add("room", entry.room.id())
                           .add("session", refused.session.text())
                           .add("reason", room::refusal_reason_name(refused.reason))
                           .text());
}

// --- Calls of the application's code

room::ListenerEvent RoomHost::listener_event(const RoomEntry& entry, room::CallHost& call) const {
  return room::ListenerEvent{.room = entry.room.id(),
                             .has_session = call.session.valid,
                             .session = call.session.id,
                             .user = std::move(call.session.user),
                             .user_json = std::string(effects_.view(call.session.user_json)),
                             .context = std::move(call.context),
                             .name = std::string(effects_.view(call.name)),
                             .data = std::string(effects_.view(call.data)),
                             .document = std::move(call.document)};
}

void RoomHost::execute_call(RoomEntry& entry, room::CallHost& call) {
  const room::Listeners& listeners = entry.room.definition().listeners;
  switch (call.kind) {
    case room::HostCallKind::procedure: start_procedure(entry, call); return;
    case room::HostCallKind::user_connected:
      if (listeners.on_user_connected) listeners.on_user_connected(listener_event(entry, call));
      return;
    case room::HostCallKind::user_disconnected:
      if (listeners.on_user_disconnected) {
        listeners.on_user_disconnected(listener_event(entry, call));
      }
      return;
    case room::HostCallKind::room_message:
      if (listeners.on_room_message) listeners.on_room_message(listener_event(entry, call));
      return;
    case room::HostCallKind::room_destroyed: {
      auto reply = replier(entry, call.ticket);
      if (listeners.on_room_destroyed) {
        listeners.on_room_destroyed(listener_event(entry, call),
                                    [reply = std::move(reply)] { reply(std::monostate()); });
      } else {
        reply(std::monostate());
      }
      return;
    }
    case room::HostCallKind::storage_updated:
      if (listeners.on_storage_updated) listeners.on_storage_updated(listener_event(entry, call));
      return;
    case room::HostCallKind::initial_storage:
      listeners.get_initial_storage(listener_event(entry, call),
                                    [reply = replier(entry, call.ticket)](Result<std::string> got) {
                                      if (!got.ok()) {
                                        reply(DocumentResult(std::move(got).error()));
                                        return;
                                      }
                                      room::DocumentLoaded::Document document;
                                      if (!got->empty())
                                        document.updates.push_back(std::move(*got));
                                      reply(DocumentResult(std::move(document)));
                                    });
      return;
  }
}

void RoomHost::start_procedure(RoomEntry& entry, room::CallHost& call) {
  const room::Procedure& procedure = entry.room.definition().procedures[call.procedure];
  auto reply = replier(entry, call.ticket);
  procedure.start(
      room::ProcedureStart{.room = entry.room.id(),
                           .data = std::string(effects_.view(call.data)),
                           .has_session = call.session.valid,
                           .session = call.session.id,
                           .user = std::move(call.session.user),
                           .user_json = std::string(effects_.view(call.session.user_json)),
                           .presence_json = std::string(effects_.view(call.session.presence_json)),
                           .context = std::move(call.context),
                           .broadcast_only = call.broadcast_only,
                           .now = worker_.now(),
                           .permissions = std::move(call.session.permissions)},
      [reply = std::move(reply)](Result<room::EventSink> result) { reply(std::move(result)); });
}

// Answered at the turn's end: no step begins inside another.
void RoomHost::check_token(const RoomEntry& entry, const room::CheckToken& check) {
  const auto& authorize = worker_.shared().hooks.authorize;
  const Connection* const connection = entry.sessions[room::raw(check.session)];
  const std::string_view project = project_of(entry.room.id());
  TokenResult outcome = Error{ErrorCode::unauthorized, "There is nobody to check it"};
  if (authorize && connection != nullptr) {
    const std::string address = connection->address_counted ? connection->address.text() : "";
    Result<AuthorizedUser> user = authorize(JoinRequest{.http = nullptr,
                                                        .room = room_name_of(entry.room.id()),
                                                        .token = effects_.view(check.token),
                                                        .client_address = address,
                                                        .now_unix_ms = worker_.now().unix_ms,
                                                        .project = project});
    if (!user.ok()) {
      outcome = std::move(user).error();
    } else if (user->project == project) {
      outcome = room::CheckedToken{.user_id = std::move(user->id),
                                   .user_json = std::move(user->json),
                                   .user = std::move(user->user),
                                   .permissions = std::move(user->permissions)};
    }
  }
  replies_.push_back(Reply{.room = entry.room.id(),
                           .generation = entry.generation,
                           .ticket = check.ticket,
                           .outcome = std::move(outcome),
                           .store = std::nullopt,
                           .session = check.session});
  worker_.ensure_turn();
}

// A reply may come at once, later, from another thread, or after the server is gone.
std::function<void(RoomHost::Outcome)> RoomHost::replier(const RoomEntry& entry,
                                                         room::Ticket ticket,
                                                         std::optional<StoreCallKind> store) {
  return [weak = worker_.weak_from_this(), room = entry.room.id(), generation = entry.generation,
          ticket, store](Outcome outcome) {
    const std::shared_ptr<Worker> worker = weak.lock();
    if (!worker) return;
    auto reply = std::make_shared<Reply>(Reply{.room = room,
                                               .generation = generation,
                                               .ticket = ticket,
                                               .outcome = std::move(outcome),
                                               .store = store,
                                               .session = {}});
    if (worker->on_own_thread()) {
      worker->rooms().replies_.push_back(std::move(*reply));
      worker->ensure_turn();
    } else {
      worker->post(
          [raw = worker.get(), reply] { raw->rooms().replies_.push_back(std::move(*reply)); });
    }
  };
}

// --- The store

void RoomHost::load_document(const RoomEntry& entry, const room::LoadDocument& load) {
  worker_.shared().hooks.store->load(
      entry.room.id(), [reply = replier(entry, load.ticket, StoreCallKind::load)](
                           Result<adapters::StoredDocument> stored) {
        if (!stored.ok()) {
          reply(DocumentResult(std::move(stored).error()));
          return;
        }
        reply(DocumentResult(room::DocumentLoaded::Document{.updates = std::move(stored->updates),
                                                            .last = stored->last,
                                                            .has_snapshot = stored->has_snapshot}));
      });
}

void RoomHost::append_update(const RoomEntry& entry, room::AppendUpdate& append) {
  worker_.metrics().store_bytes.add(append.update.size());
  worker_.shared().hooks.store->append(
      entry.room.id(), std::move(append.update),
      [reply = replier(entry, append.ticket, StoreCallKind::append)](Result<std::uint64_t> number) {
        reply(NumberResult(std::move(number)));
      });
}

void RoomHost::compact_document(const RoomEntry& entry, room::CompactDocument& compact) {
  worker_.shared().hooks.store->compact(
      entry.room.id(), compact.last, std::move(compact.snapshot),
      [reply = replier(entry, compact.ticket, StoreCallKind::compact),
       last = compact.last](Result<void> done) {
        reply(done.ok() ? NumberResult(last) : NumberResult(std::move(done).error()));
      });
}

void RoomHost::edit_done(room::EditDone& edited) {
  const auto found = edits_.find(edited.number);
  const EditDoneFn done = std::move(found->second);
  edits_.erase(found);
  if (done) done(std::move(edited.result));
}

void RoomHost::execute_trouble(const RoomEntry& entry, const room::Trouble& trouble) {
  worker_.shared().log(
      "error", trouble.what,
      LogFields().add("room", entry.room.id()).add("error", trouble.message).text());
}

}  // namespace pluv::native
