// Any sequence of inputs to a room: it stays within its own rules. The bytes are a script: an
// operation, a session and what it says.
// link: room protocol json base
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "json/reader.h"
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
  definition.listeners.on_user_connected = [](ListenerEvent) {};
  definition.listeners.on_user_disconnected = [](ListenerEvent) {};
  definition.listeners.on_room_message = [](ListenerEvent) {};
  definition.listeners.on_room_destroyed = [](ListenerEvent, ListenerDone) {};
  definition.freeze();
  return definition;
}

// Plays the platform: checks every effect against what a platform relies on.
class Player {
 public:
  explicit Player(const Definition& definition) : room_("room", definition) {}

  void open(std::uint32_t at, bool authorized) {
    if (open_[at]) return;
    open_[at] = true;
    gone_[at] = false;
    std::array<std::uint8_t, 16> random{};
    const std::uint64_t number = ++ids_;
    std::memcpy(random.data(), &number, sizeof number);
    const std::string id = authorized ? "u" + std::to_string(at % 2) : std::string();
    const std::string json = authorized ? R"({"id":")" + id + "\"}" : std::string();
    step(Opened{SessionIndex{at}, SessionId::from_random(random), id, json, nullptr});
  }
  void close(std::uint32_t at) {
    if (!open_[at]) return;
    open_[at] = false;
    gone_[at] = true;
    step(Closed{SessionIndex{at}});
  }
  void say(std::uint32_t at, std::string_view text) {
    if (open_[at]) step(Message{SessionIndex{at}, text});
  }
  void hear(std::uint32_t at) {
    if (open_[at]) step(Heard{SessionIndex{at}});
  }
  void reply(std::uint8_t choice) {
    if (tickets_.empty()) return;
    const auto at = tickets_.begin() + choice % static_cast<std::ptrdiff_t>(tickets_.size());
    const CallHost call = *at;
    tickets_.erase(at);
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
  void pass(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
    if (wake_ms_ != 0 && wake_ms_ <= now_.steady_ms) {
      wake_ms_ = 0;
      step(Woke{});
    }
  }
  void step(const Input& input) {
    effects_.clear();
    room_.step(input, now_, effects_);
    std::size_t live = 0;
    for (const Effect& effect : effects_.list) check(effect);
    for (const bool open : open_) live += open ? 1 : 0;
    PLUV_ASSERT(room_.size() <= live);
    PLUV_ASSERT(room_.user_count() <= live);
  }
  // Everybody leaves and every ticket is answered: nothing may be left.
  void end() {
    for (std::uint32_t at = 0; at < kSessions; ++at) close(at);
    while (!tickets_.empty()) reply(1);
    PLUV_ASSERT(room_.finished());
    PLUV_ASSERT(room_.size() == 0 && room_.user_count() == 0);
  }

 private:
  void check(const Effect& effect) {
    if (const auto* send = std::get_if<Send>(&effect)) {
      std::string joined;
      PLUV_ASSERT(json::validate(effects_.text_of(*send, joined)).ok());
      PLUV_ASSERT(send->receivers_count > 0);
      std::vector<bool> seen(kSessions);
      for (const SessionIndex index : effects_.receivers_of(*send)) {
        PLUV_ASSERT(raw(index) < kSessions && open_[raw(index)] && !seen[raw(index)]);
        seen[raw(index)] = true;
      }
      if (send->kind == FrameKind::presence) PLUV_ASSERT(!gone_[raw(send->subject)]);
    } else if (const auto* closed = std::get_if<Close>(&effect)) {
      PLUV_ASSERT(open_[raw(closed->session)]);
      open_[raw(closed->session)] = false;
      gone_[raw(closed->session)] = true;
    } else if (const auto* ping = std::get_if<Ping>(&effect)) {
      PLUV_ASSERT(open_[raw(ping->session)]);
    } else if (const auto* wake = std::get_if<WakeAt>(&effect)) {
      PLUV_ASSERT(wake->at_ms > now_.steady_ms);
      wake_ms_ = wake->at_ms;
    } else if (const auto* call = std::get_if<CallHost>(&effect)) {
      if (call->ticket != Ticket{}) tickets_.push_back(*call);
    } else if (std::get_if<Finished>(&effect) != nullptr) {
      PLUV_ASSERT(room_.size() == 0);
    }
  }

  Room room_;
  Effects effects_;
  Now now_{1'000, 1'795'467'862'000};
  std::array<bool, kSessions> open_{};
  std::array<bool, kSessions> gone_{};
  std::vector<CallHost> tickets_;
  std::int64_t wake_ms_ = 0;
  std::uint64_t ids_ = 0;
};

constexpr std::string_view kMessages[] = {
    R"({"type":"$initializeSession","data":{"presence":{"a":1},"update":""}})",
    R"({"type":"$updatePresence","data":{"presence":{"b":2}}})",
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Definition definition = make_definition();
  Player player(definition);
  std::size_t at = 0;
  const auto next = [&]() -> std::uint8_t { return at < size ? data[at++] : 0; };
  while (at < size) {
    const std::uint8_t operation = next();
    const std::uint32_t session = next() % kSessions;
    switch (operation % 12) {
      case 0:
      case 1: player.open(session, operation % 12 == 0); break;
      case 2: player.close(session); break;
      case 3:
      case 4: player.say(session, kMessages[next() % std::size(kMessages)]); break;
      case 5: {
        const std::size_t length = std::min<std::size_t>(next(), size - at);
        player.say(session, {reinterpret_cast<const char*>(data) + at, length});
        at += length;
        break;
      }
      case 6: player.pass(next() * 200); break;
      case 7: player.reply(next()); break;
      case 8: player.hear(session); break;
      case 9: player.step(EvictAll{}); break;
      case 10: player.step(ServerBroadcast{next() % 2 == 0 ? "say" : "slow", "{}"}); break;
      case 11: player.step(CollectGarbage{}); break;
    }
  }
  player.end();
  return 0;
}
