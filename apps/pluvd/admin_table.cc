#include "apps/pluvd/admin_table.h"

#include <algorithm>
#include <array>

#include "apps/pluvd/admin_types.h"
#include "base/assert.h"

namespace pluv::apps {
namespace {

using Id = AdminRouteId;
using Value = AdminValue;
using Content = AdminContent;

template <class T>
json::ShapeId shape_of(json::Shapes& shapes) {
  return shapes.add<T>();
}
template <class T>
constexpr std::array<Content, 1> kJson = {Content{"application/json", shape_of<T>}};

constexpr std::array kOpenApi = {Content{"application/json"}};
constexpr std::array kDocument = {Content{"application/json"}, Content{"application/octet-stream"}};
constexpr std::array kUpdate = {Content{"application/octet-stream"},
                                Content{"application/json", shape_of<admin_api::NewUpdate>}};
constexpr std::array kPatch = {Content{"application/json-patch+json"}};

constexpr std::array kInPaths = {
    AdminParameter{"room", Value::room, "A room's name"},
    AdminParameter{"user", Value::id, "A user's id"},
    AdminParameter{"session", Value::id, "A session's id"},
    AdminParameter{"number", Value::number, "A version's number"},
    AdminParameter{"id", Value::number, "The number of a webhook that could not be delivered"}};

constexpr AdminParameter kLimit{"limit", Value::limit, "How many at most"};
constexpr AdminParameter kAfter{"after", Value::text, "The `next` of the page before"};
constexpr AdminParameter kFormat{"format", Value::format,
                                 "`json` or `update`; without it, the header Accept says"};

constexpr std::array kPage = {kLimit, kAfter};
constexpr std::array kRoomsQuery = {
    kLimit, kAfter,
    AdminParameter{"search", Value::text, "A part of the name, letters' case aside"},
    AdminParameter{"live", Value::flag, "Only rooms with sessions, or only those without"}};
constexpr std::array kDocumentQuery = {
    kFormat,
    AdminParameter{"since", Value::base64,
                   "A Yjs state vector, in base64: only what it lacks; with format=update"}};
constexpr std::array kFormatQuery = {kFormat};

constexpr std::array kNotFound = {404};
constexpr std::array kEdit = {409, 422};
constexpr std::array kCopy = {404, 409, 422};
constexpr std::array kUnprocessable = {422};
constexpr std::array kRestore = {404, 422};

constexpr AdminAnswer kNothing{204, "It is done", {}};

constexpr auto kRoutes = std::to_array<AdminRoute>({
    {Id::openapi,
     "GET",
     "/openapi.json",
     "getOpenApi",
     "This description",
     {},
     {},
     {200, "An OpenAPI document", kOpenApi},
     {}},
    {Id::list_rooms,
     "GET",
     "/rooms",
     "listRooms",
     "Rooms that somebody is in or that are stored",
     kRoomsQuery,
     {},
     {200, "A page of rooms", kJson<admin_api::RoomList>},
     {}},
    {Id::create_room,
     "POST",
     "/rooms",
     "createRoom",
     "Makes a room's document",
     {},
     kJson<admin_api::NewRoom>,
     {201, "The room", kJson<admin_api::Room>},
     kCopy,
     true},
    {Id::get_room,
     "GET",
     "/rooms/{room}",
     "getRoom",
     "A room",
     {},
     {},
     {200, "The room", kJson<admin_api::Room>},
     kNotFound},
    {Id::delete_room,
     "DELETE",
     "/rooms/{room}",
     "deleteRoom",
     "Sends everybody away and deletes the document with its history",
     {},
     {},
     kNothing,
     kNotFound},
    {Id::get_document,
     "GET",
     "/rooms/{room}/document",
     "getDocument",
     "A room's document",
     kDocumentQuery,
     {},
     {200, "The document as JSON, or as a Yjs update", kDocument},
     kNotFound},
    {Id::patch_document,
     "PATCH",
     "/rooms/{room}/document",
     "patchDocument",
     "Edits the document by a JSON Patch, all of it or nothing",
     {},
     kPatch,
     {200, "Whether something changed", kJson<admin_api::Edited>},
     kEdit,
     true},
    {Id::post_update,
     "POST",
     "/rooms/{room}/document/update",
     "postUpdate",
     "Applies a Yjs update to the document",
     {},
     kUpdate,
     {200, "Whether something changed", kJson<admin_api::Edited>},
     kUnprocessable,
     true},
    {Id::list_users,
     "GET",
     "/rooms/{room}/users",
     "listUsers",
     "Who is in the room",
     kPage,
     {},
     {200, "A page of users", kJson<admin_api::UserList>},
     kNotFound},
    {Id::evict_user,
     "DELETE",
     "/rooms/{room}/users/{user}",
     "evictUser",
     "Closes a user's sessions in the room",
     {},
     {},
     kNothing,
     kNotFound},
    {Id::set_permissions,
     "PUT",
     "/rooms/{room}/users/{user}/permissions",
     "setPermissions",
     "What a user's sessions in the room may do from now on",
     {},
     kJson<admin_api::NewPermissions>,
     {200, "How many sessions", kJson<admin_api::SessionCount>},
     kRestore},
    {Id::revoke_in_room,
     "POST",
     "/rooms/{room}/users/{user}/revoke",
     "revokeInRoom",
     "Refuses a user's tokens up to now in the room",
     {},
     {},
     {200, "Since when", kJson<admin_api::Revoked>},
     kUnprocessable},
    {Id::revoke,
     "POST",
     "/users/{user}/revoke",
     "revoke",
     "Refuses a user's tokens up to now in all rooms",
     {},
     {},
     {200, "Since when", kJson<admin_api::Revoked>},
     kUnprocessable},
    {Id::list_sessions,
     "GET",
     "/rooms/{room}/sessions",
     "listSessions",
     "The sessions in the room",
     kPage,
     {},
     {200, "A page of sessions", kJson<admin_api::SessionList>},
     kNotFound},
    {Id::evict_session,
     "DELETE",
     "/rooms/{room}/sessions/{session}",
     "evictSession",
     "Closes a session",
     {},
     {},
     kNothing,
     kNotFound},
    {Id::get_presence,
     "GET",
     "/rooms/{room}/presence",
     "getPresence",
     "The presence of who is in the room",
     kPage,
     {},
     {200, "A page of presences", kJson<admin_api::PresenceList>},
     kNotFound},
    {Id::send_event,
     "POST",
     "/rooms/{room}/events",
     "sendEvent",
     "Sends an event to everybody in the room",
     {},
     kJson<admin_api::NewEvent>,
     {200, "How many sessions", kJson<admin_api::SessionCount>},
     kUnprocessable},
    {Id::create_token,
     "POST",
     "/tokens",
     "createToken",
     "Makes a token for a user",
     {},
     kJson<admin_api::NewToken>,
     {200, "The token", kJson<admin_api::Token>},
     kUnprocessable},
    {Id::list_versions,
     "GET",
     "/rooms/{room}/versions",
     "listVersions",
     "What the document's history has",
     kPage,
     {},
     {200, "A page of versions", kJson<admin_api::VersionList>},
     kNotFound},
    {Id::get_version,
     "GET",
     "/rooms/{room}/versions/{number}",
     "getVersion",
     "The document as it was",
     kFormatQuery,
     {},
     {200, "The document as JSON, or as a Yjs update", kDocument},
     kNotFound},
    {Id::restore_version,
     "POST",
     "/rooms/{room}/versions/{number}/restore",
     "restoreVersion",
     "Makes the document what it was, by an edit",
     {},
     {},
     {200, "Whether something changed", kJson<admin_api::Edited>},
     kCopy},
    {Id::get_usage,
     "GET",
     "/usage",
     "getUsage",
     "What the project uses",
     {},
     {},
     {200, "Numbers", kJson<admin_api::Usage>},
     {}},
    {Id::list_dead_webhooks,
     "GET",
     "/webhooks/dead",
     "listDeadWebhooks",
     "Webhooks that could not be delivered",
     kPage,
     {},
     {200, "A page of webhooks", kJson<admin_api::DeadWebhookList>},
     {}},
    {Id::get_dead_webhook,
     "GET",
     "/webhooks/dead/{id}",
     "getDeadWebhook",
     "One of them, and what was to be sent",
     {},
     {},
     {200, "The webhook", kJson<admin_api::DeadWebhookBody>},
     kNotFound},
    {Id::replay_dead_webhooks,
     "POST",
     "/webhooks/dead/replay",
     "replayDeadWebhooks",
     "Tries all of them again",
     {},
     {},
     kNothing,
     {}},
    {Id::replay_dead_webhook,
     "POST",
     "/webhooks/dead/{id}/replay",
     "replayDeadWebhook",
     "Tries one of them again",
     {},
     {},
     kNothing,
     kNotFound},
    {Id::drop_dead_webhook,
     "DELETE",
     "/webhooks/dead/{id}",
     "dropDeadWebhook",
     "Forgets one of them",
     {},
     {},
     kNothing,
     kNotFound},
});

}  // namespace

std::span<const AdminRoute> admin_routes() { return kRoutes; }

const AdminParameter& admin_path_parameter(std::string_view name) {
  const auto* const found = std::ranges::find(kInPaths, name, &AdminParameter::name);
  PLUV_ASSERT(found != kInPaths.end());
  return *found;
}

}  // namespace pluv::apps
