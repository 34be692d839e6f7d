#include "apps/pluvd/fair_pool.h"

#include <utility>

namespace pluv::apps {

FairPool::FairPool(FairPoolOptions options) : options_(options) {
  threads_.reserve(options_.threads);
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

bool FairPool::post(std::string_view party, std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (finishing_) return false;
  auto found = parties_.find(party);
  if (found == parties_.end()) found = parties_.emplace(party, Party()).first;
  Party& whose = found->second;
  if (whose.jobs.size() >= options_.waiting_max) return false;
  whose.jobs.push_back(std::move(job));
  queue(whose);
  return true;
}

// With the lock.
void FairPool::queue(Party& party) {
  if (party.queued || party.jobs.empty() || party.running >= options_.at_once_max) return;
  party.queued = true;
  turns_.push_back(&party);
  changed_.notify_one();
}

void FairPool::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void FairPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return finishing_ || !turns_.empty(); });
    if (finishing_) return;
    Party& party = *turns_.front();
    turns_.pop_front();
    party.queued = false;
    std::function<void()> job = std::move(party.jobs.front());
    party.jobs.pop_front();
    ++party.running;
    queue(party);
    lock.unlock();
    job();
    job = nullptr;  // what it holds goes outside of the lock
    lock.lock();
    --party.running;
    queue(party);
    if (party.running == 0 && party.jobs.empty()) {
      std::erase_if(parties_, [&](const auto& entry) { return &entry.second == &party; });
    }
  }
}

}  // namespace pluv::apps
