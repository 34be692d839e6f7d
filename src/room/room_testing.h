// A room with a virtual clock and a mailbox a session, for tests: runs every step's effects the way
// a platform would, only that nothing ever leaves the process.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "room/room.h"

namespace pluv::room {

class TestRoom {
 public:
  struct ClosedSession {
    SessionIndex index{};
    std::uint16_t code = 0;
    std::string reason;
    bool paced = false;
  };
  struct HostCall {
    Ticket ticket{};
    HostCallKind kind{};
    std::string user_json, presence_json, name, data;
    std::optional<SessionId> session;
    std::shared_ptr<void> context;
  };

  explicit TestRoom(Definition definition = {}) : definition_(frozen(std::move(definition))) {
    room_.emplace("room-1", definition_);
  }

  SessionIndex join(std::string_view user_id = {}, std::string_view user_json = {}) {
    const SessionIndex index{next_index_++};
    open(index, user_id, user_json);
    return index;
  }
  // Joins and plays the client's part up to $getOthers; the mailboxes keep what it led to.
  SessionIndex join_fully(std::string_view user_id = {}, std::string_view user_json = {},
                          std::string_view presence = R"({"count":0})") {
    const SessionIndex index = join(user_id, user_json);
    send(index, R"({"type":"$initializeSession","data":{"presence":)" + std::string(presence) +
                    R"(,"update":""}})");
    send(index, R"({"type":"$getOthers","data":{}})");
    return index;
  }
  void open(SessionIndex index, std::string_view user_id = {}, std::string_view user_json = {}) {
    step(Opened{index, id_of(index), user_id, user_json, nullptr});
  }
  void send(SessionIndex index, std::string_view text) { step(Message{index, text}); }
  void leave(SessionIndex index) { step(Closed{index}); }
  void advance_ms(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
  }
  // Advances the clock step by step, waking the room whenever it asked to be.
  void run_ms(std::int64_t ms) {
    const std::int64_t end = now_.steady_ms + ms;
    while (wake_at_ms_ && *wake_at_ms_ <= end) {
      advance_ms(std::max<std::int64_t>(0, *wake_at_ms_ - now_.steady_ms));
      wake_at_ms_.reset();
      step(Woke{});
    }
    advance_ms(end - now_.steady_ms);
  }
  void reply(Ticket ticket, Result<EventSink> result) { step(HostReplied{ticket, &result}); }
  void step(const Input& input) {
    effects_.clear();
    room_->step(input, now_, effects_);
    execute();
  }

  // What the session was sent since the last take.
  std::vector<std::string> take(SessionIndex index) { return std::exchange(mail_[raw(index)], {}); }
  void drop_mail() { mail_.clear(); }
  // A session's id depends on its index alone.
  static SessionId id_of(SessionIndex index) {
    std::array<std::uint8_t, 16> random{};
    const std::uint32_t number = raw(index) + 1;
    std::memcpy(random.data(), &number, sizeof number);
    return SessionId::from_random(random);
  }
  static std::string id_text(SessionIndex index) { return std::string(id_of(index).text()); }

  Room& room() { return *room_; }
  Effects& effects() { return effects_; }
  Now& now() { return now_; }
  std::vector<ClosedSession> closed;
  std::vector<SessionIndex> pinged;
  std::vector<HostCall> host_calls;
  std::vector<RefusalReason> refused;
  std::vector<FrameKind> kinds;  // of every send
  int finished = 0;

 private:
  static Definition frozen(Definition definition) {
    definition.freeze();
    return definition;
  }
  void execute() {
    for (const Effect& effect : effects_.list) {
      if (const auto* send = std::get_if<Send>(&effect)) {
        kinds.push_back(send->kind);
        for (const SessionIndex index : effects_.receivers_of(*send)) {
          mail_[raw(index)].emplace_back(effects_.view(send->frame));
        }
      } else if (const auto* close = std::get_if<Close>(&effect)) {
        closed.push_back({close->session, close->code, std::string(close->reason), close->paced});
      } else if (const auto* ping = std::get_if<Ping>(&effect)) {
        pinged.push_back(ping->session);
      } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
        wake_at_ms_ = wake->at_ms;
      } else if (const auto* call = std::get_if<CallHost>(&effect)) {
        HostCall copy;
        copy.ticket = call->ticket;
        copy.kind = call->kind;
        copy.user_json = effects_.view(call->session.user_json);
        copy.presence_json = effects_.view(call->session.presence_json);
        copy.name = effects_.view(call->name);
        copy.data = effects_.view(call->data);
        if (call->session.valid) copy.session = call->session.id;
        copy.context = call->context;
        host_calls.push_back(std::move(copy));
      } else if (const auto* refusal = std::get_if<Refused>(&effect)) {
        refused.push_back(refusal->reason);
      } else if (std::get_if<Finished>(&effect) != nullptr) {
        ++finished;
      }
    }
  }

  Definition definition_;
  std::optional<Room> room_;
  Now now_{1'000'000, 1'795'467'862'000};
  Effects effects_;
  std::optional<std::int64_t> wake_at_ms_;
  std::map<std::uint32_t, std::vector<std::string>> mail_;
  std::uint32_t next_index_ = 0;
};

}  // namespace pluv::room
