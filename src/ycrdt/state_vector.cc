#include "ycrdt/state_vector.h"

#include <algorithm>
#include <limits>

#include "base/sort.h"
#include "ycrdt/lib0.h"

namespace pluv::ycrdt {

StateVector::StateVector(std::vector<Entry> entries) : entries_(std::move(entries)) {
  stable_sort_by(entries_.begin(), entries_.end(),
                 [](const Entry& a, const Entry& b) { return a.first > b.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (i + 1 < entries_.size() && entries_[i + 1].first == entries_[i].first) continue;
    if (entries_[i].second != 0) entries_[kept++] = entries_[i];
  }
  entries_.resize(kept);
}

Clock StateVector::clock(ClientId client) const noexcept {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), client,
                       [](const Entry& entry, ClientId wanted) { return entry.first > wanted; });
  return found != entries_.end() && found->first == client ? found->second : 0;
}

std::string encode_state_vector(const StateVector& state) {
  std::string out;
  write_var_uint(out, state.entries().size());
  for (const auto& [client, clock] : state.entries()) {
    write_var_uint(out, client);
    write_var_uint(out, clock);
  }
  return out;
}

Result<StateVector> decode_state_vector(std::string_view bytes, const UpdateLimits& limits) {
  ByteReader reader(bytes);
  const std::uint64_t count = reader.var_uint();
  if (count > limits.clients_max) {
    return Error{ErrorCode::limit, "Too many clients in a state vector"};
  }
  std::vector<StateVector::Entry> entries;
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    const ClientId client = reader.var_uint();
    const std::uint64_t clock = reader.var_uint();
    if (clock > std::numeric_limits<Clock>::max()) {
      return Error{ErrorCode::limit, "A clock in a state vector is too large"};
    }
    entries.emplace_back(client, static_cast<Clock>(clock));
  }
  if (reader.failed()) return Error{ErrorCode::invalid, "The state vector ends early"};
  if (!reader.at_end()) return Error{ErrorCode::invalid, "Bytes after the state vector's end"};
  return StateVector(std::move(entries));
}

}  // namespace pluv::ycrdt
