#include "apps/pluvd/fair_pool.h"

#include <algorithm>
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

// The same.
bool FairPool::may_begin(const Party& party) const {
  return party.running == 0 || options_.threads - running_ > options_.reserved;
}

FairPool::Party* FairPool::take_turn() {
  const auto found =
      std::ranges::find_if(turns_, [this](const Party* party) { return may_begin(*party); });
  if (found == turns_.end()) return nullptr;
  Party* const party = *found;
  turns_.erase(found);
  party->queued = false;
  return party;
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
    Party* turn = nullptr;
    changed_.wait(lock, [&] { return finishing_ || (turn = take_turn()) != nullptr; });
    if (finishing_) return;
    Party& party = *turn;
    std::function<void()> job = std::move(party.jobs.front());
    party.jobs.pop_front();
    ++party.running;
    ++running_;
    queue(party);
    lock.unlock();
    job();
    job = nullptr;  // what it holds goes outside of the lock
    lock.lock();
    --party.running;
    --running_;
    queue(party);
    if (!turns_.empty()) changed_.notify_all();  // who had to wait for a thread may begin now
    if (party.running == 0 && party.jobs.empty()) {
      std::erase_if(parties_, [&](const auto& entry) { return &entry.second == &party; });
    }
  }
}

}  // namespace pluv::apps
