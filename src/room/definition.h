// What the application adds to a room: procedures, listeners, a context, rules. Built once by the
// public headers, which turn typed handlers into these type-erased functions, and shared read-only
// by all rooms (and threads) of a server. None of the functions may throw: the public headers'
// thunks catch and return an Error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/permissions.h"
#include "base/result.h"
#include "base/time.h"
#include "room/document.h"
#include "room/event_sink.h"

namespace pluv::room {

class Room;

// A session as handlers see it. Views live for the call.
struct SessionView {
  SessionId id;
  const void* user = nullptr;      // the application's user type
  std::string_view user_json;      // empty: null
  std::string_view presence_json;  // empty: null
  std::int64_t presence_unix_ms = 0;
  std::string_view user_id;   // empty: none
  std::int64_t heard_ms = 0;  // steady; when anything was heard of it
  const Permissions* permissions = nullptr;
};

// One call of a procedure inside step.
struct ProcedureCall {
  Room& room;                            // for the session list and garbage collection
  std::string_view data;                 // raw JSON input
  const SessionView* session = nullptr;  // null: called by the server's own code
  void* context = nullptr;               // what make_context made
  Now now;
  bool broadcast_only = false;  // the server's broadcast: only that resolver runs
  EventSink& events;
};

// One call of a procedure that waits: everything is the call's own, for it outlives the step.
struct ProcedureStart {
  std::string room;
  std::string data;
  bool has_session = false;
  SessionId session;
  std::shared_ptr<const void> user;
  std::string user_json;
  std::string presence_json;
  std::shared_ptr<void> context;
  bool broadcast_only = false;
  Now now;
  Permissions permissions;  // the session's
};
// Called once, on the room's own thread, when the procedure is done.
using ProcedureDone = std::function<void(Result<EventSink>)>;

struct Procedure {
  std::string name;
  // Exactly one of the two is set. run: at once, inside step. start: a coroutine, by the platform.
  std::function<Result<void>(ProcedureCall&)> run;
  std::function<void(ProcedureStart, ProcedureDone)> start;
  // What a client needs beside the permission to send the event; empty: nothing. Server code needs
  // none.
  std::string permission{};
};

// What a listener is told. Strings are the call's own.
struct ListenerEvent {
  std::string room;
  bool has_session = false;
  SessionId session;
  std::shared_ptr<const void> user;
  std::string user_json;
  std::shared_ptr<void> context;
  std::string name;  // room_message
  std::string data;  // room_message: raw JSON
  // The room's document; null: it has none. To be used on the room's own thread.
  std::shared_ptr<Document> document;
};
using Listener = std::function<void(ListenerEvent)>;
using ListenerDone = std::function<void()>;
// An update of the storage's kind, or its base64; empty: a new document.
using InitialStorageDone = std::function<void(Result<std::string>)>;

struct Listeners {
  Listener on_user_connected;
  Listener on_user_disconnected;
  // Every valid message of a client but $ping.
  Listener on_room_message;
  // What a room's document begins with when there is no other. Asked once a load; a failure sends
  // the room's sessions away for now, and never counts as an empty document.
  std::function<void(ListenerEvent, InitialStorageDone)> get_initial_storage;
  // A client (or server code: no session) has changed the document, and that was kept.
  Listener on_storage_updated;
  // The last session has left. A join waits until done is called (once, on the room's thread).
  std::function<void(ListenerEvent, ListenerDone)> on_room_destroyed;
};

struct Definition {
  std::vector<Procedure> procedures;
  Listeners listeners;
  // Makes a room's own value, at its first session. Null function: no context. A failure refuses
  // the join for now.
  std::function<Result<std::shared_ptr<void>>(std::string_view room)> make_context;
  // Of the rooms' documents. Null: rooms have none, and storage messages do nothing.
  std::shared_ptr<const StorageKind> storage;
  // Documents are loaded from a store and everything is appended there before anyone sees it.
  // Without, a document lives for as long as its room has sessions.
  bool has_store = false;
  // The platform checks the tokens of sessions that present a new one.
  bool refreshes_tokens = false;
  Limits limits;
  bool strict = false;          // refuse events that no procedure has
  bool hibernates = false;      // tell of what is to be kept of sessions: SessionChanged
  bool detailed_errors = true;  // schema and handler messages reach the sender

  // Index of the procedure with this name, or procedures.size(). Call freeze() once before.
  [[nodiscard]] std::size_t find_procedure(std::string_view name) const noexcept;
  // Sorts the index that find_procedure uses.
  void freeze();

 private:
  std::vector<std::uint32_t> by_name_;
};

}  // namespace pluv::room
