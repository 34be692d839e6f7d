// What clients of a room believe, by what they are sent alone: who is there, and with which
// presence. A fuzzer of the room holds it to what the room says itself. Plain values.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "json/value.h"
#include "room/room.h"

namespace pluv::fuzz {

// A user with an id is one for all of their sessions, anybody else is one for each session.
[[nodiscard]] inline std::string key_of(const json::Value& user, std::string_view session) {
  const json::Value* id = user.find("id");
  return id != nullptr && id->as_string() != nullptr ? *id->as_string() : std::string(session);
}

class RoomClient {
 public:
  // One message to it, parsed.
  void hear(const json::Value& message) {
    const std::string& type = *message.find("type")->as_string();
    const json::Value& data = *message.find("data");
    if (type == "$registered") {
      self_ = *data.find("sessionId")->as_string();
    } else if (type == "$userJoined") {
      const std::string& session = *data.find("connectionId")->as_string();
      joined_ |= session == self_;
      add(session, *data.find("user"), *data.find("presence"));
    } else if (type == "$othersReceived") {
      for (const auto& [session, other] : *data.find("others")->as_object()) {
        PLUV_ASSERT(session != self_);
        add(session, *other.find("user"), *other.find("presence"));
      }
      knows_all_ = true;
    } else if (type == "$presenceUpdated") {
      const std::string& session = *message.find("connectionId")->as_string();
      const auto user = users_.find(key_of(*message.find("user"), session));
      if (user != users_.end()) user->second.presence = data.find("presence")->to_text();
    } else if (type == "$exit") {
      remove(*data.find("sessionId")->as_string());
    } else if (type == "$syncStateReceived") {
      expect_listed(*data.find("connectionIds")->as_array());
    }
  }

  // What it believes is so, and once it has asked it believes all that is so.
  void expect_right(const room::Room& room) const {
    if (!joined_) return;
    std::set<std::string, std::less<>> here;
    room.for_each_session([&](const room::SessionView& view) {
      const std::string session(view.id.text());
      here.insert(session);
      const auto user_json = json::Value::parse(view.user_json.empty() ? "null" : view.user_json);
      PLUV_ASSERT(user_json.ok());
      const auto user = users_.find(key_of(*user_json, session));
      if (user == users_.end()) return;
      const auto presence =
          json::Value::parse(view.presence_json.empty() ? "null" : view.presence_json);
      PLUV_ASSERT(presence.ok() && user->second.presence == presence->to_text());
    });
    for (const auto& [key, user] : users_) {
      for (const std::string& session : user.sessions) PLUV_ASSERT(here.contains(session));
    }
  }
  // Whether it believes that the session is here, which said so itself.
  [[nodiscard]] bool knows(const std::string& session) const {
    return std::any_of(users_.begin(), users_.end(),
                       [&](const auto& user) { return user.second.sessions.contains(session); });
  }
  [[nodiscard]] bool joined() const noexcept { return joined_; }
  [[nodiscard]] bool knows_all() const noexcept { return joined_ && knows_all_; }
  [[nodiscard]] const std::string& self() const noexcept { return self_; }

 private:
  struct User {
    std::string presence;  // JSON
    std::set<std::string> sessions;
  };

  // Of a user who is known, another tab brings no presence: $presenceUpdated does.
  void add(const std::string& session, const json::Value& user, const json::Value& presence) {
    const auto [at, is_new] = users_.try_emplace(key_of(user, session));
    if (is_new) at->second.presence = presence.to_text();
    at->second.sessions.insert(session);
  }
  void remove(const std::string& session) {
    for (auto at = users_.begin(); at != users_.end();) {
      auto& sessions = at->second.sessions;
      at = sessions.erase(session) != 0 && sessions.empty() ? users_.erase(at) : std::next(at);
    }
  }
  // It lets go of whom the list leaves out, so nobody whom it rightly believes in may be missing.
  void expect_listed(const json::Value::Array& sessions) const {
    std::set<std::string> listed;
    for (const json::Value& session : sessions) listed.insert(*session.as_string());
    for (const auto& [key, user] : users_) {
      for (const std::string& session : user.sessions) PLUV_ASSERT(listed.contains(session));
    }
  }

  std::string self_;
  bool joined_ = false;
  bool knows_all_ = false;
  std::map<std::string, User> users_;
};

}  // namespace pluv::fuzz
