// The work of updates.h on updates of version 1 whose values are kept (struct_ref.h): how updates
// of version 2 are worked on, and what waits in a document. Internal.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/struct_ref.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {

[[nodiscard]] Result<std::string> merge_kept(std::span<const std::string_view> updates,
                                             const MergeOptions& options);
[[nodiscard]] Result<std::string> merge_kept_in_turn(std::span<const std::string> updates,
                                                     const UpdateLimits& limits);
// `out` says how the values of what is left are spelled.
[[nodiscard]] Result<std::string> diff_kept(std::string_view update, const StateVector& state,
                                            const UpdateLimits& limits, ValueSpelling out);

}  // namespace pluv::ycrdt
