// Encodes a store, or what a transaction has added to it, as updates. Source: yjs, encoding.js.
#pragma once

#include <string>

#include "ycrdt/apply.h"
#include "ycrdt/state_vector.h"
#include "ycrdt/store.h"

namespace pluv::ycrdt {

[[nodiscard]] StateVector state_vector(const Store& store);

// What somebody with this state lacks, the whole delete set, and what is pending.
[[nodiscard]] std::string encode_state_as_update(const Store& store, const Pending& pending,
                                                 const StateVector& state,
                                                 ValueSpelling values = ValueSpelling::json);

// What the transaction has deleted. Precondition: change.deleted is normalized.
[[nodiscard]] DeleteSet deletes_of(const Store& store, const Change& change);

// What the transaction has changed. Empty when it has changed nothing. Precondition: change.deleted
// is normalized.
[[nodiscard]] std::string encode_change(const Store& store, const Change& change,
                                        ValueSpelling values = ValueSpelling::json);

}  // namespace pluv::ycrdt
