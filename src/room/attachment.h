// What of a session outlives its room's memory: a platform whose rooms hibernate (a Durable Object)
// keeps it beside the socket, in the text form, and gives it back in Restored. A value. Private to
// the room but for its text, which later versions of this code must be able to refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/types.h"

namespace pluv::room {

// Names are short, for platforms allow such texts little room: 2 KiB in a Durable Object.
struct Attachment {
  std::uint32_t v = 1;            // of this form
  std::uint64_t n = 0;            // counts the room's sessions, in order of joining
  std::string id;                 // of the session
  std::string u;                  // the user's id
  json::Raw user;                 // null: none
  json::Raw p;                    // the user's presence; null: none
  std::int64_t t = 0;             // when it was set, unix ms
  std::vector<std::string> gone;  // sessions of the user that have left while the user stayed
  json::Raw early;                // presence from before it joined; null: none
  bool joined = false;
  bool exchanged = false;   // has sent its "$initialized" update
  std::uint32_t bad = 0;    // malformed messages
  std::uint32_t stage = 0;  // of its storage exchange: 0 none yet, 1 asked, 2 answered, 3 open
  bool late = false;        // open without having answered
  bool resync = false;      // its whole document is awaited
  std::optional<std::string> may;  // its permissions; none: everything
};

// Errors: invalid, when it is no attachment of this version.
[[nodiscard]] Result<Attachment> read_attachment(std::string_view text);
[[nodiscard]] std::string attachment_text(const Attachment& attachment);

}  // namespace pluv::room
