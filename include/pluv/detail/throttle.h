// The state of a throttled listener: for each room when it ran last and the event that waits.
// Internal to the public headers. Used on the rooms' loops; the table of rooms has a lock.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "pluv/detail/mutex.h"
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
      const Lock lock(mutex_);
      Room& own = rooms_[room];
      own.waiting = std::move(event);
      if (own.running || own.resting) return;
    }
    run(room);
  }

  // Waits for the run under way, runs what waits for the room, and then next.
  void flush(const std::string& room, std::function<void()> next) {
    {
      const Lock lock(mutex_);
      const auto found = rooms_.find(room);
      if (found != rooms_.end() && (found->second.running || found->second.waiting)) {
        found->second.next = std::exchange(next, nullptr);
        if (found->second.running) return;
      }
    }
    if (next) {
      next();
    } else {
      run(room);
    }
  }

 private:
  struct Room {
    std::shared_ptr<Event> waiting;
    bool running = false;  // one run at a time: an older save must not end after a newer one
    bool resting = false;  // the interval since the last run began is not over
    std::function<void()> next;
  };

  // The room has an event that waits, and no run.
  void run(const std::string& room) {
    std::shared_ptr<Event> event;
    bool arm = false;
    {
      const Lock lock(mutex_);
      Room& own = rooms_[room];
      event = std::move(own.waiting);
      own.running = true;
      arm = !std::exchange(own.resting, true);
    }
    if (arm) {
      runtime_->executor(room)->post_after(interval_, [self = this->shared_from_this(), room] {
        // On the room's own loop, on which its other handlers run.
        self->runtime_->executor(room)->post([self, room] { self->rested(room); });
      });
    }
    call_(std::move(event), [self = this->shared_from_this(), room] { self->done(room); });
  }

  void done(const std::string& room) {
    std::function<void()> next;
    {
      const Lock lock(mutex_);
      Room& own = rooms_[room];
      own.running = false;
      const bool again = own.waiting && (own.next || !own.resting);
      if (!again) {
        next = std::move(own.next);
        own.next = nullptr;
        if (!own.waiting && !own.resting) rooms_.erase(room);
        if (!next) return;
      }
    }
    if (next) {
      next();
    } else {
      run(room);
    }
  }

  void rested(const std::string& room) {
    {
      const Lock lock(mutex_);
      const auto found = rooms_.find(room);
      if (found == rooms_.end()) return;
      found->second.resting = false;
      if (found->second.running) return;
      if (!found->second.waiting) {
        rooms_.erase(found);
        return;
      }
    }
    run(room);
  }

  const std::chrono::milliseconds interval_;
  const std::shared_ptr<Runtime> runtime_;
  const Call call_;
  Mutex mutex_;
  std::unordered_map<std::string, Room> rooms_;  // with a run, an event that waits, or a rest
};

}  // namespace pluv::detail
