#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

#include "json/writer.h"
#include "protocol/v5.h"

namespace pluv::protocol::v5 {
namespace {

constexpr std::string_view kNull = "null";
// Zeroing so much before it is written costs more than some calls.
constexpr std::size_t kLongBytes = 4096;

// Makes room once for all of them.
template <typename... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const std::size_t size = (std::string_view(pieces).size() + ...);
  const std::size_t begin = out.size();
  if (size >= kLongBytes) {
    (out.append(pieces), ...);
    return;
  }
  out.resize(begin + size);
  char* at = out.data() + begin;
  const auto put = [&at](std::string_view piece) {
    if (piece.empty()) return;  // it may have no address
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  };
  (put(pieces), ...);
}

std::string_view json_or_null(std::string_view json) { return json.empty() ? kNull : json; }

// A quotation mark, or nothing where null stands.
std::string_view quote_of(std::string_view plain) { return plain.empty() ? "" : "\""; }

// The number of a presence's time, or null.
class Timer {
 public:
  explicit Timer(const Presence& presence) noexcept {
    if (presence.json.empty()) return;
    const auto written =
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), presence.changed_unix_ms);
    text_ = {digits_.data(), static_cast<std::size_t>(written.ptr - digits_.data())};
  }
  Timer(const Timer&) = delete;  // it views itself
  Timer& operator=(const Timer&) = delete;
  operator std::string_view() const noexcept { return text_; }  // NOLINT: a piece as any other

 private:
  std::array<char, 24> digits_;
  std::string_view text_ = kNull;
};

}  // namespace

Envelope::Envelope(std::string& out, const Sender& sender)
    : out_(out), user_json_(sender.user_json) {
  const std::string_view quote = quote_of(sender.connection_id);
  append_all(out_, "{\"connectionId\":", quote, json_or_null(sender.connection_id), quote,
             ",\"data\":");
}

void Envelope::finish(std::string_view room, std::string_view type) {
  append_all(out_, ",\"room\":\"", room, "\",\"type\":");
  json::append_string(out_, type);
  append_all(out_, ",\"user\":", json_or_null(user_json_), "}");
}

void Envelope::finish_own(std::string_view room, std::string_view type) {
  append_all(out_, ",\"room\":\"", room, "\",\"type\":\"", type,
             "\",\"user\":", json_or_null(user_json_), "}");
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
  const std::string_view quote = quote_of(state);
  append_all(out, "{\"presence\":", json_or_null(presence.json), ",\"sessionId\":\"",
             self.connection_id, "\",\"state\":", quote, json_or_null(state), quote,
             ",\"timers\":{\"presence\":", Timer(presence), "}}");
  envelope.finish_own(room, "$registered");
}

void append_user_joined(std::string& out, const Sender& joiner, std::string_view room,
                        const Presence& presence) {
  Envelope envelope(out, joiner);
  append_all(out, "{\"connectionId\":\"", joiner.connection_id,
             "\",\"presence\":", json_or_null(presence.json),
             ",\"timers\":{\"presence\":", Timer(presence),
             "},\"user\":", json_or_null(joiner.user_json), "}");
  envelope.finish_own(room, "$userJoined");
}

void append_presence_updated(std::string& out, const Sender& sender, std::string_view room,
                             const Presence& presence) {
  Envelope envelope(out, sender);
  append_all(out, "{\"presence\":", json_or_null(presence.json),
             ",\"timers\":{\"presence\":", Timer(presence), "}}");
  envelope.finish_own(room, "$presenceUpdated");
}

std::size_t append_storage_received(std::string& out, const Sender& self, std::string_view room,
                                    std::string_view change_kind, std::string_view state) {
  Envelope envelope(out, self);
  append_all(out, "{\"changeKind\":\"", change_kind, "\",\"state\":\"");
  const std::size_t begin = out.size();
  append_all(out, state, "\"}");
  envelope.finish_own(room, "$storageReceived");
  return begin;
}

void append_storage_updated(std::string& out, const Sender& sender, std::string_view room,
                            std::string_view state) {
  Envelope envelope(out, sender);
  append_all(out, "{\"state\":\"", state, "\"}");
  envelope.finish_own(room, "$storageUpdated");
}

void append_exit(std::string& out, const Sender& leaver, std::string_view room) {
  Envelope envelope(out, leaver);
  append_all(out, "{\"sessionId\":\"", leaver.connection_id, "\"}");
  envelope.finish_own(room, "$exit");
}

void append_pong(std::string& out, const Sender& self, std::string_view room) {
  Envelope envelope(out, self);
  out += "{}";
  envelope.finish_own(room, "$pong");
}

void append_token_refreshed(std::string& out, const Sender& self, std::string_view room,
                            std::string_view permissions) {
  Envelope envelope(out, self);
  out += "{\"permissions\":[";
  while (!permissions.empty()) {
    const std::size_t end = std::min(permissions.find(' '), permissions.size());
    out += '"';  // no name has a character that JSON escapes
    out += permissions.substr(0, end);
    out += '"';
    permissions.remove_prefix(std::min(end + 1, permissions.size()));
    if (!permissions.empty()) out += ',';
  }
  out += "]}";
  envelope.finish_own(room, "$tokenRefreshed");
}

void append_error(std::string& out, const Sender& receiver, std::string_view room,
                  std::string_view message) {
  Envelope envelope(out, receiver);
  out += "{\"message\":";
  json::append_string(out, message);
  out += ",\"stack\":null}";
  envelope.finish_own(room, "$error");
}

void append_other(std::string& out, const Sender& other, std::string_view room,
                  const Presence& presence) {
  append_all(out, "\"", other.connection_id, "\":{\"connectionId\":\"", other.connection_id,
             "\",\"presence\":", json_or_null(presence.json), ",\"room\":\"", room,
             "\",\"timers\":{\"presence\":", Timer(presence),
             "},\"user\":", json_or_null(other.user_json), "}");
}

}  // namespace pluv::protocol::v5
