#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace pluv::bench {

unsigned Histogram::bucket_of(std::uint64_t value) noexcept {
  if (value < (1u << kBits)) return static_cast<unsigned>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
  return (shift << kBits) + static_cast<unsigned>(value >> shift);
}

std::int64_t Histogram::highest_in(unsigned bucket) noexcept {
  if (bucket < (2u << kBits)) return bucket;
  const unsigned shift = (bucket >> kBits) - 1;
  const std::uint64_t lowest = std::uint64_t{bucket - (shift << kBits)} << shift;
  return static_cast<std::int64_t>(lowest + (std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::int64_t value) noexcept {
  value = std::max<std::int64_t>(value, 0);
  ++counts_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void Histogram::add(const Histogram& other) noexcept {
  for (unsigned i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

std::int64_t Histogram::at(double part) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_))), 1, count_);
  std::uint64_t seen = 0;
  for (unsigned i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(highest_in(i), max_);
  }
  return max_;
}

}  // namespace pluv::bench
