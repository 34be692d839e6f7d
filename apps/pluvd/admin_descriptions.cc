#include "apps/pluvd/admin_descriptions.h"

#include <array>

namespace pluv::apps {
namespace {

constexpr AdminFormat kMoment = AdminFormat::moment;
constexpr AdminFormat kBase64 = AdminFormat::base64;
constexpr std::string_view kNext = "What `after` is for the next page; null: this is the last one";

constexpr auto kAll = std::to_array<AdminDescription>({
    {"Problem", "type", "Always about:blank"},
    {"Problem", "title", "The status in words"},
    {"Problem", "status", "The status of the answer"},
    {"Problem", "detail", "What is wrong with this request"},
    {"Problem", "instance", "The path that was asked for"},

    {"RoomLine", "room", "The room's name"},
    {"RoomLine", "sessions", "Sessions that are in it"},
    {"RoomLine", "users", "Users that they are of"},
    {"RoomLine", "document_bytes", "What its document takes, encoded; 0: it has none"},
    {"RoomLine", "stored", "Whether its document is in the store"},
    {"RoomLine", "changed_at", "When the stored document has changed last", kMoment},
    {"RoomList", "rooms", "By name"},
    {"RoomList", "next", kNext},

    {"DocumentFacts", "bytes", "What it takes, encoded"},
    {"DocumentFacts", "version",
     "Another number when the document has changed, or the room has come into memory anew; no "
     "order, and no number of a version in the history"},
    {"DocumentFacts", "stored", "Whether it is in the store"},
    {"DocumentFacts", "changed_at", "When it has changed last in the store", kMoment},
    {"Room", "room", "The room's name"},
    {"Room", "sessions", "Sessions that are in it"},
    {"Room", "users", "Users that they are of"},
    {"Room", "document", "Null: it has none"},

    {"NewRoom", "room", "The room's name"},
    {"NewRoom", "document", "What it begins with, as a Yjs update", kBase64},
    {"NewRoom", "json", "What it begins with, as an object of its root types"},
    {"NewRoom", "copy_of", "A room whose document it begins with"},
    {"NewUpdate", "update", "A Yjs update", kBase64},
    {"Edited", "changed", "False: the document was so already"},

    {"User", "id", "The user's id; of a session without one the session's"},
    {"User", "user", "What the token says of the user; null: nothing"},
    {"User", "sessions", "How many of the room's sessions are the user's"},
    {"UserList", "users", "By id"},
    {"UserList", "next", kNext},
    {"Session", "id", "The session's id"},
    {"Session", "user_id", "Null: it has no user"},
    {"Session", "user", "What the token says of the user; null: nothing"},
    {"Session", "presence", "What the session shows of itself; null: nothing"},
    {"Session", "idle_ms", "Milliseconds since anything was heard of it"},
    {"SessionList", "sessions", "By id"},
    {"SessionList", "next", kNext},
    {"Presence", "user_id", "The user's id; of a session without one the session's"},
    {"Presence", "presence", "What the user shows; null: nothing"},
    {"PresenceList", "presence", "By user"},
    {"PresenceList", "next", kNext},

    {"NewPermissions", "permissions", "Names of permissions; none: the user is sent away"},
    {"SessionCount", "sessions", "Sessions that this was about"},
    {"Revoked", "sessions", "Sessions that were told and closed"},
    {"Revoked", "revoked_at", "Tokens that were made up to then are refused", kMoment},

    {"NewEvent", "event", "The event's name; one of the application's"},
    {"NewEvent", "data", "An object or null; without it, an empty object"},
    {"NewToken", "room", "A room's name; with permissions by pattern a pattern"},
    {"NewToken", "user", "An object with a string `id`, which everybody in the room sees"},
    {"NewToken", "max_age_s", "Seconds that the token lives; without it, 60"},
    {"NewToken", "permissions",
     "A list of names, or an object of lists by room or pattern; without it, everything"},
    {"Token", "token", "What the client enters with"},
    {"Token", "expires_at", "Until when it is taken", kMoment},

    {"Version", "number", "The version's number, for its path"},
    {"Version", "at", "When it was written", kMoment},
    {"Version", "is_snapshot", "A whole document, not what was added to it"},
    {"Version", "bytes", "What the record takes"},
    {"VersionList", "versions", "The newest first"},
    {"VersionList", "next", kNext},

    {"WebhookCounts", "pending", "Events that wait to be delivered"},
    {"WebhookCounts", "dead", "Events that were given up"},
    {"WebhookCounts", "delivered", "Deliveries since the server's start"},
    {"WebhookCounts", "failed", "Attempts that failed since the server's start"},
    {"Usage", "project", "The project's name"},
    {"Usage", "sessions", "Sessions now"},
    {"Usage", "rooms_live", "Rooms with sessions"},
    {"Usage", "rooms_stored", "Rooms with a document in the store"},
    {"Usage", "stored_bytes", "What these documents take, without their history"},
    {"Usage", "messages_per_second",
     "Of clients, since the rooms were listed or counted before, by anybody"},
    {"Usage", "since", "When the server began to count what follows", kMoment},
    {"Usage", "joined", "Sessions that have joined since the server's start"},
    {"Usage", "joins_refused", "Joins that were refused since the server's start"},
    {"Usage", "refusals", "Messages of sessions that were refused since the server's start"},
    {"Usage", "tokens_made", "Tokens made since the server's start"},
    {"Usage", "webhooks", "Null: the project has none"},
    {"DeadWebhook", "id", "The number to replay or drop it by"},
    {"DeadWebhook", "delivery", "Its `x-pluv-delivery`"},
    {"DeadWebhook", "room", "The room that it is about"},
    {"DeadWebhook", "event", "The event's name"},
    {"DeadWebhook", "at", "When it happened", kMoment},
    {"DeadWebhook", "attempts", "How often it was sent"},
    {"DeadWebhook", "reason", "Why the last attempt failed"},
    {"DeadWebhook", "bytes", "What its body takes"},
    {"DeadWebhookBody", "webhook", "What the list says of it"},
    {"DeadWebhookBody", "body", "What was to be sent, to the byte: what is signed"},
    {"DeadWebhookList", "webhooks", "By id"},
    {"DeadWebhookList", "next", kNext},
});

}  // namespace

std::span<const AdminDescription> admin_descriptions() { return kAll; }

}  // namespace pluv::apps
