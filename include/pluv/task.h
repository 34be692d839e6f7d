// task<T>: the coroutine type of handlers that wait. While one waits, its room goes on; it always
// resumes on the room's own loop, so it shares the room's context without locks. A task is lazy
// (it starts when it is awaited, or when the server calls the handler), owns its frame, moves and
// does not copy. Exceptions travel to whoever awaits; out of a handler they become an $error.
//
//   auto save = io.procedure().input<Save>().self(
//       [](const Save& in, Ctx& ctx) -> pluv::task<pluv::Event<"saved", Saved>> {
//         const auto id = co_await pluv::blocking([&] { return ctx.context().db.insert(in); });
//         co_await pluv::sleep_for(100ms);
//         co_return pluv::emit<"saved">(Saved{id});
//       });
//
// With g++ 12, do not co_await inside the braces of a struct (Saved{co_await ...}): that compiler
// destroys the value twice. Give it a name first, as above.
//
// Without exceptions, in a WebAssembly module, nobody could catch: a failure (of ctx.edit, of a
// resolver that was rejected or dropped) ends the whole call. The co_await does not come back, the
// frames are destroyed as unwinding would, and the sender gets the same $error.
//
// References to the input and to ctx stay valid until the handler's task is done. A lambda's
// captures do too: the server keeps handlers as long as it lives.
#pragma once

#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "pluv/detail/exceptions.h"
#include "pluv/detail/executor.h"
#include "pluv/detail/mutex.h"

namespace pluv {

template <class T = void>
class task;

namespace detail {

#ifndef __cpp_exceptions
// Ends a call whose coroutine failed: destroys its frames, and tells who waits for its end. Owned
// by the outermost frame.
using EndCall = std::function<void(Error)>;

// Soon, and not while a frame runs; all frames of the call are suspended until then. Nothing
// happens when the server is gone, and the frames with it.
inline void fail_call(Executor& executor, const EndCall* end, Error error) {
  executor.post([end, error = std::move(error)]() mutable {
    const EndCall own = *end;  // which goes with its frame
    own(std::move(error));
  });
}
#endif

struct PromiseBase {
  std::shared_ptr<Executor> executor;    // of the room that runs this; set when it is started
  std::coroutine_handle<> continuation;  // who awaits this
#ifndef __cpp_exceptions
  const EndCall* end_call = nullptr;  // of the call that this is a part of
#endif

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      const std::coroutine_handle<> next = ended.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
};

template <class T>
struct Promise : PromiseBase {
  std::variant<std::monostate, T, Failure> result;

  task<T> get_return_object() noexcept;
  void unhandled_exception() noexcept {
#ifdef __cpp_exceptions
    result.template emplace<2>(std::current_exception());
#endif
  }
  void return_value(T value) { result.template emplace<1>(std::move(value)); }
  T take() {
    if (result.index() == 2) rethrow(*std::get_if<2>(&result));
    return std::move(*std::get_if<1>(&result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Failure failure{};

  task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept {
#ifdef __cpp_exceptions
    failure = std::current_exception();
#endif
  }
  void return_void() const noexcept {}
  void take() const {
    if (failure) rethrow(failure);
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] task {
 public:
  using value_type = T;
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit task(Handle handle) noexcept : handle_(handle) {}
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }

  // Starts the task and waits for its value; rethrows its exception. Once.
  auto operator co_await() && noexcept { return Awaiter{handle_}; }

  // For the server: waits as well, but answers the failure instead of rethrowing it.
  [[nodiscard]] auto outcome() && noexcept
    requires std::is_void_v<T>
  {
    return OutcomeAwaiter{handle_};
  }

 private:
  struct Start {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    template <std::derived_from<detail::PromiseBase> Parent>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) const noexcept {
      handle.promise().executor = parent.promise().executor;
      handle.promise().continuation = parent;
#ifndef __cpp_exceptions
      handle.promise().end_call = parent.promise().end_call;
#endif
      return handle;
    }
  };
  struct Awaiter : Start {
    T await_resume() const { return this->handle.promise().take(); }
  };
  struct OutcomeAwaiter : Start {
    detail::Failure await_resume() const noexcept { return this->handle.promise().failure; }
  };
  Handle handle_;
};

namespace detail {

template <class T>
task<T> Promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline task<void> Promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// Starts a task that nobody awaits. done is called on the executor's thread with what ended it, if
// it failed; never from inside spawn. The frames live until then or until the executor's server is
// gone.
void spawn(std::shared_ptr<Executor> executor, task<void> work,
           std::function<void(const Failure&)> done);

// co_await Fail(error): the coroutine fails with it.
class Fail {
 public:
  explicit Fail(Error error) : error_(std::move(error)) {}
#ifdef __cpp_exceptions
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  [[noreturn]] void await_resume() { throw Failed{std::move(error_)}; }
#else
  bool await_ready() const noexcept { return false; }
  template <std::derived_from<PromiseBase> Parent>
  void await_suspend(std::coroutine_handle<Parent> parent) {
    fail_call(*parent.promise().executor, parent.promise().end_call, std::move(error_));
  }
  void await_resume() const noexcept {}
#endif

 private:
  Error error_;
};

template <class T>
using Unit = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// What a resolver and the coroutine that waits for it share.
template <class T>
struct WaitState {
  Mutex mutex;
  std::variant<std::monostate, Unit<T>, Failure> result;
  bool settled = false;
  std::coroutine_handle<> waiter;  // set once the coroutine sleeps
#ifndef __cpp_exceptions
  const EndCall* end_call = nullptr;  // of the waiter
#endif
  std::shared_ptr<Executor> executor;

  template <std::size_t kIndex, class... Args>
  void settle(Args&&... args) {
    std::coroutine_handle<> wake;
    {
      const Lock lock(mutex);
      if (settled) return;
      result.template emplace<kIndex>(std::forward<Args>(args)...);
      settled = true;
      wake = std::exchange(waiter, nullptr);
    }
    if (!wake) return;
#ifndef __cpp_exceptions
    if constexpr (kIndex == 2) {
      fail_call(*executor, end_call, error_of(*std::get_if<2>(&result)));
      return;
    }
#endif
    executor->post([wake] { wake.resume(); });
  }
};

// Of a coroutine whose resolver was dropped unused: std::runtime_error.
[[nodiscard]] Failure dropped_resolver();

}  // namespace detail

// The other end of co_await from_callback<T>(...): settles it once, from any thread; later calls do
// nothing. Copies share it. When the last copy goes without having settled it, the coroutine gets
// an exception instead of waiting for ever. It may outlive the server: then calls do nothing.
template <class T>
class resolver {
 public:
  explicit resolver(std::shared_ptr<detail::WaitState<T>> state)
      : end_(std::make_shared<End>(std::move(state))) {}

  // resolve(value), or resolve() for resolver<void>.
  template <class... Args>
  void resolve(Args&&... args) const {
    end_->state->template settle<1>(std::forward<Args>(args)...);
  }
  void reject(Error error) const {
    end_->state->template settle<2>(detail::failure_of(std::move(error)));
  }
#ifdef __cpp_exceptions
  void reject(std::exception_ptr error) const { end_->state->template settle<2>(std::move(error)); }
#endif

 private:
  struct End {
    explicit End(std::shared_ptr<detail::WaitState<T>> shared) : state(std::move(shared)) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() {
      bool settled = false;
      {
        const detail::Lock lock(state->mutex);
        settled = state->settled;
      }
      if (!settled) state->template settle<2>(detail::dropped_resolver());
    }
    std::shared_ptr<detail::WaitState<T>> state;
  };
  std::shared_ptr<End> end_;
};

namespace detail {

// Awaits what start(resolver, executor) will settle.
template <class T, class Start>
class Wait {
 public:
  explicit Wait(Start start) : start_(std::move(start)) {}

  bool await_ready() const noexcept { return false; }
  template <std::derived_from<PromiseBase> Parent>
  bool await_suspend(std::coroutine_handle<Parent> parent) {
    const std::shared_ptr<WaitState<T>> state = state_;
    state->executor = parent.promise().executor;
    start_(resolver<T>(state), *state->executor);  // may throw: to the coroutine
    const Lock lock(state->mutex);
#ifndef __cpp_exceptions
    if (state->settled && state->result.index() == 2) {
      fail_call(*state->executor, parent.promise().end_call,
                error_of(*std::get_if<2>(&state->result)));
      return true;
    }
    state->end_call = parent.promise().end_call;
#endif
    if (state->settled) return false;
    state->waiter = parent;
    return true;
  }
  T await_resume() {
    // Settled, so nobody else writes it any more; the lock is for what they wrote.
    const Lock lock(state_->mutex);
    if (state_->result.index() == 2) rethrow(*std::get_if<2>(&state_->result));
    if constexpr (!std::is_void_v<T>) return std::move(*std::get_if<1>(&state_->result));
  }

 private:
  Start start_;
  std::shared_ptr<WaitState<T>> state_ = std::make_shared<WaitState<T>>();
};

}  // namespace detail

// co_await sleep_for(100ms): goes on after at least that time, on the room's loop. Durations only:
// a bare integer does not compile.
[[nodiscard]] inline auto sleep_for(std::chrono::milliseconds delay) {
  const auto start = [delay](resolver<void> done, detail::Executor& executor) {
    executor.post_after(delay, [done] { done.resolve(); });
  };
  return detail::Wait<void, decltype(start)>(start);
}

// co_await blocking(fn): runs fn on the server's small pool of threads for work that blocks (a
// database driver, a file) and goes on with its result, or its exception, on the room's loop.
// Not on the pool: the room's context, unless it is thread-safe. A WebAssembly module has no
// threads: there fn runs at once, and the room waits for it.
template <class Fn>
[[nodiscard]] auto blocking(Fn fn) {
  using T = std::invoke_result_t<Fn&>;
  static_assert(!std::is_reference_v<T>, "pluv: blocking's function must return by value");
  auto start = [fn = std::move(fn)](resolver<T> done, detail::Executor& executor) mutable {
    executor.run_blocking([fn = std::make_shared<Fn>(std::move(fn)), done] {
      detail::guarded_call(
          [&] {
            if constexpr (std::is_void_v<T>) {
              (*fn)();
              done.resolve();
            } else {
              done.resolve((*fn)());
            }
          },
          [&](auto failure) { done.reject(std::move(failure)); });
    });
  };
  return detail::Wait<T, decltype(start)>(std::move(start));
}

// co_await from_callback<T>([](resolver<T> r) { start(..., [r](T v) { r.resolve(v); }); }): joins a
// library with callbacks. fn is called at once; r may be settled at once, or later from any thread.
template <class T = void, class Fn>
[[nodiscard]] auto from_callback(Fn fn) {
  auto start = [fn = std::move(fn)](resolver<T> done, detail::Executor&) mutable {
    fn(std::move(done));
  };
  return detail::Wait<T, decltype(start)>(std::move(start));
}

}  // namespace pluv
