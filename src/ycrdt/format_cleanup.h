// Removes format items of rich texts that have no effect any more. Internal. Source: yjs, YText.js.
#pragma once

#include <vector>

#include "ycrdt/attributes.h"
#include "ycrdt/doc_state.h"

namespace pluv::ycrdt {

// Between `from` and the next visible content: deletes formats that are overwritten, or that change
// nothing. `current` is what holds at `at`, an item in that range or after it; it is kept right.
// yjs: cleanupFormattingGap.
void clean_formatting_gap(DocState& doc, ItemIndex from, ItemIndex at, const Attributes& before,
                          Attributes& current);

// After a transaction of others: cleans the texts in which formats were inserted or deleted, and
// the surroundings of what else was deleted. yjs: cleanupYTextAfterTransaction.
void clean_formatting_after(DocState& doc, const Transaction& transaction,
                            const std::vector<ClientIndex>& order);

}  // namespace pluv::ycrdt
