// Whether a JSON text has each member once. Of equal names most readers take the last one, others
// the first: what one of them has judged is not what another one acts by. Pure.
#pragma once

#include <string_view>

#include "base/result.h"

namespace pluv::apps {

// json: a text that was read already; what is malformed, or too deep for a reader's default, is not
// told here. Errors: invalid, with the path of the first name that is there twice. Takes time n log
// n, and memory for the names of what is open at once.
[[nodiscard]] Result<void> members_once(std::string_view json);

}  // namespace pluv::apps
