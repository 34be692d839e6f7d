// A thread that carries out jobs in the order in which they were posted. Owned by a store; jobs
// must not throw. The queue is not bounded: see sqlite_store.h.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pluv::adapters {

class JobThread {
 public:
  // Throws std::system_error when the system has no thread for it.
  JobThread() : thread_([this] { run(); }) {}
  ~JobThread() { finish(); }
  JobThread(const JobThread&) = delete;
  JobThread& operator=(const JobThread&) = delete;

  // Thread-safe; never blocks. False after finish began: then the job is not taken.
  bool post(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    if (finishing_) return false;
    jobs_.push_back(std::move(job));
    changed_.notify_one();
    return true;
  }
  // Returns when all jobs are done.
  void finish() {
    {
      const std::lock_guard lock(mutex_);
      finishing_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::vector<std::function<void()>> taken;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return finishing_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        taken.swap(jobs_);
      }
      for (auto& job : taken) job();
      taken.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> jobs_;
  bool finishing_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace pluv::adapters
