// Coroutines that nobody awaits: their beginning, their end, and what ended them.
#include <exception>
#include <memory>
#include <utility>

#include "pluv/detail/exceptions.h"
#include "pluv/task.h"

namespace pluv::detail {
namespace {

// A coroutine that frees itself when it ends.
struct Detached {
  struct promise_type : PromiseBase {
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // done must not throw
#ifndef __cpp_exceptions
    EndCall own_end;
#endif
  };
  std::coroutine_handle<promise_type> handle;
};

// Of one spawn; used on the room's loop only.
struct Spawned {
  std::coroutine_handle<> frame;
  bool inside_spawn = true;
};

Detached run_detached(std::shared_ptr<Executor> executor, task<void> work,
                      std::function<void(const Failure&)> done, std::shared_ptr<Spawned> spawned) {
  Failure failure{};
  {
    // In the frame rather than among its parameters, which compilers end in orders of their own:
    // what done keeps alive must outlive the task when a server ends while it waits.
    task<void> running = std::move(work);
    failure = co_await std::move(running).outcome();
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
           std::function<void(const Failure&)> done) {
  auto spawned = std::make_shared<Spawned>();
#ifndef __cpp_exceptions
  const std::function<void(const Failure&)> tell = done;
#endif
  const Detached started = run_detached(executor, std::move(work), std::move(done), spawned);
  spawned->frame = started.handle;
  started.handle.promise().executor = executor;
#ifndef __cpp_exceptions
  // As unwinding would: the frames first, each with what it holds, and then the news.
  started.handle.promise().own_end = [executor, tell, frame = started.handle](const Error& error) {
    executor->untrack(frame);
    frame.destroy();
    tell(failure_of(error));
  };
  started.handle.promise().end_call = &started.handle.promise().own_end;
#endif
  executor->track(started.handle);
  started.handle.resume();
  spawned->inside_spawn = false;
}

}  // namespace pluv::detail
