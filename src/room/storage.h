// What a room keeps of its document and of saving it. Owned by Room alone; plain data.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "room/document.h"
#include "room/room.h"
#include "room/write_pacing.h"

namespace pluv::room {

// Base64 of an update without changes.
inline constexpr std::string_view kEmptyState = "AAA=";

// Something that shows a version of the document which the store has not taken yet.
struct Room::Gated {
  std::uint64_t version = 0;
  Whom whom{};
  bool has_session = false;  // who wrote (open, listener), who is to read (one)
  SessionIndex index{};
  SessionId session;
  std::string frame;  // one message, but for the body (see Send); listener: none
  std::shared_ptr<const std::string> body;
  std::uint32_t body_at = 0;
  std::shared_ptr<const void> user;
  std::string user_json;
  std::uint64_t edit = 0;  // editor: its number

  [[nodiscard]] std::size_t body_bytes() const noexcept { return body ? body->size() : 0; }
  [[nodiscard]] std::size_t bytes() const noexcept { return frame.size() + body_bytes(); }
};

// An edit of server code that has to wait.
struct Room::WaitingEdit {
  std::uint64_t number = 0;
  std::function<void(void*)> edit;
};

struct Room::Storage {
  bool ready = false;           // false: it is being loaded
  Ticket load_ticket{};         // what sessions wait for until it is ready
  Ticket answer_ticket{};       // of who is asked for it now: the store, then get_initial_storage
  bool asked_listener = false;  // the store has nothing; get_initial_storage was asked
  std::shared_ptr<Document> document;
  bool editing = false;  // a handler holds it, inside the step
  // What came before it was loaded.
  std::vector<WaitingEdit> waiting_edits;
  struct WaitingBroadcast {
    std::string name;
    std::string data;
  };
  std::vector<WaitingBroadcast> waiting_broadcasts;
  // Counts changes; what has a version up to `saved` may be shown.
  std::uint64_t version = 1;
  std::uint64_t saved = 1;
  std::size_t document_bytes = 0;      // encoded, at most
  std::uint64_t measured_version = 0;  // the version of which that is exact; 0: none
  // base64 of the document as it is sent, of this version; kept since all come back at once after a
  // restart. 0: none is kept.
  std::shared_ptr<const std::string> sendable;
  std::uint64_t sendable_version = 0;
  std::int64_t sendable_used_ms = 0;
  void drop_sendable() noexcept {
    sendable.reset();
    sendable_version = 0;
  }

  // On the way to the store: one append at a time, so that the log never has a gap; what comes
  // meanwhile goes together with the next.
  std::vector<std::string> unsaved;
  std::size_t unsaved_bytes = 0;
  Ticket append_ticket{};
  std::string appending;
  std::uint64_t appending_version = 0;
  WritePacing append_pacing;
  std::int64_t append_due_ms = 0;     // the next begins then; 0: none waits for its time
  std::int64_t failing_since_ms = 0;  // 0: it is not
  std::int64_t retry_at_ms = 0;       // 0: no retry waits
  std::int64_t retry_after_ms = 0;
  bool overflowed = false;  // more is unsaved than may be
  std::list<Gated> gated;   // by version; an empty list owns nothing, which an empty deque does
  std::size_t gated_bytes = 0;
  bool answers_wait = false;  // sessions that join are answered once less is gated

  // In the store.
  std::uint64_t last = 0;
  std::uint64_t log_updates = 0;
  std::size_t log_bytes = 0;
  std::size_t snapshot_bytes = 0;
  Ticket compact_ticket{};
  std::size_t compacting_bytes = 0;
  std::uint64_t compacting_updates = 0;  // of the log, when the snapshot was made
  std::size_t compacting_log_bytes = 0;
  std::int64_t compact_after_ms = 0;  // after a failure: not before

  std::int64_t answer_due_ms = 0;  // somebody's answer may be overdue then; 0: nobody's
  std::int64_t idle_until_ms = 0;  // without sessions: forgotten then; 0: there are some
};

}  // namespace pluv::room
