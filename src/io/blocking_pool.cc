#include "io/blocking_pool.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace pluv::detail {
namespace {

// Enough threads for a few slow queries at once, few enough to cost nothing.
constexpr std::size_t kPoolThreads = 4;
// Work waiting for them; beyond it a handler is told at once instead of waiting for ever.
constexpr std::size_t kPoolQueueMax = 4'096;

thread_local bool is_pool_thread = false;

}  // namespace

struct BlockingPool::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> queue;
  std::vector<std::thread> threads;  // started as they are needed
  std::size_t idle = 0;
  bool stopped = false;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      wake.wait(lock, [this] { return stopped || !queue.empty(); });
      --idle;
      if (stopped) return;
      std::function<void()> fn = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      fn();
      fn = nullptr;
      lock.lock();
    }
  }
};

BlockingPool::BlockingPool() : state_(std::make_unique<State>()) {}

BlockingPool::~BlockingPool() { stop(); }

void BlockingPool::run(std::function<void()> fn) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;
    if (state_->queue.size() >= kPoolQueueMax) {
      throw std::runtime_error("Too much blocking work is waiting");
    }
    state_->queue.push_back(std::move(fn));
    if (state_->threads.size() < kPoolThreads && state_->idle < state_->queue.size()) {
      state_->threads.emplace_back([state = state_.get()] {
        is_pool_thread = true;
        state->work();
      });
    }
  }
  state_->wake.notify_one();
}

void BlockingPool::stop() {
  std::vector<std::thread> threads;
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    threads.swap(state_->threads);
    dropped.swap(state_->queue);
  }
  state_->wake.notify_all();
  for (std::thread& thread : threads) thread.join();
}

bool BlockingPool::on_its_thread() noexcept { return is_pool_thread; }

}  // namespace pluv::detail
