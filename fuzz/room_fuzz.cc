// Any sequence of inputs to a room without documents: it stays within its own rules, what its
// clients believe of each other by what they were sent is what it says itself, and nobody sees what
// a session's permissions forbid. Who is evicted or revoked is gone, and each token that a session
// presents is answered once. The bytes are a script: an operation, a session and what it says.
// link: room protocol json base
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/room_clients.h"
#include "fuzz/room_rights.h"
#include "fuzz/room_tokens.h"
#include "json/reader.h"
#include "json/value.h"
#include "room/room.h"

namespace {

using namespace pluv;
using namespace pluv::room;

constexpr std::uint32_t kSessions = 6;

Definition make_definition() {
  Definition definition;
  definition.limits.messages_per_second_max = 50;
  definition.limits.messages_burst_max = 100;
  definition.limits.malformed_messages_max = 3;
  definition.limits.sessions_per_room_max = 5;
  definition.limits.waiting_messages_max = 4;
  definition.limits.message_bytes_max = 512;
  definition.procedures.push_back({"say",
                                   [](ProcedureCall& call) -> Result<void> {
                                     call.events.emit(Audience::broadcast, "said", call.data);
                                     call.events.emit(Audience::self, "echo", call.data);
                                     if (call.data.size() % 7 == 0) {
                                       return Error{ErrorCode::internal, "odd"};
                                     }
                                     return {};
                                   },
                                   nullptr});
  definition.procedures.push_back({"slow", nullptr, [](ProcedureStart, ProcedureDone) {}});
  definition.procedures.push_back({"kick",
                                   [](ProcedureCall& call) -> Result<void> {
                                     call.events.emit(Audience::broadcast, "kicked", call.data);
                                     return {};
                                   },
                                   nullptr, "moderate"});
  definition.listeners.on_user_connected = [](ListenerEvent) {};
  definition.listeners.on_user_disconnected = [](ListenerEvent) {};
  definition.listeners.on_room_message = [](ListenerEvent) {};
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  definition.refreshes_tokens = true;
  definition.freeze();
  return definition;
}

// A message with a mark between the two, and what it needs.
struct Marked {
  std::string_view begin;
  std::string_view end;
  std::vector<std::string_view> needs;
};
const Marked kMarked[] = {
    {R"({"type":"$updatePresence","data":{"presence":{"m":")", "\"}}}", {"presence"}},
    {R"({"type":"$initializeSession","data":{"presence":{"m":")",
     "\"},\"update\":\"\"}}",
     {"presence"}},
    {R"({"type":"wave","data":{"m":")", "\"}}", {"event:wave"}},
    {R"({"type":"say","data":{"m":")", "\"}}", {"event:say"}},
    {R"({"type":"slow","data":{"m":")", "\"}}", {"event:slow"}},
    {R"({"type":"kick","data":{"m":")", "\"}}", {"event:kick", "moderate"}},
    {R"({"type":"kicked","data":{"m":")", "\"}}", {"event:kicked"}},
};

// Plays the platform: checks every effect against what a platform relies on.
class Player {
 public:
  explicit Player(const Definition& definition)
      : limits_(definition.limits), room_("room", definition) {}

  void open(std::uint32_t at, bool authorized, std::string_view permissions = "*") {
    Seat& seat = seats_[at];
    if (seat.open) return;
    seat = Seat();
    seat.open = true;
    seat.heard_ms = now_.steady_ms;
    std::array<std::uint8_t, 16> random{};
    seat.number = ++ids_;
    std::memcpy(random.data(), &seat.number, sizeof seat.number);
    seat.id = SessionId::from_random(random);
    seat.user_id = authorized ? "u" + std::to_string(at % 2) : std::string();
    seat.permissions = pluv::fuzz::permissions_of(permissions);
    const std::string json = authorized ? R"({"id":")" + seat.user_id + "\"}" : std::string();
    step(Opened{SessionIndex{at}, seat.id, seat.user_id, json, nullptr, permissions});
    if (!seat.permissions.may_read()) PLUV_ASSERT(!seat.open && !seat.registered);
  }
  void close(std::uint32_t at) {
    if (!seats_[at].open) return;
    seats_[at].open = false;
    step(Closed{SessionIndex{at}});
  }
  void say(std::uint32_t at, std::string_view text) {
    if (!seats_[at].open) return;
    seats_[at].heard_ms = now_.steady_ms;
    step(Message{SessionIndex{at}, text});
  }
  // A message of that kind with a mark in it.
  void say_marked(std::uint32_t at, std::uint8_t kind) {
    if (!seats_[at].open) return;
    const Marked& marked = kMarked[kind % std::size(kMarked)];
    std::string text(marked.begin);
    text += marks_.next(seats_[at].number, seats_[at].permissions,
                        {marked.needs.begin(), marked.needs.end()});
    text += marked.end;
    say(at, text);
  }
  void present_token(std::uint32_t at) {
    if (seats_[at].open) say(at, tokens_.present(seats_[at].tokens));
  }
  void hear(std::uint32_t at) {
    if (!seats_[at].open) return;
    seats_[at].heard_ms = now_.steady_ms;
    step(Heard{SessionIndex{at}});
  }
  void evict(std::uint32_t at) { step(Evict{seats_[at].id}); }
  void evict_user(std::string_view user_id) {
    const auto gone = sessions_of(user_id);
    step(EvictUser{user_id});
    expect_closed(gone, kCloseEvicted);
  }
  void revoke(std::string_view user_id) {
    const auto gone = sessions_of(user_id);
    step(Revoke{user_id});
    expect_closed(gone, kCloseUnauthorized);
  }
  void set_permissions(std::string_view user_id, std::string_view text) {
    const auto changed = sessions_of(user_id);
    const Permissions permissions = pluv::fuzz::permissions_of(text);
    if (permissions.may_read()) {
      for (const std::uint32_t at : changed) give(at, permissions);
    }
    step(SetPermissions{user_id, text});
    if (permissions.may_read()) {
      expect_closed({}, 0);
    } else {
      expect_closed(changed, kCloseUnauthorized);
    }
    expect_permissions_right();
  }
  // The host has checked a token, or says so.
  void answer_token(std::uint8_t how, std::string_view permissions) {
    const auto answer = tokens_.answer(how, permissions);
    if (!answer) return;
    const std::uint32_t at = raw(answer->check.index);
    const bool due = at < kSessions && !answer->is_null && seats_[at].open &&
                     seats_[at].id == answer->check.session &&
                     seats_[at].tokens.due == answer->check.ticket;
    std::optional<Permissions> given;
    if (due) {
      given = answer->permissions_for(seats_[at].user_id);
      if (given) give(at, *given);
      seats_[at].tokens.due = Ticket{};
    }
    step(answer->input());
    // One answer to who has asked, and else no word to anybody.
    PLUV_ASSERT(heard_.size() == (due ? 1 : 0));
    if (due) PLUV_ASSERT(heard_.begin()->first == at);
    if (due) PLUV_ASSERT(heard_.begin()->second == (given ? "$tokenRefreshed" : "$error"));
    expect_permissions_right();
  }
  // One of the calls that wait; once in a while one that was answered before.
  void reply(std::uint8_t choice) {
    if (choice % 8 == 7 && answered_ != Ticket{}) {
      Result<EventSink> late = EventSink();
      step(HostReplied{answered_, &late});
      PLUV_ASSERT(effects_.list.empty() || !has_sent());
      return;
    }
    if (tickets_.empty()) return;
    const auto at = tickets_.begin() + choice % static_cast<std::ptrdiff_t>(tickets_.size());
    const CallHost call = *at;
    tickets_.erase(at);
    answered_ = call.ticket;
    if (call.kind == HostCallKind::room_destroyed) {
      step(HostReplied{call.ticket, nullptr});
      return;
    }
    EventSink sink;
    sink.emit(Audience::self, "own", "{}");
    sink.emit(Audience::broadcast, "all", "{}");
    Result<EventSink> result = std::move(sink);
    if (choice % 3 == 0) result = Error{ErrorCode::internal, "failed"};
    step(HostReplied{call.ticket, &result});
  }
  // Without a document there is nothing to edit, which the room has to say.
  void edit() {
    const std::function<void(void*)> edit = [](void*) { PLUV_ASSERT(false); };
    ++edits_;
    step(EditDocument{7, &edit});
  }
  void pass(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
    if (wake_ms_ == 0 || wake_ms_ > now_.steady_ms) return;
    wake_ms_ = 0;
    step(Woke{});
    for (const Seat& seat : seats_) {
      if (seat.open && seat.registered) {
        PLUV_ASSERT(now_.steady_ms - seat.heard_ms < limits_.silence_ms_max);
      }
    }
  }
  void step(const Input& input) {
    effects_.clear();
    heard_.clear();
    room_.step(input, now_, effects_);
    for (const Effect& effect : effects_.list) check(effect);
    const auto live =
        std::count_if(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.open; });
    PLUV_ASSERT(room_.size() <= static_cast<std::size_t>(live));
    PLUV_ASSERT(room_.user_count() <= static_cast<std::size_t>(live));
    // Who is here is never forgotten: there is always a time at which the room looks.
    PLUV_ASSERT(room_.size() == 0 || wake_ms_ != 0);
    PLUV_ASSERT(room_.document_memory_bytes() == 0 && !room_.may_be_forgotten());
  }
  // The host answers all; then nobody who is here waits for an answer about a token.
  void settle() {
    for (int i = 0; i < 100; ++i) {
      while (!tickets_.empty()) reply(1);
      while (!tokens_.idle()) answer_token(static_cast<std::uint8_t>(i % 5), "read");
      pass(1);
    }
    for (const Seat& seat : seats_) {
      if (seat.open) PLUV_ASSERT(seat.tokens.all_answered());
    }
  }
  void expect_clients_right() const {
    expect_permissions_right();
    for (const Seat& seat : seats_) {
      if (!seat.open) continue;
      seat.client.expect_right(room_);
      if (!seat.client.knows_all()) continue;
      for (const Seat& other : seats_) {
        if (!other.open || !other.client.joined()) continue;
        PLUV_ASSERT(seat.client.knows(other.client.self()));
      }
    }
  }
  // Everybody leaves and every ticket is answered: nothing may be left.
  void end() {
    expect_clients_right();
    for (std::uint32_t at = 0; at < kSessions; ++at) close(at);
    while (!tickets_.empty()) reply(1);
    PLUV_ASSERT(room_.finished());
    PLUV_ASSERT(room_.size() == 0 && room_.user_count() == 0);
    PLUV_ASSERT(edits_ == 0);
  }

 private:
  // Where a session sits, and the one that sat there last.
  struct Seat {
    bool open = false;
    bool registered = false;
    std::int64_t heard_ms = 0;
    SessionId id;
    std::uint64_t number = 0;
    std::string user_id;
    Permissions permissions;
    pluv::fuzz::SessionTokens tokens;
    pluv::fuzz::RoomClient client;
  };

  [[nodiscard]] std::vector<std::uint32_t> sessions_of(std::string_view user_id) const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t at = 0; at < kSessions; ++at) {
      const Seat& seat = seats_[at];
      if (seat.open && !user_id.empty() && seat.user_id == user_id) found.push_back(at);
    }
    return found;
  }
  void give(std::uint32_t at, const Permissions& permissions) {
    seats_[at].permissions = permissions;
    marks_.permissions_changed(seats_[at].number, permissions);
  }
  // In this step these were closed, with this code, and nobody else was.
  void expect_closed(const std::vector<std::uint32_t>& sessions, std::uint16_t code) const {
    std::size_t count = 0;
    for (const Effect& effect : effects_.list) {
      const auto* closed = std::get_if<Close>(&effect);
      if (closed == nullptr) continue;
      PLUV_ASSERT(std::ranges::count(sessions, raw(closed->session)) == 1);
      PLUV_ASSERT(closed->code == code);
      ++count;
    }
    PLUV_ASSERT(count == sessions.size());
  }
  void expect_permissions_right() const {
    room_.for_each_session([&](const SessionView& view) {
      const auto seat = std::ranges::find(seats_, view.id, &Seat::id);
      PLUV_ASSERT(seat != seats_.end() && seat->permissions == *view.permissions);
    });
  }

  [[nodiscard]] bool has_sent() const {
    return std::any_of(effects_.list.begin(), effects_.list.end(),
                       [](const Effect& effect) { return std::holds_alternative<Send>(effect); });
  }
  void check_send(const Send& send) {
    std::string joined;
    const std::string_view text = effects_.text_of(send, joined);
    marks_.expect_permitted(text);
    const auto message = json::Value::parse(text);
    PLUV_ASSERT(message.ok());
    PLUV_ASSERT(send.receivers_count > 0);
    const std::string& type = *message->find("type")->as_string();
    std::array<bool, kSessions> seen{};
    for (const SessionIndex index : effects_.receivers_of(send)) {
      PLUV_ASSERT(raw(index) < kSessions && !seen[raw(index)]);
      seen[raw(index)] = true;
      Seat& seat = seats_[raw(index)];
      PLUV_ASSERT(seat.open);
      // The first that anybody hears, but for why they are turned away and pongs.
      if (type == "$registered") {
        PLUV_ASSERT(!seat.registered);
        seat.registered = true;
        seat.heard_ms = now_.steady_ms;
      }
      PLUV_ASSERT(seat.registered || type == "$error" || type == "$pong");
      seat.client.hear(*message);
      heard_.emplace(raw(index), type);
    }
    if (send.kind == FrameKind::presence) PLUV_ASSERT(seats_[raw(send.subject)].open);
    PLUV_ASSERT((send.kind == FrameKind::presence) == (type == "$presenceUpdated"));
    PLUV_ASSERT((send.kind == FrameKind::exit) == (type == "$exit"));
    PLUV_ASSERT((send.kind == FrameKind::urgent) == (type == "$pong"));
  }
  void check(const Effect& effect) {
    if (const auto* send = std::get_if<Send>(&effect)) {
      check_send(*send);
    } else if (const auto* closed = std::get_if<Close>(&effect)) {
      PLUV_ASSERT(seats_[raw(closed->session)].open);
      seats_[raw(closed->session)].open = false;
    } else if (const auto* ping = std::get_if<Ping>(&effect)) {
      PLUV_ASSERT(seats_[raw(ping->session)].open);
    } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
      PLUV_ASSERT(wake->at_ms > now_.steady_ms);
      PLUV_ASSERT(wake->at_ms <= now_.steady_ms + limits_.garbage_collect_ms);
      wake_ms_ = wake->at_ms;
    } else if (const auto* call = std::get_if<CallHost>(&effect)) {
      if (call->session.valid) {
        const Seat& seat = seats_[raw(call->session.index)];
        PLUV_ASSERT(call->session.id == seat.id);
        PLUV_ASSERT(call->session.permissions == seat.permissions);
        marks_.expect_permitted(effects_.view(call->session.presence_json));
      }
      // The host sees of a join what others do not: its presence is left out of what happens.
      if (effects_.view(call->name) != "$initializeSession") {
        marks_.expect_permitted(effects_.view(call->data));
      }
      if (call->ticket == Ticket{}) return;
      PLUV_ASSERT(call->ticket > last_ticket_);
      last_ticket_ = call->ticket;
      tickets_.push_back(*call);
    } else if (const auto* asked = std::get_if<CheckToken>(&effect)) {
      Seat& seat = seats_[raw(asked->session)];
      PLUV_ASSERT(seat.open && asked->ticket > last_ticket_);
      last_ticket_ = asked->ticket;
      tokens_.asked(seat.tokens, *asked, seat.id, effects_.view(asked->token));
    } else if (const auto* done = std::get_if<EditDone>(&effect)) {
      PLUV_ASSERT(done->number == 7 && !done->result.ok() && edits_ > 0);
      --edits_;
    } else if (std::get_if<Finished>(&effect) != nullptr) {
      PLUV_ASSERT(room_.size() == 0);
    } else {
      PLUV_ASSERT(std::holds_alternative<Refused>(effect));  // nothing of a store
    }
  }

  const Limits limits_;
  Room room_;
  Effects effects_;
  Now now_{1'000, 1'795'467'862'000};
  std::array<Seat, kSessions> seats_;
  pluv::fuzz::RoomMarks marks_;
  pluv::fuzz::RoomTokens tokens_;
  std::multimap<std::uint32_t, std::string> heard_;  // who, and the type of the message
  std::vector<CallHost> tickets_;
  Ticket last_ticket_{};
  Ticket answered_{};
  std::int64_t wake_ms_ = 0;
  std::uint64_t ids_ = 0;
  std::uint64_t edits_ = 0;
};

constexpr std::string_view kMessages[] = {
    R"({"type":"$initializeSession","data":{"presence":{"a":1},"update":""}})",
    R"({"type":"$initializeSession","data":{"presence":null,"update":null}})",
    R"({"type":"$updatePresence","data":{"presence":{"b":2}}})",
    R"({"type":"$updatePresence","data":{"presence":{"b":{"c":[1,"x"]},"a":null}}})",
    R"({"type":"$updatePresence","data":{"presence":"none"}})",
    R"({"type":"$getOthers","data":{}})",
    R"({"type":"$ping","data":{}})",
    R"({"type":"say","data":{"x":1}})",
    R"({"type":"say","data":{"xx":12}})",
    R"({"type":"slow","data":{}})",
    R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})",
    R"({"type":"$exit","data":{}})",
    R"({"type":"other","data":{}})",
    "garbage",
};

// Operations from here on are about what sessions may do.
constexpr std::uint8_t kOfPermissions = 192;

void play_permissions(Player& player, std::uint8_t operation, std::uint32_t session,
                      const std::function<std::uint8_t()>& next) {
  constexpr std::string_view kUsers[] = {"u0", "u1", "", "nobody"};
  const std::string_view user = kUsers[session % std::size(kUsers)];
  switch (operation % 8) {
    case 0: player.open(session, true, pluv::fuzz::permission_text(next())); return;
    case 1:
    case 2: player.say_marked(session, next()); return;
    case 3: player.evict_user(user); return;
    case 4: player.set_permissions(user, pluv::fuzz::permission_text(next())); return;
    case 5: player.revoke(user); return;
    case 6: player.present_token(session); return;
    case 7: {
      const std::uint8_t how = next();
      player.answer_token(how, pluv::fuzz::permission_text(next()));
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Definition definition = make_definition();
  Player player(definition);
  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < size ? data[at++] : 0; };
  while (at < size) {
    const std::uint8_t operation = next();
    const std::uint32_t session = next() % kSessions;
    if (operation >= kOfPermissions) {
      play_permissions(player, operation, session, next);
      continue;
    }
    switch (operation % 16) {
      case 0:
      case 1: player.open(session, operation % 16 == 0); break;
      case 2: player.close(session); break;
      case 3:
      case 4: player.say(session, kMessages[next() % std::size(kMessages)]); break;
      case 5: {
        const std::size_t length = std::min<std::size_t>(next(), size - at);
        const std::string_view said(reinterpret_cast<const char*>(data) + at, length);
        if (!pluv::fuzz::RoomMarks::looks_marked(said)) player.say(session, said);
        at += length;
        break;
      }
      case 6: player.pass(next() * 200); break;
      case 7: player.reply(next()); break;
      case 8: player.hear(session); break;
      case 9: player.step(EvictAll{}); break;
      case 10: player.step(ServerBroadcast{next() % 2 == 0 ? "say" : "slow", "{}"}); break;
      case 11: player.step(CollectGarbage{}); break;
      case 12: player.evict(session); break;
      case 13: player.step(ServerEmit{"news", next() % 2 == 0 ? "null" : R"({"a":1})"}); break;
      case 14: player.pass(std::int64_t{next()} * 3'600'000); break;  // the machine slept
      case 15:
        if (session == 0) player.edit();
        if (session == 1) player.step(ForgetIdle{});
        if (session == 2) player.settle();
        player.expect_clients_right();
        break;
    }
  }
  if (size % 2 == 0) player.settle();
  player.end();
  return 0;
}
