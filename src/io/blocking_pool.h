// Where the functions given to blocking() run. Natively a few threads of its own
// (blocking_pool.cc); a WebAssembly module has none, so that they run at once
// (platform/cloudflare/runtime_cloudflare.cc). Which of the two is chosen by what is linked.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>

namespace pluv::detail {

class BlockingPool {
 public:
  BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  // Throws std::runtime_error when too much is waiting already.
  void run(std::function<void()> fn);
  // What is running ends; what waits is dropped, and so is all that comes later.
  void stop();
  // Whether the calling thread belongs to a pool.
  [[nodiscard]] static bool on_its_thread() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pluv::detail
