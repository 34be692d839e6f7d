// Loading a room's document, saving what changes, and what happens when that fails.
#include <algorithm>
#include <string>
#include <utility>

#include "base/base64.h"
#include "base/free_memory.h"
#include "room/room.h"
#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

constexpr std::int64_t kRetryMsMin = 50;
constexpr std::int64_t kRetryMsMax = 1'000;
// After a compaction that failed. The log only grows meanwhile.
constexpr std::int64_t kCompactRetryMs = 60'000;
// The document as it is sent is kept for so long after it was last.
constexpr std::int64_t kSendableKeptMs = 10'000;
// A room that could be forgotten but has something under way is looked at again after this.
constexpr std::int64_t kBusyMs = 1'000;
// So much is saved without waiting for more.
constexpr std::size_t kFullAppendBytes = 64 * 1024;

}  // namespace

// --- Loading.

void Room::load_document() {
  if (storage_) storage_->idle_until_ms = 0;
  if (storage_ || !definition_.storage) return;
  storage_ = std::make_unique<Storage>();
  storage_->load_ticket = Ticket{next_ticket_++};
  storage_->answer_ticket = storage_->load_ticket;
  if (definition_.has_store) {
    effects_->list.emplace_back(LoadDocument{storage_->load_ticket});
  } else {
    ask_initial_storage();
  }
}

void Room::ask_initial_storage() {
  storage_->asked_listener = true;
  if (!definition_.listeners.get_initial_storage) {
    DocumentLoaded::Document nothing;
    (void)take_loaded(nothing);
    return;
  }
  // Not the load's: if the store answered twice, its second answer would be taken for this one's.
  storage_->answer_ticket = Ticket{next_ticket_++};
  CallHost call;
  call.ticket = storage_->answer_ticket;
  call.kind = HostCallKind::initial_storage;
  call.context = context_;
  effects_->list.emplace_back(std::move(call));
}

void Room::document_loaded(const DocumentLoaded& input) {
  if (!storage_ || storage_->ready || input.ticket != storage_->answer_ticket) return;
  if (!input.document->ok()) {
    load_failed(input.document->error());
    return;
  }
  if (const Result<void> taken = take_loaded(**input.document); !taken.ok()) {
    load_failed(taken.error());
  }
}

Result<void> Room::take_loaded(DocumentLoaded::Document& loaded) {
  Storage& storage = *storage_;
  if (loaded.updates.empty() && !storage.asked_listener) {
    ask_initial_storage();
    return {};
  }
  storage.document = definition_.storage->make(make_writer());
  for (std::string& update : loaded.updates) {
    auto applied = storage.document->load(update);
    if (!applied.ok() && storage.asked_listener) {
      // Databases of the original's users hold base64.
      if (auto bytes = base64_decode(update)) {
        update = std::move(*bytes);
        applied = storage.document->load(update);
      }
    }
    if (!applied.ok()) return std::move(applied).error();
    storage.document_bytes += update.size();
  }
  if (auto joinable = check_joinable(); !joinable.ok()) return joinable;
  if (!storage.asked_listener) {
    storage.last = loaded.last;
    storage.log_bytes = storage.document_bytes;
    storage.log_updates = loaded.updates.size();
    if (loaded.has_snapshot) {
      storage.snapshot_bytes = loaded.updates.front().size();
      storage.log_bytes -= storage.snapshot_bytes;
      --storage.log_updates;
    }
  }
  storage.ready = true;
  if (storage.asked_listener && !storage.document->empty()) {
    document_changed(storage.document->encode());
  }
  document_ready();
  return {};
}

// Limits may have been lowered since, or the document was put into the store by a tool: rather than
// having each client fail at it, nobody is let in, and whoever reads the log knows why.
Result<void> Room::check_joinable() {
  const Limits& limits = definition_.limits;
  const std::size_t message_max =
      std::min(limits.storage_first_bytes_max, limits.queue_bytes_hard_max);
  if (Limits::message_bytes_of_document(storage_->document_bytes) <= message_max) return {};
  const std::size_t bytes = storage_->document->encode_to_send().size();
  if (Limits::message_bytes_of_document(bytes) <= message_max) return {};
  return Error{ErrorCode::limit,
               "The document has " + std::to_string(bytes) +
                   " bytes, too many for one message of " + std::to_string(message_max) +
                   " bytes in base64: raise limits.storage_first and limits.queue_hard"};
}

void Room::document_ready() {
  for (const auto& [number, edit] : std::exchange(storage_->waiting_edits, {})) {
    run_edit(number, edit);
  }
  for (const auto& [name, data] : std::exchange(storage_->waiting_broadcasts, {})) {
    server_broadcast({name, data});
  }
  serve_waiting();
}

// Whoever has waited for the document.
void Room::serve_waiting() {
  const Ticket loaded = storage_->load_ticket;
  std::vector<SessionIndex> waited;
  for (const SessionIndex index : order_) {
    if (session(index).waiting_for == loaded) waited.push_back(index);
  }
  for (const SessionIndex index : waited) session(index).waiting_for = Ticket{};
  for (const SessionIndex index : waited) release_waiting(index);
}

// A procedure may want the document, which is on its way.
void Room::hold_broadcast(const ServerBroadcast& event) {
  if (storage_->waiting_broadcasts.size() >= definition_.limits.waiting_messages_max) {
    effects_->list.emplace_back(Trouble{"broadcast_dropped", "Too many wait for the document"});
    return;
  }
  storage_->waiting_broadcasts.push_back({std::string(event.name), std::string(event.data)});
}

void Room::load_failed(const Error& error) {
  effects_->list.emplace_back(Trouble{"document_load_failed", error.message});
  for (const auto& waiting : storage_->waiting_edits) {
    effects_->list.emplace_back(EditDone{waiting.number, error});
  }
  storage_.reset();
  send_everyone_away(RefusalReason::load_failed, kCloseBroken,
                     "The room's document could not be loaded");
}

// For now: clients come back by themselves, so their sockets are held a while.
void Room::send_everyone_away(RefusalReason reason, std::uint16_t code, std::string_view text) {
  std::vector<SessionIndex> leaving;
  leaving.swap(order_);
  all_valid_ = false;
  for (const SessionIndex index : leaving) {
    refuse(index, reason);
    send_error(index, text);
    depart(index);
    effects_->list.emplace_back(Close{index, code, text, true});
  }
}

// --- Saving.

void Room::start_append() {
  Storage& storage = *storage_;
  if (storage.append_ticket != Ticket{} || storage.unsaved.empty()) {
    storage.overflowed |= storage.unsaved_bytes > definition_.limits.unsaved_bytes_max;
    return;
  }
  const std::int64_t due_ms =
      storage.append_pacing.due_ms(definition_.limits.flush_wait_ms(order_.size()));
  if (now_.steady_ms < due_ms && storage.unsaved_bytes < kFullAppendBytes) {
    storage.append_due_ms = due_ms;
    return;
  }
  storage.append_pacing.written(now_.steady_ms, storage.append_due_ms != 0);
  storage.append_due_ms = 0;
  if (storage.unsaved.size() == 1) {
    storage.appending = std::move(storage.unsaved.front());
  } else {
    auto merged = definition_.storage->merge(storage.unsaved);
    PLUV_ASSERT(merged.ok());  // the document has taken each of them
    storage.appending = std::move(*merged);
  }
  storage.unsaved.clear();
  storage.unsaved_bytes = 0;
  storage.appending_version = storage.version;
  storage.append_ticket = Ticket{next_ticket_++};
  effects_->list.emplace_back(AppendUpdate{storage.append_ticket, storage.appending});
}

void Room::persisted(const Persisted& input) {
  if (!storage_) return;
  Storage& storage = *storage_;
  if (input.ticket == storage.compact_ticket && input.ticket != Ticket{}) {
    compacted(*input.number);
    return;
  }
  if (input.ticket != storage.append_ticket || input.ticket == Ticket{}) return;
  if (!input.number->ok()) {
    append_failed(input.number->error());
    return;
  }
  storage.append_ticket = Ticket{};
  storage.failing_since_ms = 0;
  storage.retry_after_ms = 0;
  storage.saved = storage.appending_version;
  storage.last = **input.number;
  ++storage.log_updates;
  storage.log_bytes += storage.appending.size();
  free_memory(storage.appending);
  while (!storage.gated.empty() && storage.gated.front().version <= storage.saved) {
    const Gated gated = std::move(storage.gated.front());
    storage.gated.pop_front();
    storage.gated_bytes -= gated.bytes();
    reveal(gated, append_bytes(gated.frame).offset);
  }
  start_append();
  compact_if_due();
  if (storage.answers_wait) {
    storage.answers_wait = false;
    serve_waiting();
  }
}

void Room::append_failed(const Error& error) {
  Storage& storage = *storage_;
  effects_->list.emplace_back(Trouble{"document_append_failed", error.message});
  if (storage.failing_since_ms == 0) storage.failing_since_ms = now_.steady_ms;
  if (now_.steady_ms - storage.failing_since_ms >= definition_.limits.store_retry_ms) {
    store_failed();
    return;
  }
  storage.retry_after_ms = std::clamp(storage.retry_after_ms * 2, kRetryMsMin, kRetryMsMax);
  storage.retry_at_ms = now_.steady_ms + storage.retry_after_ms;
}

// What the store did not take was shown to nobody, and every client has its own edits still: they
// come back, find what was kept, and offer them again.
void Room::store_failed() {
  for (const Gated& gated : storage_->gated) {
    if (gated.whom != Whom::editor) continue;
    effects_->list.emplace_back(
        EditDone{gated.edit, Error{ErrorCode::unavailable, "The edit could not be saved"}});
  }
  lost_document_ = storage_->document;
  storage_.reset();
  send_everyone_away(RefusalReason::store_failed, kCloseOverloaded,
                     "The room's document could not be saved");
}

void Room::compact_if_due() {
  Storage& storage = *storage_;
  const Limits& limits = definition_.limits;
  const bool due = storage.log_bytes > std::max(storage.snapshot_bytes, limits.log_bytes_min) ||
                   storage.log_updates > limits.log_updates_max;
  if (!due || storage.compact_ticket != Ticket{} || now_.steady_ms < storage.compact_after_ms) {
    return;
  }
  CompactDocument compact;
  compact.ticket = storage.compact_ticket = Ticket{next_ticket_++};
  compact.last = storage.last;
  // With what is not saved yet, which does no harm: it is there twice then.
  compact.snapshot = storage.document->encode();
  storage.document_bytes = compact.snapshot.size();
  storage.compacting_bytes = compact.snapshot.size();
  storage.compacting_updates = storage.log_updates;
  storage.compacting_log_bytes = storage.log_bytes;
  effects_->list.emplace_back(std::move(compact));
}

void Room::compacted(const Result<std::uint64_t>& done) {
  Storage& storage = *storage_;
  storage.compact_ticket = Ticket{};
  if (!done.ok()) {
    effects_->list.emplace_back(Trouble{"document_compact_failed", done.error().message});
    storage.compact_after_ms = now_.steady_ms + kCompactRetryMs;
    return;
  }
  storage.snapshot_bytes = storage.compacting_bytes;
  storage.log_updates -= storage.compacting_updates;
  storage.log_bytes -= storage.compacting_log_bytes;
}

// --- Time.

std::int64_t Room::storage_due_ms() const noexcept {
  if (!storage_) return 0;
  std::int64_t due = 0;
  // Whoever is overdue in a room that was restored waits for the document as well.
  const std::int64_t answer_due_ms = storage_->ready ? storage_->answer_due_ms : 0;
  for (const std::int64_t at :
       {storage_->retry_at_ms, storage_->append_due_ms, answer_due_ms, storage_->idle_until_ms}) {
    if (at != 0 && (due == 0 || at < due)) due = at;
  }
  return due;
}

bool Room::storage_busy() const noexcept {
  return storage_ && (!storage_->ready || storage_->append_ticket != Ticket{} ||
                      storage_->compact_ticket != Ticket{} || !storage_->unsaved.empty());
}

void Room::wake_storage() {
  if (!storage_) return;
  Storage& storage = *storage_;
  if (storage.retry_at_ms != 0 && storage.retry_at_ms <= now_.steady_ms) {
    storage.retry_at_ms = 0;
    effects_->list.emplace_back(AppendUpdate{storage.append_ticket, storage.appending});
  }
  if (storage.append_due_ms != 0 && storage.append_due_ms <= now_.steady_ms) start_append();
  if (now_.steady_ms - storage.sendable_used_ms > kSendableKeptMs) {
    storage.drop_sendable();
  }
  if (storage.ready && storage.answer_due_ms != 0 && storage.answer_due_ms <= now_.steady_ms) {
    storage.answer_due_ms = 0;
    for (const SessionIndex index : order_) {
      const auto& exchange = session(index).storage;
      if (!exchange || exchange->stage != StorageSession::Stage::answered) continue;
      if (exchange->answered_ms == 0) continue;  // its answer waits for the store
      const std::int64_t due = exchange->open_at_ms(definition_.limits);
      if (due <= now_.steady_ms && may_release()) {
        ++released_;
        open_unanswered(index);
      } else if (storage.answer_due_ms == 0 || due < storage.answer_due_ms) {
        storage.answer_due_ms = due;
      }
    }
  }
  if (storage.idle_until_ms != 0 && storage.idle_until_ms <= now_.steady_ms) forget_if_idle();
}

bool Room::may_be_forgotten() const noexcept {
  return storage_ && storage_->idle_until_ms != 0 && !storage_busy() && pending_.empty();
}

// Nobody is here; once the store has all of it, the room can go.
void Room::forget_if_idle() {
  if (storage_->idle_until_ms == 0) {
    // Left by all before the application has answered, which it may never do; nobody has changed
    // anything yet.
    if (!storage_->ready && storage_->asked_listener && order_.empty()) {
      load_failed({ErrorCode::unavailable, "Nobody waits for it any more"});
    }
    return;
  }
  if (storage_busy() || !pending_.empty()) {
    storage_->idle_until_ms = now_.steady_ms + kBusyMs;
    return;
  }
  storage_.reset();
  effects_->list.emplace_back(Finished{});
}

std::size_t Room::document_memory_bytes() const noexcept {
  if (!storage_) return 0;
  return sizeof(Storage) + storage_->unsaved_bytes + storage_->appending.size() +
         storage_->gated_bytes + (storage_->sendable ? storage_->sendable->size() : 0) +
         (storage_->document ? storage_->document->memory_bytes() : 0);
}

std::optional<Room::DocumentState> Room::document_state() const noexcept {
  if (!storage_ || !storage_->ready) return std::nullopt;
  return DocumentState{.bytes = storage_->document_bytes, .version = storage_->version};
}

std::vector<std::string> Room::copy_document() const {
  if (!storage_ || !storage_->ready) return {};
  return storage_->document->copy();
}

// A number that no other writer of the document has.
std::uint64_t Room::make_writer() noexcept {
  // splitmix64: a sequence that is as random as its seed.
  seed_ += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t mixed = seed_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace pluv::room
