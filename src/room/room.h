// A room: the only mutator of its sessions, their presence and their events. step() takes one input
// and the time, changes the room and appends effects; it never blocks, reads a clock, draws a
// random number or throws, so the same room runs on a native loop, in WebAssembly and under
// simulation. One thread owns a room; it holds no lock. Wire format: protocol/v5.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "protocol/v5.h"
#include "room/definition.h"
#include "room/effects.h"

namespace pluv::room {

struct Attachment;

// A socket joined, after its authorization. index must be free.
struct Opened {
  SessionIndex index{};
  SessionId id;
  std::string_view user_id;          // empty: every session is its own user
  std::string_view user_json;        // compact JSON object; empty: null
  std::shared_ptr<const void> user;  // the application's user type
  // What it may do, in the text form of Permissions. Without `read` it is turned away for good.
  std::string_view permissions = "*";
};
// A session that has outlived its room's memory, in place of its Opened: of all sessions, in any
// order, before anything else. One that cannot be read is closed for now.
struct Restored {
  SessionIndex index{};
  std::string_view attachment;       // Room::attachment
  std::shared_ptr<const void> user;  // as in Opened
  std::int64_t silent_ms = 0;        // since anything was heard of it
};
// One whole message, text or binary.
struct Message {
  SessionIndex index{};
  std::string_view text;
};
// Anything else came in: a WebSocket pong, a ping.
struct Heard {
  SessionIndex index{};
};
// The socket is gone.
struct Closed {
  SessionIndex index{};
};
// The time of WakeAt has come.
struct Woke {};
// A ticketed host call ended.
struct HostReplied {
  Ticket ticket{};
  Result<EventSink>* result = nullptr;  // a procedure's; null for room_destroyed
};
// A load ended: what the store has of the room, or what get_initial_storage gave.
struct DocumentLoaded {
  Ticket ticket{};
  struct Document {
    std::vector<std::string> updates;  // oldest first; empty: there is none
    std::uint64_t last = 0;            // number of the newest; 0: none
    bool has_snapshot = false;         // updates.front() is one
  };
  Result<Document>* document = nullptr;  // what it holds is taken
};
// An append or a compaction ended.
struct Persisted {
  Ticket ticket{};
  const Result<std::uint64_t>* number = nullptr;  // of the appended update
};
// Server code: room.broadcast(name, data). A procedure's name runs its broadcast resolver with no
// session; any other name is sent as it is. data: a raw JSON object or null.
struct ServerBroadcast {
  std::string_view name;
  std::string_view data;
};
// Server code: sends an event as it is to every session.
struct ServerEmit {
  std::string_view name;
  std::string_view data;
};
// Server code: changes the document, which is loaded for it if need be; EditDone follows. edit: is
// given the algorithm's own document (ycrdt::Doc); must not throw.
struct EditDocument {
  std::uint64_t number = 0;
  const std::function<void(void* document)>* edit = nullptr;
};
struct Evict {
  SessionId id;
};
struct EvictAll {};
// The user's sessions in the room: closed, given these permissions (in the text form; without
// `read`: as revoked), or told that they are not authorized and closed for good.
struct EvictUser {
  std::string_view user_id;
};
struct SetPermissions {
  std::string_view user_id;
  std::string_view permissions;
};
struct Revoke {
  std::string_view user_id;
};
// Who the token of a CheckToken speaks for.
struct CheckedToken {
  std::string user_id;
  std::string user_json;
  std::shared_ptr<const void> user;
  std::string permissions;
};
struct TokenChecked {
  SessionIndex index{};
  Ticket ticket{};
  const Result<CheckedToken>* token = nullptr;
};
struct CollectGarbage {};
// Memory is wanted, or the server ends: who lingers, or waits for the application alone, is to go.
struct ForgetIdle {};

using Input =
    std::variant<Opened, Restored, Message, Heard, Closed, Woke, HostReplied, DocumentLoaded,
                 Persisted, ServerBroadcast, ServerEmit, EditDocument, Evict, EvictAll, EvictUser,
                 SetPermissions, Revoke, TokenChecked, CollectGarbage, ForgetIdle>;

// Close codes of the room (protocol.md section 4).
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kClosePolicy = 1008;
inline constexpr std::uint16_t kCloseTooBig = 1009;
inline constexpr std::uint16_t kCloseBroken = 1011;
inline constexpr std::uint16_t kCloseRestart = 1012;
inline constexpr std::uint16_t kCloseOverloaded = 1013;
inline constexpr std::uint16_t kCloseUnauthorized = 3000;
inline constexpr std::uint16_t kCloseEvicted = 4001;
inline constexpr std::string_view kUnauthorizedReason = "WebSocket unauthorized.";

class Room {
 public:
  // definition outlives the room and is frozen. id passed is_room_key; what sessions are sent has
  // the room's name alone. seed: random; the room's own edits of its document are written under a
  // number made of it.
  Room(std::string id, const Definition& definition, std::uint64_t seed = 0);
  ~Room();
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  // The only mutator. Amortised cost: proportional to the receivers of what it sends.
  void step(const Input& input, Now now, Effects& effects);

  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const Definition& definition() const noexcept { return definition_; }
  [[nodiscard]] const Limits& limits() const noexcept { return definition_.limits; }
  // Live sessions and distinct users.
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  [[nodiscard]] std::size_t user_count() const noexcept { return users_live_; }
  // No sessions, no joins held, no host work awaited, nothing that is still to be saved.
  [[nodiscard]] bool finished() const noexcept;
  // What the document takes of memory, roughly.
  [[nodiscard]] std::size_t document_memory_bytes() const noexcept;
  // Whether ForgetIdle would be followed: nobody is here, and the store has all of it.
  [[nodiscard]] bool may_be_forgotten() const noexcept;
  // Whether the room can be given up now, without a word, and made again from its sessions'
  // attachments (Restored): no work is under way, and the store has all of the document.
  [[nodiscard]] bool may_hibernate() const noexcept;
  // What is to be kept beside the session's socket for that: JSON, some 200 bytes and those of the
  // user, of the presence (twice, until it has joined), and 41 for each of the user's last 24
  // sessions that have left before it.
  [[nodiscard]] std::string attachment(SessionIndex index) const;
  // Sessions in order of joining, for handlers: fn(const SessionView&).
  template <class Fn>
  void for_each_session(Fn&& fn) const {
    for (const SessionIndex index : order_) fn(view_of(index));
  }
  // A handler's garbage_collect(): runs at the end of the step in which it was asked for.
  void request_garbage_collection() noexcept { garbage_collection_due_ = true; }
  // For a handler inside the step: the algorithm's own document (ycrdt::Doc), to be read and
  // changed until the handler returns; what it changed is then kept and told as a client's edit is,
  // and the handler's output events wait until it was kept. Errors: conflict without documents,
  // unavailable before it is loaded.
  [[nodiscard]] Result<void*> edit_document();
  // For who looks in from outside. Empty: there is no such session, or it has no user id.
  [[nodiscard]] std::string_view user_id(SessionIndex index) const noexcept;
  struct DocumentState {
    std::size_t bytes = 0;      // encoded, at most
    std::uint64_t version = 0;  // counts changes since it was loaded
  };
  // nullopt: the room has no document, or it is not loaded yet.
  [[nodiscard]] std::optional<DocumentState> document_state() const noexcept;
  // Updates that together are the document, as far as it is loaded: copies of bytes, or of a
  // document that is no longer bytes its encoding, which is work of its size.
  [[nodiscard]] std::vector<std::string> copy_document() const;
  // Largest message this session may send now; the platform's frame reader keeps to it.
  [[nodiscard]] std::size_t message_bytes_max(SessionIndex index) const noexcept;

 private:
  enum class State : std::uint8_t { open, destroying };
  enum class Applied : std::uint8_t { whole, incomplete };  // waits for updates that have not come
  // Whom a frame goes to once the document that it shows may be seen.
  enum class Whom : std::uint8_t {
    one,
    all,
    open,      // the sessions that hear of changes
    others,    // the same without the one whose client has made this one
    listener,  // no session: on_storage_updated
    editor,    // no session: EditDone
  };
  struct User;
  struct Session;
  struct Waiting;
  struct PendingCall;
  struct StorageSession;
  struct Storage;
  struct Gated;
  struct WaitingEdit;

  // Joining and leaving (room_sessions.cc).
  void open(const Opened& input);
  Session& add_session(const Opened& input);
  bool admit(SessionIndex index);
  [[nodiscard]] bool make_context();
  void turn_away(SessionIndex index, RefusalReason reason, std::uint16_t code,
                 std::string_view text);
  void leave(SessionIndex index);
  void depart(SessionIndex index);
  void close(SessionIndex index, std::uint16_t code, std::string_view reason);
  void evict_session(const SessionId& id);
  void evict_all();
  void evict_user(std::string_view id);
  [[nodiscard]] std::vector<SessionIndex> sessions_of(std::string_view user_id) const;
  [[nodiscard]] std::uint32_t find_or_add_user(const Opened& input);
  void release_user(std::uint32_t user_at);

  // Memory that goes and comes back (room_hibernation.cc).
  void changed(SessionIndex index);
  void user_changed(std::uint32_t user_at);
  void tell_changed();
  void restore(const Restored& input);
  void restore_exchange(SessionIndex index, const Attachment& kept);

  // A client's messages (room_messages.cc).
  void receive(SessionIndex index, std::string_view text);
  [[nodiscard]] bool size_allowed(const Session& self, const protocol::ClientMessage& message,
                                  std::size_t size) const noexcept;
  [[nodiscard]] static bool may_send_document(const Session& self) noexcept;
  [[nodiscard]] static bool brings_document(const Session& self,
                                            const protocol::ClientMessage& message) noexcept;
  void keep_waiting(SessionIndex index, std::string_view text);
  void release_waiting(SessionIndex index);
  [[nodiscard]] bool may_release() const noexcept;
  [[nodiscard]] bool may_overtake(const Session& self, protocol::MessageKind kind) const noexcept;
  [[nodiscard]] bool answer_is_due(const Session& self) const noexcept;
  [[nodiscard]] bool waits_for_document(const Session& self) const noexcept;
  void handle(SessionIndex index, const protocol::ClientMessage& message);
  void initialize_session(SessionIndex index, const protocol::ClientMessage& message);
  void send_others(SessionIndex asker);
  void update_presence(SessionIndex index, std::string_view patch);
  // Of the session's user, to everybody.
  void send_presence(SessionIndex index);
  // Lays the patch over the user's presence. False when it was refused; the sender was told.
  [[nodiscard]] bool lay_presence(SessionIndex index, std::string_view patch);
  // The same over this presence.
  [[nodiscard]] bool merge_presence(SessionIndex index, std::string_view patch,
                                    std::string& presence);
  void refuse_large_presence(SessionIndex index, std::size_t size);
  [[nodiscard]] bool take_rate_tokens(Session& self, const protocol::ClientMessage& message,
                                      std::size_t size);
  [[nodiscard]] std::size_t extra_tokens(const Session& self,
                                         const protocol::ClientMessage& message,
                                         std::size_t size) const noexcept;
  [[nodiscard]] std::size_t messages_in(std::size_t size) const noexcept;
  void malformed(SessionIndex index, std::size_t size);

  // What sessions may do (room_permissions.cc).
  [[nodiscard]] bool may_join(const Opened& input);
  [[nodiscard]] std::string missing_permission(SessionIndex index,
                                               const protocol::ClientMessage& message) const;
  [[nodiscard]] bool adds_nothing(SessionIndex index, const protocol::ClientMessage& message) const;
  [[nodiscard]] bool allow_presence(SessionIndex index, std::string_view presence);
  [[nodiscard]] bool allow_document(SessionIndex index, std::string_view update);
  void not_permitted(SessionIndex index, std::string_view permission);
  void set_permissions(const SetPermissions& input);
  void revoke_user(std::string_view id);
  void refresh_token(SessionIndex index, std::string_view token);
  void refuse_token(SessionIndex index);
  void token_checked(const TokenChecked& input);

  // Custom events (room_procedures.cc).
  void custom_event(SessionIndex index, const protocol::ClientMessage& message);
  void run_procedure(std::size_t at, const SessionIndex* sender, std::string_view data);
  void start_procedure(std::size_t at, const SessionIndex* sender, std::string_view data);
  void host_replied(const HostReplied& reply);
  void send_outputs(const EventSink& events, const protocol::v5::Sender& sender,
                    const SessionIndex* self, bool edited);
  void hold_broadcast(const ServerBroadcast& event);
  void procedure_failed(SessionIndex index, const Error& error);
  void server_broadcast(const ServerBroadcast& event);
  void server_emit(const ServerEmit& event);

  // The document: exchanges with sessions (room_storage.cc).
  void begin_exchange(SessionIndex index, std::string_view update);
  void answer_exchange(SessionIndex index);
  void answer_sent(SessionIndex index, std::size_t bytes);
  void send_storage_received(SessionIndex index, std::string_view change_kind);
  void update_storage(SessionIndex index, const protocol::ClientMessage& message);
  void hear_changes(SessionIndex index, const protocol::ClientMessage& message);
  [[nodiscard]] Result<Applied> apply_update(SessionIndex index, std::string_view update,
                                             std::string_view base64);
  [[nodiscard]] Result<void> check_document_size(SessionIndex index, std::string_view update);
  void open_storage(SessionIndex index);
  void open_unanswered(SessionIndex index);
  [[nodiscard]] StorageSession& storage_of(SessionIndex index);
  void send_missed(SessionIndex index, std::string_view state);
  void resync(SessionIndex index, RefusalReason reason, std::string_view close_reason);
  void document_changed(std::string update);
  void tell_update(Whom whom, const SessionIndex* sender, std::string_view added,
                   std::string_view base64);
  [[nodiscard]] Ticket document_ticket() const noexcept;
  [[nodiscard]] std::size_t document_answer_bytes() const noexcept;
  [[nodiscard]] bool must_wait_for_document(protocol::MessageKind kind) const noexcept;
  void send_gated(Whom whom, const SessionIndex* index, std::uint32_t begin);
  [[nodiscard]] Gated gated_for(Whom whom, const SessionIndex* index);
  void gate(Gated gated, std::uint32_t begin);
  void reveal(const Gated& gated, std::uint32_t begin);
  void send_to_open(std::uint32_t begin, const Gated& gated);

  [[nodiscard]] bool finish_edit(const SessionIndex* editor);
  void edit_from_outside(const EditDocument& input);
  void run_edit(std::uint64_t number, const std::function<void(void*)>& edit);

  // The document: loading and saving (room_persistence.cc).
  void load_document();
  void document_loaded(const DocumentLoaded& input);
  [[nodiscard]] Result<void> take_loaded(DocumentLoaded::Document& loaded);
  void ask_initial_storage();
  [[nodiscard]] Result<void> check_joinable();
  void document_ready();
  void serve_waiting();
  void load_failed(const Error& error);
  void start_append();
  void persisted(const Persisted& input);
  void append_failed(const Error& error);
  void compact_if_due();
  void compacted(const Result<std::uint64_t>& done);
  [[nodiscard]] std::uint64_t make_writer() noexcept;
  void store_failed();
  void send_everyone_away(RefusalReason reason, std::uint16_t code, std::string_view text);
  void wake_storage();
  void forget_if_idle();
  [[nodiscard]] std::int64_t storage_due_ms() const noexcept;
  [[nodiscard]] bool storage_busy() const noexcept;

  // Teardown, time and sending (room.cc).
  void destroy_if_empty();
  void destroyed();
  void wake();
  void schedule_wake();
  void ask_wake(std::int64_t due_ms);
  void heard(SessionIndex index);
  void collect_garbage();
  void send_sync_state();
  void send_to(SessionIndex index, std::uint32_t begin, FrameKind kind = FrameKind::ordered,
               std::shared_ptr<const std::string> body = nullptr, std::uint32_t body_at = 0);
  void send_to_all(std::uint32_t begin, FrameKind kind = FrameKind::ordered,
                   SessionIndex subject = SessionIndex{});
  void send_error(SessionIndex index, std::string_view message);
  void refuse(SessionIndex index, RefusalReason reason);
  void notify(HostCallKind kind, const Listener& listener, SessionIndex index,
              std::string_view name, std::string_view data);
  [[nodiscard]] SessionSnapshot snapshot(SessionIndex index);
  [[nodiscard]] Slice append_bytes(std::string_view text);
  [[nodiscard]] std::uint32_t frame_begin() const noexcept;

  [[nodiscard]] bool exists(SessionIndex index) const noexcept;
  [[nodiscard]] Session& session(SessionIndex index) noexcept;
  [[nodiscard]] const Session& session(SessionIndex index) const noexcept;
  [[nodiscard]] User& user_of(const Session& session) noexcept;
  [[nodiscard]] const User& user_of(const Session& session) const noexcept;
  [[nodiscard]] SessionView view_of(SessionIndex index) const;
  [[nodiscard]] protocol::v5::Sender sender_of(SessionIndex index) const;
  [[nodiscard]] protocol::v5::Presence presence_of(SessionIndex index) const;

  const std::string id_;
  const std::string_view name_;  // of id_: what clients know it by
  const Definition& definition_;
  State state_ = State::open;
  std::vector<std::unique_ptr<Session>> sessions_;  // by SessionIndex; null: free
  std::vector<SessionIndex> order_;                 // live ones, in order of joining
  std::vector<SessionIndex> changed_;               // of whom SessionChanged is to tell
  std::uint64_t next_session_ = 1;                  // counts them
  std::vector<SessionIndex> held_;                  // joined while the room was being destroyed
  std::vector<WaitingEdit> held_edits_;             // came then
  std::vector<SessionIndex> releasing_;       // what waited is handled on; may name ones that left
  std::vector<std::unique_ptr<User>> users_;  // null: free
  std::unordered_map<std::string, std::uint32_t> users_by_id_;  // looked up, never iterated
  std::size_t users_live_ = 0;
  std::vector<PendingCall> pending_;  // host calls awaited
  std::shared_ptr<void> context_;
  bool context_made_ = false;
  bool was_used_ = false;                    // somebody came since the room was (re)made
  std::unique_ptr<Storage> storage_;         // null: the room has no document
  std::shared_ptr<Document> lost_document_;  // the store failed; for the teardown's listeners
  std::uint64_t seed_;
  std::uint64_t next_ticket_ = 1;
  Ticket destroy_ticket_{};
  std::int64_t wake_at_ms_ = 0;  // 0: none asked for
  bool garbage_collection_due_ = false;
  // order_'s copy in effects_->receivers that this step made last, while it is still true.
  std::uint32_t all_offset_ = 0;
  bool all_valid_ = false;

  // Of the step under way.
  std::size_t bytes_before_ = 0;  // in effects_->bytes
  std::size_t released_ = 0;      // messages that had waited
  std::size_t body_bytes_ = 0;    // sent in this step
  Now now_;
  Effects* effects_ = nullptr;
};

}  // namespace pluv::room
