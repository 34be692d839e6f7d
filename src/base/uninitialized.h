// For local variables that are large, and written before they are read, where it counts. All others
// begin as zeros (-ftrivial-auto-var-init, see cmake/pluv_hardening.cmake), so that a bug can never
// read, or send, what a stack held before.
#pragma once

#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define PLUV_UNINITIALIZED __attribute__((uninitialized))
#endif
#endif
#ifndef PLUV_UNINITIALIZED
#define PLUV_UNINITIALIZED
#endif
