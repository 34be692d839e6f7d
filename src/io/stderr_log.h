// The log of programs that gave none: one line an event on the standard error. Thread-safe.
#pragma once

#include "pluv/detail/runtime.h"

namespace pluv::detail {

// all: also "debug" and "info"; else warnings and errors only.
[[nodiscard]] Runtime::Logger stderr_log(bool all);

}  // namespace pluv::detail
