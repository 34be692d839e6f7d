// Applies updates to a store. An update is read and checked as a whole before anything changes;
// what depends on structs that are not here waits in Pending. Nothing is left behind by an update
// that is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ycrdt/decoded_update.h"
#include "ycrdt/delete_set.h"
#include "ycrdt/integration_order.h"
#include "ycrdt/limits.h"
#include "ycrdt/store.h"

namespace pluv::ycrdt {

// What has arrived too early.
class Pending {
 public:
  // In the order in which they came; structs, as version 1 updates with values kept.
  [[nodiscard]] const std::vector<std::string>& updates() const noexcept { return updates_; }
  // A client may be named more than once.
  [[nodiscard]] const std::vector<MissingClock>& missing() const noexcept { return missing_; }

  void add(std::string update, const std::vector<MissingClock>& missing);
  [[nodiscard]] std::vector<std::string> take_updates();

  [[nodiscard]] bool empty() const noexcept { return updates_.empty() && deletes.empty(); }
  // What it takes of memory, roughly.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_of(update_bytes_, deletes); }
  // What it would take with this update and with these deletes in place of those that are here.
  [[nodiscard]] std::size_t bytes_with(std::string_view update,
                                       const DeleteSet& new_deletes) const noexcept;

  DeleteSet deletes;  // grouped by client

 private:
  [[nodiscard]] static std::size_t bytes_of(std::size_t updates,
                                            const DeleteSet& deletes) noexcept {
    return updates + deletes.ranges().size() * sizeof(DeleteRange);
  }

  std::vector<std::string> updates_;
  std::size_t update_bytes_ = 0;
  std::vector<MissingClock> missing_;
  std::size_t missing_sorted_ = 0;  // of them, each of another client
};

// An error: the update is malformed or over a limit; the store, `pending` and `change` are as they
// were. `decoded`: memory to read it in, which is used again from update to update.
[[nodiscard]] Result<void> apply_update(Store& store, Pending& pending, Change& change,
                                        DecodedUpdate& decoded, std::string_view update,
                                        const UpdateLimits& limits,
                                        ValueSpelling values = ValueSpelling::json);

}  // namespace pluv::ycrdt
