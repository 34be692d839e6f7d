#include "json/number.h"
#include "json/writer.h"
#include "protocol/v5.h"

namespace pluv::protocol::v5 {
namespace {

void append_json_or_null(std::string& out, std::string_view json) {
  out += json.empty() ? std::string_view("null") : json;
}

void append_quoted_or_null(std::string& out, std::string_view plain) {
  if (plain.empty()) {
    out += "null";
    return;
  }
  out += '"';
  out += plain;
  out += '"';
}

void append_presence_members(std::string& out, const Presence& presence) {
  out += "\"presence\":";
  append_json_or_null(out, presence.json);
}

void append_timers(std::string& out, const Presence& presence) {
  out += ",\"timers\":{\"presence\":";
  if (presence.json.empty()) {
    out += "null";
  } else {
    json::append_number(out, presence.changed_unix_ms);
  }
  out += '}';
}

}  // namespace

Envelope::Envelope(std::string& out, const Sender& sender)
    : out_(out), user_json_(sender.user_json) {
  out_ += "{\"connectionId\":";
  append_quoted_or_null(out_, sender.connection_id);
  out_ += ",\"data\":";
}

void Envelope::finish(std::string_view room, std::string_view type) {
  out_ += ",\"room\":\"";
  out_ += room;  // a room id has no character that JSON escapes
  out_ += "\",\"type\":";
  json::append_string(out_, type);
  out_ += ",\"user\":";
  append_json_or_null(out_, user_json_);
  out_ += '}';
}

void append_event(std::string& out, const Sender& sender, std::string_view room,
                  std::string_view type, std::string_view data) {
  Envelope envelope(out, sender);
  out += data;
  envelope.finish(room, type);
}

void append_registered(std::string& out, const Sender& self, std::string_view room,
                       const Presence& presence, std::string_view state) {
  Envelope envelope(out, self);
  out += '{';
  append_presence_members(out, presence);
  out += ",\"sessionId\":\"";
  out += self.connection_id;
  out += "\",\"state\":";
  append_quoted_or_null(out, state);
  append_timers(out, presence);
  out += '}';
  envelope.finish(room, "$registered");
}

void append_user_joined(std::string& out, const Sender& joiner, std::string_view room,
                        const Presence& presence) {
  Envelope envelope(out, joiner);
  out += "{\"connectionId\":\"";
  out += joiner.connection_id;
  out += "\",";
  append_presence_members(out, presence);
  append_timers(out, presence);
  out += ",\"user\":";
  append_json_or_null(out, joiner.user_json);
  out += '}';
  envelope.finish(room, "$userJoined");
}

void append_presence_updated(std::string& out, const Sender& sender, std::string_view room,
                             const Presence& presence) {
  Envelope envelope(out, sender);
  out += '{';
  append_presence_members(out, presence);
  append_timers(out, presence);
  out += '}';
  envelope.finish(room, "$presenceUpdated");
}

void append_storage_received(std::string& out, const Sender& self, std::string_view room,
                             std::string_view change_kind, std::string_view state) {
  Envelope envelope(out, self);
  out += "{\"changeKind\":\"";
  out += change_kind;
  out += "\",\"state\":\"";
  out += state;
  out += "\"}";
  envelope.finish(room, "$storageReceived");
}

void append_storage_updated(std::string& out, const Sender& sender, std::string_view room,
                            std::string_view state) {
  Envelope envelope(out, sender);
  out += "{\"state\":\"";
  out += state;
  out += "\"}";
  envelope.finish(room, "$storageUpdated");
}

void append_exit(std::string& out, const Sender& leaver, std::string_view room) {
  Envelope envelope(out, leaver);
  out += "{\"sessionId\":\"";
  out += leaver.connection_id;
  out += "\"}";
  envelope.finish(room, "$exit");
}

void append_pong(std::string& out, const Sender& self, std::string_view room) {
  append_event(out, self, room, "$pong", "{}");
}

void append_error(std::string& out, const Sender& receiver, std::string_view room,
                  std::string_view message) {
  Envelope envelope(out, receiver);
  out += "{\"message\":";
  json::append_string(out, message);
  out += ",\"stack\":null}";
  envelope.finish(room, "$error");
}

void append_other(std::string& out, const Sender& other, std::string_view room,
                  const Presence& presence) {
  out += '"';
  out += other.connection_id;
  out += "\":{\"connectionId\":\"";
  out += other.connection_id;
  out += "\",";
  append_presence_members(out, presence);
  out += ",\"room\":\"";
  out += room;
  out += '"';
  append_timers(out, presence);
  out += ",\"user\":";
  append_json_or_null(out, other.user_json);
  out += '}';
}

}  // namespace pluv::protocol::v5
