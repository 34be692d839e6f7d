// `pluvd storage`: what an operator does with the documents' file besides serving it. Owns the
// store for the time of one command; what it finds goes to stdout, what is wrong to stderr.
#pragma once

#include <span>
#include <string>

namespace pluv::apps {

// arguments behind the word storage. Answers the exit code: 0; 1 when something is wrong or not
// there; 2 when misused; kExitStorage when a file cannot be used, that of the documents or one that
// is to be written.
[[nodiscard]] int run_storage(std::span<const std::string> arguments);

}  // namespace pluv::apps
