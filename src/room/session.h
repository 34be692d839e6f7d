// What a room keeps of a session and of a user. Owned by Room alone; plain data.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "room/room.h"

namespace pluv::room {

// Messages that arrived while their session could not be served: its own handler is at work, or the
// room is being destroyed and the join waits.
struct Room::Waiting {
  std::deque<std::string> messages;
  std::size_t bytes = 0;
};

struct Room::Session {
  SessionId id;
  std::uint32_t user = 0;       // in Room::users_
  std::uint32_t malformed = 0;  // messages that were none
  std::int64_t heard_ms = 0;    // steady
  std::int64_t rate_refilled_ms = 0;
  double rate_tokens = 0;
  Permissions permissions;
  Ticket waiting_for{};   // its own handler at work; 0: none
  Ticket token_ticket{};  // its new token is being checked; 0: it has presented none
  std::unique_ptr<Waiting> waiting;
  std::string early_presence;               // patches from before it joined
  std::uint64_t number = 0;                 // counts the room's sessions
  bool changed = false;                     // is in Room::changed_
  bool pinged = false;                      // since it was last heard
  bool held = false;                        // joined during the room's teardown; not registered yet
  bool joined = false;                      // sent $initializeSession
  bool storage_exchanged = false;           // sent its "$initialized" update
  std::unique_ptr<StorageSession> storage;  // with documents: since it has joined or written
};

// What a session has of the room's document.
struct Room::StorageSession {
  enum class Stage : std::uint8_t {
    asked,     // was not answered yet
    answered,  // was sent the document, but has not said that it is ready for changes
    open,      // is sent every change
  };
  Stage stage = Stage::asked;
  bool answer_due = false;    // has asked for the document and waits for the answer
  std::string update;         // with that: its own first document
  std::uint64_t version = 0;  // of the document, of what it was sent or will be
  std::string state;          // answered: the document's state then
  // Open though it has not answered: the document's state that it was sent. When it answers it is
  // sent all that came since, once more.
  std::optional<std::string> late_state;
  std::int64_t answered_ms = 0;  // 0: the answer is not on its way yet
  std::size_t answer_bytes = 0;
  std::uint32_t refusals = 0;    // while it is resyncing
  bool resyncing = false;        // was asked for its whole document, which has not come
  std::int64_t resynced_ms = 0;  // 0: never

  // When it hears of changes without having said that it is ready: it may still be reading.
  [[nodiscard]] std::int64_t open_at_ms(const Limits& limits) const noexcept {
    constexpr std::int64_t kSlowLinkMsPerKiB = 32;  // 256 kbit/s
    return answered_ms + limits.storage_answer_ms +
           static_cast<std::int64_t>(answer_bytes / 1024) * kSlowLinkMsPerKiB;
  }
};

// A user's sessions share one presence. Without authorization every session is a user of its own.
struct Room::User {
  std::string id;  // empty without authorization
  std::string json;
  std::shared_ptr<const void> typed;
  std::string presence;  // empty: null
  std::int64_t presence_unix_ms = 0;
  std::uint32_t sessions = 0;
  // Ids of sessions that left while the user stayed, oldest first: clients know the user by the
  // first id that they saw.
  std::vector<SessionId> departed;
};

// A ticketed procedure call that has not been answered.
struct Room::PendingCall {
  Ticket ticket{};
  bool has_session = false;
  SessionIndex index{};
  SessionId session;
  std::string user_json;
};

}  // namespace pluv::room
