// Work on updates as bytes, without a document: merge, diff, and what they hold. All answers are
// byte for byte those of yjs. Each function walks over its bytes once; memory is proportional to
// them, never to numbers that they declare. An error means that some update is malformed or over a
// limit. Source: yjs, updates.js.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/limits.h"
#include "ycrdt/state_vector.h"

namespace pluv::ycrdt {

struct MergeOptions {
  // Join adjacent runs of text, which yjs's mergeUpdates leaves apart: fewer bytes, the same
  // document.
  bool coalesce_text = false;
  UpdateLimits limits = {};
};

// One update with all that the updates hold; clocks that are missing between become skips. One
// update is answered as it is. yjs: mergeUpdates.
[[nodiscard]] Result<std::string> merge_updates(std::span<const std::string_view> updates,
                                                const MergeOptions& options = {});

// The same, merged two at a time in the order of the list, as who got them one by one would have.
// The bytes differ from those of merge_updates only where updates hold the same clocks in different
// structs, such as text in one and garbage in another; of very many that do, the order is not kept.
[[nodiscard]] Result<std::string> merge_updates_in_turn(std::span<const std::string> updates,
                                                        const UpdateLimits& limits = {});

// What of the update somebody with this state vector lacks; the delete set is kept whole.
// yjs: diffUpdate.
[[nodiscard]] Result<std::string> diff_update(std::string_view update, const StateVector& state,
                                              const UpdateLimits& limits = {});

// What is complete in the update, counted from clock 0 up to the first gap, encoded in the order of
// the update. yjs: encodeStateVectorFromUpdate.
[[nodiscard]] Result<std::string> encode_state_vector_from_update(std::string_view update,
                                                                  const UpdateLimits& limits = {});

// For each client where its structs begin and end. yjs: parseUpdateMeta.
struct UpdateMeta {
  struct Range {
    ClientId client = 0;
    Clock from = 0;
    Clock to = 0;
  };
  std::vector<Range> clients;  // in the order of the update
};
[[nodiscard]] Result<UpdateMeta> parse_update_meta(std::string_view update,
                                                   const UpdateLimits& limits = {});

// The update without structs and deletes: two zero bytes.
inline constexpr std::string_view kEmptyUpdate("\0\0", 2);

}  // namespace pluv::ycrdt
