// A check for our own bugs, on in every build. Bytes from outside never reach one: they are
// answered with a Result. Failing prints the place and ends the process.
#pragma once

namespace pluv {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace pluv

#define PLUV_ASSERT(expression)                         \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::pluv::assertion_failed(#expression, __FILE__, __LINE__))
