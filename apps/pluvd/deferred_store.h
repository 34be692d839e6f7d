// A store that is not open yet: what is asked of it waits, in order, until opening succeeds.
// Opening is tried again and again while the file is in use; any other failure answers all that
// waits, and all that comes, with its error. Thread-safe, as a store is; owns the thread that
// tries.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adapters/store.h"

namespace pluv::apps {

class DeferredStore final : public adapters::Store {
 public:
  using Open = std::function<Result<std::unique_ptr<adapters::Store>>()>;
  using Log =
      std::function<void(std::string_view level, std::string_view event, std::string_view message)>;

  DeferredStore(Open open, Log log);
  // What still waits is answered with unavailable.
  ~DeferredStore() override;

  void load(std::string room, Done<adapters::StoredDocument> done) override;
  void append(std::string room, std::string update, Done<std::uint64_t> done) override;
  void compact(std::string room, std::uint64_t last, std::string snapshot,
               Done<void> done) override;
  void remove(std::string room, Done<void> done) override;
  void list(std::string after, std::size_t limit,
            Done<std::vector<adapters::StoredRoom>> done) override;
  void flush(Done<void> done) override;
  // What it waits for is a file, which has one.
  [[nodiscard]] bool has_history() const noexcept override { return true; }
  void history_before(std::string room, std::uint64_t number, std::size_t limit,
                      Done<std::vector<adapters::HistoryEntry>> done) override;
  void load_number(std::string room, std::uint64_t number,
                   Done<adapters::PastDocument> done) override;

 private:
  // Carries it out on the store, or answers with why there is none.
  using Call = std::function<void(Result<adapters::Store*>)>;

  void ask(Call call);
  void try_open();
  void settle();

  const Open open_;
  const Log log_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::vector<Call> waiting_;
  std::unique_ptr<adapters::Store> store_;
  std::optional<Error> failure_;
  std::thread thread_;
};

}  // namespace pluv::apps
