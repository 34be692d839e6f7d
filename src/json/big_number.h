// An unsigned integer of up to 4096 bits, for numbers between decimal and binary (decimal.cc): what
// a double or 770 digits need takes 3700. A value on the stack; no allocation. What would not fit
// is a bug and asserts.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace pluv::json {

class BigNumber {
 public:
  explicit BigNumber(std::uint64_t value) noexcept {
    for (; value != 0; value >>= kLimbBits) append(static_cast<std::uint32_t>(value));
  }
  BigNumber(const BigNumber& other) noexcept : size_(other.size_) { copy(other); }
  BigNumber& operator=(const BigNumber& other) noexcept {
    size_ = other.size_;
    copy(other);
    return *this;
  }
  ~BigNumber() = default;

  [[nodiscard]] bool zero() const noexcept { return size_ == 0; }
  // How many bits it takes.
  [[nodiscard]] int width() const noexcept {
    return size_ == 0 ? 0
                      : static_cast<int>(size_) * kLimbBits - std::countl_zero(limbs_[size_ - 1]);
  }

  void multiply(std::uint32_t factor, std::uint32_t plus = 0) noexcept {
    std::uint64_t carry = plus;
    for (std::size_t i = 0; i < size_; ++i) {
      carry += std::uint64_t{limbs_[i]} * factor;
      limbs_[i] = static_cast<std::uint32_t>(carry);
      carry >>= kLimbBits;
    }
    if (carry != 0) append(static_cast<std::uint32_t>(carry));
  }
  void multiply_by_power_of_ten(int power) noexcept {
    for (; power >= 9; power -= 9) multiply(1'000'000'000);
    for (; power > 0; --power) multiply(10);
  }
  void shift_left(int bits) noexcept {
    for (; bits >= 31; bits -= 31) multiply(std::uint32_t{1} << 31);
    if (bits > 0) multiply(std::uint32_t{1} << bits);
  }
  void add(const BigNumber& other) noexcept {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < other.size_ || carry != 0; ++i) {
      if (i == size_) append(0);
      carry += std::uint64_t{limbs_[i]} + (i < other.size_ ? other.limbs_[i] : 0);
      limbs_[i] = static_cast<std::uint32_t>(carry);
      carry >>= kLimbBits;
    }
  }
  // other: not more than this.
  void subtract(const BigNumber& other) noexcept {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t taken = (i < other.size_ ? other.limbs_[i] : 0) + borrow;
      borrow = limbs_[i] < taken ? 1 : 0;
      limbs_[i] = static_cast<std::uint32_t>(limbs_[i] - taken);
    }
    while (size_ != 0 && limbs_[size_ - 1] == 0) --size_;
  }

  friend std::strong_ordering operator<=>(const BigNumber& a, const BigNumber& b) noexcept {
    if (a.size_ != b.size_) return a.size_ <=> b.size_;
    for (std::size_t i = a.size_; i-- != 0;) {
      if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
    }
    return std::strong_ordering::equal;
  }

 private:
  static constexpr int kLimbBits = 32;
  static constexpr std::size_t kLimbsMax = 128;

  void append(std::uint32_t limb) noexcept {
    PLUV_ASSERT(size_ < kLimbsMax);
    limbs_[size_++] = limb;
  }
  void copy(const BigNumber& other) noexcept {
    for (std::size_t i = 0; i < size_; ++i) limbs_[i] = other.limbs_[i];
  }

  std::size_t size_ = 0;
  std::array<std::uint32_t, kLimbsMax> limbs_;  // the lowest first; those that are not used unset
};

}  // namespace pluv::json
