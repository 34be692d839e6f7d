// pluv::Limits: every limit of a server with its unit, default and reason. Set some of them with
// NativeOptions{.limits = {.presence_bytes_max = 1024}}; the rest keeps its defaults.
#pragma once

#include "base/limits.h"
