// Threads that carry out the jobs of several parties: whose turn it is goes round, and no party has
// more than its share of the threads, so that nobody waits for what another one has piled up. Some
// threads are for parties that have none: many slow ones do not have them all between them. Jobs
// must not throw. Thread-safe; owned by whoever makes it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pluv::apps {

struct FairPoolOptions {
  // More than the shares of a few parties whose jobs wait for something slow.
  std::size_t threads = 16;
  std::size_t at_once_max = 2;   // of one party's
  std::size_t reserved = 4;      // threads that no party's second job takes
  std::size_t waiting_max = 64;  // of one party's
};

class FairPool {
 public:
  // Throws std::system_error when the system has no threads for it.
  explicit FairPool(FairPoolOptions options = {});
  ~FairPool() { finish(); }
  FairPool(const FairPool&) = delete;
  FairPool& operator=(const FairPool&) = delete;

  // False: so many of this party's wait already, or finish() began. Never blocks.
  [[nodiscard]] bool post(std::string_view party, std::function<void()> job);
  // Returns when what was running has ended; what waits is dropped.
  void finish();

 private:
  struct Party {
    std::deque<std::function<void()>> jobs;
    std::size_t running = 0;
    bool queued = false;  // in turns_
  };

  void run();
  void queue(Party& party);
  [[nodiscard]] bool may_begin(const Party& party) const;
  // Null: nobody may begin anything.
  [[nodiscard]] Party* take_turn();

  const FairPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finishing_ = false;
  std::map<std::string, Party, std::less<>> parties_;  // those with something to do
  std::deque<Party*> turns_;  // those with a job that waits, and less than their share running
  std::size_t running_ = 0;   // of all parties
  std::vector<std::thread> threads_;  // last: they use the others
};

}  // namespace pluv::apps
