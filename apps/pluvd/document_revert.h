// Makes a document what it once was, by edits: the way back is an update like any client's, which
// merges with what others write meanwhile, and what is undone stays in the history. What is the
// same in both is left alone, also inside of texts, lists and maps. Pure functions; they take as
// long as both documents are large, so they are not for a loop.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace pluv::apps {

// The update that takes the document `now` (updates that make it) to what `then` holds. Empty when
// nothing differs. writer: a number that no other writer of the document uses, at most 2^53 - 1.
// Errors: one of them makes no document; limit when it is too deep.
[[nodiscard]] Result<std::string> revert_update(std::span<const std::string> now,
                                                std::span<const std::string> then,
                                                std::uint64_t writer);

}  // namespace pluv::apps
