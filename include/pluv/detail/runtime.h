// What handlers need of the server that runs them: loops, timers, a pool, the size of a room, a
// log. Shared by the server and by everything that may outlive it; after detach() all of it does
// nothing. Internal to the public headers; thread-safe.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/executor.h"

namespace pluv::ycrdt {
class Doc;
}

namespace pluv::detail {

// The platform's side; native::Server behind it, or a test.
class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  virtual void post(std::string_view room, std::function<void()> fn) = 0;
  // On the calling loop when called on one.
  virtual void post_after(std::chrono::milliseconds delay, std::function<void()> fn) = 0;
  virtual void garbage_collect(std::string_view room) = 0;
  virtual void edit(std::string_view room, std::function<void(void* document)> fn,
                    std::function<void(Result<void>)> done) = 0;
  [[nodiscard]] virtual std::size_t size(std::string_view room) const = 0;
};

class Runtime : public std::enable_shared_from_this<Runtime> {
 public:
  using Logger =
      std::function<void(std::string_view level, std::string_view event, std::string_view fields)>;

  Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  // host must stay until detach().
  void attach(Host& host, Logger logger);
  // Waits for the pool's work, then lets go of the host.
  void detach();
  // Frees the coroutines that will never go on. After the host's loops have ended.
  void destroy_frames();

  [[nodiscard]] std::shared_ptr<Executor> executor(std::string_view room);
  void garbage_collect(std::string_view room);
  // fn may throw: then done hears of that. done may be null, and throw.
  void edit(std::string_view room, std::function<void(ycrdt::Doc&)> fn,
            std::function<void(Result<void>)> done);
  [[nodiscard]] std::size_t size(std::string_view room) const;
  // A listener or a route threw.
  void log_failure(std::string_view event, const Error& error) const;
  // Coroutines under way, for tests and metrics.
  [[nodiscard]] std::size_t frames() const;
  // Whether the calling thread belongs to the pool of any runtime, which detach() waits for.
  [[nodiscard]] static bool on_pool_thread() noexcept;

 private:
  friend class RoomExecutor;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pluv::detail
