// One step of a script, for ycrdt_driver.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ycrdt/any.h"

namespace pluv::ycrdt {

// Steps that cannot be done where a script was shortened answer this; yjs is not asked either.
inline constexpr std::string_view kSkipped = "-";

// The arguments of a step. One of another kind than expected is a bug of the test.
class Step {
 public:
  explicit Step(const Any& any) : list_(*any.get<Any::Array>()) {}

  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] const Any& any(std::size_t i) const { return list_.at(i); }
  [[nodiscard]] std::uint64_t number(std::size_t i) const {
    return static_cast<std::uint64_t>(*any(i).get<double>());
  }
  [[nodiscard]] std::uint32_t index(std::size_t i) const {
    return static_cast<std::uint32_t>(number(i));
  }
  [[nodiscard]] bool boolean(std::size_t i) const { return *any(i).get<bool>(); }
  [[nodiscard]] const std::string& string(std::size_t i) const {
    return *any(i).get<std::string>();
  }
  [[nodiscard]] const Any::Array& list(std::size_t i) const { return *any(i).get<Any::Array>(); }
  [[nodiscard]] bool has(std::size_t i) const { return !any(i).is_null(); }

 private:
  const Any::Array& list_;
};

}  // namespace pluv::ycrdt
