// The state of a throttled listener: for each room when it ran last and the event that waits.
// Internal to the public headers. Used on the rooms' loops; the table of rooms has a lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "pluv/detail/runtime.h"

namespace pluv::detail {

// Event: has a member `room`. call: runs the listener, and its argument when it is done.
template <class Event>
class Throttle : public std::enable_shared_from_this<Throttle<Event>> {
 public:
  using Call = std::function<void(std::shared_ptr<Event>, std::function<void()>)>;

  Throttle(std::chrono::milliseconds interval, std::shared_ptr<Runtime> runtime, Call call)
      : interval_(interval), runtime_(std::move(runtime)), call_(std::move(call)) {}

  void event(std::shared_ptr<Event> event) {
    const std::string room = event->room;
    {
      const std::lock_guard lock(mutex_);
      const auto [at, first] = rooms_.try_emplace(room);
      if (!first) {
        at->second = std::move(event);
        return;
      }
    }
    call_(std::move(event), nullptr);
    arm(room);
  }

  // Runs what waits for the room, and then next.
  void flush(const std::string& room, std::function<void()> next) {
    std::shared_ptr<Event> waiting;
    {
      const std::lock_guard lock(mutex_);
      const auto found = rooms_.find(room);
      if (found != rooms_.end()) std::swap(waiting, found->second);
    }
    if (waiting) {
      call_(std::move(waiting), std::move(next));
    } else {
      next();
    }
  }

 private:
  void arm(const std::string& room) {
    runtime_->executor(room)->post_after(interval_, [self = this->shared_from_this(), room] {
      // On the room's own loop, on which its other handlers run; until then a flush may come.
      self->runtime_->executor(room)->post([self, room] { self->time_is_over(room); });
    });
  }

  void time_is_over(const std::string& room) {
    std::shared_ptr<Event> waiting;
    {
      const std::lock_guard lock(mutex_);
      const auto found = rooms_.find(room);
      if (found == rooms_.end()) return;
      std::swap(waiting, found->second);
      if (!waiting) rooms_.erase(found);
    }
    if (!waiting) return;
    call_(std::move(waiting), nullptr);
    arm(room);
  }

  const std::chrono::milliseconds interval_;
  const std::shared_ptr<Runtime> runtime_;
  const Call call_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Event>> rooms_;  // null: nothing waits
};

}  // namespace pluv::detail
