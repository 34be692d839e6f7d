// The loops and the pool behind coroutines. A frame is resumed on its room's loop only; the pool
// and other threads merely post there.
#include "pluv/detail/runtime.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "json/writer.h"
#include "pluv/task.h"

namespace pluv::detail {
namespace {

// Threads for blocking(): enough for a few slow queries at once, few enough to cost nothing.
constexpr std::size_t kPoolThreads = 4;
// Work waiting for them; beyond it a handler is told at once instead of waiting for ever.
constexpr std::size_t kPoolQueueMax = 4'096;

thread_local bool is_pool_thread = false;

class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() { stop(); }

  void run(std::function<void()> fn) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      if (queue_.size() >= kPoolQueueMax) {
        throw std::runtime_error("Too much blocking work is waiting");
      }
      queue_.push_back(std::move(fn));
      if (threads_.size() < kPoolThreads && idle_ < queue_.size()) {
        threads_.emplace_back([this] {
          is_pool_thread = true;
          work();
        });
      }
    }
    wake_.notify_one();
  }

  // What is running ends; what waits is dropped.
  void stop() {
    std::vector<std::thread> threads;
    std::deque<std::function<void()>> dropped;
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      threads.swap(threads_);
      dropped.swap(queue_);
    }
    wake_.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
      --idle_;
      if (stopped_) return;
      std::function<void()> fn = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      fn();
      fn = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::thread> threads_;  // started as they are needed
  std::size_t idle_ = 0;
  bool stopped_ = false;
};

}  // namespace

struct Runtime::State {
  mutable std::shared_mutex host_mutex;  // shared while host is used
  Host* host = nullptr;
  Logger logger;
  Pool pool;
  mutable std::mutex frames_mutex;
  std::unordered_set<void*> frames;
};

// One room's executor: a handle on the runtime.
class RoomExecutor final : public Executor {
 public:
  RoomExecutor(std::shared_ptr<Runtime> runtime, std::string room)
      : runtime_(std::move(runtime)), room_(std::move(room)) {}

  void post(std::function<void()> fn) override {
    const std::shared_lock lock(state().host_mutex);
    if (state().host != nullptr) state().host->post(room_, std::move(fn));
  }
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override {
    const std::shared_lock lock(state().host_mutex);
    if (state().host != nullptr) state().host->post_after(delay, std::move(fn));
  }
  void run_blocking(std::function<void()> fn) override { state().pool.run(std::move(fn)); }
  void track(std::coroutine_handle<> frame) override {
    const std::lock_guard lock(state().frames_mutex);
    state().frames.insert(frame.address());
  }
  void untrack(std::coroutine_handle<> frame) override {
    const std::lock_guard lock(state().frames_mutex);
    state().frames.erase(frame.address());
  }

 private:
  Runtime::State& state() const noexcept { return *runtime_->state_; }

  std::shared_ptr<Runtime> runtime_;
  std::string room_;
};

Runtime::Runtime() : state_(std::make_unique<State>()) {}

Runtime::~Runtime() = default;

void Runtime::attach(Host& host, Logger logger) {
  const std::unique_lock lock(state_->host_mutex);
  state_->host = &host;
  state_->logger = std::move(logger);
}

void Runtime::detach() {
  state_->pool.stop();
  const std::unique_lock lock(state_->host_mutex);
  state_->host = nullptr;
}

void Runtime::destroy_frames() {
  std::unordered_set<void*> frames;
  {
    const std::lock_guard lock(state_->frames_mutex);
    frames.swap(state_->frames);
  }
  for (void* frame : frames) std::coroutine_handle<>::from_address(frame).destroy();
}

bool Runtime::on_pool_thread() noexcept { return is_pool_thread; }

std::shared_ptr<Executor> Runtime::executor(std::string_view room) {
  return std::make_shared<RoomExecutor>(shared_from_this(), std::string(room));
}

void Runtime::garbage_collect(std::string_view room) {
  const std::shared_lock lock(state_->host_mutex);
  if (state_->host != nullptr) state_->host->garbage_collect(room);
}

void Runtime::edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
                   std::function<void(Result<void>)> done) {
  // The last one to hold the outcome: what fn threw counts before what became of the edit.
  auto thrown = std::make_shared<Result<void>>();
  auto finish = [thrown, done = std::move(done), runtime = shared_from_this()](Result<void> kept) {
    if (!done) return;
    try {
      done(thrown->ok() ? std::move(kept) : std::move(*thrown));
    } catch (...) {
      runtime->log_failure("edit_done", current_error());
    }
  };
  auto change = [fn = std::move(fn), thrown](void* document) {
    try {
      fn(*static_cast<ycrdt::Doc*>(document));
    } catch (...) {
      *thrown = current_error();
    }
  };
  {
    const std::shared_lock lock(state_->host_mutex);
    if (state_->host != nullptr) {
      state_->host->edit(room, std::move(change), std::move(finish));
      return;
    }
  }
  finish(Error{ErrorCode::conflict, "The server does not listen"});
}

std::size_t Runtime::size(std::string_view room) const {
  const std::shared_lock lock(state_->host_mutex);
  return state_->host != nullptr ? state_->host->size(room) : 0;
}

void Runtime::log_failure(std::string_view event, const Error& error) const {
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("message");
  writer.string(error.message);
  writer.end_object();
  const std::shared_lock lock(state_->host_mutex);
  if (state_->logger) state_->logger("error", std::string(event) + "_failed", fields);
}

std::size_t Runtime::frames() const {
  const std::lock_guard lock(state_->frames_mutex);
  return state_->frames.size();
}

Error error_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Failed& failed) {
    return failed.error;
  } catch (const std::exception& thrown) {
    return {ErrorCode::internal, thrown.what()};
  } catch (...) {
    return {ErrorCode::internal, "Unknown exception"};
  }
}

Error current_error() { return error_of(std::current_exception()); }

std::exception_ptr dropped_resolver() {
  return std::make_exception_ptr(std::runtime_error("The resolver was dropped without a result"));
}

namespace {

// A coroutine that nobody awaits: it frees itself when it ends.
struct Detached {
  struct promise_type : PromiseBase {
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // run_detached catches all
  };
  std::coroutine_handle<promise_type> handle;
};

// Of one spawn; used on the room's loop only.
struct Spawned {
  std::coroutine_handle<> frame;
  bool inside_spawn = true;
};

Detached run_detached(std::shared_ptr<Executor> executor, task<void> work,
                      std::function<void(std::exception_ptr)> done,
                      std::shared_ptr<Spawned> spawned) {
  std::exception_ptr failure;
  try {
    // In the frame rather than among its parameters, which compilers end in orders of their own:
    // what done keeps alive must outlive the task when a server ends while it waits.
    task<void> running = std::move(work);
    co_await std::move(running);
  } catch (...) {
    failure = std::current_exception();
  }
  executor->untrack(spawned->frame);
  if (spawned->inside_spawn) {
    executor->post([done = std::move(done), failure] { done(failure); });
  } else {
    done(failure);
  }
}

}  // namespace

void spawn(std::shared_ptr<Executor> executor, task<void> work,
           std::function<void(std::exception_ptr)> done) {
  auto spawned = std::make_shared<Spawned>();
  const Detached started = run_detached(executor, std::move(work), std::move(done), spawned);
  spawned->frame = started.handle;
  started.handle.promise().executor = executor;
  executor->track(started.handle);
  started.handle.resume();
  spawned->inside_spawn = false;
}

}  // namespace pluv::detail
