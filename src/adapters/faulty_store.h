// A store for tests: it does what another one does, and what the test tells it to do next: refuse
// operations, or keep their answers until they are released. Deterministic; thread-safe. It does
// not own the other one, which has to live longer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "adapters/store.h"
#include "base/result.h"

namespace pluv::adapters {

class FaultyStore final : public Store {
 public:
  enum class Method : std::uint8_t { load, append, compact, remove, list, flush, count };
  static constexpr std::size_t kAlways = static_cast<std::size_t>(-1);

  explicit FaultyStore(Store& inner) : inner_(inner) {}

  // The next `times` calls of the method are answered with the error and change nothing. Replaces
  // what was said of the method before; 0 times: it works again.
  void fail(Method method, std::size_t times,
            Error error = {ErrorCode::unavailable, "the store is told to fail"}) {
    const std::lock_guard lock(mutex_);
    faults_[index(method)] = {times, std::move(error)};
  }
  // From now on answers wait. What was asked for is carried out at once nevertheless.
  void hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
  }
  // Gives the oldest answers out, in order, on this thread.
  void release(std::size_t answers) {
    for (; answers > 0; --answers) {
      std::function<void()> answer;
      {
        const std::lock_guard lock(mutex_);
        if (held_.empty()) return;
        answer = std::move(held_.front());
        held_.pop_front();
      }
      answer();
    }
  }
  // All answers that wait, and later ones as they come.
  void release_all() {
    {
      const std::lock_guard lock(mutex_);
      holding_ = false;
    }
    release(kAlways);
  }
  // Answers that wait.
  [[nodiscard]] std::size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  // Calls of the method, failed ones too.
  [[nodiscard]] std::size_t calls(Method method) {
    const std::lock_guard lock(mutex_);
    return calls_[index(method)];
  }

  void load(std::string room, Done<StoredDocument> done) override {
    if (fails(Method::load, done)) return;
    inner_.load(std::move(room), holdable(std::move(done)));
  }
  void append(std::string room, std::string update, Done<std::uint64_t> done) override {
    if (fails(Method::append, done)) return;
    inner_.append(std::move(room), std::move(update), holdable(std::move(done)));
  }
  void compact(std::string room, std::uint64_t last, std::string snapshot,
               Done<void> done) override {
    if (fails(Method::compact, done)) return;
    inner_.compact(std::move(room), last, std::move(snapshot), holdable(std::move(done)));
  }
  void remove(std::string room, Done<void> done) override {
    if (fails(Method::remove, done)) return;
    inner_.remove(std::move(room), holdable(std::move(done)));
  }
  void list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) override {
    if (fails(Method::list, done)) return;
    inner_.list(std::move(after), limit, holdable(std::move(done)));
  }
  void flush(Done<void> done) override {
    if (fails(Method::flush, done)) return;
    inner_.flush(holdable(std::move(done)));
  }

 private:
  struct Fault {
    std::size_t times = 0;
    Error error;
  };
  static constexpr auto kMethods = static_cast<std::size_t>(Method::count);
  static std::size_t index(Method method) { return static_cast<std::size_t>(method); }

  // Counts the call; answers it with the error when it is to fail.
  template <class T>
  bool fails(Method method, const Done<T>& done) {
    Error error;
    {
      const std::lock_guard lock(mutex_);
      ++calls_[index(method)];
      Fault& fault = faults_[index(method)];
      if (fault.times == 0) return false;
      if (fault.times != kAlways) --fault.times;
      error = fault.error;
    }
    holdable(done)(std::move(error));
    return true;
  }
  template <class T>
  Done<T> holdable(Done<T> done) {
    return [this, done = std::move(done)](Result<T> answer) {
      {
        const std::lock_guard lock(mutex_);
        if (holding_) {
          held_.emplace_back([done, answer = std::move(answer)] { done(answer); });
          return;
        }
      }
      done(std::move(answer));
    };
  }

  Store& inner_;
  std::mutex mutex_;
  std::array<Fault, kMethods> faults_;
  std::array<std::size_t, kMethods> calls_{};
  std::deque<std::function<void()>> held_;
  bool holding_ = false;
};

}  // namespace pluv::adapters
