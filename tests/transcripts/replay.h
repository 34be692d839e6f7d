// Replays a transcript recorded from the original's client and server: the client's side is fed
// into a room, and what the room sends is compared with what the original's server sent, step by
// step and client by client. What differs on purpose stands in one table; all else is a failure.
// Owns nothing; knows no socket and no storage.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::transcripts {

struct ReplayReport {
  std::vector<std::string> failures;            // one a step and client that differs
  std::map<std::string, int> differences_used;  // how often each line of the table was needed
  int messages_compared = 0;
};

// Names of all differences in the table.
[[nodiscard]] std::vector<std::string> difference_names();

// lines: the transcript's.
[[nodiscard]] ReplayReport replay(const std::vector<std::string>& lines);

}  // namespace pluv::transcripts
