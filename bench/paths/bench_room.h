// A room with a clock that its owner moves and a store that answers when it is told to. It looks at
// the effects of a step just as much as a path has to, so that what is counted is the room. Used by
// one thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "path.h"
#include "room/room.h"

namespace pluv::bench {

class BenchRoom {
 public:
  explicit BenchRoom(room::Definition definition)
      : definition_(frozen(std::move(definition))), room_("room-1", definition_, 42) {}

  void step(const room::Input& input) {
    effects_.clear();
    room_.step(input, now_, effects_);
  }
  void send(std::size_t session, std::string_view text) {
    step(room::Message{index_of(session), text});
  }
  void leave(std::size_t session) { step(room::Closed{index_of(session)}); }
  void advance_ms(std::int64_t ms) {
    now_.steady_ms += ms;
    now_.unix_ms += ms;
  }
  // The only session of its user.
  void open(std::size_t session) {
    const std::string id = "u" + std::to_string(session);
    open(session, id, user_json(session));
  }
  void open(std::size_t session, std::string_view user_id, std::string_view user) {
    step(room::Opened{index_of(session), id_of(session), user_id, user, nullptr});
  }
  // What a client says that was let in: it has joined then, and hears of changes of a document.
  void greet(std::size_t session) {
    send(session, R"({"type":"$initializeSession","data":{"presence":{"x":0,"y":0},"update":""}})");
    send(session, R"({"type":"$updateStorage","data":{"origin":"$initialized","update":"AAA="}})");
  }
  static std::string user_json(std::size_t session) {
    return R"({"id":"u)" + std::to_string(session) + R"(","name":"Somebody"})";
  }
  static std::string session_text(std::size_t session) {
    return std::string(id_of(session).text());
  }

  // The store has what the last step gave it, if anything.
  void persist() {
    for (const room::Effect& effect : effects_.list) {
      const auto* append = std::get_if<room::AppendUpdate>(&effect);
      if (append == nullptr) continue;
      const Result<std::uint64_t> number = ++appended_;
      step(room::Persisted{append->ticket, &number});
      return;
    }
  }
  // What the last step sent: frames times their receivers.
  [[nodiscard]] std::size_t deliveries() const noexcept {
    std::size_t count = 0;
    for (const room::Effect& effect : effects_.list) {
      if (const auto* send = std::get_if<room::Send>(&effect)) count += send->receivers_count;
    }
    return count;
  }
  // The last frame that the last step sent; empty: none.
  [[nodiscard]] std::string_view last_frame() {
    std::string_view frame;
    for (const room::Effect& effect : effects_.list) {
      if (const auto* send = std::get_if<room::Send>(&effect)) {
        frame = effects_.text_of(*send, joined_);
      }
    }
    return frame;
  }
  [[nodiscard]] const room::Effects& effects() const noexcept { return effects_; }
  [[nodiscard]] std::uint64_t appended() const noexcept { return appended_; }
  [[nodiscard]] std::int64_t unix_ms() const noexcept { return now_.unix_ms; }
  [[nodiscard]] std::size_t size() const noexcept { return room_.size(); }

 private:
  static room::Definition frozen(room::Definition definition) {
    definition.freeze();
    return definition;
  }
  static room::SessionIndex index_of(std::size_t session) noexcept {
    return room::SessionIndex{static_cast<std::uint32_t>(session)};
  }
  static SessionId id_of(std::size_t session) noexcept {
    std::array<std::uint8_t, 16> random{};
    const std::uint64_t number = session + 1;
    std::memcpy(random.data(), &number, sizeof number);
    return SessionId::from_random(random);
  }

  room::Definition definition_;
  room::Room room_;
  Now now_{1'000'000, 1'795'467'862'000};
  room::Effects effects_;
  std::string joined_;
  std::uint64_t appended_ = 0;
};

}  // namespace pluv::bench
