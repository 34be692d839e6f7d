#include "io/hosted_call.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "pluv/detail/exceptions.h"
#include "pluv/task.h"

namespace pluv::detail {
namespace {

using Clock = std::chrono::steady_clock;

class WaitingCall final : public HostedCall, public std::enable_shared_from_this<WaitingCall> {
 public:
  Result<void> wait(task<void> work) override {
    std::optional<Result<void>> outcome;
    spawn(shared_from_this(), std::move(work), [&outcome](const Failure& failure) {
      outcome = failure ? Result<void>(error_of(failure)) : Result<void>();
    });
    while (!outcome) next()();
    return std::move(*outcome);
  }

  void post(std::function<void()> fn) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(fn));
    wake_.notify_one();
  }
  void post_after(std::chrono::milliseconds delay, std::function<void()> fn) override {
    const std::lock_guard lock(mutex_);
    timers_.emplace(Clock::now() + delay, std::move(fn));
    wake_.notify_one();
  }
  void run_blocking(std::function<void()> fn) override { fn(); }
  // A frame ends before wait() does.
  void track(std::coroutine_handle<>) override {}
  void untrack(std::coroutine_handle<>) override {}

 private:
  // The next thing to do, once there is one.
  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!ready_.empty()) {
        std::function<void()> fn = std::move(ready_.front());
        ready_.pop_front();
        return fn;
      }
      if (timers_.empty()) {
        wake_.wait(lock);
      } else if (const auto first = timers_.begin(); first->first <= Clock::now()) {
        std::function<void()> fn = std::move(first->second);
        timers_.erase(first);
        return fn;
      } else {
        wake_.wait_until(lock, first->first);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> ready_;
  std::multimap<Clock::time_point, std::function<void()>> timers_;
};

}  // namespace

std::shared_ptr<HostedCall> make_hosted_call() { return std::make_shared<WaitingCall>(); }

}  // namespace pluv::detail
