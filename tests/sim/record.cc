#include "tests/sim/record.h"

namespace pluv::sim {

void Counts::add(const Counts& other) {
  // Both lists have the same order.
  std::uint64_t* const mine[] = {
      &steps,          &messages,     &deliveries,  &edits,     &joins,
      &cuts,           &kills,        &power_cuts,  &drains,    &hand_overs_waited,
      &store_failures, &torn_records, &compactions, &conflated, &slow_closed,
      &silent_closed,  &given_up,     &pongs_late,  &resyncs,   &hibernations};
  std::size_t at = 0;
  other.each([&](const char*, std::uint64_t count) { *mine[at++] += count; });
}

std::string Record::story(std::size_t lines) const {
  std::string text;
  const std::size_t from = story_.size() > lines ? story_.size() - lines : 0;
  for (std::size_t at = from; at < story_.size(); ++at) {
    const auto& [ms, line] = story_[at];
    const std::int64_t since = ms - 1'000'000;
    std::string fraction = std::to_string(since % 1'000);
    fraction.insert(0, 3 - fraction.size(), '0');
    text += std::to_string(since / 1'000) + "." + fraction + " s  " + line + "\n";
  }
  return text;
}

}  // namespace pluv::sim
