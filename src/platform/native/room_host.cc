#include "platform/native/room_host.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/free_memory.h"
#include "net/websocket_frame.h"
#include "platform/native/log_fields.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

constexpr std::uint16_t kCloseMessageTooBig = 1009;
// Between looks for rooms to forget when those that were looked at could not go.
constexpr std::int64_t kForgetPauseMs = 100;

}  // namespace

RoomHost::RoomHost(Worker& worker)
    : worker_(worker),
      tap_(worker.shared().hooks.tap.get()),
      // So that a room that comes again, also after a restart, is seen to be another one.
      next_generation_(worker.random_number() >> 8) {
  const ServerConfig& config = worker.shared().config;
  if (!config.deflate) return;
  deflater_.emplace(net::DeflaterOptions{.window_bits = config.deflate_window_bits,
                                         .takeover = net::ContextTakeover::no});
  inflater_.emplace(net::InflaterOptions{.takeover = net::ContextTakeover::no});
}

// --- Sessions

RoomEntry& RoomHost::find_or_make(std::string_view room) {
  if (const auto found = rooms_.find(room); found != rooms_.end()) return *found->second;
  auto entry = std::make_unique<RoomEntry>(std::string(room), next_generation_++,
                                           worker_.shared().definition_of(project_of(room)),
                                           worker_.random_number());
  RoomEntry& made = *entry;
  rooms_.emplace(room, std::move(entry));
  remember(made);
  worker_.shared().rooms.fetch_add(1);
  return made;
}

std::uint32_t RoomHost::attach(RoomEntry& entry, Connection& connection) {
  std::uint32_t index = entry.lowest_free;
  while (index < entry.sessions.size() && entry.sessions[index] != nullptr) ++index;
  if (index == entry.sessions.size()) entry.sessions.push_back(nullptr);
  entry.sessions[index] = &connection;
  entry.lowest_free = index + 1;
  if (connection.deflate) ++entry.deflate_sessions;
  connection.room = &entry;
  connection.index = room::SessionIndex{index};
  worker_.metrics().sessions.add(1);
  return index;
}

// The room has forgotten the session, or is about to hear of its end.
void RoomHost::detach(Connection& connection) {
  log_session("leave", connection);
  RoomEntry& entry = *connection.room;
  const std::uint32_t index = room::raw(connection.index);
  entry.sessions[index] = nullptr;
  entry.lowest_free = std::min(entry.lowest_free, index);
  if (connection.deflate) --entry.deflate_sessions;
  connection.room = nullptr;
  connection.dirty = false;
  if (connection.phase != Phase::dead) worker_.timers().cancel(connection.timer);
  worker_.metrics().sessions.subtract(1);
}

void RoomHost::join(Connection& connection, std::string_view room, const AuthorizedUser& user,
                    std::span<char> received) {
  worker_.timers().cancel(connection.timer);
  RoomEntry& entry = find_or_make(room);
  if (!entry.forgotten.empty()) {
    worker_.count_refusal(ConnectionRefusal::unavailable);
    worker_.log_refusal(ConnectionRefusal::unavailable, room);
    worker_.connections().start_pacing(connection, room::kCloseOverloaded, "Try again later");
    return;
  }
  connection.phase = Phase::open;
  connection.frames = net::FrameReader(
      net::FrameReaderOptions{.compression = connection.deflate,
                              .message_bytes_max = entry.room.limits().unregistered_bytes_max});
  connection.progress_ms = worker_.now_ms();
  connection.session = worker_.make_session_id();
  const std::uint32_t index = attach(entry, connection);
  log_session("join", connection);
  step(entry, room::Opened{.index = room::SessionIndex{index},
                           .id = connection.session,
                           .user_id = user.id,
                           .user_json = user.json,
                           .user = user.user,
                           .permissions = user.permissions});
  if (connection.phase != Phase::open) return;
  connection.frames.set_message_bytes_max(entry.room.message_bytes_max(connection.index));
  if (!received.empty()) receive(connection, received);
}

void RoomHost::receive(Connection& connection, std::span<char> bytes) {
  receiving_ = &connection;
  receive_frames(connection, bytes);
  receiving_ = nullptr;
  const bool answers_wait = connection.urgent_waiting > 0 && !connection.outbox.blocked();
  if (answers_wait && connection.phase != Phase::dead) worker_.connections().flush(connection);
}

void RoomHost::receive_frames(Connection& connection, std::span<char> bytes) {
  // It may have been registered since its last message: a join that waited for a teardown.
  connection.frames.set_message_bytes_max(
      connection.room->room.message_bytes_max(connection.index));
  while (connection.phase == Phase::open) {
    const net::FrameEvent event = connection.frames.next(bytes);
    if (event.kind == net::EventKind::need_more) return;
    if (is_large(connection, event)) {
      put_aside(connection, event, bytes);
      return;
    }
    if (!handle_event(connection, event)) return;
  }
  if (connection.phase == Phase::closing) worker_.connections().read_until_close(connection, bytes);
}

// False when the connection's session is over.
bool RoomHost::handle_event(Connection& connection, const net::FrameEvent& given) {
  RoomEntry& entry = *connection.room;
  const std::size_t message_bytes_max = entry.room.message_bytes_max(connection.index);
  const std::size_t scratch_bytes_max = entry.room.limits().message_bytes_max;
  const net::FrameEvent event =
      given.compressed
          ? net::inflate_message(given, *inflater_, message_bytes_max, inflate_scratch_)
          : given;
  switch (event.kind) {
    case net::EventKind::text:
    case net::EventKind::binary:
      worker_.metrics().messages_in.add(1);
      ++entry.messages;
      if (tap_ != nullptr && tap_->is_on()) tap_inbound(connection, event.payload);
      step(entry, room::Message{.index = connection.index, .text = event.payload});
      break;
    case net::EventKind::ping:
      answer_ping(connection, event.payload);
      if (connection.phase == Phase::open) step(entry, room::Heard{connection.index});
      break;
    case net::EventKind::pong: step(entry, room::Heard{connection.index}); break;
    case net::EventKind::close:
    case net::EventKind::error: end_by_peer(connection, event); break;
    case net::EventKind::need_more: break;
  }
  // A message that failed may have left as much as one that was good. The room may be gone.
  if (inflate_scratch_.capacity() > scratch_bytes_max) free_memory(inflate_scratch_);
  if (connection.phase != Phase::open) return connection.phase == Phase::closing;
  connection.frames.set_message_bytes_max(entry.room.message_bytes_max(connection.index));
  return true;
}

// The peer's close frame is answered, its error told; then our side ends.
void RoomHost::end_by_peer(Connection& connection, const net::FrameEvent& event) {
  RoomEntry& entry = *connection.room;
  const room::SessionIndex index = connection.index;
  const bool too_large =
      event.kind == net::EventKind::error && event.close_code == kCloseMessageTooBig;
  if (too_large) {
    execute_refused(
        entry, {.session = connection.session, .reason = room::RefusalReason::message_too_large});
  }
  detach(connection);
  std::string frame;
  net::append_close(frame, event.close_code, too_large ? "Message is too large" : "");
  worker_.metrics().closes[close_code_slot(event.close_code)].add(1);
  worker_.connections().send_bytes(connection, frame);
  worker_.connections().finish(connection);
  step(entry, room::Closed{index});
}

void RoomHost::answer_ping(Connection& connection, std::string_view payload) {
  std::array<char, net::kFrameHeaderBytesMax> header;
  const std::size_t header_size = net::write_frame_header(
      header.data(), {.opcode = net::Opcode::pong, .payload_size = payload.size()});
  const BufferRef buffer = SharedBuffer::make(header_size + payload.size());
  buffer->append({header.data(), header_size});
  buffer->append(payload);
  send_urgent(connection, FrameSlice{.buffer = &buffer,
                                     .offset = 0,
                                     .size = static_cast<std::uint32_t>(buffer->size())});
}

void RoomHost::close_session(Connection& connection, std::uint16_t code, std::string_view reason) {
  RoomEntry& entry = *connection.room;
  const room::SessionIndex index = connection.index;
  detach(connection);
  worker_.connections().start_close(connection, code, reason);
  step(entry, room::Closed{index});
}

void RoomHost::log_session(std::string_view event, const Connection& connection) const {
  if (!worker_.shared().hooks.log) return;
  worker_.shared().log("debug", event,
                       LogFields()
                           .add("room", connection.room->room.id())
                           .add("session", connection.session.text())
                           .text());
}

// --- Steps

void RoomHost::step(RoomEntry& entry, const room::Input& input) {
  PLUV_ASSERT(!stepping_);
  stepping_ = true;
  finished_ = false;
  const auto begin = std::chrono::steady_clock::now();
  entry.room.step(input, worker_.now(), effects_);
  const auto taken = std::chrono::steady_clock::now() - begin;
  worker_.metrics().count_step(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(taken).count()));
  execute(entry);
  effects_.clear();
  stepping_ = false;
  const auto size = static_cast<std::uint32_t>(entry.room.size());
  if (size != entry.size_told) {
    entry.size_told = size;
    worker_.shared().sizes.set(entry.room.id(), size);
  }
  if (finished_) {
    erase_if_finished(entry);
    return;
  }
  note_idle(entry);
  if (!entry.forgotten.empty()) go_on_forgetting(entry);
}

// Rooms without sessions are few steps: what their documents take is measured at each.
void RoomHost::note_idle(RoomEntry& entry) {
  if (entry.idle && entry.room.size() > 0) {
    idle_.erase(*entry.idle);
    entry.idle.reset();
    set_idle_bytes(entry, 0);
  }
  if (entry.room.size() > 0) return;
  if (!entry.idle) entry.idle = idle_.insert(idle_.end(), &entry);
  set_idle_bytes(entry, sizeof(RoomEntry) + entry.room.document_memory_bytes());
}

void RoomHost::set_idle_bytes(RoomEntry& entry, std::size_t bytes) {
  std::atomic<std::size_t>& all = worker_.shared().idle_bytes;
  all.fetch_add(bytes - entry.idle_bytes, std::memory_order_relaxed);
  entry.idle_bytes = bytes;
}

bool RoomHost::over_idle_budget() const noexcept {
  return worker_.shared().idle_bytes.load(std::memory_order_relaxed) >
         worker_.limits().idle_documents_bytes_max;
}

// Of this loop's rooms the one that was left first goes first. One that is still saving stays; when
// many do, since the store stalls, they are not looked at in every turn.
void RoomHost::forget_over_budget() {
  if (worker_.now_ms() < forget_after_ms_) return;
  for (auto at = idle_.begin(); at != idle_.end() && over_idle_budget();) {
    RoomEntry& entry = **at++;
    if (entry.room.may_be_forgotten()) step(entry, room::ForgetIdle{});
  }
  if (over_idle_budget()) forget_after_ms_ = worker_.now_ms() + kForgetPauseMs;
}

void RoomHost::erase_if_finished(RoomEntry& entry) {
  PLUV_ASSERT(entry.room.finished());
  worker_.timers().cancel(entry.wake);
  worker_.timers().cancel(entry.flush);
  if (entry.in_dirty_rooms) std::erase(dirty_rooms_, &entry);
  if (entry.idle) idle_.erase(*entry.idle);
  set_idle_bytes(entry, 0);
  take_off_list(entry);
  const std::vector<std::function<void()>> forgotten = std::move(entry.forgotten);
  rooms_.erase(rooms_.find(entry.room.id()));
  worker_.shared().rooms.fetch_sub(1);
  for (const std::function<void()>& done : forgotten) done();
}

void RoomHost::forget(std::string_view room, std::function<void()> done) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    done();
    return;
  }
  RoomEntry& entry = *found->second;
  entry.forgotten.push_back(std::move(done));
  go_on_forgetting(entry);
}

// After each of its steps: joins that were held are let in first, and what was changed is saved.
void RoomHost::go_on_forgetting(RoomEntry& entry) {
  if (entry.room.size() > 0) {
    step(entry, room::EvictAll{});
  } else if (entry.room.may_be_forgotten()) {
    step(entry, room::ForgetIdle{});
  }
}

void RoomHost::feed(std::string_view room, const room::Input& input) {
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) step(*found->second, input);
}

void RoomHost::edit(std::string_view room, const std::function<void(void*)>& edit,
                    EditDoneFn done) {
  RoomEntry& entry = find_or_make(room);
  if (!entry.forgotten.empty()) {
    done(Error{ErrorCode::unavailable, "The room is being deleted"});
    return;
  }
  const std::uint64_t number = next_edit_++;
  edits_.emplace(number, std::move(done));
  step(entry, room::EditDocument{.number = number, .edit = &edit});
}

void RoomHost::forget_idle_rooms() {
  for (auto at = idle_.begin(); at != idle_.end();) {
    RoomEntry& entry = **at++;
    step(entry, room::ForgetIdle{});
  }
}

void RoomHost::forget_saved_rooms() {
  for (auto at = idle_.begin(); at != idle_.end();) {
    RoomEntry& entry = **at++;
    if (entry.room.may_be_forgotten()) step(entry, room::ForgetIdle{});
  }
}

void RoomHost::on_wake(RoomEntry& entry) { step(entry, room::Woke{}); }

// --- The end of a turn

bool RoomHost::settle() {
  bool worked = false;
  while (!ended_.empty() || !replies_.empty()) {
    worked = true;
    // Both lists may grow while they are worked on.
    for (std::size_t i = 0; i < ended_.size(); ++i) end_session(*ended_[i]);
    ended_.clear();
    std::vector<Reply> replies;
    replies.swap(replies_);
    for (Reply& reply : replies) handle_reply(reply);
  }
  if (!idle_.empty() && over_idle_budget()) forget_over_budget();
  std::vector<RoomEntry*> dirty;
  dirty.swap(dirty_rooms_);
  for (RoomEntry* entry : dirty) {
    entry->in_dirty_rooms = false;
    entry->pacing.came(worker_.now_ms());
    const std::int64_t due_ms =
        entry->pacing.due_ms(entry->room.limits().flush_wait_ms(entry->room.size()));
    const bool saved = entry->saved_ms == worker_.now_ms();
    if (worker_.now_ms() < due_ms && !saved) {
      if (!entry->flush.set()) worker_.timers().set(entry->flush, due_ms);
      continue;
    }
    flush_room(*entry, entry->flush.set());
    worked = true;
  }
  dirty.clear();
  if (dirty_rooms_.empty()) dirty_rooms_.swap(dirty);  // keeps the memory
  return worked;
}

void RoomHost::end_session(Connection& connection) {
  if (!connection.in_room()) return;  // the room itself has closed it meanwhile
  RoomEntry& entry = *connection.room;
  const room::SessionIndex index = connection.index;
  detach(connection);
  if (connection.phase != Phase::dead) {
    worker_.connections().drop_queue(connection);
    worker_.connections().start_close(connection, connection.close_code, connection.close_reason);
    if (connection.frames.memory_bytes() > 0) {
      // Nobody waits for the end of a message that nobody will hear.
      connection.frames = net::FrameReader();
      worker_.connections().finish(connection);
    }
  }
  step(entry, room::Closed{index});
}

void RoomHost::count_store_call(const Reply& reply) {
  if (!reply.store) return;
  const auto* const loaded = std::get_if<DocumentResult>(&reply.outcome);
  const auto* const number = std::get_if<NumberResult>(&reply.outcome);
  const bool done = loaded != nullptr ? loaded->ok() : number != nullptr && number->ok();
  auto& counters = worker_.metrics().store_calls[static_cast<std::size_t>(*reply.store)];
  (done ? counters.done : counters.failed).add(1);
}

void RoomHost::handle_reply(Reply& reply) {
  count_store_call(reply);
  const auto found = rooms_.find(reply.room);
  if (found == rooms_.end() || found->second->generation != reply.generation) return;
  RoomEntry& entry = *found->second;
  if (auto* const loaded = std::get_if<DocumentResult>(&reply.outcome)) {
    step(entry, room::DocumentLoaded{.ticket = reply.ticket, .document = loaded});
  } else if (const auto* const number = std::get_if<NumberResult>(&reply.outcome)) {
    if (number->ok() && reply.store == StoreCallKind::append) entry.saved_ms = worker_.now_ms();
    step(entry, room::Persisted{.ticket = reply.ticket, .number = number});
  } else if (const auto* const token = std::get_if<TokenResult>(&reply.outcome)) {
    step(entry, room::TokenChecked{.index = reply.session, .ticket = reply.ticket, .token = token});
  } else {
    step(entry, room::HostReplied{.ticket = reply.ticket,
                                  .result = std::get_if<Result<room::EventSink>>(&reply.outcome)});
  }
}

void RoomHost::on_flush(RoomEntry& entry) {
  // More has come meanwhile.
  const std::int64_t due_ms =
      entry.pacing.due_ms(entry.room.limits().flush_wait_ms(entry.room.size()));
  if (worker_.now_ms() < due_ms) {
    worker_.timers().set(entry.flush, due_ms);
  } else {
    flush_room(entry, true);
  }
}

void RoomHost::flush_room(RoomEntry& entry, bool waited) {
  worker_.timers().cancel(entry.flush);
  entry.pacing.written(worker_.now_ms(), waited);
  for (const std::uint32_t index : entry.dirty) {
    Connection* connection = entry.sessions[index];
    if (connection == nullptr || !connection->dirty) continue;
    connection->dirty = false;
    if (connection->phase != Phase::dead) worker_.connections().flush(*connection);
  }
  entry.dirty.clear();
  give_back(entry.frames);
  give_back(entry.deflated_frames);
}

}  // namespace pluv::native
