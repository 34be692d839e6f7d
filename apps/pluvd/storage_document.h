// Kept documents in the hands of the Yjs engine. Pure functions.
#pragma once

#include <string>

#include "adapters/store.h"
#include "base/result.h"
#include "ycrdt/doc.h"

namespace pluv::apps {

// One update with all of it. Bytes alone are merged, so this also works for a document that is too
// large or too strange to be made.
[[nodiscard]] Result<std::string> merged_update(const adapters::StoredDocument& document);
// The document itself. An error says which update the engine refuses, and why.
[[nodiscard]] Result<ycrdt::Doc> made_document(const adapters::StoredDocument& document);
// Applies an update from outside. An error says why it is none, or does not fit.
[[nodiscard]] Result<void> apply_checked(ycrdt::Doc& doc, const std::string& update);

}  // namespace pluv::apps
