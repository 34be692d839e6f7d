// What somebody has: for each client the clock up to which everything is known (yjs: state vector).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ycrdt/ids.h"
#include "ycrdt/limits.h"

namespace pluv::ycrdt {

// Sorted by client, highest first; clients without a clock are left out. A value.
class StateVector {
 public:
  using Entry = std::pair<ClientId, Clock>;

  StateVector() = default;
  // Of equal clients the last entry counts, as in a JavaScript Map.
  explicit StateVector(std::vector<Entry> entries);

  // 0 for an unknown client. Logarithmic.
  [[nodiscard]] Clock clock(ClientId client) const noexcept;
  [[nodiscard]] const std::vector<Entry>& entries() const& noexcept { return entries_; }
  // Of a temporary, such as doc.state_vector(): a value, so that a loop over it is safe.
  [[nodiscard]] std::vector<Entry> entries() && noexcept { return std::move(entries_); }

  bool operator==(const StateVector&) const = default;

 private:
  std::vector<Entry> entries_;
};

// yjs: encodeStateVector(map), decodeStateVector. An error when the bytes are malformed or over a
// limit.
[[nodiscard]] std::string encode_state_vector(const StateVector& state);
[[nodiscard]] Result<StateVector> decode_state_vector(std::string_view bytes,
                                                      const UpdateLimits& limits = {});

}  // namespace pluv::ycrdt
