// The pool of a module, which has one thread: blocking() runs its function at once.
#include "io/blocking_pool.h"

namespace pluv::detail {

struct BlockingPool::State {
  bool stopped = false;
};

BlockingPool::BlockingPool() : state_(std::make_unique<State>()) {}

BlockingPool::~BlockingPool() = default;

void BlockingPool::run(std::function<void()> fn) {
  if (!state_->stopped) fn();
}

void BlockingPool::stop() { state_->stopped = true; }

// No end of a server has to wait for it.
bool BlockingPool::on_its_thread() noexcept { return false; }

}  // namespace pluv::detail
