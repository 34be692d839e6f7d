// The transcripts' files.
#pragma once

#include <string>
#include <vector>

namespace pluv::transcripts {

// The lines of a file under tests/data that are not empty; none, and a test failure, when it is
// missing.
[[nodiscard]] std::vector<std::string> read_lines(const std::string& path);

}  // namespace pluv::transcripts
