#include "apps/pluvd/document_read.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/updates.h"

namespace pluv::apps {
namespace {

constexpr ycrdt::UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                        .clients_max = SIZE_MAX,
                                        .structs_max = SIZE_MAX,
                                        .value_depth_max = SIZE_MAX,
                                        .pending_bytes_max = SIZE_MAX,
                                        .work_base = ycrdt::LazyDocOptions().load_work_base};

// Nothing is written with it.
ycrdt::LazyDocOptions reader() {
  ycrdt::LazyDocOptions options;
  options.doc.clean_formatting = false;
  options.doc.limits = kNoLimits;
  return options;
}

}  // namespace

Result<std::shared_ptr<ycrdt::LazyDoc>> document_of(std::span<const std::string> updates) {
  auto document = std::make_shared<ycrdt::LazyDoc>(reader());
  for (const std::string& update : updates) {
    if (const auto applied = document->apply_update(update); !applied.ok()) return applied.error();
  }
  if (const auto made = document->doc(); !made.ok()) return made.error();
  return document;
}

Result<std::string> whole_json(std::span<const std::string> updates) {
  const auto document = document_of(updates);
  if (!document.ok()) return document.error();
  return (*document.value()->doc())->to_json();
}

Result<std::optional<std::string>> shown_json(std::span<const std::string> updates) {
  Result<std::string> json = whole_json(updates);
  if (!json.ok()) return json.error();
  if (json->size() > kShownJsonBytesMax) return std::optional<std::string>();
  return std::optional(std::move(*json));
}

Result<std::string> one_update(std::span<const std::string> updates) {
  const std::vector<std::string_view> views(updates.begin(), updates.end());
  return ycrdt::merge_updates(views, {.coalesce_text = true, .limits = kNoLimits});
}

}  // namespace pluv::apps
