// A server's rooms and their store, for threads that may wait: what is asked of the loops and of
// the store's threads is answered when it has come. Never used on a loop, which would wait for
// itself. Thread-safe between attach() and close(); rooms are named by their keys.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/store.h"
#include "base/result.h"
#include "platform/native/server.h"
#include "ycrdt/doc.h"

namespace pluv::apps {

class WaitingRooms {
 public:
  // Every wait ends after this, with an error of code unavailable.
  explicit WaitingRooms(std::int64_t wait_ms_max) : wait_ms_max_(wait_ms_max) {}

  // Before anything is asked. Both outlive close(). store: null when there is none.
  void attach(native::Server& server, adapters::Store* store);
  // Whoever waits is told that the server stops; nobody waits any more.
  void close();

  [[nodiscard]] native::Server& server() const noexcept { return *server_; }
  [[nodiscard]] bool has_store() const noexcept { return store_ != nullptr; }

  // --- In memory.
  [[nodiscard]] Result<std::vector<native::RoomLine>> live();
  [[nodiscard]] Result<std::optional<native::RoomLook>> look(const std::string& room,
                                                             native::RoomQuestion question);

  // --- In the store; nothing where there is none.
  [[nodiscard]] Result<std::optional<adapters::StoredRoom>> stored(const std::string& room);
  // In order of name, behind this one.
  [[nodiscard]] Result<std::vector<adapters::StoredRoom>> stored_after(const std::string& room,
                                                                       std::size_t limit);
  // Errors: not_found, also where no history is kept.
  [[nodiscard]] Result<std::vector<adapters::HistoryEntry>> history(const std::string& room,
                                                                    std::uint64_t before,
                                                                    std::size_t limit);
  [[nodiscard]] Result<adapters::PastDocument> past(const std::string& room, std::uint64_t number);
  // Adds the update to the document while no such room is in memory, and before one can be: nobody
  // is asked what the room begins with. False: there is one, and nothing was done. Precondition:
  // has_store().
  [[nodiscard]] Result<bool> append_unless_live(const std::string& room, std::string update);

  // --- Wherever it is.
  // What the document is made of now; nullopt: there is no such room.
  [[nodiscard]] Result<std::optional<native::DocumentLook>> document(const std::string& room);
  // Edits it on the room's loop, as one transaction that was kept when this returns: whether it
  // changed anything. What edit answers is answered; it should then have changed nothing.
  using Edit = std::function<Result<void>(ycrdt::Doc& document)>;
  struct Edited {
    bool begun = false;  // false: the edit has not seen the document, and never will
    Result<bool> changed;
  };
  // begin_ms_max: a room that has no document by then, since whoever is asked for it does not
  // answer, is not waited for.
  [[nodiscard]] Edited edit(const std::string& room, Edit edit,
                            std::int64_t begin_ms_max = std::numeric_limits<std::int64_t>::max());
  // Sends everybody away and forgets the document and its history.
  [[nodiscard]] Result<void> remove(const std::string& room);

 private:
  struct Waiting {
    std::mutex mutex;
    std::condition_variable changed;
    bool closed = false;
  };

  // begin: given what takes the answer, once, on any thread. nullopt: none came in time.
  template <class T>
  [[nodiscard]] std::optional<T> wait(
      const std::function<void(std::function<void(T)>)>& begin) const {
    auto slot = std::make_shared<std::optional<T>>();
    begin([waiting = waiting_, slot](T answer) {
      const std::lock_guard lock(waiting->mutex);
      slot->emplace(std::move(answer));
      waiting->changed.notify_all();
    });
    std::unique_lock lock(waiting_->mutex);
    waiting_->changed.wait_for(lock, std::chrono::milliseconds(wait_ms_max_),
                               [&] { return slot->has_value() || waiting_->closed; });
    return std::move(*slot);
  }
  template <class T>
  [[nodiscard]] Result<T> wait_result(
      const std::function<void(std::function<void(Result<T>)>)>& begin) const {
    std::optional<Result<T>> answer = wait<Result<T>>(begin);
    if (!answer) return late();
    return std::move(*answer);
  }
  [[nodiscard]] static Error late();

  const std::int64_t wait_ms_max_;
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
  native::Server* server_ = nullptr;
  adapters::Store* store_ = nullptr;
};

}  // namespace pluv::apps
