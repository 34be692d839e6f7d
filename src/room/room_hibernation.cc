// Rooms whose memory goes while their sessions stay, and comes back from what was kept of each.
#include <algorithm>
#include <string>
#include <utility>

#include "room/attachment.h"
#include "room/room.h"
#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

std::string text_of(const json::Raw& raw) {
  return json::kind_of(raw.text) == json::Kind::null ? std::string() : raw.text;
}

}  // namespace

bool Room::may_hibernate() const noexcept {
  if (state_ != State::open || order_.empty() || lost_document_) return false;
  if (!held_.empty() || !held_edits_.empty() || !releasing_.empty() || !pending_.empty()) {
    return false;
  }
  if (storage_) {
    const Storage& storage = *storage_;
    if (!definition_.has_store || storage_busy() || !storage.gated.empty()) return false;
  }
  return std::none_of(order_.begin(), order_.end(), [this](SessionIndex index) {
    const Session& self = session(index);
    return self.waiting != nullptr || self.waiting_for != Ticket{} ||
           self.token_ticket != Ticket{} || answer_is_due(self);
  });
}

std::string Room::attachment(SessionIndex index) const {
  const Session& self = session(index);
  const User& user = user_of(self);
  Attachment kept;
  kept.n = self.number;
  kept.id = self.id.text();
  kept.u = user.id;
  kept.user.text = user.json;
  kept.p.text = user.presence;
  kept.t = user.presence_unix_ms;
  for (const SessionId& id : user.departed) kept.gone.emplace_back(id.text());
  kept.early.text = self.early_presence;
  kept.joined = self.joined;
  kept.exchanged = self.storage_exchanged;
  kept.bad = self.malformed;
  if (!self.permissions.has_everything()) kept.may = self.permissions.text();
  if (self.storage) {
    kept.stage = 1 + static_cast<std::uint32_t>(self.storage->stage);
    kept.late = self.storage->late_state.has_value();
    kept.resync = self.storage->resyncing;
  }
  return attachment_text(kept);
}

// What is kept of this session is no longer true.
void Room::changed(SessionIndex index) {
  if (!definition_.hibernates || session(index).changed) return;
  session(index).changed = true;
  changed_.push_back(index);
}

// The same of all sessions of its user, of whom each keeps what is the user's.
void Room::user_changed(std::uint32_t user_at) {
  if (!definition_.hibernates) return;
  for (const SessionIndex index : order_) {
    if (session(index).user == user_at) changed(index);
  }
}

// At the end of a step.
void Room::tell_changed() {
  for (const SessionIndex index : changed_) {
    if (!exists(index) || !session(index).changed) continue;
    session(index).changed = false;
    effects_->list.emplace_back(SessionChanged{index});
  }
  changed_.clear();
}

void Room::restore(const Restored& input) {
  PLUV_ASSERT(!exists(input.index));
  const Result<Attachment> read = read_attachment(input.attachment);
  if (!read.ok()) {
    effects_->list.emplace_back(Trouble{"session_not_restored", read.error().message});
    effects_->list.emplace_back(
        Close{input.index, kCloseRestart, "The session could not be restored", true});
    return;
  }
  const Attachment& kept = *read;
  const std::string user_json = text_of(kept.user);
  Session& self =
      add_session({input.index, *SessionId::parse(kept.id), kept.u, user_json, input.user,
                   kept.may ? std::string_view(*kept.may) : std::string_view("*")});
  self.number = kept.n;
  self.heard_ms = now_.steady_ms - input.silent_ms;
  next_session_ = std::max(next_session_, kept.n + 1);
  User& user = user_of(self);
  user.presence = text_of(kept.p);
  user.presence_unix_ms = kept.t;
  user.departed.clear();
  for (const std::string& id : kept.gone) user.departed.push_back(*SessionId::parse(id));
  self.early_presence = text_of(kept.early);
  self.joined = kept.joined;
  self.storage_exchanged = kept.exchanged;
  self.malformed = kept.bad;
  was_used_ = true;
  if (!make_context()) {
    turn_away(input.index, RefusalReason::context_failed, kCloseBroken, "Room could not be opened");
    return;
  }
  order_.insert(std::upper_bound(order_.begin(), order_.end(), kept.n,
                                 [this](std::uint64_t number, SessionIndex index) {
                                   return number < session(index).number;
                                 }),
                input.index);
  all_valid_ = false;
  load_document();
  restore_exchange(input.index, kept);
  schedule_wake();
}

// What the session was sent of the document is not known any more: where it matters it is sent all.
void Room::restore_exchange(SessionIndex index, const Attachment& kept) {
  if (kept.stage == 0 || !storage_) return;
  StorageSession& exchange = storage_of(index);
  exchange.stage = static_cast<StorageSession::Stage>(kept.stage - 1);
  if (kept.late) exchange.late_state.emplace();
  exchange.resyncing = kept.resync;
  if (exchange.stage == StorageSession::Stage::answered) answer_sent(index, 0);
}

}  // namespace pluv::room
