// Where the coroutines of one room run: the room's own loop, a pool for what blocks, and a record
// of the frames that still wait, so that a server can end without leaking them. Internal to the
// public headers; implemented in src/io. Methods are thread-safe.
#pragma once

#include <chrono>
#include <coroutine>
#include <functional>

namespace pluv::detail {

class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  // Runs fn on the room's loop, soon and never inside the call. Dropped when the server is gone.
  virtual void post(std::function<void()> fn) = 0;
  virtual void post_after(std::chrono::milliseconds delay, std::function<void()> fn) = 0;
  // Runs fn on the pool. Throws std::runtime_error when too much is waiting for it already.
  virtual void run_blocking(std::function<void()> fn) = 0;

  // A frame that destroys itself when it ends: from track to untrack the server may destroy it.
  virtual void track(std::coroutine_handle<> frame) = 0;
  virtual void untrack(std::coroutine_handle<> frame) = 0;
};

}  // namespace pluv::detail
