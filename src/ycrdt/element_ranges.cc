#include "ycrdt/element_ranges.h"

#include <algorithm>

namespace pluv::ycrdt {

void ElementRanges::add_client(ClientId client) {
  if (ranges_.try_emplace(client).second) order_.push_back(client);
}

void ElementRanges::add(ClientId client, Clock clock, std::uint32_t length) {
  add_client(client);
  std::vector<Range>& ranges = ranges_.find(client)->second;
  Clock end = clock + length;
  // All that touch the new one become part of it.
  const auto first = std::partition_point(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.clock + range.length < clock;
  });
  auto last = first;
  for (; last != ranges.end() && last->clock <= end; ++last) {
    clock = std::min(clock, last->clock);
    end = std::max(end, last->clock + last->length);
  }
  if (first == last) {
    ranges.insert(first, {clock, end - clock});
  } else {
    *first = {clock, end - clock};
    ranges.erase(first + 1, last);
  }
}

void ElementRanges::add_all(const ElementRanges& other) {
  for (const ClientId client : other.order_) {
    add_client(client);
    for (const Range& range : other.of(client)) add(client, range.clock, range.length);
  }
}

bool ElementRanges::empty() const noexcept {
  return std::all_of(ranges_.begin(), ranges_.end(),
                     [](const auto& entry) { return entry.second.empty(); });
}

bool ElementRanges::contains(Id id) const noexcept {
  const auto found = ranges_.find(id.client);
  if (found == ranges_.end()) return false;
  const std::vector<Range>& ranges = found->second;
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), id.clock,
                       [](Clock clock, const Range& range) { return clock < range.clock; });
  if (after == ranges.begin()) return false;
  const Range& range = *(after - 1);
  return id.clock - range.clock < range.length;
}

}  // namespace pluv::ycrdt
