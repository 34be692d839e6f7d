// What a target has that others do without. Internal to the public headers.
#pragma once

namespace pluv::detail {

// Whether a program describes its messages (typegen.h). A module leaves it to the native build of
// the same router, and is smaller for it.
#ifdef __wasm__
inline constexpr bool kHasTypegen = false;
#else
inline constexpr bool kHasTypegen = true;
#endif

}  // namespace pluv::detail
