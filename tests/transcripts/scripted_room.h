// ScriptedRoom: a Room under a virtual clock, with sessions that have names, for tests that tell a
// story. It executes effects as a platform would (delivers, closes, keeps wake-ups) and keeps what
// every session received. Single-threaded; it holds no real socket and reads no real clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "room/room.h"

namespace pluv::transcripts {

// The events of the recorded scenarios, and some more:
//   sendMessage {message: string} -> receiveMessage to all      doubleValue {value: number} ->
//   doubledValue to the sender      announce {text: string} -> announced to all (sync)
//   boom -> fails      later -> waits for HostReplied
[[nodiscard]] room::Definition chat_definition();

struct JoinAs {
  std::string user_id;    // empty: without authorization
  std::string user_json;  // empty: null
};

class ScriptedRoom {
 public:
  struct Closing {
    std::string session;
    std::uint16_t code = 0;
    std::string reason;
    bool paced = false;
    std::int64_t at_ms = 0;
  };
  // Called after every step with what it wanted done.
  using Observer = std::function<void(const ScriptedRoom&, const room::Effects&)>;

  explicit ScriptedRoom(room::Definition definition, std::string id = "transcript-1");

  void observe(Observer observer) { observer_ = std::move(observer); }

  // name stands for the session in everything below; it may be used again after its end.
  void open(const std::string& name, const JoinAs& user = {});
  // open, and the two messages with which a client without storage begins.
  void join(const std::string& name, const JoinAs& user = {},
            std::string_view presence = R"({"count":0})");
  void say(const std::string& name, std::string_view text);
  void drop(const std::string& name);
  void hear(const std::string& name);
  void step(const room::Input& input);
  // Moves the clock, feeding Woke whenever the room asked for it.
  void advance_to(std::int64_t at_ms);
  void advance(std::int64_t ms) { advance_to(at_ms_ + ms); }

  [[nodiscard]] room::Room& room() noexcept { return room_; }
  [[nodiscard]] std::int64_t at_ms() const noexcept { return at_ms_; }
  [[nodiscard]] Now now() const noexcept;
  // Back from a WakeAt to a time of the script.
  [[nodiscard]] static std::int64_t script_ms(std::int64_t steady_ms) noexcept;
  [[nodiscard]] bool is_open(const std::string& name) const { return indexes_.contains(name); }
  // The newest session of that name, open or not.
  [[nodiscard]] SessionId id_of(const std::string& name) const;
  [[nodiscard]] room::SessionIndex index_of(const std::string& name) const;
  // A session's name, also just after its end.
  [[nodiscard]] const std::string& name_of(room::SessionIndex index) const;

  // What a name received since the last take.
  [[nodiscard]] std::vector<std::string> take(const std::string& name);
  // The same, only the messages' types.
  [[nodiscard]] std::vector<std::string> take_types(const std::string& name);
  void forget_received() { received_.clear(); }
  [[nodiscard]] const std::vector<Closing>& closings() const noexcept { return closings_; }
  [[nodiscard]] std::size_t pings(const std::string& name) const;
  [[nodiscard]] const std::vector<room::CallHost>& host_calls() const noexcept { return calls_; }

 private:
  void execute();

  room::Definition definition_;
  room::Room room_;
  room::Effects effects_;
  Observer observer_;
  std::int64_t at_ms_ = 0;
  std::optional<std::int64_t> wake_at_steady_ms_;
  std::map<std::string, room::SessionIndex> indexes_;
  std::vector<std::string> names_;  // by index, the newest
  std::map<std::string, SessionId> ids_;
  std::map<std::string, std::uint32_t> openings_;
  std::map<std::string, std::vector<std::string>> received_;
  std::map<std::string, std::size_t> pings_;
  std::vector<Closing> closings_;
  std::vector<room::CallHost> calls_;
};

// The type of a message, and the raw text of a member of a JSON object ("" when it has none).
[[nodiscard]] std::string type_of(std::string_view message);
[[nodiscard]] std::string raw_member(std::string_view object, std::string_view key);

}  // namespace pluv::transcripts
