// What a room wants done. Room::step appends to an Effects that the caller owns, executes in order
// and clears (its memory is kept, so a steady state allocates nothing). Plain data: the list is at
// once the log, the replay format and the test transcript. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/permissions.h"
#include "base/result.h"
#include "json/object.h"
#include "protocol/v5.h"
#include "room/document.h"
#include "room/event_sink.h"

namespace pluv::room {

// A session's place in its room: small, chosen by the platform (its lowest free one), free again
// after Closed was fed in or a Close effect came out.
enum class SessionIndex : std::uint32_t {};
[[nodiscard]] constexpr std::uint32_t raw(SessionIndex index) noexcept {
  return static_cast<std::uint32_t>(index);
}

// Names a piece of the host's work; the room hears its number again in HostReplied.
enum class Ticket : std::uint64_t {};

// A run of bytes in Effects::bytes.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// What a slow receiver's queue may do with a frame.
enum class FrameKind : std::uint8_t {
  ordered,   // keep, in order
  presence,  // under backlog a newer one of the same subject replaces it
  exit,      // ordered, and the subject's presences still queued before it are dropped
  urgent,    // $pong: written before the loop turn's other work
};

struct Send {
  Slice frame;                         // one text message, but for the body
  std::uint32_t receivers_offset = 0;  // in Effects::receivers
  std::uint32_t receivers_count = 0;
  FrameKind kind = FrameKind::ordered;
  SessionIndex subject{};  // presence, exit: the session that it is about
  // What stands in the message after so many bytes of the frame: a document as it is sent, of which
  // all who join have the same bytes. Null: nothing.
  std::shared_ptr<const std::string> body;
  std::uint32_t body_at = 0;

  [[nodiscard]] std::size_t size() const noexcept {
    return frame.size + (body == nullptr ? 0 : body->size());
  }
};

// Codes: protocol.md section 4. After this the room has forgotten the session: the platform sends
// what is queued, then a close frame, and feeds nothing more of it in.
struct Close {
  SessionIndex session{};
  std::uint16_t code = 0;
  std::string_view reason;  // static text
  bool paced = false;       // hold the socket for a random while first (a refusal for now)
};

// Send a WebSocket ping; feed Heard when anything comes back.
struct Ping {
  SessionIndex session{};
};

// Feed Woke at steady time at_ms or soon after. Replaces an earlier one.
struct WakeAt {
  std::int64_t at_ms = 0;
};

// Who a session is, for host calls: kept alive by the effect, since the session may be gone.
struct SessionSnapshot {
  SessionIndex index{};
  SessionId id;
  std::shared_ptr<const void> user;  // the application's user type; null without authorization
  Slice user_json;                   // size 0: null
  Slice presence_json;               // size 0: null
  Permissions permissions;
  bool valid = false;  // false: no session (the server's own call)
};

enum class HostCallKind : std::uint8_t {
  procedure,        // run definition.procedures[procedure].start; ticketed
  room_destroyed,   // on_room_destroyed and its kin; ticketed
  initial_storage,  // get_initial_storage; answered by DocumentLoaded
  user_connected,   // listeners without a reply: ticket 0
  user_disconnected,
  room_message,
  storage_updated,
};

struct CallHost {
  Ticket ticket{};
  HostCallKind kind = HostCallKind::procedure;
  std::uint32_t procedure = 0;
  bool broadcast_only = false;  // procedure: the server's broadcast of it
  SessionSnapshot session;
  Slice name;                     // room_message: the event's name
  Slice data;                     // procedure, room_message: raw JSON
  std::shared_ptr<void> context;  // the room's own value, kept alive by the call
  // room_destroyed, user_disconnected, storage_updated: the room's document, kept alive, or null.
  std::shared_ptr<Document> document;
};

// Feed DocumentLoaded with what the store has of the room.
struct LoadDocument {
  Ticket ticket{};
};
// Append the update to the room's log; feed Persisted when it is as safe as it is to be.
struct AppendUpdate {
  Ticket ticket{};
  std::string update;
};
// Put the snapshot in place of the log up to this number; feed Persisted.
struct CompactDocument {
  Ticket ticket{};
  std::uint64_t last = 0;
  std::string snapshot;
};

// Something of a client's was turned down; for metrics and logs.
enum class RefusalReason : std::uint8_t {
  malformed_message,
  unknown_internal,
  unknown_event,
  invalid_input,
  handler_failed,
  presence_invalid,
  presence_too_large,
  message_too_large,
  event_name_too_long,
  rate_limited,
  waiting_queue_full,
  room_full,
  silent,
  context_failed,
  update_invalid,
  update_over_limit,
  update_incomplete,
  load_failed,
  store_failed,
  not_permitted,
};
inline constexpr std::size_t kRefusalReasonCount = 20;
[[nodiscard]] const char* refusal_reason_name(RefusalReason reason) noexcept;

struct Refused {
  SessionId session;
  RefusalReason reason{};
};

// Something of the application's or the store's has failed; for logs. what: static text.
struct Trouble {
  std::string_view what;
  std::string message;
};

// The edit of that number (EditDocument) was made and kept; or not, and why.
struct EditDone {
  std::uint64_t number = 0;
  Result<void> result;
};

// What is kept of the session, for Restored, is no longer true: keep Room::attachment(session).
// Only of rooms whose definition hibernates, at the end of a step.
struct SessionChanged {
  SessionIndex session{};
};

// The room has no sessions and no work left: the platform may forget it.
struct Finished {};

// The session presents another token; feed TokenChecked. Only of rooms whose definition
// refreshes_tokens.
struct CheckToken {
  Ticket ticket{};
  SessionIndex session{};
  Slice token;
};

using Effect =
    std::variant<Send, Close, Ping, WakeAt, CallHost, LoadDocument, AppendUpdate, CompactDocument,
                 EditDone, Refused, Trouble, SessionChanged, Finished, CheckToken>;

// Memory that steps reuse, here so that thousands of rooms share one; never part of the record.
struct Scratch {
  protocol::v5::Decoder decoder;
  json::MergeScratch merge;
  std::string presence;
  EventSink events;
};

struct Effects {
  std::vector<Effect> list;
  std::string bytes;                    // under 4 GiB a turn
  std::vector<SessionIndex> receivers;  // of all sends
  Scratch scratch;

  [[nodiscard]] std::string_view view(Slice slice) const noexcept {
    return std::string_view(bytes).substr(slice.offset, slice.size);
  }
  // The message. `joined` holds it when it has a body, else it is left alone.
  [[nodiscard]] std::string_view text_of(const Send& send, std::string& joined) const {
    const std::string_view frame = view(send.frame);
    if (send.body == nullptr) return frame;
    joined.clear();
    joined.reserve(send.size());
    joined.append(frame.substr(0, send.body_at)).append(*send.body);
    joined.append(frame.substr(send.body_at));
    return joined;
  }
  [[nodiscard]] std::span<const SessionIndex> receivers_of(const Send& send) const noexcept {
    return std::span(receivers).subspan(send.receivers_offset, send.receivers_count);
  }
  void clear() noexcept {
    list.clear();
    bytes.clear();
    receivers.clear();
  }
};

}  // namespace pluv::room
