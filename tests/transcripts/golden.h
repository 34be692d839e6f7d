// Golden transcripts: a file holds the inputs of a room with virtual time and, after each, all that
// the room must do, byte for byte. Rendering a file runs its inputs and writes the outputs anew, so
// replaying is rendering and comparing, and recording is rendering and saving. Format: README.md in
// tests/data/transcripts.
//
// Inputs ("in"): open {as, user?: {id,..}}, message {as, message | text}, heard {as}, close {as},
// until (moves the clock to `at` and wakes the room on the way), broadcast {name, data},
// emit {name, data}, evict {as}, evict_all, collect_garbage, reply {ticket, self?, broadcast?,
// error?} where self and broadcast are [name, data] pairs.
// The first line: {"transcript": what it shows, "strict"?, "quiet_errors"?, "listeners"?,
// "room_destroyed"?, "limits"?: {..}}.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pluv::transcripts {

// The whole file as it should be. Outputs in `lines` are ignored.
[[nodiscard]] Result<std::string> render_golden(const std::vector<std::string>& lines);

}  // namespace pluv::transcripts
