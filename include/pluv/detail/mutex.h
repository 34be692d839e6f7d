// Mutexes where there are threads; where there are none (a WebAssembly module), locks of the same
// names that do nothing. Internal to the public headers.
#pragma once

#include <version>

#if defined(_LIBCPP_HAS_NO_THREADS)
#define PLUV_HAS_THREADS 0
#elif defined(_LIBCPP_HAS_THREADS)
#define PLUV_HAS_THREADS _LIBCPP_HAS_THREADS
#else
#define PLUV_HAS_THREADS 1
#endif

#if PLUV_HAS_THREADS
#include <mutex>
#include <shared_mutex>
#endif

namespace pluv::detail {

#if PLUV_HAS_THREADS

using Mutex = std::mutex;
using Lock = std::lock_guard<std::mutex>;
using SharedMutex = std::shared_mutex;
using SharedLock = std::shared_lock<std::shared_mutex>;
using ExclusiveLock = std::unique_lock<std::shared_mutex>;

#else

class Mutex {};
class SharedMutex {};

// Not trivial, or compilers would call it unused.
template <class M>
class NoLock {
 public:
  explicit NoLock(M&) noexcept {}
  NoLock(const NoLock&) = delete;
  NoLock& operator=(const NoLock&) = delete;
  ~NoLock() {}  // NOLINT: see above
};
using Lock = NoLock<Mutex>;
using SharedLock = NoLock<SharedMutex>;
using ExclusiveLock = NoLock<SharedMutex>;

#endif

}  // namespace pluv::detail
