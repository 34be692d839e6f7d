// Exceptions where there are any, and what stands in their place where there are none (a
// WebAssembly module). With them, what a user's code throws is caught and becomes an Error.
// Without, nothing can be caught: raise() ends the module, and a coroutine that fails ends together
// with those that await it (task.h). Internal to the public headers; pure functions.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace pluv::detail {

// An exception that carries an Error out of a coroutine.
struct Failed {
  Error error;
};

#ifdef __cpp_exceptions

// What ended a coroutine; false: nothing did.
using Failure = std::exception_ptr;

// The exception as an Error: internal with its what(), or what Failed carries.
[[nodiscard]] Error error_of(const Failure& failure);
[[nodiscard]] Error current_error();  // in a catch block

[[nodiscard]] inline Failure failure_of(Error error) {
  return std::make_exception_ptr(Failed{std::move(error)});
}
[[noreturn]] inline void rethrow(const Failure& failure) { std::rethrow_exception(failure); }

template <class Exception>
[[noreturn]] void raise(const std::string& message) {
  throw Exception(message);
}

// What fn answers; when it throws, what failed(Error) answers.
template <class Fn, class Fallback>
auto guarded(const Fn& fn, const Fallback& failed) -> std::invoke_result_t<const Fn&> {
  try {
    return fn();
  } catch (...) {
    return failed(current_error());
  }
}
// The same with failed(Failure), which keeps the exception's type.
template <class Fn, class Fallback>
void guarded_call(const Fn& fn, const Fallback& failed) {
  try {
    fn();
  } catch (...) {
    failed(std::current_exception());
  }
}

#else

using Failure = std::optional<Error>;

[[nodiscard]] inline Error error_of(const Failure& failure) { return failure.value_or(Error{}); }
[[nodiscard]] inline Failure failure_of(Error error) { return error; }

// Writes the message to stderr and ends the module.
[[noreturn]] void end_module(const std::string& message) noexcept;

// Never reached: a coroutine is not resumed after a failure.
[[noreturn]] inline void rethrow(const Failure& failure) { end_module(error_of(failure).message); }

template <class Exception>
[[noreturn]] void raise(const std::string& message) {
  end_module(message);
}

template <class Fn, class Fallback>
auto guarded(const Fn& fn, const Fallback&) -> std::invoke_result_t<const Fn&> {
  return fn();
}
template <class Fn, class Fallback>
void guarded_call(const Fn& fn, const Fallback&) {
  fn();
}

#endif

}  // namespace pluv::detail
