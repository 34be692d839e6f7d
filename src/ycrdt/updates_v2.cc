#include "ycrdt/updates_v2.h"

#include <vector>

#include "ycrdt/kept_updates.h"
#include "ycrdt/transcode.h"
#include "ycrdt/update_reader.h"
#include "ycrdt/update_reader_v2.h"
#include "ycrdt/update_walk.h"

namespace pluv::ycrdt {
namespace {

// For what was made of updates that were within the limits.
constexpr UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                 .clients_max = SIZE_MAX,
                                 .structs_max = SIZE_MAX,
                                 .value_depth_max = SIZE_MAX};

constexpr auto kUnchanged = [](const StructRef&) {};

}  // namespace

Result<void> check_update_v2(std::string_view update, const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  return check(reader);
}

Result<std::string> merge_updates_v2(std::span<const std::string_view> updates,
                                     const MergeOptions& options) {
  if (updates.size() == 1 && !options.coalesce_text) {
    if (auto checked = check_update_v2(updates[0], options.limits); !checked) {
      return checked.error();
    }
    return std::string(updates[0]);
  }
  std::vector<std::string> transcoded;
  transcoded.reserve(updates.size());
  for (const std::string_view update : updates) {
    auto one = transcode_v2_to_v1(update, options.limits);
    if (!one) return one.error();
    transcoded.push_back(std::move(*one));
  }
  const std::vector<std::string_view> views(transcoded.begin(), transcoded.end());
  const auto merged =
      merge_kept(views, {.coalesce_text = options.coalesce_text, .limits = kNoLimits});
  if (!merged) return merged.error();
  return transcode_v1_to_v2(*merged);
}

Result<std::string> diff_update_v2(std::string_view update, const StateVector& state,
                                   const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  return diff(reader, LazyWriterV2(), state);
}

Result<std::string> encode_state_vector_from_update_v2(std::string_view update,
                                                       const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  return encode_complete_state(reader);
}

Result<UpdateMeta> parse_update_meta_v2(std::string_view update, const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  return parse_meta(reader);
}

Result<std::string> convert_update_v1_to_v2(std::string_view update, const UpdateLimits& limits) {
  UpdateReader reader(update, limits);
  return convert(reader, LazyWriterV2(), kUnchanged);
}

Result<std::string> convert_update_v2_to_v1(std::string_view update, const UpdateLimits& limits) {
  UpdateReaderV2 reader(update, limits);
  return convert(reader, UpdateWriterV1(), kUnchanged);
}

}  // namespace pluv::ycrdt
