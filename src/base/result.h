// Result<T>: a value or an Error. Every expected failure of the core is returned as one; the core
// neither throws nor catches. Owns its value; not thread-safe; never allocates beyond T's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace pluv {

// What kind of failure it is; callers branch on this, people read Error::message.
enum class ErrorCode : std::uint8_t {
  invalid,       // malformed input
  limit,         // well formed, but over a limit
  unauthorized,  // no or bad credentials
  forbidden,     // known, but not allowed
  not_found,
  conflict,     // the state does not allow it (already running, closed ...)
  unavailable,  // for now: overload, shutdown, a failing dependency
  internal,     // a handler failed
};

[[nodiscard]] const char* error_code_name(ErrorCode code) noexcept;

struct Error {
  ErrorCode code = ErrorCode::invalid;
  std::string message;  // a full sentence without the final stop; safe to show to a client

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // Asserts ok().
  [[nodiscard]] T& value() & noexcept {
    PLUV_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& noexcept {
    PLUV_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept {
    PLUV_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }

  // Asserts !ok().
  [[nodiscard]] const Error& error() const& noexcept {
    PLUV_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && noexcept {
    PLUV_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] const Error& error() const& noexcept {
    PLUV_ASSERT(!ok());
    return *error_;
  }
  [[nodiscard]] Error&& error() && noexcept {
    PLUV_ASSERT(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace pluv
