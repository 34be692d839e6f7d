// Reads shared types as a snapshot has them, also those that were deleted since. Internal; the
// public side are the functions of types.h that take a snapshot.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ycrdt/doc_state.h"
#include "ycrdt/snapshot.h"
#include "ycrdt/types.h"

namespace pluv::ycrdt {

// Preconditions: a transaction is open; it puts together again what is split here and stays
// unchanged.
// Splits runs where the snapshot's clocks end.
void split_at_clocks(DocState& doc, const Snapshot& snapshot);
// There and where its deletes begin and end. yjs: splitSnapshotAffectedStructs.
void split_at_borders(DocState& doc, const Snapshot& snapshot);

// The list's elements. yjs: typeListToArraySnapshot.
[[nodiscard]] std::vector<Value> list_values_at(DocState& doc, BranchIndex branch,
                                                const Snapshot& snapshot);
// The member's value. yjs: typeMapGetSnapshot.
[[nodiscard]] std::optional<Value> map_get_at(DocState& doc, BranchIndex branch,
                                              std::string_view key, const Snapshot& snapshot);
// All members, in the order in which their keys first came. yjs: typeMapGetAllSnapshot.
[[nodiscard]] std::vector<std::pair<std::string, Value>> map_entries_at(DocState& doc,
                                                                        BranchIndex branch,
                                                                        const Snapshot& snapshot);
// The text's content. Precondition: between.snapshot or between.previous is there, and runs are
// split at the borders of both. yjs: toDelta.
[[nodiscard]] std::vector<DeltaOp> delta_between(DocState& doc, BranchIndex branch,
                                                 const DeltaBetween& between);

}  // namespace pluv::ycrdt
