// The end of a transaction: deleted content is dropped, neighbouring runs become one (yjs:
// cleanupTransactions, after the observers).
#pragma once

#include "ycrdt/store.h"

namespace pluv::ycrdt {

struct CommitOptions {
  bool gc = true;  // drop what is deleted; without, it stays readable for undo and snapshots
};

// Afterwards change.deleted is sorted, its ranges joined, and change.to_merge empty.
void commit(Store& store, Change& change, const CommitOptions& options);

// Sorts change.deleted by client and clock and joins ranges that touch.
void normalize_deleted(Change& change);

}  // namespace pluv::ycrdt
