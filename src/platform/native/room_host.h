// The rooms of one worker: turns socket events, server calls and replies into inputs, runs
// Room::step and executes its effects. Inputs that come up while effects are executed (a receiver
// too slow, a reply at once) wait in a list until the turn's end, so that a step never begins
// inside another. Frames are written once into a buffer that all receivers of a turn share, and a
// connection is written to once a turn, a busy room's once in flush_interval_ms. Owned by a Worker,
// used on its thread alone (reply() excepted).
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "net/permessage_deflate.h"
#include "platform/native/connection.h"
#include "platform/native/message_tap.h"
#include "platform/native/room_look.h"
#include "platform/native/server.h"
#include "platform/native/shared.h"
#include "platform/native/shared_buffer.h"
#include "room/room.h"
#include "room/write_pacing.h"

namespace pluv::native {

class Worker;

struct RoomEntry {
  RoomEntry(std::string id, std::uint64_t number, const room::Definition& definition,
            std::uint64_t seed)
      : room(std::move(id), definition, seed),
        generation(number),
        wake(TimerKind::room_wake, this),
        flush(TimerKind::room_flush, this) {}

  room::Room room;
  std::uint64_t generation;           // tells it from later rooms of the same name
  std::vector<Connection*> sessions;  // by SessionIndex; null: free
  std::vector<std::uint32_t> dirty;   // indexes with unflushed frames; may name freed ones
  BufferRef frames;                   // since the last flush
  BufferRef deflated_frames;
  Timer wake;
  Timer flush;
  room::WritePacing pacing;
  std::int64_t saved_ms = -1;  // the store took then what the room shows, which has waited already
  std::uint32_t lowest_free = 0;  // no index below it is free
  std::uint32_t deflate_sessions = 0;
  std::uint32_t size_told = 0;  // to Shared::sizes
  std::uint32_t messages = 0;   // of clients, since it was listed
  std::uint32_t listing = 0;    // the last one that it is in
  std::uint32_t place = 0;      // in RoomHost::all_
  std::int64_t listed_ms = 0;
  // While it has no sessions: its place in RoomHost::idle_, and what it and its document take.
  std::optional<std::list<RoomEntry*>::iterator> idle;
  std::size_t idle_bytes = 0;
  std::vector<std::function<void()>> forgotten;  // waits for its end; meanwhile nobody may join
  bool in_dirty_rooms = false;
};

class RoomHost {
 public:
  explicit RoomHost(Worker& worker);

  // The connection's handshake is done: it becomes a session. received came behind the handshake.
  void join(Connection& connection, std::string_view room, const AuthorizedUser& user,
            std::span<char> received);
  // Bytes of a connection in Phase::open.
  void receive(Connection& connection, std::span<char> bytes);
  // Handles one of the messages that were put aside, when it is time; called once a turn.
  void handle_aside();
  void forget_aside(Connection& connection) { std::erase(aside_, &connection); }
  // Ends a session from our side: everything queued, then the close frame.
  void close_session(Connection& connection, std::uint16_t code, std::string_view reason);
  // The socket is gone; the room hears of it at the end of the turn.
  void lost(Connection& connection) { ended_.push_back(&connection); }
  // The bounds on slow receivers: arms, or acts on, the connection's timer.
  void check_queue(Connection& connection);

  // Feeds an input (ServerBroadcast, Evict ...) to the room of that name; nothing when there is
  // none.
  void feed(std::string_view room, const room::Input& input);
  // Evicts everybody, and lets the room go once its store has all of its document. done: on this
  // thread, when there is no such room; must not feed rooms.
  void forget(std::string_view room, std::function<void()> done);
  // In a drain: rooms that only keep their document for a while, or wait for it alone, are to go.
  void forget_idle_rooms();
  // Those of them that their store has all of.
  void forget_saved_rooms();
  // Closes the sessions that hold the most memory (queues, messages that have begun to come) until
  // about so many bytes are free. False when none holds much.
  [[nodiscard]] bool shed_sessions(std::size_t bytes);
  // Sends everybody away from the room whose document takes the most.
  void shed_largest_room();
  void on_wake(RoomEntry& entry);
  void on_flush(RoomEntry& entry);

  // Looking in (room_host_look.cc). All rooms, in no order; done: on this thread, in a later turn
  // or in this one.
  void list(std::function<void(std::vector<RoomLine>)> done);
  // nullopt: there is no such room in memory.
  [[nodiscard]] std::optional<RoomLook> look(std::string_view room,
                                             const RoomQuestion& question) const;

  using EditDoneFn = std::function<void(Result<void>)>;
  // Changes the room's document, which is loaded for it if need be. done: on this thread, inside a
  // step; must not feed rooms.
  void edit(std::string_view room, const std::function<void(void*)>& edit, EditDoneFn done);

  // Handles what waits; called at the end of a turn until it returns false.
  [[nodiscard]] bool settle();
  // Whether flushing has ended sessions that settle() has yet to tell their rooms.
  [[nodiscard]] bool has_ended() const noexcept { return !ended_.empty(); }

 private:
  using DocumentResult = Result<room::DocumentLoaded::Document>;
  using NumberResult = Result<std::uint64_t>;
  using TokenResult = Result<room::CheckedToken>;
  // What a ticketed call came to; room_destroyed: nothing.
  using Outcome = std::variant<std::monostate, Result<room::EventSink>, DocumentResult,
                               NumberResult, TokenResult>;
  struct Reply {
    std::string room;
    std::uint64_t generation = 0;
    room::Ticket ticket{};
    Outcome outcome;
    std::optional<StoreCallKind> store;  // whose answer it is
    room::SessionIndex session{};        // whose token it was
  };
  struct FrameSlice {
    const BufferRef* buffer;
    std::uint32_t offset;
    std::uint32_t size;
  };

  struct Listing {
    std::size_t left = 0;  // in all_, from its beginning
    std::uint32_t number = 0;
    std::vector<RoomLine> lines;
    std::function<void(std::vector<RoomLine>)> done;
  };

  RoomEntry& find_or_make(std::string_view room);
  void remember(RoomEntry& entry);
  void take_off_list(const RoomEntry& entry);
  void list_some(const std::shared_ptr<Listing>& listing);
  [[nodiscard]] RoomLine line_of(RoomEntry& entry) const;
  void tap_inbound(const Connection& connection, std::string_view text);
  void tap_outbound(const RoomEntry& entry, const room::Send& send);
  [[nodiscard]] std::uint32_t attach(RoomEntry& entry, Connection& connection);
  void detach(Connection& connection);
  void step(RoomEntry& entry, const room::Input& input);
  void execute(RoomEntry& entry);
  void execute_send(RoomEntry& entry, const room::Send& send);
  void send_with_body(RoomEntry& entry, const room::Send& send, Connection* connection);
  [[nodiscard]] static bool take_join_answer(Connection& connection) noexcept;
  void execute_close(RoomEntry& entry, const room::Close& close);
  void execute_call(RoomEntry& entry, room::CallHost& call);
  void start_procedure(RoomEntry& entry, room::CallHost& call);
  [[nodiscard]] room::ListenerEvent listener_event(const RoomEntry& entry,
                                                   room::CallHost& call) const;
  [[nodiscard]] std::function<void(Outcome)> replier(
      const RoomEntry& entry, room::Ticket ticket,
      std::optional<StoreCallKind> store = std::nullopt);
  void count_store_call(const Reply& reply);
  void load_document(const RoomEntry& entry, const room::LoadDocument& load);
  void append_update(const RoomEntry& entry, room::AppendUpdate& append);
  void compact_document(const RoomEntry& entry, room::CompactDocument& compact);
  void edit_done(room::EditDone& edited);
  void execute_trouble(const RoomEntry& entry, const room::Trouble& trouble);
  void execute_refused(const RoomEntry& entry, const room::Refused& refused);
  void receive_frames(Connection& connection, std::span<char> bytes);
  [[nodiscard]] bool handle_event(Connection& connection, const net::FrameEvent& given);
  [[nodiscard]] bool is_large(const Connection& connection, const net::FrameEvent& event);
  void take_up(Connection& connection);
  void put_aside(Connection& connection, const net::FrameEvent& event, std::span<char> rest);
  void end_by_peer(Connection& connection, const net::FrameEvent& event);
  void answer_ping(Connection& connection, std::string_view payload);
  [[nodiscard]] FrameSlice append_frame(BufferRef& buffer, std::string_view payload,
                                        bool compressed);
  [[nodiscard]] BufferRef take_buffer(std::size_t size, std::size_t last_capacity);
  void give_back(BufferRef& buffer);
  void enqueue(Connection& connection, const FrameSlice& slice, const QueuedFrame& how);
  void queued(Connection& connection);
  // Before the turn's other work; those of one read together.
  void send_urgent(Connection& connection, const FrameSlice& slice);
  void mark_dirty(RoomEntry& entry, Connection& connection);
  void flush_room(RoomEntry& entry, bool waited);
  void end_session(Connection& connection);
  void doom(Connection& connection, std::string_view reason);
  void shed(Connection& connection);
  void handle_reply(Reply& reply);
  void erase_if_finished(RoomEntry& entry);
  void go_on_forgetting(RoomEntry& entry);
  void check_token(const RoomEntry& entry, const room::CheckToken& check);
  void note_idle(RoomEntry& entry);
  void set_idle_bytes(RoomEntry& entry, std::size_t bytes);
  [[nodiscard]] bool over_idle_budget() const noexcept;
  void forget_over_budget();
  void log_session(std::string_view event, const Connection& connection) const;

  Worker& worker_;
  TextMap<std::unique_ptr<RoomEntry>> rooms_;
  std::vector<RoomEntry*> all_;  // the same, for who goes through them in several turns
  std::uint32_t listings_ = 0;
  MessageTap* tap_;  // null: none
  room::Effects effects_;
  std::vector<RoomEntry*> dirty_rooms_;
  std::list<RoomEntry*> idle_;  // rooms without sessions, the one that was left first first
  std::int64_t forget_after_ms_ = 0;
  std::vector<Connection*> aside_;                // have a message that waits, the first one first
  Timer aside_timer_{TimerKind::aside, nullptr};  // set: not before that
  std::vector<Connection*> ended_;  // in a room that does not know yet: lost or doomed
  std::vector<Reply> replies_;
  std::unordered_map<std::uint64_t, EditDoneFn> edits_;  // by number, looked up only
  std::uint64_t next_edit_ = 1;
  std::vector<BufferRef> spare_buffers_;
  std::optional<net::Deflater> deflater_;
  std::optional<net::Inflater> inflater_;
  std::string deflate_scratch_;
  std::string inflate_scratch_;
  std::uint64_t next_generation_;
  const Connection* receiving_ = nullptr;  // whose bytes are being handled
  bool stepping_ = false;
  bool finished_ = false;  // the step under way ended with Finished
};

}  // namespace pluv::native
