#include "apps/pluvd/admin_handlers.h"

#include "apps/pluvd/admin_openapi.h"
#include "apps/pluvd/moment.h"
#include "base/ids.h"

namespace pluv::apps {

std::string AdminCall::key() const { return key(request.room); }
std::string AdminCall::key(std::string_view room) const { return room_key(project.id, room); }

Error admin_no_room() {
  return {ErrorCode::not_found, "There is no such room, and no document of it"};
}

Error admin_draining() {
  return {ErrorCode::unavailable, "The server stops or hands over, and changes nothing; ask again"};
}

Error admin_no_document() {
  return {ErrorCode::unavailable, "initial-storage gave no document; nothing was done"};
}

AdminHandlers::AdminHandlers(const AdminHooks& hooks, WaitingRooms& rooms)
    : hooks_(hooks),
      rooms_(rooms),
      openapi_(admin_openapi()),
      since_(format_moment(hooks.unix_ms())) {}

Result<AdminReply> AdminHandlers::answer(const AdminCall& call) {
  switch (call.request.route->id) {
    case AdminRouteId::openapi:
      return AdminReply{.media_type = "application/json", .body = openapi_};
    case AdminRouteId::list_rooms: return list_rooms(call);
    case AdminRouteId::create_room: return create_room(call);
    case AdminRouteId::get_room: return get_room(call);
    case AdminRouteId::delete_room: return delete_room(call);
    case AdminRouteId::get_document: return get_document(call);
    case AdminRouteId::post_update: return post_update(call);
    case AdminRouteId::patch_document: return patch_document(call);
    case AdminRouteId::list_users: return list_users(call);
    case AdminRouteId::evict_user: return evict_user(call);
    case AdminRouteId::set_permissions: return set_permissions(call);
    case AdminRouteId::revoke_in_room:
    case AdminRouteId::revoke: return revoke(call);
    case AdminRouteId::list_sessions: return list_sessions(call);
    case AdminRouteId::evict_session: return evict_session(call);
    case AdminRouteId::get_presence: return get_presence(call);
    case AdminRouteId::send_event: return send_event(call);
    case AdminRouteId::create_token: return create_token(call);
    case AdminRouteId::list_versions: return list_versions(call);
    case AdminRouteId::get_version: return get_version(call);
    case AdminRouteId::restore_version: return restore_version(call);
    case AdminRouteId::get_usage: return get_usage(call);
    case AdminRouteId::list_dead_webhooks: return dead_webhooks(call);
    case AdminRouteId::get_dead_webhook: return dead_webhook(call);
    case AdminRouteId::replay_dead_webhook:
    case AdminRouteId::replay_dead_webhooks:
    case AdminRouteId::drop_dead_webhook: return change_webhooks(call);
  }
  return Error{ErrorCode::internal, "There is no such route"};
}

}  // namespace pluv::apps
