// Applies updates to a store. An update is read and checked as a whole before anything changes;
// what depends on structs that are not here waits in Pending. Nothing is left behind by an update
// that is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/integration_order.h"
#include "ycrdt/limits.h"
#include "ycrdt/store.h"

namespace pluv::ycrdt {

// What has arrived too early.
struct Pending {
  std::vector<std::string> updates;   // structs, as version 1 updates
  std::vector<MissingClock> missing;  // one for each client
  DeleteSet deletes;                  // grouped by client

  [[nodiscard]] bool empty() const noexcept { return updates.empty() && deletes.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept;
};

// An error: the update is malformed or over a limit; the store, `pending` and `change` are as they
// were.
[[nodiscard]] Result<void> apply_update(Store& store, Pending& pending, Change& change,
                                        std::string_view update, const UpdateLimits& limits);

}  // namespace pluv::ycrdt
