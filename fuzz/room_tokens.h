// Who checks the tokens of a fuzzed room's sessions: notes what the room asks, and answers when and
// how an input says: at once, late, twice, about another session, with a token of somebody else.
// Knows which answers the room must pass on. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/ids.h"
#include "fuzz/room_rights.h"
#include "room/room.h"

namespace pluv::fuzz {

// Of one session.
struct SessionTokens {
  std::set<std::string, std::less<>> said;  // of which the room has not asked yet
  room::Ticket due{};                       // the newest that was asked for, of which it must hear

  [[nodiscard]] bool all_answered() const noexcept { return said.empty() && due == room::Ticket{}; }
};

class RoomTokens {
 public:
  struct Check {
    room::Ticket ticket{};
    room::SessionIndex index{};
    SessionId session;
  };
  // An answer, and whom it is about.
  struct Answer {
    Check check;
    Result<room::CheckedToken> token = Error{ErrorCode::unauthorized, "No"};
    bool is_null = false;

    // What the session may do then; nullopt: its token is refused.
    [[nodiscard]] std::optional<Permissions> permissions_for(std::string_view user_id) const {
      if (!token.ok() || user_id.empty() || token->user_id != user_id) return std::nullopt;
      Permissions permissions = permissions_of(token->permissions);
      if (!permissions.may_read()) return std::nullopt;
      return permissions;
    }
    [[nodiscard]] room::TokenChecked input() const {
      return {check.index, check.ticket, is_null ? nullptr : &token};
    }
  };

  // A message that presents a token of its own.
  [[nodiscard]] std::string present(SessionTokens& tokens) {
    const std::string token = "token-" + std::to_string(++presented_);
    tokens.said.insert(token);
    return R"({"type":"$refreshToken","data":{"token":")" + token + "\"}}";
  }
  void asked(SessionTokens& tokens, const room::CheckToken& asked, const SessionId& session,
             std::string_view token) {
    if (const auto at = tokens.said.find(token); at != tokens.said.end()) tokens.said.erase(at);
    tokens.due = asked.ticket;
    checks_.push_back({asked.ticket, asked.session, session});
  }
  [[nodiscard]] bool idle() const noexcept { return checks_.empty(); }
  // When the room's memory goes, and its tickets begin anew.
  void forget() {
    checks_.clear();
    answered_.reset();
  }

  // One of those that are asked for, or one that was answered before.
  [[nodiscard]] std::optional<Answer> answer(std::uint8_t how, std::string_view permissions) {
    if (how % 8 == 7) return answered_;
    if (checks_.empty()) return std::nullopt;
    const auto at = checks_.begin() + how / 8 % static_cast<std::ptrdiff_t>(checks_.size());
    Answer answer{.check = *at};
    if (how % 8 == 6) {
      answer.is_null = true;
      return answer;
    }
    if (how % 8 == 5) {  // about a session that did not ask
      answer.check.index = room::SessionIndex{room::raw(answer.check.index) + 1};
      return answer;
    }
    checks_.erase(at);
    if (how % 8 < 4) {
      constexpr std::array<std::string_view, 4> kUsers = {"u0", "u1", "u0", ""};
      const std::string user(kUsers[how % 8]);
      const std::string json = R"({"id":")" + user + R"(","token":)" + std::to_string(how) + "}";
      answer.token = room::CheckedToken{user, json, nullptr, std::string(permissions)};
    }
    answered_ = answer;
    return answer;
  }

 private:
  std::vector<Check> checks_;
  std::optional<Answer> answered_;
  std::uint64_t presented_ = 0;
};

}  // namespace pluv::fuzz
