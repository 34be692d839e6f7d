#include "apps/pluvd/storage_document.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/updates.h"

namespace pluv::apps {
namespace {

// What was accepted once is merged whatever its size is by now.
constexpr ycrdt::UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                        .clients_max = SIZE_MAX,
                                        .structs_max = SIZE_MAX,
                                        .value_depth_max = SIZE_MAX};

// Nothing is edited here, so the document needs neither a writer of its own nor tidy formatting.
ycrdt::DocOptions reader() {
  ycrdt::DocOptions options;
  options.clean_formatting = false;
  return options;
}

}  // namespace

Result<std::string> merged_update(const adapters::StoredDocument& document) {
  const std::vector<std::string_view> updates(document.updates.begin(), document.updates.end());
  return ycrdt::merge_updates(updates, {.coalesce_text = true, .limits = kNoLimits});
}

Result<ycrdt::Doc> made_document(const adapters::StoredDocument& document) {
  ycrdt::Doc doc(reader());
  std::uint64_t number = document.last - (document.updates.size() - 1);
  for (const std::string& update : document.updates) {
    if (auto applied = doc.apply_update(update); !applied) {
      return Error{applied.error().code,
                   "update " + std::to_string(number) +
                       " is refused by the engine: " + applied.error().message};
    }
    ++number;
  }
  if (const std::string fault = doc.check(); !fault.empty()) {
    return Error{ErrorCode::internal, "the document is inconsistent: " + fault};
  }
  return doc;
}

Result<void> apply_checked(ycrdt::Doc& doc, const std::string& update) {
  if (update.empty()) return Error{ErrorCode::invalid, "standard input is empty"};
  if (auto applied = doc.apply_update(update); !applied) {
    return Error{
        ErrorCode::invalid,
        "standard input is no Yjs update (version 1) that can be kept: " + applied.error().message};
  }
  if (const std::string fault = doc.check(); !fault.empty()) {
    return Error{ErrorCode::internal, "the update makes an inconsistent document: " + fault};
  }
  return {};
}

}  // namespace pluv::apps
