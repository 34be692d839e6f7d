// Latencies as a histogram whose buckets grow with the value (after HdrHistogram,
// github.com/HdrHistogram): constant memory, recording in some nanoseconds, percentiles exact to
// one part in 128.
#pragma once

#include <array>
#include <cstdint>

namespace pluv::bench {

class Histogram {
 public:
  // Values below zero count as zero.
  void record(std::int64_t value) noexcept;
  void add(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::int64_t max() const noexcept { return max_; }
  [[nodiscard]] double mean() const noexcept {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
  }
  // The value that this part (0 to 1) of all values does not exceed. 0 when there is none.
  [[nodiscard]] std::int64_t at(double part) const noexcept;

 private:
  // Each power of two has so many buckets.
  static constexpr unsigned kBits = 7;
  static constexpr unsigned kBuckets = (64 - kBits) << kBits;

  [[nodiscard]] static unsigned bucket_of(std::uint64_t value) noexcept;
  [[nodiscard]] static std::int64_t highest_in(unsigned bucket) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace pluv::bench
