// A webhook at work: its listener's coroutine runs on the thread that called, which waits for it
// and so may be blocked by it. Used by that thread; others may post.
#pragma once

#include <memory>

#include "pluv/detail/hosted_core.h"

namespace pluv::detail {

[[nodiscard]] std::shared_ptr<HostedCall> make_hosted_call();

}  // namespace pluv::detail
