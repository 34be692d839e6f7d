// What sessions may do, as their tokens say: what is refused for it, and how that changes while
// they are here.
#include <string>
#include <utility>

#include "base/base64.h"
#include "room/room.h"
#include "room/session.h"
#include "room/storage.h"

namespace pluv::room {
namespace {

constexpr std::string_view kNotAuthorized = "Not authorized";

bool may_read(std::string_view permissions) {
  const Result<Permissions> parsed = Permissions::parse(permissions);
  return parsed.ok() && parsed->may_read();
}

}  // namespace

using protocol::ClientMessage;
using protocol::MessageKind;

// False when it was turned away, for good.
bool Room::may_join(const Opened& input) {
  if (may_read(input.permissions)) return true;
  was_used_ |= state_ == State::open;
  effects_->list.emplace_back(Refused{input.id, RefusalReason::not_permitted});
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_error(effects_->bytes, {input.id.text(), input.user_json}, name_,
                             kNotAuthorized);
  send_to(input.index, begin);
  effects_->list.emplace_back(Close{input.index, kCloseUnauthorized, kUnauthorizedReason, false});
  return false;
}

// What the message needs and its sender does not have; empty: nothing. Takes no memory then.
std::string Room::missing_permission(SessionIndex index, const ClientMessage& message) const {
  const Permissions& allowed = session(index).permissions;
  if (allowed.has_everything()) return {};
  switch (message.kind) {
    case MessageKind::update_presence:
      if (!allowed.may_show_presence()) return "presence";
      return {};
    case MessageKind::update_storage:
      if (!allowed.may_write() && !adds_nothing(index, message)) return "write";
      return {};
    case MessageKind::custom: {
      if (!allowed.may_send(message.type)) return "event:" + std::string(message.type);
      const std::size_t at = definition_.find_procedure(message.type);
      if (at == definition_.procedures.size()) return {};
      const std::string& wanted = definition_.procedures[at].permission;
      if (!wanted.empty() && !allowed.has(wanted)) return wanted;
      return {};
    }
    case MessageKind::initialize_session:  // a part of it may be left out
    case MessageKind::get_others:
    case MessageKind::ping:
    case MessageKind::refresh_token:
    case MessageKind::unknown_internal: return {};
  }
  return {};
}

// Clients answer the document with what they have of it. Only that is looked at, which may be as
// dear as the document is large: for what else would who may not write send updates?
bool Room::adds_nothing(SessionIndex index, const ClientMessage& message) const {
  if (!storage_ || message.update.empty() || message.update == kEmptyState) return true;
  const Session& self = session(index);
  const bool is_asked = !self.storage_exchanged || (self.storage && self.storage->resyncing);
  if (!is_asked || message.origin != protocol::v5::kInitializedOrigin) return false;
  const auto update = base64_decode(message.update);
  if (!update) return false;
  const Result<bool> known = storage_->document->contains(*update);
  return known.ok() && *known;
}

// Clients join with a presence, and with a document for a room that has none, whether they may or
// not: then these are left out, and the join goes on.
bool Room::allow_presence(SessionIndex index, std::string_view presence) {
  if (presence.empty()) return false;
  if (session(index).permissions.may_show_presence()) return true;
  refuse(index, RefusalReason::not_permitted);
  return false;
}

bool Room::allow_document(SessionIndex index, std::string_view update) {
  if (session(index).permissions.may_write()) return true;
  if (!update.empty() && update != kEmptyState) refuse(index, RefusalReason::not_permitted);
  return false;
}

void Room::not_permitted(SessionIndex index, std::string_view permission) {
  refuse(index, RefusalReason::not_permitted);
  send_error(index, "Not permitted: " + std::string(permission));
}

void Room::set_permissions(const SetPermissions& input) {
  const Result<Permissions> given = Permissions::parse(input.permissions);
  if (!given.ok() || !given->may_read()) {
    revoke_user(input.user_id);
    return;
  }
  for (const SessionIndex index : sessions_of(input.user_id)) {
    session(index).permissions = *given;
    if (!session(index).held) changed(index);
  }
}

void Room::revoke_user(std::string_view id) {
  for (const SessionIndex index : sessions_of(id)) {
    send_error(index, kNotAuthorized);
    close(index, kCloseUnauthorized, kUnauthorizedReason);
  }
}

void Room::refresh_token(SessionIndex index, std::string_view token) {
  if (!definition_.refreshes_tokens) {
    refuse_token(index);
    return;
  }
  CheckToken check;
  check.ticket = Ticket{next_ticket_++};
  check.session = index;
  check.token = append_bytes(token);
  session(index).token_ticket = check.ticket;  // of several the last one counts
  effects_->list.emplace_back(check);
}

// The session keeps what it had.
void Room::refuse_token(SessionIndex index) {
  refuse(index, RefusalReason::not_permitted);
  send_error(index, kNotAuthorized);
}

void Room::token_checked(const TokenChecked& input) {
  if (input.token == nullptr || !exists(input.index)) return;
  Session& self = session(input.index);
  if (self.token_ticket != input.ticket) return;
  self.token_ticket = Ticket{};
  if (!input.token->ok()) return refuse_token(input.index);
  const CheckedToken& token = **input.token;
  User& user = user_of(self);
  Result<Permissions> permissions = Permissions::parse(token.permissions);
  const bool good = permissions.ok() && permissions->may_read() && !user.id.empty();
  if (!good || token.user_id != user.id) return refuse_token(input.index);
  user.json = token.user_json;
  user.typed = token.user;
  self.permissions = std::move(*permissions);
  user_changed(self.user);
  const std::uint32_t begin = frame_begin();
  protocol::v5::append_token_refreshed(effects_->bytes, sender_of(input.index), name_,
                                       self.permissions.text());
  send_to(input.index, begin);
}

}  // namespace pluv::room
