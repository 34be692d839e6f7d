// What the admin API takes and answers, as plain structs: the codec reads and writes them, and the
// OpenAPI document describes them (admin_openapi.h). Times are RFC 3339 texts, of UTC; *_at. Of a
// list, `next` is what `after` has to be for the page that follows; null: this was the last one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/codec.h"

namespace pluv::apps::admin_api {

using json::Nullable;
using json::Raw;

// RFC 9457.
struct Problem {
  std::string type;
  std::string title;
  std::uint16_t status = 0;
  std::string detail;
  std::string instance;
};

struct RoomLine {
  std::string room;
  std::uint32_t sessions = 0;
  std::uint32_t users = 0;
  std::uint64_t document_bytes = 0;
  bool stored = false;
  Nullable<std::string> changed_at;  // of the stored document
};
struct RoomList {
  std::vector<RoomLine> rooms;
  Nullable<std::string> next;
};

struct DocumentFacts {
  std::uint64_t bytes = 0;
  std::uint64_t version = 0;  // changes with the document
  bool stored = false;
  Nullable<std::string> changed_at;  // in the store
};
struct Room {
  std::string room;
  std::uint32_t sessions = 0;
  std::uint32_t users = 0;
  Nullable<DocumentFacts> document;
};

struct NewRoom {
  static constexpr bool pluv_strict = true;
  std::string room;
  std::optional<std::string> document;  // a Yjs update, in base64
  std::optional<json::Value> json;      // an object: its members become root types
  std::optional<std::string> copy_of;   // a room
};
struct NewUpdate {
  static constexpr bool pluv_strict = true;
  std::string update;  // a Yjs update, in base64
};
struct Edited {
  bool changed = false;
};

struct User {
  std::string id;
  Raw user;
  std::uint32_t sessions = 0;
};
struct UserList {
  std::vector<User> users;
  Nullable<std::string> next;
};
struct Session {
  std::string id;
  Nullable<std::string> user_id;
  Raw user;
  Raw presence;
  std::int64_t idle_ms = 0;
};
struct SessionList {
  std::vector<Session> sessions;
  Nullable<std::string> next;
};
struct Presence {
  std::string user_id;
  Raw presence;
};
struct PresenceList {
  std::vector<Presence> presence;
  Nullable<std::string> next;
};

struct NewPermissions {
  static constexpr bool pluv_strict = true;
  std::vector<std::string> permissions;
};
struct SessionCount {
  std::uint32_t sessions = 0;  // that this was about
};
struct Revoked {
  std::uint32_t sessions = 0;  // that were told and closed
  std::string revoked_at;      // tokens made up to then are refused
};

struct NewEvent {
  static constexpr bool pluv_strict = true;
  std::string event;
  std::optional<Raw> data;  // an object or null
};
struct NewToken {
  static constexpr bool pluv_strict = true;
  std::string room;
  Raw user;  // an object with an id
  std::optional<std::int64_t> max_age_s;
  std::optional<Raw> permissions;  // names, or an object of names by room or prefix
};
struct Token {
  std::string token;
  std::string expires_at;
};

struct Version {
  std::uint64_t number = 0;
  std::string at;
  bool is_snapshot = false;
  std::uint64_t bytes = 0;
};
struct VersionList {
  std::vector<Version> versions;  // newest first
  Nullable<std::string> next;
};

struct WebhookCounts {
  std::uint64_t pending = 0;
  std::uint64_t dead = 0;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
};
struct Usage {
  std::string project;
  std::uint64_t sessions = 0;
  std::uint64_t rooms_live = 0;
  std::uint64_t rooms_stored = 0;
  std::uint64_t stored_bytes = 0;
  double messages_per_second = 0;
  std::string since;  // when the server began to count what follows: its start
  std::uint64_t joined = 0;
  std::uint64_t joins_refused = 0;
  std::uint64_t refusals = 0;  // of what sessions sent
  std::uint64_t tokens_made = 0;
  Nullable<WebhookCounts> webhooks;  // null: nobody has any
};
struct DeadWebhook {
  std::uint64_t id = 0;
  std::string delivery;  // its x-pluv-delivery
  std::string room;
  std::string event;
  std::string at;
  std::uint32_t attempts = 0;
  std::string reason;
  std::uint64_t bytes = 0;
};
struct DeadWebhookBody {
  DeadWebhook webhook;
  std::string body;  // as it was to be sent, to the byte: what is signed
};
struct DeadWebhookList {
  std::vector<DeadWebhook> webhooks;
  Nullable<std::string> next;
};

}  // namespace pluv::apps::admin_api
