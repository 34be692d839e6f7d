// What handlers need of the server that runs them, without the platform: a host, a pool, frames
// that wait. A frame is resumed on its room's loop only; the pool and other threads merely post
// there.
#include "pluv/detail/runtime.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "io/blocking_pool.h"
#include "json/writer.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/mutex.h"

namespace pluv::detail {

struct Runtime::State {
  mutable SharedMutex host_mutex;  // shared while host is used
  Host* host = nullptr;
  Logger logger;
  BlockingPool pool;
  mutable Mutex frames_mutex;
  std::unordered_set<void*> frames;
};

// One room's executor: a handle on the runtime.
class RoomExecutor final : public Executor {
 public:
  RoomExecutor(std::shared_ptr<Runtime> runtime, std::string room)
      : runtime_(std::move(runtime)), room_(std::move(room)) {}

  void post(std::function<void()> fn) override {
    const SharedLock lock(state().host_mutex);
    if (state().host != nullptr) state().host->post(room_, std::move(fn));
  }
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override {
    const SharedLock lock(state().host_mutex);
    if (state().host != nullptr) state().host->post_after(delay, std::move(fn));
  }
  void run_blocking(std::function<void()> fn) override { state().pool.run(std::move(fn)); }
  void track(std::coroutine_handle<> frame) override {
    const Lock lock(state().frames_mutex);
    state().frames.insert(frame.address());
  }
  void untrack(std::coroutine_handle<> frame) override {
    const Lock lock(state().frames_mutex);
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
  const ExclusiveLock lock(state_->host_mutex);
  state_->host = &host;
  state_->logger = std::move(logger);
}

void Runtime::detach() {
  state_->pool.stop();
  const ExclusiveLock lock(state_->host_mutex);
  state_->host = nullptr;
}

void Runtime::destroy_frames() {
  std::unordered_set<void*> frames;
  {
    const Lock lock(state_->frames_mutex);
    frames.swap(state_->frames);
  }
  for (void* frame : frames) std::coroutine_handle<>::from_address(frame).destroy();
}

bool Runtime::on_pool_thread() noexcept { return BlockingPool::on_its_thread(); }

std::shared_ptr<Executor> Runtime::executor(std::string_view room) {
  return std::make_shared<RoomExecutor>(shared_from_this(), std::string(room));
}

void Runtime::garbage_collect(std::string_view room) {
  const SharedLock lock(state_->host_mutex);
  if (state_->host != nullptr) state_->host->garbage_collect(room);
}

void Runtime::edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
                   std::function<void(Result<void>)> done) {
  // The last one to hold the outcome: what fn threw counts before what became of the edit.
  auto thrown = std::make_shared<Result<void>>();
  auto finish = [thrown, done = std::move(done), runtime = shared_from_this()](Result<void> kept) {
    if (!done) return;
    guarded([&] { done(thrown->ok() ? std::move(kept) : std::move(*thrown)); },
            [&](const Error& error) { runtime->log_failure("edit_done", error); });
  };
  auto change = [fn = std::move(fn), thrown](void* document) {
    guarded([&] { fn(*static_cast<ycrdt::Doc*>(document)); },
            [&](Error error) { *thrown = std::move(error); });
  };
  {
    const SharedLock lock(state_->host_mutex);
    if (state_->host != nullptr) {
      state_->host->edit(room, std::move(change), std::move(finish));
      return;
    }
  }
  finish(Error{ErrorCode::conflict, "The server does not listen"});
}

std::size_t Runtime::size(std::string_view room) const {
  const SharedLock lock(state_->host_mutex);
  return state_->host != nullptr ? state_->host->size(room) : 0;
}

void Runtime::log_failure(std::string_view event, const Error& error) const {
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("message");
  writer.string(error.message);
  writer.end_object();
  const SharedLock lock(state_->host_mutex);
  if (state_->logger) state_->logger("error", std::string(event) + "_failed", fields);
}

std::size_t Runtime::frames() const {
  const Lock lock(state_->frames_mutex);
  return state_->frames.size();
}

}  // namespace pluv::detail
