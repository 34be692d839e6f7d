// Joining and leaving, and the users behind the sessions.
#include <algorithm>
#include <iterator>

#include "room/room.h"
#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

// Departed ids kept of one user who stays: beyond this a client that saw only older ones may report
// a false leave after a loss.
constexpr std::size_t kDepartedMax = 4096;
// The same in a room that hibernates, where each of the user's sessions keeps them all: a KiB.
constexpr std::size_t kDepartedKeptMax = 24;

}  // namespace

bool Room::exists(SessionIndex index) const noexcept {
  return raw(index) < sessions_.size() && sessions_[raw(index)] != nullptr;
}

Room::Session& Room::session(SessionIndex index) noexcept { return *sessions_[raw(index)]; }
const Room::Session& Room::session(SessionIndex index) const noexcept {
  return *sessions_[raw(index)];
}
Room::User& Room::user_of(const Session& session) noexcept { return *users_[session.user]; }
const Room::User& Room::user_of(const Session& session) const noexcept {
  return *users_[session.user];
}

SessionView Room::view_of(SessionIndex index) const {
  const Session& self = session(index);
  const User& user = user_of(self);
  return {self.id, user.typed.get(), user.json,        user.presence, user.presence_unix_ms,
          user.id, self.heard_ms,    &self.permissions};
}

std::string_view Room::user_id(SessionIndex index) const noexcept {
  return exists(index) ? std::string_view(user_of(session(index)).id) : std::string_view();
}

protocol::v5::Sender Room::sender_of(SessionIndex index) const {
  const Session& self = session(index);
  return {self.id.text(), user_of(self).json};
}

protocol::v5::Presence Room::presence_of(SessionIndex index) const {
  const User& user = user_of(session(index));
  return {user.presence, user.presence_unix_ms};
}

Room::Session& Room::add_session(const Opened& input) {
  if (raw(input.index) >= sessions_.size()) sessions_.resize(raw(input.index) + 1);
  auto& self = sessions_[raw(input.index)];
  self = std::make_unique<Session>();
  self->id = input.id;
  self->user = find_or_add_user(input);
  if (auto permissions = Permissions::parse(input.permissions); permissions.ok()) {
    self->permissions = std::move(*permissions);
  }
  self->heard_ms = now_.steady_ms;
  self->rate_refilled_ms = now_.steady_ms;
  self->rate_tokens = definition_.limits.messages_burst_max;
  return *self;
}

void Room::open(const Opened& input) {
  PLUV_ASSERT(!exists(input.index));
  if (!may_join(input)) return;
  Session& self = add_session(input);
  self.number = next_session_++;
  if (state_ == State::destroying) {
    self.held = true;
    held_.push_back(input.index);
    return;
  }
  (void)admit(input.index);
}

// False when the session had to be turned away.
bool Room::admit(SessionIndex index) {
  was_used_ = true;
  if (order_.size() >= definition_.limits.sessions_per_room_max) {
    turn_away(index, RefusalReason::room_full, kCloseOverloaded, "Room is full");
    return false;
  }
  if (!make_context()) {
    turn_away(index, RefusalReason::context_failed, kCloseBroken, "Room could not be opened");
    return false;
  }
  heard(index);
  order_.push_back(index);
  all_valid_ = false;
  user_changed(session(index).user);  // the newest token's counts
  load_document();
  // Clients test only whether there is one; the document comes once, with $storageReceived.
  const bool has_document = storage_ && storage_->ready && !storage_->document->empty();
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_registered(effects_->bytes, sender_of(index), name_, presence_of(index),
                                  has_document ? kEmptyState : std::string_view());
  send_to(index, begin);
  notify(HostCallKind::user_connected, definition_.listeners.on_user_connected, index, {}, {});
  schedule_wake();
  return true;
}

bool Room::make_context() {
  if (context_made_) return true;
  if (definition_.make_context) {
    auto context = definition_.make_context(id_);
    if (!context.ok()) return false;
    context_ = std::move(*context);
  }
  context_made_ = true;
  return true;
}

// For now: the client comes back by itself, so it is held a while first.
void Room::turn_away(SessionIndex index, RefusalReason reason, std::uint16_t code,
                     std::string_view text) {
  refuse(index, reason);
  send_error(index, text);
  effects_->list.emplace_back(Close{index, code, text, true});
  release_user(session(index).user);
  sessions_[raw(index)].reset();
}

void Room::leave(SessionIndex index) {
  if (session(index).held) {
    std::erase(held_, index);
    release_user(session(index).user);
    sessions_[raw(index)].reset();
    return;
  }
  order_.erase(std::find(order_.begin(), order_.end(), index));
  depart(index);
}

// It is in order_ no more.
void Room::depart(SessionIndex index) {
  all_valid_ = false;
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_exit(effects_->bytes, sender_of(index), name_);
  send_to_all(begin, FrameKind::exit, index);
  notify(HostCallKind::user_disconnected, definition_.listeners.on_user_disconnected, index, {},
         {});
  User& user = user_of(session(index));
  if (user.sessions > 1) {
    const std::size_t departed_max = definition_.hibernates ? kDepartedKeptMax : kDepartedMax;
    if (user.departed.size() >= departed_max) user.departed.erase(user.departed.begin());
    user.departed.push_back(session(index).id);
    user_changed(session(index).user);
  }
  release_user(session(index).user);
  sessions_[raw(index)].reset();
}

void Room::close(SessionIndex index, std::uint16_t code, std::string_view reason) {
  leave(index);
  effects_->list.emplace_back(Close{index, code, reason, false});
}

void Room::evict_session(const SessionId& id) {
  const auto at = std::find_if(order_.begin(), order_.end(),
                               [&](SessionIndex index) { return session(index).id == id; });
  if (at != order_.end()) close(*at, kCloseEvicted, "Evicted");
}

void Room::evict_all() {
  std::vector<SessionIndex> evicted;
  evicted.swap(order_);
  for (const SessionIndex index : evicted) {
    depart(index);
    effects_->list.emplace_back(Close{index, kCloseEvicted, "Evicted", false});
  }
}

// Live ones in order of joining, then those whose join is held.
std::vector<SessionIndex> Room::sessions_of(std::string_view user_id) const {
  std::vector<SessionIndex> found;
  const auto known = users_by_id_.find(std::string(user_id));
  if (known == users_by_id_.end()) return found;
  for (const std::vector<SessionIndex>* const list : {&order_, &held_}) {
    std::copy_if(list->begin(), list->end(), std::back_inserter(found),
                 [&](SessionIndex index) { return session(index).user == known->second; });
  }
  return found;
}

void Room::evict_user(std::string_view id) {
  for (const SessionIndex index : sessions_of(id)) close(index, kCloseEvicted, "Evicted");
}

// The newest token's user object counts for all of the user's sessions.
std::uint32_t Room::find_or_add_user(const Opened& input) {
  if (!input.user_id.empty()) {
    const auto known = users_by_id_.find(std::string(input.user_id));
    if (known != users_by_id_.end()) {
      User& user = *users_[known->second];
      user.json = input.user_json;
      user.typed = input.user;
      ++user.sessions;
      return known->second;
    }
  }
  const auto free = std::find(users_.begin(), users_.end(), nullptr);
  const auto at = static_cast<std::uint32_t>(free - users_.begin());
  if (free == users_.end()) users_.emplace_back();
  users_[at] = std::make_unique<User>();
  User& user = *users_[at];
  user.id = input.user_id;
  user.json = input.user_json;
  user.typed = input.user;
  user.sessions = 1;
  if (!user.id.empty()) users_by_id_.emplace(user.id, at);
  ++users_live_;
  return at;
}

void Room::release_user(std::uint32_t user_at) {
  User& user = *users_[user_at];
  if (--user.sessions > 0) return;
  if (!user.id.empty()) users_by_id_.erase(user.id);
  users_[user_at].reset();
  --users_live_;
}

}  // namespace pluv::room
