// Applies updates to a store. An update is read and checked as a whole before anything changes;
// what depends on structs that are not here waits in Pending. Nothing is left behind by an update
// that is refused.
#pragma once

#include <cstdint>
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
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_of(update_bytes_, deletes.ranges().size());
  }
  // What it would take with this update and so many ranges of deletes in all.
  [[nodiscard]] std::size_t bytes_with(std::string_view update,
                                       std::size_t delete_ranges) const noexcept;

  // An update of so many bytes has come.
  void came(std::size_t bytes) noexcept;
  // Whether the updates may be tried, which reads all of them, though not all that they wait for
  // may be there: not so often that small updates make much be read again and again.
  [[nodiscard]] bool may_be_tried() const noexcept;

  DeleteSet deletes;  // normalized

 private:
  [[nodiscard]] static std::size_t bytes_of(std::size_t updates,
                                            std::size_t delete_ranges) noexcept {
    return updates + delete_ranges * sizeof(DeleteRange);
  }

  std::vector<std::string> updates_;
  std::size_t update_bytes_ = 0;
  std::uint64_t came_bytes_ = 0;        // in all
  std::uint64_t came_since_bytes_ = 0;  // since the last try
  std::uint64_t tried_bytes_ = 0;       // by all tries together
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
