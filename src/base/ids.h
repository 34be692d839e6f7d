// The ids of the room server as types. A SessionId is "p_" and a UUID v4 (38 characters) and is
// called connectionId on the wire; a room id is a string that passed is_room_id. A server that
// keeps projects apart knows a room by its key, which is no part of the wire.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pluv {

inline constexpr std::size_t kSessionIdSize = 38;
inline constexpr std::size_t kUuidSize = 36;
inline constexpr std::size_t kRoomIdSizeMax = 256;
inline constexpr std::size_t kProjectIdSizeMax = 64;
inline constexpr std::size_t kRoomKeySizeMax = kProjectIdSizeMax + 1 + kRoomIdSizeMax;

// RFC 9562 version 4 text (lower case, with dashes) from 16 random bytes.
[[nodiscard]] std::array<char, kUuidSize> uuid_v4_text(
    const std::array<std::uint8_t, 16>& random) noexcept;

class SessionId {
 public:
  SessionId() noexcept { text_.fill('0'); }
  // From 16 random bytes of the platform's.
  [[nodiscard]] static SessionId from_random(const std::array<std::uint8_t, 16>& random) noexcept;
  // nullopt unless text has the exact form.
  [[nodiscard]] static std::optional<SessionId> parse(std::string_view text) noexcept;

  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), text_.size()}; }
  auto operator<=>(const SessionId&) const = default;

 private:
  std::array<char, kSessionIdSize> text_;
};

// ^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$ and at most kRoomIdSizeMax characters.
// (protocol.md section 1.)
[[nodiscard]] bool is_room_id(std::string_view text) noexcept;

// The same form, and at most kProjectIdSizeMax characters.
[[nodiscard]] bool is_project_id(std::string_view text) noexcept;

// Under which a process knows a room: its id, which is the room's name there and for its clients,
// or, of a room that belongs to a project, the project's id, a '/' and the name. No id has a '/'.
[[nodiscard]] std::string room_key(std::string_view project, std::string_view room);
[[nodiscard]] bool is_room_key(std::string_view text) noexcept;
// Both of a room key; the project is empty when there is none.
[[nodiscard]] std::string_view room_name_of(std::string_view key) noexcept;
[[nodiscard]] std::string_view project_of(std::string_view key) noexcept;

}  // namespace pluv
