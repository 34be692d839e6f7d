// The mode in which a server's program says what its messages are, instead of serving: the
// environment variable PLUV_TYPEGEN, which `pluv typegen` sets.
#pragma once

#include "pluv/detail/core.h"

namespace pluv::detail {

// With PLUV_TYPEGEN=typescript, json-schema or async-api: writes that text to the file descriptor
// PLUV_TYPEGEN_FD (1 unless given) and ends the program with 0, without running what it would run
// at its end; with 1 when it cannot be written, with 2 for any other value. Else it does nothing.
void answer_typegen(const Core& core);

}  // namespace pluv::detail
