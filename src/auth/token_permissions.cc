#include "auth/token_permissions.h"

#include <utility>

#include "base/ids.h"
#include "base/permissions.h"
#include "json/reader.h"

namespace pluv::auth {
namespace {

constexpr char kAnyRest = '*';

Error wrong(const char* why) { return Error{ErrorCode::invalid, why}; }

// The names of a list, which the reader is at.
Result<Permissions> read_names(json::Reader& reader, std::string& scratch) {
  if (reader.peek() != json::Kind::array) return wrong("the permissions are not a list");
  std::string text;
  std::string_view name;
  bool first = true;
  reader.enter_array();
  while (reader.next_element()) {
    if (reader.peek() != json::Kind::string) return wrong("a permission is not a string");
    if (!reader.read_string(name, scratch)) break;
    if (!Permissions::is_name(name)) return wrong("a permission's name is not allowed");
    if (!std::exchange(first, false)) text += ' ';
    text += name;
  }
  if (!reader.ok()) return wrong("the permissions are not JSON");
  return Permissions::parse(text);
}

struct Found {
  bool has_room = false;
  std::size_t length = 0;  // of its pattern; more than any pattern's for the room itself
  Permissions permissions;
};

// Reads all of the claim, whatever it holds for the room, so that a malformed one is refused in
// every room. Of equal patterns the last counts, as of members elsewhere.
Result<Found> read_claim(std::string_view claim, std::string_view room) {
  json::Reader reader(claim);
  std::string scratch;
  Found found;
  if (reader.peek() == json::Kind::array) {
    Result<Permissions> names = read_names(reader, scratch);
    if (!names.ok()) return std::move(names).error();
    found.has_room = true;
    found.permissions = std::move(*names);
  } else if (reader.peek() == json::Kind::object) {
    std::string pattern_scratch;
    std::string_view pattern;
    std::size_t count = 0;
    reader.enter_object();
    while (reader.next_member(pattern_scratch, pattern)) {
      if (!is_room_pattern(pattern)) return wrong("a pattern of the permissions is not allowed");
      if (++count > kPermissionPatternsMax) {
        return Error{ErrorCode::limit, "there are too many patterns of permissions"};
      }
      const bool exact = pattern == room;
      const std::size_t length = exact ? kRoomIdSizeMax + 1 : pattern.size();
      const bool fits = exact || matches_room(pattern, room);
      Result<Permissions> names = read_names(reader, scratch);
      if (!names.ok()) return std::move(names).error();
      if (!fits || (found.has_room && length < found.length)) continue;
      found = {true, length, std::move(*names)};
    }
  } else {
    return wrong("the permissions are neither a list nor an object");
  }
  if (!reader.finish()) return wrong("the permissions are not JSON");
  return found;
}

// Whether a room may fit both.
bool overlap(std::string_view pattern, std::string_view other) noexcept {
  if (pattern.empty() || pattern.back() != kAnyRest) return matches_room(other, pattern);
  if (other.empty() || other.back() != kAnyRest) return matches_room(pattern, other);
  pattern.remove_suffix(1);
  other.remove_suffix(1);
  return pattern.starts_with(other) || other.starts_with(pattern);
}

}  // namespace

bool is_room_pattern(std::string_view text) noexcept {
  if (text.empty() || text.back() != kAnyRest) return is_room_id(text);
  // The beginning of an id: what may stand in the middle of one may end it.
  text.remove_suffix(1);
  if (text.empty()) return true;
  if (text.size() >= kRoomIdSizeMax) return false;
  while (!text.empty() && (text.back() == '-' || text.back() == '_')) text.remove_suffix(1);
  return is_room_id(text);
}

bool matches_room(std::string_view pattern, std::string_view room) noexcept {
  if (pattern.empty() || pattern.back() != kAnyRest) return pattern == room;
  return room.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool may_have_room_pattern(std::string_view claim) noexcept {
  return json::kind_of(claim) == json::Kind::object;
}

Result<void> check_permissions(std::string_view claim) {
  if (Result<Found> read = read_claim(claim, {}); !read.ok()) return std::move(read).error();
  return {};
}

Result<void> check_entry(std::string_view claim, std::string_view room_or_pattern) {
  const Error no_read = wrong("these permissions do not allow to enter: read is missing");
  const bool has_pattern = may_have_room_pattern(claim) && room_or_pattern.ends_with(kAnyRest);
  if (!has_pattern) {
    const Result<Found> found = read_claim(claim, room_or_pattern);
    if (!found.ok()) return found.error();
    if (!found->has_room) {
      return wrong("these permissions do not allow to enter: none of them are for the room");
    }
    return found->permissions.may_read() ? Result<void>() : no_read;
  }
  if (Result<void> checked = check_permissions(claim); !checked.ok()) return checked;
  json::Reader reader(claim);
  std::string scratch;
  std::string pattern_scratch;
  std::string_view pattern;
  bool fits = false;
  reader.enter_object();
  while (reader.next_member(pattern_scratch, pattern)) {
    const bool one_fits = overlap(pattern, room_or_pattern);
    const Result<Permissions> names = read_names(reader, scratch);
    if (one_fits && names.ok() && names->may_read()) return {};
    fits = fits || one_fits;
  }
  return fits ? no_read
              : wrong("these permissions do not allow to enter: none of them are for such rooms");
}

Result<std::string> permissions_in(std::string_view claim, std::string_view room) {
  const Result<Found> found = read_claim(claim, room);
  if (!found.ok()) return found.error();
  if (!found->has_room) {
    return Error{ErrorCode::unauthorized, "the token has no permissions for this room"};
  }
  if (!found->permissions.may_read()) {
    return Error{ErrorCode::unauthorized, "the token's permissions do not allow to read"};
  }
  return found->permissions.text();
}

}  // namespace pluv::auth
