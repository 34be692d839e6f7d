// What a webhook says: the payload {"event", "data"} as a typed event, and back (docs/hosting.md).
// Values; pure functions. The signature is the caller's business (signature.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace pluv::hosted {

// The document of a room that is loaded is asked for; the answer has it.
struct InitialStorage {
  std::string room;

  bool operator==(const InitialStorage&) const = default;
};

struct RoomDestroyed {
  std::string room;

  bool operator==(const RoomDestroyed&) const = default;
};

struct StorageDestroyed {
  std::string room;
  std::optional<std::string> storage;  // base64; nullopt: none, or not sent along

  bool operator==(const StorageDestroyed&) const = default;
};

struct UserConnected {
  std::string room;
  std::optional<std::string> storage;
  std::string user_json;  // an object
  std::string user_id;    // its member "id"

  bool operator==(const UserConnected&) const = default;
};

struct UserDisconnected {
  std::string room;
  std::optional<std::string> storage;
  std::string user_json;
  std::string user_id;

  bool operator==(const UserDisconnected&) const = default;
};

using WebhookEvent =
    std::variant<InitialStorage, RoomDestroyed, StorageDestroyed, UserConnected, UserDisconnected>;

// "initial-storage", "room-destroyed" ...
[[nodiscard]] std::string_view name_of(const WebhookEvent& event) noexcept;
[[nodiscard]] const std::string& room_of(const WebhookEvent& event) noexcept;

// Members that are not known are passed over; of equal ones the last counts. Room ids are checked.
// Errors invalid, or limit when nested too deeply.
[[nodiscard]] Result<WebhookEvent> read_webhook(std::string_view json);

// In its stable form. user_id is not looked at. Errors as read_webhook's, for a user_json that is
// no object with a text as id.
[[nodiscard]] Result<std::string> write_webhook(const WebhookEvent& event);

}  // namespace pluv::hosted
