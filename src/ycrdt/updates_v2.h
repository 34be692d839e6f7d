// Updates in version 2 format, and from one format into the other, as bytes, without a document.
// All answers are byte for byte those of yjs. Within the engine there is version 1 only: what comes
// in version 2 is transcoded at the edge, and what goes out is transcoded back; nothing is lost on
// the way. Each function walks over its bytes a few times; memory is proportional to them and to
// UpdateLimits::run_structs_max, never to numbers that they declare. An error means that some
// update is malformed or over a limit; the limits count for both formats. State vectors are the
// same bytes in both. Source: yjs, updates.js, UpdateEncoder.js.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ycrdt/limits.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/updates.h"

namespace pluv::ycrdt {

// Whether the bytes are a version 2 update, or why they would be refused.
[[nodiscard]] Result<void> check_update_v2(std::string_view update,
                                           const UpdateLimits& limits = {});

// See updates.h. yjs: mergeUpdatesV2, diffUpdateV2, encodeStateVectorFromUpdateV2,
// parseUpdateMetaV2.
[[nodiscard]] Result<std::string> merge_updates_v2(std::span<const std::string_view> updates,
                                                   const MergeOptions& options = {});
[[nodiscard]] Result<std::string> diff_update_v2(std::string_view update, const StateVector& state,
                                                 const UpdateLimits& limits = {});
[[nodiscard]] Result<std::string> encode_state_vector_from_update_v2(
    std::string_view update, const UpdateLimits& limits = {});
[[nodiscard]] Result<UpdateMeta> parse_update_meta_v2(std::string_view update,
                                                      const UpdateLimits& limits = {});

// The update in the other format. What version 1 has no word for, in the values of embeds and
// formats, becomes what JSON.stringify makes of it; undefined is null there and big integers are
// numbers, where yjs throws. yjs: convertUpdateFormatV1ToV2, convertUpdateFormatV2ToV1.
[[nodiscard]] Result<std::string> convert_update_v1_to_v2(std::string_view update,
                                                          const UpdateLimits& limits = {});
[[nodiscard]] Result<std::string> convert_update_v2_to_v1(std::string_view update,
                                                          const UpdateLimits& limits = {});

// Which contents to replace besides texts, values and the keys of maps.
struct ObfuscateOptions {
  bool formatting = true;  // names and values of formats, but not that one ends
  bool subdocs = true;     // guids and options of subdocuments
  bool yxml = true;        // names of XML elements and hooks
  UpdateLimits limits = {};
};

// The update with its contents replaced by numbers, so that it can be shown to whom its text is
// not meant for; equal keys stay equal, lengths stay, names of roots and who wrote what, too.
// yjs: obfuscateUpdate, obfuscateUpdateV2.
[[nodiscard]] Result<std::string> obfuscate_update(std::string_view update,
                                                   const ObfuscateOptions& options = {});
[[nodiscard]] Result<std::string> obfuscate_update_v2(std::string_view update,
                                                      const ObfuscateOptions& options = {});

// The version 2 update without structs and deletes.
inline constexpr std::string_view kEmptyUpdateV2("\0\0\0\0\0\0\1\0\0\0\0\0\0", 13);

}  // namespace pluv::ycrdt
