// The admin API's routes about who is in a room, and what is said to them.
#include <algorithm>
#include <map>
#include <utility>

#include "apps/pluvd/admin_handlers.h"
#include "apps/pluvd/moment.h"
#include "base/ids.h"
#include "base/permissions.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kMsASecond = 1'000;

json::Raw raw_or_null(const std::string& json) { return {json.empty() ? "null" : json}; }

// Sessions without a user id are users of their own.
const std::string& user_of(const native::SessionLook& session) {
  return session.user_id.empty() ? session.id : session.user_id;
}

}  // namespace

Result<std::vector<native::SessionLook>> AdminHandlers::sessions_of(const AdminCall& call) {
  auto look = rooms_.look(call.key(), {.sessions_max = SIZE_MAX, .document_unless = {}});
  if (!look.ok()) return look.error();
  if (*look && (*look)->sessions_total > 0) return std::move((*look)->sessions);
  const auto stored = rooms_.stored(call.key());
  if (!stored.ok()) return stored.error();
  // A room in which nobody is, if only its document is in memory.
  if (*stored || (*look && (*look)->document)) return std::vector<native::SessionLook>();
  return admin_no_room();
}

Result<std::uint32_t> AdminHandlers::sessions_of_user(const AdminCall& call,
                                                      const std::string& key) {
  const auto look = rooms_.look(key, {.sessions_max = SIZE_MAX, .document_unless = {}});
  if (!look.ok()) return look.error();
  if (!*look) return 0U;
  return static_cast<std::uint32_t>(
      std::ranges::count((*look)->sessions, call.request.user, &native::SessionLook::user_id));
}

Result<AdminReply> AdminHandlers::list_users(const AdminCall& call) {
  const auto sessions = sessions_of(call);
  if (!sessions.ok()) return sessions.error();
  std::map<std::string, admin_api::User> by_id;
  for (const native::SessionLook& session : *sessions) {
    admin_api::User& user = by_id[user_of(session)];
    user.user = raw_or_null(session.user_json);
    ++user.sessions;
  }
  admin_api::UserList out;
  for (auto& [id, user] : by_id) {
    user.id = id;
    out.users.push_back(std::move(user));
  }
  out.next = admin_page(out.users, call.request, &admin_api::User::id);
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::list_sessions(const AdminCall& call) {
  const auto sessions = sessions_of(call);
  if (!sessions.ok()) return sessions.error();
  admin_api::SessionList out;
  for (const native::SessionLook& session : *sessions) {
    admin_api::Session one{.id = session.id,
                           .user_id = nullptr,
                           .user = raw_or_null(session.user_json),
                           .presence = raw_or_null(session.presence_json),
                           .idle_ms = session.idle_ms};
    if (!session.user_id.empty()) one.user_id = session.user_id;
    out.sessions.push_back(std::move(one));
  }
  out.next = admin_page(out.sessions, call.request, &admin_api::Session::id);
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::get_presence(const AdminCall& call) {
  const auto sessions = sessions_of(call);
  if (!sessions.ok()) return sessions.error();
  std::map<std::string, std::string> by_id;
  for (const native::SessionLook& session : *sessions) {
    std::string& presence = by_id[user_of(session)];
    if (!session.presence_json.empty()) presence = session.presence_json;
  }
  admin_api::PresenceList out;
  for (const auto& [id, presence] : by_id) out.presence.push_back({id, raw_or_null(presence)});
  out.next = admin_page(out.presence, call.request, &admin_api::Presence::user_id);
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::evict_user(const AdminCall& call) {
  const auto count = sessions_of_user(call, call.key());
  if (!count.ok()) return count.error();
  if (*count == 0) return Error{ErrorCode::not_found, "The room has no such user"};
  rooms_.server().evict_user(call.key(), call.request.user);
  return admin_done();
}

Result<AdminReply> AdminHandlers::evict_session(const AdminCall& call) {
  const auto look = rooms_.look(call.key(), {.sessions_max = SIZE_MAX, .document_unless = {}});
  if (!look.ok()) return look.error();
  if (!*look || std::ranges::find((*look)->sessions, call.request.session,
                                  &native::SessionLook::id) == (*look)->sessions.end()) {
    return Error{ErrorCode::not_found, "The room has no such session"};
  }
  rooms_.server().evict(call.key(), call.request.session);
  return admin_done();
}

Result<AdminReply> AdminHandlers::set_permissions(const AdminCall& call) {
  const auto body = admin_body<admin_api::NewPermissions>(call);
  if (!body.ok()) return body.error();
  std::string text;
  for (const std::string& name : body->permissions) {
    if (!Permissions::is_name(name)) {
      return Error{ErrorCode::limit, "permissions: " + name + " is no name of a permission"};
    }
    text += (text.empty() ? "" : " ") + name;
  }
  const auto parsed = Permissions::parse(text);
  if (!parsed.ok()) return Error{ErrorCode::limit, "permissions: " + parsed.error().message};
  // An empty list closes the room to the user; others are meant to leave something.
  if (!parsed->may_read() && !body->permissions.empty()) {
    return Error{ErrorCode::limit,
                 "permissions: these permissions do not allow to enter: read is missing"};
  }
  const auto count = sessions_of_user(call, call.key());
  if (!count.ok()) return count.error();
  if (*count == 0) return Error{ErrorCode::not_found, "The room has no such user"};
  rooms_.server().set_permissions(call.key(), call.request.user, text);
  return admin_reply(admin_api::SessionCount{*count});
}

Result<AdminReply> AdminHandlers::revoke(const AdminCall& call) {
  const std::int64_t now = hooks_.unix_ms();
  // First the tokens: nobody comes back with one.
  Result<void> added =
      hooks_.revocations->add(call.project.id, call.request.room, call.request.user, now);
  if (!added.ok()) return added.error();
  // A successor may have read them a moment before; it is asked again there.
  if (hooks_.is_draining()) return admin_draining();
  std::vector<std::string> keys;
  if (!call.request.room.empty()) {
    keys.push_back(call.key());
  } else {
    const auto live = rooms_.live();
    if (!live.ok()) return live.error();
    for (const native::RoomLine& line : *live) {
      if (project_of(line.room) != call.project.id) continue;
      if (line.sessions > 0) {
        keys.push_back(line.room);
      } else {  // where a join may be held
        rooms_.server().revoke(line.room, call.request.user);
      }
    }
  }
  admin_api::Revoked out{.sessions = 0,
                         .revoked_at = format_moment(revoked_until_s(now) * kMsASecond)};
  for (const std::string& key : keys) {
    const auto count = sessions_of_user(call, key);
    if (!count.ok()) return count.error();
    out.sessions += *count;
    // Also where nobody was seen: somebody may have been let in a moment ago.
    rooms_.server().revoke(key, call.request.user);
  }
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::send_event(const AdminCall& call) {
  const auto body = admin_body<admin_api::NewEvent>(call);
  if (!body.ok()) return body.error();
  if (body->event.empty() || body->event.starts_with('$')) {
    return Error{ErrorCode::limit, "event: the name of an event of the application is expected"};
  }
  if (body->event.size() > call.project.limits.event_name_bytes_max) {
    return Error{ErrorCode::limit, "event: the name is too long"};
  }
  const std::string data = body->data ? body->data->text : "{}";
  const json::Kind kind = json::kind_of(data);
  if (kind != json::Kind::object && kind != json::Kind::null) {
    return Error{ErrorCode::limit, "data: an object or null is expected"};
  }
  const auto look = rooms_.look(call.key(), {});
  if (!look.ok()) return look.error();
  const std::uint32_t count = *look ? (*look)->sessions_total : 0;
  if (count > 0) rooms_.server().broadcast(call.key(), body->event, data);
  return admin_reply(admin_api::SessionCount{count});
}

}  // namespace pluv::apps
