// The secrets that a process was started with stand where others can look: in /proc/PID/environ,
// /proc/PID/cmdline and in core dumps. This takes them out.
#pragma once

#include "apps/pluvd/settings_load.h"

namespace pluv::apps {

// The PLUV_ variables of the environment. The values of those that are secret are overwritten where
// they stood, so that this answers them once. Before there are other threads.
[[nodiscard]] Environment take_process_environment();

// Overwrites the values of secret flags ("--secret VALUE", "--secret=VALUE") with asterisks. After
// they were read; until then, a moment, everybody could see them.
void hide_secret_arguments(int argc, char** argv) noexcept;

// From here on a crash leaves no core dump, which would hold keys and documents.
void forbid_core_dumps() noexcept;

}  // namespace pluv::apps
