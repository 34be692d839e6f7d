// A server's rooms: their steps, and what is done with the effects.
#include <algorithm>
#include <utility>
#include <variant>

#include "base/base64.h"
#include "json/value.h"
#include "tests/sim/server_parts.h"
#include "ycrdt/doc.h"

namespace pluv::sim {
namespace {

constexpr std::string_view kPing = R"({"type":"$ping","data":{}})";

}  // namespace

void Server::fail(const Entry& entry, const std::string& what) const {
  world_.record.fail(world_.agenda.now_ms(), "server " + std::to_string(number_) + ", room " +
                                                 entry.room.id() + ": " + what);
}

Server::Entry& Server::find_or_make(const std::string& room) {
  auto& entry = rooms_[room];
  if (!entry) {
    entry =
        std::make_unique<Entry>(room, next_generation_++, world_.definition, world_.random.next());
  }
  return *entry;
}

const room::Room* Server::find(const std::string& room) const {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? nullptr : &found->second->room;
}

std::vector<SessionId> Server::sessions_of(const std::string& room) const {
  std::vector<SessionId> sessions;
  if (const room::Room* const found = find(room)) {
    found->for_each_session([&](const room::SessionView& view) { sessions.push_back(view.id); });
  }
  return sessions;
}

void Server::feed(const std::string& room, const room::Input& input) {
  const auto found = rooms_.find(room);
  if (found != rooms_.end()) step(*found->second, input);
  settle();
}

void Server::edit(const std::string& room) {
  const std::uint64_t number = next_edit_++;
  edits_[number] = room;
  const std::function<void(void*)> write = [](void* document) {
    (void)static_cast<ycrdt::Doc*>(document)->get_text("t").insert(0, "s");
  };
  step(find_or_make(room), room::EditDocument{number, &write});
  settle();
}

void Server::hibernate(const std::string& room) {
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || !found->second->room.may_hibernate()) return;
  if (world_.record.told()) {
    world_.record.tell(world_.agenda.now_ms(), "room " + room + " hibernates");
  }
  check_kept(*found->second);
  const std::unique_ptr<Entry> old = std::move(found->second);
  found->second =
      std::make_unique<Entry>(room, old->generation, world_.definition, world_.random.next());
  Entry& entry = *found->second;
  entry.sessions = old->sessions;
  entry.wake = old->wake + 1;  // what the old one asked for is void
  entry.flush_planned = old->flush_planned;
  entry.failing_since_ms = old->failing_since_ms;
  entry.context_live = old->context_live;
  entry.connected = old->connected;
  ++world_.record.counts.hibernations;
  const std::vector<Connection*> sessions = entry.sessions;
  for (Connection* const connection : sessions) {
    if (connection != nullptr) connection->entry = &entry;
  }
  for (Connection* const connection : sessions) {
    if (connection == nullptr) continue;
    const std::string attachment = connection->attachment;
    step(entry, room::Restored{connection->index, attachment, nullptr});
  }
  settle();
}

// Of each session is kept what it is now.
void Server::check_kept(const Entry& entry) const {
  for (const Connection* const connection : entry.sessions) {
    if (connection == nullptr) continue;
    const std::string now = entry.room.attachment(connection->index);
    if (connection->attachment != now) {
      fail(entry, "what is kept of a session is old: " + connection->attachment + ", not " + now);
    }
  }
}

void Server::step(Entry& entry, const room::Input& input) {
  if (world_.record.failed()) return;
  if (stepping_) return fail(entry, "a step began inside another");
  stepping_ = true;
  ++world_.record.counts.steps;
  effects_.clear();
  entry.room.step(input, world_.agenda.now(), effects_);
  hash_effects();
  if (const auto* const message = std::get_if<room::Message>(&input)) {
    if (message->text == kPing) check_pong(entry, message->index);
  }
  execute(entry);
  stepping_ = false;
  const bool finished = std::any_of(
      effects_.list.begin(), effects_.list.end(),
      [](const room::Effect& effect) { return std::holds_alternative<room::Finished>(effect); });
  if (!finished) return;
  if (!entry.room.finished()) fail(entry, "it says that it is finished, and is not");
  if (entry.connected != 0) fail(entry, "it is finished, but not everybody has left");
  for (const Connection* session : entry.sessions) {
    if (session != nullptr) fail(entry, "it is finished, but has sessions");
  }
  rooms_.erase(entry.room.id());
}

// The original dies of a late one: it may wait for nothing.
void Server::check_pong(const Entry& entry, room::SessionIndex index) {
  for (const room::Effect& effect : effects_.list) {
    const auto* const send = std::get_if<room::Send>(&effect);
    if (send == nullptr || send->kind != room::FrameKind::urgent) continue;
    if (effects_.receivers_of(*send).front() == index) return;
  }
  fail(entry, "a ping was not answered at once");
}

void Server::execute(Entry& entry) {
  for (room::Effect& effect : effects_.list) {
    if (const auto* send = std::get_if<room::Send>(&effect)) {
      execute_send(entry, *send);
    } else if (const auto* close = std::get_if<room::Close>(&effect)) {
      execute_close(entry, *close);
    } else if (const auto* ping = std::get_if<room::Ping>(&effect)) {
      Connection* const connection = entry.sessions[room::raw(ping->session)];
      if (connection == nullptr) return fail(entry, "it pings nobody");
      connection->pinged_ms = world_.agenda.now_ms();
      std::string frame;
      net::append_frame(frame, net::Opcode::ping, {});
      enqueue(*connection, native::SharedBuffer::copy_of(frame),
              {.size = static_cast<std::uint32_t>(frame.size())});
    } else if (const auto* wake = std::get_if<room::WakeAt>(&effect)) {
      if (wake->at_ms <= world_.agenda.now_ms()) return fail(entry, "it wants to wake in the past");
      const std::uint64_t number = ++entry.wake;
      later(entry, wake->at_ms - world_.agenda.now_ms(), [this, number](Entry& again) {
        if (again.wake != number) return;
        step(again, room::Woke{});
        settle();
      });
    } else if (auto* call = std::get_if<room::CallHost>(&effect)) {
      execute_call(entry, *call);
    } else if (const auto* load = std::get_if<room::LoadDocument>(&effect)) {
      this->load(entry, load->ticket);
    } else if (auto* append = std::get_if<room::AppendUpdate>(&effect)) {
      this->append(entry, *append);
    } else if (auto* compact = std::get_if<room::CompactDocument>(&effect)) {
      this->compact(entry, *compact);
    } else if (const auto* edited = std::get_if<room::EditDone>(&effect)) {
      if (edits_.erase(edited->number) == 0) fail(entry, "an edit was answered twice");
    } else if (const auto* changed = std::get_if<room::SessionChanged>(&effect)) {
      Connection* const connection = entry.sessions[room::raw(changed->session)];
      if (connection == nullptr) return fail(entry, "it keeps something of one who is gone");
      connection->attachment = entry.room.attachment(changed->session);
    } else if (const auto* refused = std::get_if<room::Refused>(&effect)) {
      if (refused->reason == room::RefusalReason::store_failed) check_given_up(entry);
      if (refused->reason == room::RefusalReason::silent) check_silence(entry, refused->session);
    }
  }
}

void Server::hash_effects() {
  Record& record = world_.record;
  std::string joined;
  record.hash(static_cast<std::uint64_t>(world_.agenda.now_ms()));
  for (const room::Effect& effect : effects_.list) {
    record.hash(std::uint64_t{effect.index()});
    if (const auto* send = std::get_if<room::Send>(&effect)) {
      record.hash(effects_.text_of(*send, joined));
      record.hash(static_cast<std::uint64_t>(send->kind));
      for (const room::SessionIndex index : effects_.receivers_of(*send)) {
        record.hash(std::uint64_t{room::raw(index)});
      }
    } else if (const auto* close = std::get_if<room::Close>(&effect)) {
      record.hash(std::uint64_t{room::raw(close->session)} << 16 | close->code);
      record.hash(close->reason);
    } else if (const auto* wake = std::get_if<room::WakeAt>(&effect)) {
      record.hash(static_cast<std::uint64_t>(wake->at_ms));
    } else if (const auto* append = std::get_if<room::AppendUpdate>(&effect)) {
      record.hash(append->update);
    } else if (const auto* compact = std::get_if<room::CompactDocument>(&effect)) {
      record.hash(compact->snapshot);
    } else if (const auto* call = std::get_if<room::CallHost>(&effect)) {
      record.hash(static_cast<std::uint64_t>(call->kind));
      record.hash(effects_.view(call->data));
    }
  }
}

// --- Sending.

void Server::execute_send(Entry& entry, const room::Send& send) {
  std::string joined;
  const std::string_view text = effects_.text_of(send, joined);
  check_document(entry, text);
  check_spoken_of(entry, text);
  const auto receivers = effects_.receivers_of(send);
  if (receivers.empty()) return fail(entry, "it sends to nobody");
  std::string bytes;
  net::append_frame(bytes, net::Opcode::text, text);
  const bool has_document = text.find(R"("type":"$storageReceived")") != std::string_view::npos;
  const bool has_change = text.find(R"("type":"$storageUpdated")") != std::string_view::npos;
  const native::BufferRef buffer = native::SharedBuffer::copy_of(bytes);
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (const room::SessionIndex index : receivers) {
    Connection* const connection =
        room::raw(index) < entry.sessions.size() ? entry.sessions[room::raw(index)] : nullptr;
    if (connection == nullptr) return fail(entry, "it sends to one who is gone");
    if (has_document && connection->document_sent_ms < 0) {
      connection->document_sent_ms = world_.agenda.now_ms();
    }
    if (has_change) check_ready_for_changes(entry, *connection);
    if (connection->phase != Phase::open || connection->doomed) continue;
    if (send.kind == room::FrameKind::urgent) {
      constexpr std::uint8_t kUrgentWaitingMax = 16;
      if (connection->urgent_waiting >= kUrgentWaitingMax && connection->outbox.blocked()) {
        enqueue(*connection, buffer, {.size = size});
        continue;
      }
      ++connection->urgent_waiting;
      connection->outbox.push_urgent(buffer, 0, size);
      if (connection->outbox.blocked()) {
        check_queue(*connection);
      } else if (!connection->receiving) {
        flush(*connection);
      }
      continue;
    }
    if (send.body != nullptr) {
      send_in_pieces(*connection, send);
      continue;
    }
    native::QueuedFrame frame{.size = size, .kind = send.kind, .subject = room::raw(send.subject)};
    if (receivers.size() == 1 && connection->join_answers_left > 0) {
      --connection->join_answers_left;
      frame.counted = false;
    }
    enqueue(*connection, buffer, frame);
  }
}

// As the native platform does it: the body is not copied, and nothing comes between the pieces.
void Server::send_in_pieces(Connection& connection, const room::Send& send) {
  const std::string_view frame = effects_.view(send.frame);
  std::string before;
  net::append_frame_header(before, {.opcode = net::Opcode::text, .payload_size = send.size()});
  before += frame.substr(0, send.body_at);
  native::QueuedFrame how{.size = static_cast<std::uint32_t>(before.size())};
  how.counted = connection.join_answers_left == 0;
  if (connection.join_answers_left > 0) --connection.join_answers_left;
  connection.outbox.push(native::SharedBuffer::copy_of(before), how);
  how.continues = true;
  how.size = static_cast<std::uint32_t>(send.body->size());
  connection.outbox.push(native::SharedBuffer::of(send.body), how);
  const std::string_view after = frame.substr(send.body_at);
  how.size = static_cast<std::uint32_t>(after.size());
  connection.outbox.push(native::SharedBuffer::copy_of(after), how);
  queued(connection);
}

// Who answers pings is here, however little it says.
void Server::check_silence(const Entry& entry, const SessionId& session) {
  ++world_.record.counts.silent_closed;
  for (const Connection* connection : entry.sessions) {
    if (connection == nullptr || connection->session != session) continue;
    const bool asked = connection->pinged_ms > connection->heard_ms;
    if (!asked && !world_.slept_lately()) fail(entry, "it lets go of one whom it has not asked");
  }
}

// The original breaks for good when a change overtakes its own answer to the document.
void Server::check_ready_for_changes(const Entry& entry, const Connection& connection) {
  if (connection.wrote) return;
  if (connection.document_sent_ms >= 0 && world_.agenda.now_ms() - connection.document_sent_ms >=
                                              world_.plan.limits.storage_answer_ms) {
    return;
  }
  fail(entry, "it sends a change to a client that has not answered yet");
}

// Nothing that the disk has not taken may be seen.
void Server::check_document(const Entry& entry, std::string_view text) {
  if (text.find(R"("type":"$storage)") == std::string_view::npos) return;
  const auto message = json::Value::parse(text);
  if (!message.ok()) return fail(entry, "it sends what is no JSON");
  const json::Value* const state = message->find("data")->find("state");
  if (state == nullptr || state->as_string() == nullptr) return;
  const auto update = base64_decode(*state->as_string());
  if (!update) return fail(entry, "it sends a document that is no base64");
  if (!update->empty()) world_.ledger.shown(entry.room.id(), *update);
}

// Nor heard of.
void Server::check_spoken_of(const Entry& entry, std::string_view text) {
  if (text.find(R"("type":"wrote_this")") == std::string_view::npos) return;
  const auto message = json::Value::parse(text);
  if (!message.ok()) return fail(entry, "it sends what is no JSON");
  world_.ledger.spoken_of(entry.room.id(), *message->find("data")->find("key")->as_string());
}

void Server::execute_close(Entry& entry, const room::Close& close) {
  Connection* const connection = entry.sessions[room::raw(close.session)];
  if (connection == nullptr) return fail(entry, "it closes one who is gone");
  detach(*connection);
  if (connection->phase != Phase::open) return;
  if (!close.paced) return start_close(*connection, close.code, close.reason);
  connection->phase = Phase::pacing;
  if (!connection->outbox.blocked()) flush(*connection);
  world_.agenda.after(
      world_.random.between(world_.plan.limits.pacing_ms_min, world_.plan.limits.pacing_ms_max),
      [this, link = connection->link, code = close.code, reason = close.reason] {
        if (Connection* const held = find(link)) start_close(*held, code, reason);
      });
}

// --- Calls of the application's code.

void Server::execute_call(Entry& entry, room::CallHost& call) {
  switch (call.kind) {
    case room::HostCallKind::user_connected: ++entry.connected; return;
    case room::HostCallKind::user_disconnected:
      if (entry.connected == 0) return fail(entry, "somebody left who had not come");
      --entry.connected;
      return;
    case room::HostCallKind::room_message: return;
    case room::HostCallKind::storage_updated:
      if (!call.document) fail(entry, "it tells of an edit without a document");
      return;
    case room::HostCallKind::procedure:
      answer_call(entry, call.ticket, std::string(effects_.view(call.data)));
      return;
    case room::HostCallKind::initial_storage: give_initial_storage(entry, call.ticket); return;
    case room::HostCallKind::room_destroyed:
      if (entry.connected != 0) fail(entry, "it was destroyed, but not everybody has left");
      if (!has_store_ && call.document) {
        world_.application_database[entry.room.id()] = call.document->encode();
      }
      later(entry, world_.random.once_in(3) ? world_.random.between(0, 3'000) : 0,
            [this, ticket = call.ticket](Entry& again) {
              step(again, room::HostReplied{ticket, nullptr});
              settle();
            });
      return;
  }
}

// A coroutine of the application's: takes its time, and may fail.
void Server::answer_call(Entry& entry, room::Ticket ticket, std::string data) {
  const bool fails = world_.random.once_in(5);
  later(entry, world_.random.between(0, 2'000),
        [this, ticket, data = std::move(data), fails](Entry& again) {
          room::EventSink events;
          events.emit(room::Audience::self, "slow_done", data);
          events.emit(room::Audience::broadcast, "slow_all", "{}");
          Result<room::EventSink> result = std::move(events);
          if (fails) {
            const auto input = json::Value::parse(data);
            const double number = *input->find("k")->as_number();
            result =
                Error{ErrorCode::internal,
                      "slow " + std::to_string(static_cast<std::uint64_t>(number)) + " failed"};
          }
          step(again, room::HostReplied{ticket, &result});
          settle();
        });
}

void Server::give_initial_storage(Entry& entry, room::Ticket ticket) {
  const bool fails = world_.plan.initial_storage && world_.random.once_in(8);
  later(entry, world_.random.between(0, 300), [this, ticket, fails](Entry& again) {
    Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{};
    if (!has_store_) {
      const auto saved = world_.application_database.find(again.room.id());
      if (saved != world_.application_database.end()) loaded->updates.push_back(saved->second);
    } else if (world_.plan.initial_storage) {
      ycrdt::Doc doc({.client_id = 77, .hash_seed = 1});
      (void)doc.get_text("t").insert(0, "once ");
      loaded->updates.push_back(base64_encode(doc.encode_state_as_update()));
    }
    if (fails) loaded = Error{ErrorCode::unavailable, "The database is away"};
    step(again, room::DocumentLoaded{ticket, &loaded});
    settle();
  });
}

// --- The store.

void Server::with_store(std::function<void()> call) {
  if (store_free_) {
    call();
  } else {
    waiting_for_store_.push_back(std::move(call));
  }
}

void Server::store_is_free() {
  store_free_ = true;
  for (const auto& call : std::exchange(waiting_for_store_, {})) call();
}

void Server::load(Entry& entry, room::Ticket ticket) {
  with_store([this, name = entry.room.id(), generation = entry.generation, ticket] {
    world_.store->load(
        name, [this, name, generation, ticket](Result<adapters::StoredDocument> stored) {
          const auto found = rooms_.find(name);
          if (found == rooms_.end() || found->second->generation != generation) return;
          Result<room::DocumentLoaded::Document> loaded = room::DocumentLoaded::Document{};
          if (stored.ok()) {
            loaded->updates = std::move(stored->updates);
            loaded->last = stored->last;
            loaded->has_snapshot = stored->has_snapshot;
          } else {
            loaded = std::move(stored).error();
          }
          step(*found->second, room::DocumentLoaded{ticket, &loaded});
          settle();
        });
  });
}

void Server::append(Entry& entry, room::AppendUpdate& append) {
  with_store([this, name = entry.room.id(), generation = entry.generation, ticket = append.ticket,
              update = std::move(append.update)] {
    world_.store->append(name, update,
                         [this, name, generation, ticket](Result<std::uint64_t> number) {
                           const auto found = rooms_.find(name);
                           if (found == rooms_.end()) return;
                           if (found->second->generation != generation) return;
                           note_append(*found->second, number.ok());
                           step(*found->second, room::Persisted{ticket, &number});
                           settle();
                         });
  });
}

void Server::note_append(Entry& entry, bool done) {
  if (done) {
    entry.failing_since_ms = 0;
  } else if (entry.failing_since_ms == 0) {
    entry.failing_since_ms = world_.agenda.now_ms();
  }
}

// A room is given up when its store has failed for so long, or when too much waits for it.
void Server::check_given_up(const Entry& entry) {
  ++world_.record.counts.given_up;
  const Limits& limits = world_.plan.limits;
  if (limits.unsaved_bytes_max != Limits{}.unsaved_bytes_max) return;
  if (entry.failing_since_ms != 0 &&
      world_.agenda.now_ms() - entry.failing_since_ms >= limits.store_retry_ms) {
    return;
  }
  fail(entry, "it gives up a store that has not failed for long");
}

void Server::compact(Entry& entry, room::CompactDocument& compact) {
  with_store([this, name = entry.room.id(), generation = entry.generation, ticket = compact.ticket,
              last = compact.last, snapshot = std::move(compact.snapshot)] {
    world_.store->compact(name, last, snapshot,
                          [this, name, generation, ticket, last](Result<void> done) {
                            const auto found = rooms_.find(name);
                            if (found == rooms_.end()) return;
                            if (found->second->generation != generation) return;
                            Result<std::uint64_t> number = last;
                            if (!done.ok()) number = std::move(done).error();
                            step(*found->second, room::Persisted{ticket, &number});
                            settle();
                          });
  });
}

}  // namespace pluv::sim
