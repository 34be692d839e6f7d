#include "base/ids.h"

#include <algorithm>

namespace pluv {
namespace {

constexpr char kProjectEnd = '/';

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool is_lower_hex(char c) noexcept {
  return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9');
}

constexpr bool is_dash_place(std::size_t at) noexcept {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

}  // namespace

std::array<char, kUuidSize> uuid_v4_text(const std::array<std::uint8_t, 16>& random) noexcept {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<std::uint8_t, 16> bytes = random;
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::array<char, kUuidSize> text{};
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (is_dash_place(at)) text[at++] = '-';
    text[at++] = kHex[byte >> 4];
    text[at++] = kHex[byte & 15];
  }
  return text;
}

SessionId SessionId::from_random(const std::array<std::uint8_t, 16>& random) noexcept {
  const auto uuid = uuid_v4_text(random);
  SessionId id;
  id.text_[0] = 'p';
  id.text_[1] = '_';
  std::copy(uuid.begin(), uuid.end(), id.text_.begin() + 2);
  return id;
}

std::optional<SessionId> SessionId::parse(std::string_view text) noexcept {
  if (text.size() != kSessionIdSize || text.substr(0, 2) != "p_") return std::nullopt;
  const std::string_view uuid = text.substr(2);
  for (std::size_t at = 0; at < uuid.size(); ++at) {
    if (is_dash_place(at) ? uuid[at] != '-' : !is_lower_hex(uuid[at])) return std::nullopt;
  }
  SessionId id;
  std::copy(text.begin(), text.end(), id.text_.begin());
  return id;
}

bool is_room_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > kRoomIdSizeMax) return false;
  if (!is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

bool is_project_id(std::string_view text) noexcept {
  return text.size() <= kProjectIdSizeMax && is_room_id(text);
}

std::string room_key(std::string_view project, std::string_view room) {
  std::string key;
  key.reserve(project.size() + 1 + room.size());
  key += project;
  if (!project.empty()) key += kProjectEnd;
  key += room;
  return key;
}

bool is_room_key(std::string_view text) noexcept {
  const std::size_t end = text.find(kProjectEnd);
  if (end == std::string_view::npos) return is_room_id(text);
  return is_project_id(text.substr(0, end)) && is_room_id(text.substr(end + 1));
}

std::string_view room_name_of(std::string_view key) noexcept {
  return key.substr(key.find(kProjectEnd) + 1);  // from the beginning when there is none
}

std::string_view project_of(std::string_view key) noexcept {
  const std::size_t end = key.find(kProjectEnd);
  return end == std::string_view::npos ? std::string_view() : key.substr(0, end);
}

}  // namespace pluv
