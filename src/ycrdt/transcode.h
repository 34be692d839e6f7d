// From one update format into the other, as it is: sections, marks and values stay what they were,
// so that a document cannot tell which way an update came. Version 1 has its values kept
// (struct_ref.h). Internal; for other people's eyes there are the functions of updates_v2.h.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/limits.h"

namespace pluv::ycrdt {

[[nodiscard]] Result<std::string> transcode_v2_to_v1(std::string_view update,
                                                     const UpdateLimits& limits);

// Precondition: the update is our own writing.
[[nodiscard]] std::string transcode_v1_to_v2(std::string_view update);

}  // namespace pluv::ycrdt
