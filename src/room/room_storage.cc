// A room's document: what its sessions send of it and are sent. protocol.md, section 6.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "room/room.h"
#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

// Of a session's burst of messages: what it costs to see whether an update makes a document too
// large.
constexpr double kTrialBurstPart = 0.125;
// A document so long is sent from where it is kept, not from a copy for each who joins.
constexpr std::size_t kSharedBytesMin = 4'096;
// Updates that may be refused while the session's whole document is awaited.
constexpr std::uint32_t kRefusalsMax = 100;

RefusalReason refusal_of(const Error& error) noexcept {
  return error.code == ErrorCode::limit ? RefusalReason::update_over_limit
                                        : RefusalReason::update_invalid;
}

// False: the document cannot be made of its bytes.
bool forget_deleted(Document& document) {
  if (!document.begin_edit().ok()) return false;
  static_cast<void>(document.end_edit());
  return true;
}

}  // namespace

using protocol::ClientMessage;
using protocol::MessageKind;

// --- The exchange with which a session begins.

// update: base64 of the session's own document, for a room that has none; may be empty.
void Room::begin_exchange(SessionIndex index, std::string_view update) {
  if (!storage_) {
    const std::uint32_t begin = frame_begin();
    protocol::v5::append_storage_received(effects_->bytes, sender_of(index), name_, "empty", {});
    send_to(index, begin);
    return;
  }
  StorageSession& exchange = storage_of(index);
  exchange.update.clear();
  exchange.answer_due = true;
  if (!update.empty()) {
    if (auto bytes = base64_decode(update)) {
      exchange.update = std::move(*bytes);
    } else {
      refuse(index, RefusalReason::update_invalid);
      send_error(index, "Invalid storage. The update is not base64");
    }
  }
  if (storage_->ready) {
    answer_exchange(index);
  } else {
    session(index).waiting_for = storage_->load_ticket;
  }
}

void Room::answer_exchange(SessionIndex index) {
  Storage& storage = *storage_;
  if (storage.saved < storage.version && storage.gated_bytes > definition_.limits.gated_bytes_max) {
    // The store stalls, and each answer that waits for it holds a whole document.
    session(index).waiting_for = storage.load_ticket;
    storage.answers_wait = true;
    return;
  }
  session(index).storage->answer_due = false;
  const std::string update = std::exchange(session(index).storage->update, {});
  std::string_view change_kind = storage.document->empty() ? "empty" : "unchanged";
  const bool may_begin = session(index).permissions.may_write();  // still
  if (storage.document->empty() && !update.empty() && may_begin) {
    const Result<Applied> applied = apply_update(index, update, {});
    // Never "empty" to one that has a document: it throws that away for it, and with it the edits
    // that are on their way.
    change_kind = applied.ok() ? "initialized" : "unchanged";
    if (!applied.ok()) {
      refuse(index, refusal_of(applied.error()));
      send_error(index, applied.error().message);
    }
  }
  StorageSession& exchange = *session(index).storage;
  if (exchange.stage != StorageSession::Stage::open) {
    exchange.stage = StorageSession::Stage::answered;
    exchange.version = storage.version;
    exchange.state = storage.document->state();
    exchange.answered_ms = 0;
    changed(index);
  }
  send_storage_received(index, change_kind);
}

// The document is on its way to the session.
void Room::answer_sent(SessionIndex index, std::size_t bytes) {
  const auto& exchange = session(index).storage;
  if (!exchange || exchange->stage != StorageSession::Stage::answered) return;
  if (exchange->answered_ms != 0) return;
  exchange->answered_ms = now_.steady_ms;
  exchange->answer_bytes = bytes;
  const std::int64_t due_ms = exchange->open_at_ms(definition_.limits);
  if (storage_->answer_due_ms == 0 || due_ms < storage_->answer_due_ms) {
    storage_->answer_due_ms = due_ms;
  }
}

bool Room::answer_is_due(const Session& self) const noexcept {
  return self.storage && self.storage->answer_due && storage_ && storage_->ready;
}

bool Room::waits_for_document(const Session& self) const noexcept {
  return storage_ && (self.waiting_for == storage_->load_ticket || answer_is_due(self));
}

void Room::send_storage_received(SessionIndex index, std::string_view change_kind) {
  Storage& storage = *storage_;
  if (storage.sendable_version != storage.version) {
    storage.sendable =
        std::make_shared<const std::string>(base64_encode(storage.document->encode_to_send()));
    storage.sendable_version = storage.version;
  }
  storage.sendable_used_ms = now_.steady_ms;
  const std::uint32_t begin = frame_begin();
  const bool shared = storage.sendable->size() >= kSharedBytesMin;
  const std::size_t state = protocol::v5::append_storage_received(
      effects_->bytes, sender_of(index), name_, change_kind,
      shared ? std::string_view() : std::string_view(*storage.sendable));
  if (!shared) return send_gated(Whom::one, &index, begin);
  Gated gated = gated_for(Whom::one, &index);
  gated.body = storage.sendable;
  gated.body_at = static_cast<std::uint32_t>(state) - begin;
  gate(std::move(gated), begin);
}

// From now on the session is sent every change; first, what it has missed.
void Room::open_storage(SessionIndex index) {
  StorageSession& exchange = storage_of(index);
  if (exchange.stage == StorageSession::Stage::open) return;
  exchange.stage = StorageSession::Stage::open;
  changed(index);
  const std::uint64_t seen = std::exchange(exchange.version, storage_->version);
  const std::string state = std::exchange(exchange.state, {});
  if (seen != storage_->version) send_missed(index, state);
}

// It has not answered for so long that it hears of changes all the same. What it was sent counts
// for little: a client that begins a new document with its answer has thrown away what came before.
void Room::open_unanswered(SessionIndex index) {
  std::string state = storage_of(index).state;
  open_storage(index);
  storage_of(index).late_state = std::move(state);
}

Room::StorageSession& Room::storage_of(SessionIndex index) {
  auto& exchange = session(index).storage;
  if (!exchange) {
    exchange = std::make_unique<StorageSession>();
    changed(index);
  }
  return *exchange;
}

// All that is new since the document had this state; empty: all.
void Room::send_missed(SessionIndex index, std::string_view state) {
  Document& document = *storage_->document;
  if (document.empty()) return;
  const std::string missed =
      state.empty() ? document.encode_to_send() : document.encode_since(state);
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_storage_updated(effects_->bytes, sender_of(index), name_,
                                       base64_encode(missed));
  send_gated(Whom::one, &index, begin);
}

// --- Updates of clients.

bool Room::must_wait_for_document(MessageKind kind) const noexcept {
  return storage_ && !storage_->ready &&
         (kind == MessageKind::update_storage || kind == MessageKind::custom);
}

Ticket Room::document_ticket() const noexcept { return storage_->load_ticket; }

std::size_t Room::document_answer_bytes() const noexcept {
  return storage_ ? storage_->document_bytes : 0;
}

// Its client is ready for them.
void Room::hear_changes(SessionIndex index, const ClientMessage& message) {
  Session& self = session(index);
  const bool initialized = message.origin == protocol::v5::kInitializedOrigin;
  if (initialized && !self.storage_exchanged) {
    self.storage_exchanged = true;
    changed(index);
  }
  if (!storage_) return;
  open_storage(index);
  if (initialized) {
    if (self.storage->resyncing || self.storage->late_state) changed(index);
    self.storage->resyncing = false;
    const std::optional<std::string> late = std::exchange(self.storage->late_state, std::nullopt);
    if (late) send_missed(index, *late);
  }
}

void Room::update_storage(SessionIndex index, const ClientMessage& message) {
  hear_changes(index, message);
  if (!storage_ || message.update.empty()) return;      // or a client without storage
  if (!session(index).permissions.may_write()) return;  // it has sent nothing new
  const auto update = base64_decode(message.update);
  const Result<Applied> applied =
      update ? apply_update(index, *update, message.update)
             : Error{ErrorCode::invalid, "Invalid storage. The update is not base64"};
  if (!applied.ok()) {
    refuse(index, refusal_of(applied.error()));
    send_error(index, applied.error().message);
    // What the client writes next builds upon what was refused.
    resync(index, refusal_of(applied.error()), "Storage updates are refused");
  } else if (*applied == Applied::incomplete && session(index).storage_exchanged) {
    // Before: an edit of the application in the original's storageLoaded overtakes the client's
    // "$initialized" update, which brings what is missing.
    resync(index, RefusalReason::update_incomplete, "Updates before this one are missing");
  }
}

// base64: the update's, when it is at hand.
Result<Room::Applied> Room::apply_update(SessionIndex index, std::string_view update,
                                         std::string_view base64) {
  Storage& storage = *storage_;
  if (auto small = check_document_size(index, update); !small.ok()) {
    return std::move(small).error();
  }
  const std::size_t waited = storage.document->waiting_bytes();
  auto added = storage.document->apply(update);
  if (!added.ok()) {
    return Error{added.error().code, "Invalid storage. " + added.error().message};
  }
  const std::size_t waiting = storage.document->waiting_bytes();
  const bool incomplete = waiting > waited || (waiting != 0 && waiting != waited && added->empty());
  storage.document_bytes += incomplete ? update.size() : added->size();
  if (!added->empty() || incomplete) {
    // What waits is no part of what was added, but must not be lost either.
    document_changed(incomplete ? std::string(update) : *added);
  }
  if (!added->empty()) {
    // What had waited for this update may be somebody else's, which its sender has not seen.
    const Whom whom = waiting < waited ? Whom::open : Whom::others;
    tell_update(whom, &index, *added, *added == update ? base64 : std::string_view());
  }
  return incomplete ? Applied::incomplete : Applied::whole;
}

// Before anything changes, so that what is too large leaves no trace.
Result<void> Room::check_document_size(SessionIndex index, std::string_view update) {
  Storage& storage = *storage_;
  const std::size_t bytes_max = definition_.limits.document_bytes_max;
  if (storage.document_bytes + update.size() <= bytes_max) return {};
  if (storage.measured_version != storage.version) {
    storage.document_bytes = storage.document->encode().size();
    storage.measured_version = storage.version;
  }
  const auto added = storage.document->new_bytes(update);
  if (!added.ok()) return Error{added.error().code, "Invalid storage. " + added.error().message};
  if (storage.document_bytes + *added <= bytes_max) return {};
  // What each joiner sends back of a document from before the limit was set lower.
  if (const auto known = storage.document->contains(update); known.ok() && *known) return {};
  // So near to the limit that it has to be tried, on a copy: as dear as the document is large.
  Session& self = session(index);
  if (definition_.limits.messages_per_second_max != 0) {
    const double cost =
        static_cast<double>(definition_.limits.messages_burst_max) * kTrialBurstPart;
    if (self.rate_tokens < cost) {
      return Error{ErrorCode::limit, "Large storage. The document is at its limit"};
    }
    self.rate_tokens -= cost;
  }
  // Bytes that are kept as they came still have what later ones delete; once a document is made of
  // them they have not. The room's own, too: what is taken for small must not stay large.
  const bool made = forget_deleted(*storage.document);
  const std::string document = storage.document->encode();
  storage.document_bytes = document.size();
  const std::unique_ptr<Document> copy = definition_.storage->make(make_writer());
  if (const auto loaded = copy->load(document); !loaded.ok()) return loaded.error();
  if (const auto applied = copy->apply(update); !applied.ok()) {
    return Error{applied.error().code, "Invalid storage. " + applied.error().message};
  }
  // What was there when the limit was set lower may be made smaller, in steps.
  const std::size_t allowed = std::max(bytes_max, document.size());
  if (made) static_cast<void>(forget_deleted(*copy));
  const std::size_t size = copy->encode().size();
  if (size <= allowed) return {};
  return Error{ErrorCode::limit, "Large storage. The document must be at most " +
                                     std::to_string(bytes_max) + " bytes. It would have " +
                                     std::to_string(size) + " bytes"};
}

// The client's next edits lack what did not get here: asked for its whole document it sends all
// again. Never told that the document is empty, which would make it throw its own away.
void Room::resync(SessionIndex index, RefusalReason reason, std::string_view close_reason) {
  StorageSession& exchange = *session(index).storage;
  // What comes before its answer knows no better; of what can never be taken, up to a point.
  const bool hopeless = reason != RefusalReason::update_incomplete;
  if (exchange.resyncing && (!hopeless || ++exchange.refusals < kRefusalsMax)) return;
  const bool again = exchange.resynced_ms != 0 &&
                     now_.steady_ms - exchange.resynced_ms < definition_.limits.resync_interval_ms;
  if (again) {
    refuse(index, reason);
    close(index, kClosePolicy, close_reason);
    return;
  }
  exchange.resyncing = true;
  changed(index);
  exchange.refusals = 0;
  exchange.resynced_ms = now_.steady_ms;
  send_storage_received(index, "unchanged");
}

// --- Edits of handlers and of server code.

Result<void*> Room::edit_document() {
  if (!storage_) return Error{ErrorCode::conflict, "The room has no document"};
  if (!storage_->ready) return Error{ErrorCode::unavailable, "The document is not loaded yet"};
  PLUV_ASSERT(!storage_->editing);
  Result<void*> document = storage_->document->begin_edit();
  storage_->editing = document.ok();
  return document;
}

// Whether the handler has seen the document: then what it says may show all of it.
bool Room::finish_edit(const SessionIndex* editor) {
  if (!storage_ || !storage_->editing) return false;
  storage_->editing = false;
  const std::string added = storage_->document->end_edit();
  if (added.empty()) return true;
  storage_->document_bytes += added.size();
  document_changed(added);
  tell_update(Whom::open, editor, added, {});  // the client of who called has not made it
  return true;
}

void Room::edit_from_outside(const EditDocument& input) {
  if (state_ == State::destroying) {  // its last state has been given out
    held_edits_.push_back({input.number, *input.edit});
    return;
  }
  was_used_ = true;
  if (!definition_.storage) {
    effects_->list.emplace_back(
        EditDone{input.number, Error{ErrorCode::conflict, "Rooms have no documents"}});
    return;
  }
  if (!make_context()) {
    effects_->list.emplace_back(
        EditDone{input.number, Error{ErrorCode::unavailable, "Room could not be opened"}});
    return;
  }
  load_document();
  if (!storage_ || !storage_->ready) {
    storage_->waiting_edits.push_back({input.number, *input.edit});
  } else {
    run_edit(input.number, *input.edit);
  }
}

void Room::run_edit(std::uint64_t number, const std::function<void(void*)>& edit) {
  const Result<void*> document = edit_document();
  if (!document.ok()) {
    effects_->list.emplace_back(EditDone{number, document.error()});
    return;
  }
  edit(*document);
  (void)finish_edit(nullptr);
  Gated gated;
  gated.whom = Whom::editor;
  gated.version = storage_->version;
  gated.edit = number;
  gate(std::move(gated), frame_begin());
}

// --- Telling.

// The document has changed by this update, which is to be kept.
void Room::document_changed(std::string update) {
  Storage& storage = *storage_;
  ++storage.version;
  storage.drop_sendable();
  if (!definition_.has_store) {
    storage.saved = storage.version;
    return;
  }
  storage.unsaved_bytes += update.size();
  storage.unsaved.push_back(std::move(update));
  // Each counts: a room knows no turns, and several at once are a burst as well.
  storage.append_pacing.came(now_.steady_ms);
  start_append();
}

// sender null: server code.
void Room::tell_update(Whom whom, const SessionIndex* sender, std::string_view added,
                       std::string_view base64) {
  const std::uint32_t begin = frame_begin();
  protocol::v5::Sender who;
  if (sender != nullptr) who = sender_of(*sender);
  std::string encoded;
  if (base64.empty()) {
    base64_append(encoded, added);
    base64 = encoded;
  }
  protocol::v5::append_storage_updated(effects_->bytes, who, name_, base64);
  send_gated(whom, sender, begin);
  if (!definition_.listeners.on_storage_updated) return;
  send_gated(Whom::listener, sender, frame_begin());
}

// Sends the frame that begins here as soon as the document's version may be seen.
void Room::send_gated(Whom whom, const SessionIndex* index, std::uint32_t begin) {
  gate(gated_for(whom, index), begin);
}

Room::Gated Room::gated_for(Whom whom, const SessionIndex* index) {
  Gated gated;
  gated.whom = whom;
  gated.has_session = index != nullptr;
  if (storage_) gated.version = storage_->version;
  if (index != nullptr) {
    gated.index = *index;
    gated.session = session(*index).id;
    if (whom == Whom::listener) {
      gated.user = user_of(session(*index)).typed;
      gated.user_json = user_of(session(*index)).json;
    }
  }
  return gated;
}

void Room::gate(Gated gated, std::uint32_t begin) {
  if (!storage_ || storage_->saved >= gated.version) {
    reveal(gated, begin);
    return;
  }
  storage_->overflowed |= storage_->gated_bytes >
                          definition_.limits.gated_bytes_max + definition_.limits.unsaved_bytes_max;
  gated.frame = effects_->bytes.substr(begin);
  effects_->bytes.resize(begin);
  storage_->gated_bytes += gated.bytes();
  storage_->gated.push_back(std::move(gated));
}

void Room::reveal(const Gated& gated, std::uint32_t begin) {
  const bool here =
      gated.has_session && exists(gated.index) && session(gated.index).id == gated.session;
  switch (gated.whom) {
    case Whom::one:
      if (here) {
        if (storage_) answer_sent(gated.index, frame_begin() - begin + gated.body_bytes());
        send_to(gated.index, begin, FrameKind::ordered, gated.body, gated.body_at);
      } else {
        effects_->bytes.resize(begin);
      }
      return;
    case Whom::all: send_to_all(begin); return;
    case Whom::open:
    case Whom::others: send_to_open(begin, gated); return;
    case Whom::editor: effects_->list.emplace_back(EditDone{gated.edit, {}}); return;
    case Whom::listener: {
      CallHost call;
      call.kind = HostCallKind::storage_updated;
      call.session.valid = gated.has_session;
      call.session.index = gated.index;
      call.session.id = gated.session;
      call.session.user = gated.user;
      call.session.user_json = append_bytes(gated.user_json);
      call.context = context_;
      call.document = storage_->document;
      effects_->list.emplace_back(std::move(call));
      return;
    }
  }
}

void Room::send_to_open(std::uint32_t begin, const Gated& gated) {
  Send send;
  send.frame = {begin, frame_begin() - begin};
  send.receivers_offset = static_cast<std::uint32_t>(effects_->receivers.size());
  for (const SessionIndex index : order_) {
    const Session& self = session(index);
    if (!self.storage || self.storage->stage != StorageSession::Stage::open) continue;
    if (self.storage->version >= gated.version) continue;  // it was sent the whole of it
    if (gated.whom == Whom::others && index == gated.index && self.id == gated.session) continue;
    effects_->receivers.push_back(index);
    ++send.receivers_count;
  }
  if (send.receivers_count == 0) {
    effects_->bytes.resize(begin);
    return;
  }
  effects_->list.emplace_back(send);
}

}  // namespace pluv::room
