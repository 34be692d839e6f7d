#include "room/room.h"

#include <algorithm>
#include <iterator>

#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

template <class... Fns>
struct Overloaded : Fns... {
  using Fns::operator()...;
};
template <class... Fns>
Overloaded(Fns...) -> Overloaded<Fns...>;

}  // namespace

Room::Room(std::string id, const Definition& definition, std::uint64_t seed)
    : id_(std::move(id)), name_(room_name_of(id_)), definition_(definition), seed_(seed) {}

Room::~Room() = default;

void Room::step(const Input& input, Now now, Effects& effects) {
  now_ = now;
  effects_ = &effects;
  all_valid_ = false;
  bytes_before_ = effects.bytes.size();
  released_ = 0;
  body_bytes_ = 0;
  std::visit(Overloaded{
                 [this](const Opened& opened) { open(opened); },
                 [this](const Restored& restored) { restore(restored); },
                 [this](const Message& message) {
                   if (exists(message.index)) receive(message.index, message.text);
                 },
                 [this](const Heard& came) {
                   if (exists(came.index)) heard(came.index);
                 },
                 [this](const Closed& closed) {
                   if (exists(closed.index)) leave(closed.index);
                 },
                 [this](const Woke&) { wake(); },
                 [this](const HostReplied& reply) { host_replied(reply); },
                 [this](const DocumentLoaded& loaded) { document_loaded(loaded); },
                 [this](const Persisted& done) { persisted(done); },
                 [this](const ServerBroadcast& event) { server_broadcast(event); },
                 [this](const ServerEmit& event) { server_emit(event); },
                 [this](const EditDocument& edit) { edit_from_outside(edit); },
                 [this](const Evict& evict) { evict_session(evict.id); },
                 [this](const EvictAll&) { evict_all(); },
                 [this](const EvictUser& evict) { evict_user(evict.user_id); },
                 [this](const SetPermissions& given) { set_permissions(given); },
                 [this](const Revoke& revoked) { revoke_user(revoked.user_id); },
                 [this](const TokenChecked& checked) { token_checked(checked); },
                 [this](const CollectGarbage&) { collect_garbage(); },
                 [this](const ForgetIdle&) {
                   if (storage_) forget_if_idle();
                 },
             },
             input);
  if (garbage_collection_due_) {
    garbage_collection_due_ = false;
    collect_garbage();
  }
  if (storage_ && storage_->overflowed) store_failed();
  destroy_if_empty();
  if (!releasing_.empty()) schedule_wake();
  if (const std::int64_t due_ms = storage_due_ms(); due_ms != 0) ask_wake(due_ms);
  if (!changed_.empty()) tell_changed();
  effects_ = nullptr;
}

bool Room::finished() const noexcept {
  return state_ == State::open && order_.empty() && held_.empty() && pending_.empty() &&
         !context_made_ && !storage_ && held_edits_.empty();
}

std::size_t Room::message_bytes_max(SessionIndex index) const noexcept {
  const Limits& limits = definition_.limits;
  if (!exists(index)) return limits.unregistered_bytes_max;
  const Session& self = session(index);
  if (self.held) return limits.unregistered_bytes_max;
  return may_send_document(self) ? limits.storage_first_bytes_max : limits.storage_update_bytes_max;
}

// --- teardown
// -------------------------------------------------------------------------------------

void Room::destroy_if_empty() {
  if (state_ != State::open || !order_.empty() || !pending_.empty() || !was_used_) return;
  if (storage_busy()) return;  // what was changed is saved first
  was_used_ = false;
  if (!definition_.listeners.on_room_destroyed || !context_made_) {
    destroyed();
    return;
  }
  state_ = State::destroying;
  destroy_ticket_ = Ticket{next_ticket_++};
  CallHost call;
  call.ticket = destroy_ticket_;
  call.kind = HostCallKind::room_destroyed;
  call.context = context_;
  call.document = storage_ ? storage_->document : lost_document_;
  effects_->list.emplace_back(std::move(call));
}

// The room is as new: whoever joined meanwhile is its first session.
void Room::destroyed() {
  state_ = State::open;
  context_.reset();
  context_made_ = false;
  wake_at_ms_ = 0;
  releasing_.clear();
  lost_document_.reset();
  // A store gives the document back; without one it ends here, and the application has it.
  if (!definition_.has_store) storage_.reset();
  const std::vector<WaitingEdit> edits = std::exchange(held_edits_, {});
  for (const auto& [number, edit] : edits) edit_from_outside({number, &edit});
  if (held_.empty()) {
    if (!edits.empty()) return;  // the end of the step sees to a room that is used again
    if (!storage_) {
      effects_->list.emplace_back(Finished{});
    } else {
      if (storage_->ready) storage_->document->rest();
      storage_->drop_sendable();
      storage_->idle_until_ms =
          now_.steady_ms + std::max<std::int64_t>(definition_.limits.linger_ms, 1);
    }
    return;
  }
  std::vector<SessionIndex> joining;
  joining.swap(held_);
  for (const SessionIndex index : joining) {
    session(index).held = false;
    (void)admit(index);
  }
  for (const SessionIndex index : joining) release_waiting(index);
}

// --- time
// -----------------------------------------------------------------------------------------

void Room::wake() {
  wake_at_ms_ = 0;
  std::vector<SessionIndex> releasing;
  releasing.swap(releasing_);
  for (const SessionIndex index : releasing) release_waiting(index);
  wake_storage();
  collect_garbage();
  const Limits& limits = definition_.limits;
  for (const SessionIndex index : order_) {
    Session& self = session(index);
    if (self.pinged || now_.steady_ms - self.heard_ms < limits.ping_after_ms) continue;
    self.pinged = true;
    effects_->list.emplace_back(Ping{index});
  }
  schedule_wake();
}

void Room::schedule_wake() {
  if (order_.empty()) return;
  const Limits& limits = definition_.limits;
  std::int64_t due = now_.steady_ms + (releasing_.empty() ? limits.garbage_collect_ms : 0);
  for (const SessionIndex index : order_) {
    const Session& self = session(index);
    due =
        std::min(due, self.heard_ms + (self.pinged ? limits.silence_ms_max : limits.ping_after_ms));
  }
  ask_wake(due);
}

void Room::ask_wake(std::int64_t due_ms) {
  due_ms = std::max(due_ms, now_.steady_ms + 1);
  if (wake_at_ms_ != 0 && wake_at_ms_ <= due_ms) return;
  wake_at_ms_ = due_ms;
  effects_->list.emplace_back(WakeAt{due_ms});
}

void Room::heard(SessionIndex index) {
  Session& self = session(index);
  self.heard_ms = now_.steady_ms;
  self.pinged = false;
}

// Removes the silent. Clients are told who is left only when somebody was lost.
void Room::collect_garbage() {
  const auto is_silent = [this](SessionIndex index) {
    return now_.steady_ms - session(index).heard_ms >= definition_.limits.silence_ms_max;
  };
  std::vector<SessionIndex> silent;
  std::copy_if(order_.begin(), order_.end(), std::back_inserter(silent), is_silent);
  if (silent.empty()) return;
  // All of them leave first: a network that parted may have lost thousands, who need not hear of
  // each other.
  std::erase_if(order_, is_silent);
  for (const SessionIndex index : silent) {
    refuse(index, RefusalReason::silent);
    depart(index);
    effects_->list.emplace_back(Close{index, kCloseGoingAway, "Silent for too long", false});
  }
  if (!order_.empty()) send_sync_state();
}

void Room::send_sync_state() {
  std::string& out = effects_->bytes;
  const std::uint32_t begin = frame_begin();
  protocol::v5::Envelope envelope(out, {protocol::v5::kServerConnectionId, {}});
  out += "{\"connectionIds\":[";
  bool first = true;
  const auto add = [&](const SessionId& id) {
    if (!first) out += ',';
    first = false;
    out += '"';
    out += id.text();
    out += '"';
  };
  for (const SessionIndex index : order_) add(session(index).id);
  for (const auto& user : users_) {
    if (!user) continue;
    for (const SessionId& id : user->departed) add(id);
  }
  out += "]}";
  envelope.finish_own(name_, "$syncStateReceived");
  send_to_all(begin);
}

// --- sending
// --------------------------------------------------------------------------------------

std::uint32_t Room::frame_begin() const noexcept {
  return static_cast<std::uint32_t>(effects_->bytes.size());
}

Slice Room::append_bytes(std::string_view text) {
  const std::uint32_t begin = frame_begin();
  effects_->bytes += text;
  return {begin, static_cast<std::uint32_t>(text.size())};
}

void Room::send_to(SessionIndex index, std::uint32_t begin, FrameKind kind,
                   std::shared_ptr<const std::string> body, std::uint32_t body_at) {
  Send send;
  send.frame = {begin, frame_begin() - begin};
  send.receivers_offset = static_cast<std::uint32_t>(effects_->receivers.size());
  send.receivers_count = 1;
  send.kind = kind;
  send.subject = index;
  if (body != nullptr) body_bytes_ += body->size();
  send.body = std::move(body);
  send.body_at = body_at;
  effects_->receivers.push_back(index);
  effects_->list.emplace_back(std::move(send));
}

void Room::send_to_all(std::uint32_t begin, FrameKind kind, SessionIndex subject) {
  if (order_.empty()) {
    effects_->bytes.resize(begin);
    return;
  }
  if (!all_valid_) {
    all_offset_ = static_cast<std::uint32_t>(effects_->receivers.size());
    effects_->receivers.insert(effects_->receivers.end(), order_.begin(), order_.end());
    all_valid_ = true;
  }
  Send send;
  send.frame = {begin, frame_begin() - begin};
  send.receivers_offset = all_offset_;
  send.receivers_count = static_cast<std::uint32_t>(order_.size());
  send.kind = kind;
  send.subject = subject;
  effects_->list.emplace_back(send);
}

void Room::send_error(SessionIndex index, std::string_view message) {
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_error(effects_->bytes, sender_of(index), name_, message);
  send_to(index, begin);
}

void Room::refuse(SessionIndex index, RefusalReason reason) {
  effects_->list.emplace_back(Refused{session(index).id, reason});
}

SessionSnapshot Room::snapshot(SessionIndex index) {
  SessionSnapshot copy;
  const Session& self = session(index);
  const User& user = user_of(self);
  copy.index = index;
  copy.id = self.id;
  copy.user = user.typed;
  copy.user_json = append_bytes(user.json);
  copy.presence_json = append_bytes(user.presence);
  copy.permissions = self.permissions;
  copy.valid = true;
  return copy;
}

void Room::notify(HostCallKind kind, const Listener& listener, SessionIndex index,
                  std::string_view name, std::string_view data) {
  if (!listener) return;
  CallHost call;
  call.kind = kind;
  call.session = snapshot(index);
  call.name = append_bytes(name);
  call.data = append_bytes(data);
  call.context = context_;
  if (storage_) call.document = storage_->document;
  effects_->list.emplace_back(std::move(call));
}

}  // namespace pluv::room
