// The claim "permissions" of a token: what its user may do, in which rooms. A list of names holds
// for the room of the token; an object has lists for patterns of rooms, of which the one that fits
// best counts, and lets the token's room be a pattern as well. A pattern is a room id, the
// beginning of one and '*', or '*' alone. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pluv::auth {

// Patterns of one claim: a token has room for little more.
inline constexpr std::size_t kPermissionPatternsMax = 64;

[[nodiscard]] bool is_room_pattern(std::string_view text) noexcept;
// Both are what they should be.
[[nodiscard]] bool matches_room(std::string_view pattern, std::string_view room) noexcept;

// Whether a token of this claim may have a pattern for its room: it is an object.
[[nodiscard]] bool may_have_room_pattern(std::string_view claim) noexcept;
// The claim has the right form, all of it. Errors invalid and limit.
[[nodiscard]] Result<void> check_permissions(std::string_view claim);
// The claim lets its user enter the room, or for a pattern a room that fits it. Errors: those of
// the check, and invalid.
[[nodiscard]] Result<void> check_entry(std::string_view claim, std::string_view room_or_pattern);
// What the claim allows in the room, in the text form of Permissions. Errors: those of the check,
// and unauthorized when the room is none of the claim's, or what is allowed is not to read.
[[nodiscard]] Result<std::string> permissions_in(std::string_view claim, std::string_view room);

}  // namespace pluv::auth
