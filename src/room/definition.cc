#include "room/definition.h"

#include <algorithm>
#include <numeric>

#include "base/sort.h"

namespace pluv::room {

void Definition::freeze() {
  by_name_.resize(procedures.size());
  std::iota(by_name_.begin(), by_name_.end(), 0u);
  sort_by(by_name_.begin(), by_name_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return procedures[a].name < procedures[b].name;
  });
}

std::size_t Definition::find_procedure(std::string_view name) const noexcept {
  const auto at = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [this](std::uint32_t index, std::string_view key) { return procedures[index].name < key; });
  if (at == by_name_.end() || procedures[*at].name != name) return procedures.size();
  return *at;
}

}  // namespace pluv::room
