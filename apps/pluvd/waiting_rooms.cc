#include "apps/pluvd/waiting_rooms.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "apps/pluvd/stored_look.h"
#include "base/assert.h"

namespace pluv::apps {

using adapters::StoredRoom;

void WaitingRooms::attach(native::Server& server, adapters::Store* store) {
  server_ = &server;
  store_ = store;
}

void WaitingRooms::close() {
  const std::lock_guard lock(waiting_->mutex);
  waiting_->closed = true;
  waiting_->changed.notify_all();
}

Error WaitingRooms::late() { return {ErrorCode::unavailable, "The server did not answer in time"}; }

Result<std::vector<native::RoomLine>> WaitingRooms::live() {
  auto lines = wait<std::vector<native::RoomLine>>(
      [this](auto done) { server_->list_rooms(std::move(done)); });
  if (!lines) return late();
  return std::move(*lines);
}

Result<std::optional<native::RoomLook>> WaitingRooms::look(const std::string& room,
                                                           native::RoomQuestion question) {
  auto look = wait<std::optional<native::RoomLook>>(
      [&](auto done) { server_->look(room, question, std::move(done)); });
  if (!look) return late();
  return std::move(*look);
}

Result<std::optional<StoredRoom>> WaitingRooms::stored(const std::string& room) {
  Result<std::vector<StoredRoom>> rooms = stored_after(name_before(room), 1);
  if (!rooms.ok()) return rooms.error();
  if (rooms->empty() || rooms->front().room != room || rooms->front().last == 0) {
    return std::optional<StoredRoom>();
  }
  return std::optional(std::move(rooms->front()));
}

Result<std::vector<StoredRoom>> WaitingRooms::stored_after(const std::string& room,
                                                           std::size_t limit) {
  if (store_ == nullptr) return std::vector<StoredRoom>();
  return wait_result<std::vector<StoredRoom>>(
      [&](auto done) { store_->list(room, limit, std::move(done)); });
}

Result<std::vector<adapters::HistoryEntry>> WaitingRooms::history(const std::string& room,
                                                                  std::uint64_t before,
                                                                  std::size_t limit) {
  if (store_ == nullptr) return Error{ErrorCode::not_found, "Documents in memory have no history"};
  return wait_result<std::vector<adapters::HistoryEntry>>(
      [&](auto done) { store_->history_before(room, before, limit, std::move(done)); });
}

Result<adapters::PastDocument> WaitingRooms::past(const std::string& room, std::uint64_t number) {
  if (store_ == nullptr) return Error{ErrorCode::not_found, "Documents in memory have no history"};
  return wait_result<adapters::PastDocument>(
      [&](auto done) { store_->load_number(room, number, std::move(done)); });
}

Result<bool> WaitingRooms::append_unless_live(const std::string& room, std::string update) {
  PLUV_ASSERT(store_ != nullptr);
  return wait_result<bool>([&](auto done) {
    // Answered on the room's loop: whoever makes the room next loads what was appended before.
    server_->look(room, {},
                  [store = store_, room, update = std::move(update),
                   done = std::move(done)](const std::optional<native::RoomLook>& live) {
                    if (live) return done(false);
                    store->append(room, update, [done](const Result<std::uint64_t>& number) {
                      done(number.ok() ? Result<bool>(true) : Result<bool>(number.error()));
                    });
                  });
  });
}

Result<std::optional<native::DocumentLook>> WaitingRooms::document(const std::string& room) {
  using Found = std::optional<native::DocumentLook>;
  auto look = this->look(room, {.sessions_max = 0, .document_unless = 0});
  if (!look.ok()) return look.error();
  if (*look && (*look)->document) return std::move((*look)->document);
  if (store_ != nullptr) {
    auto stored = wait_result<adapters::StoredDocument>(
        [&](auto done) { store_->load(room, std::move(done)); });
    if (!stored.ok()) return stored.error();
    if (!stored->updates.empty()) return Found(look_of(std::move(*stored)));
  }
  // Somebody may be there who has written nothing yet.
  if (*look && (*look)->sessions_total > 0) return Found(native::DocumentLook());
  return Found();
}

WaitingRooms::Edited WaitingRooms::edit(const std::string& room, Edit edit,
                                        std::int64_t begin_ms_max) {
  struct State {
    Edit edit;  // the loop's once it has begun
    Result<void> edited;
    bool changed = false;
    // With the lock.
    bool begun = false;
    bool given_up = false;
    std::optional<Result<void>> kept;
  };
  auto state = std::make_shared<State>();
  state->edit = std::move(edit);
  server_->edit(
      room,
      [waiting = waiting_, state](void* document) {
        {
          const std::lock_guard lock(waiting->mutex);
          if (state->given_up) return;
          state->begun = true;
          waiting->changed.notify_all();
        }
        auto& doc = *static_cast<ycrdt::Doc*>(document);
        const auto observing = doc.on_update(
            [&](std::string_view, const ycrdt::Transaction&) { state->changed = true; });
        state->edited = state->edit(doc);
        doc.unobserve(observing);
      },
      [waiting = waiting_, state](Result<void> kept) {
        const std::lock_guard lock(waiting->mutex);
        state->kept = std::move(kept);
        waiting->changed.notify_all();
      });
  const auto since = std::chrono::steady_clock::now();
  const auto begin_max = std::chrono::milliseconds(std::min(begin_ms_max, wait_ms_max_));
  Edit unused;  // it may be large, and goes outside of the lock
  std::unique_lock lock(waiting_->mutex);
  waiting_->changed.wait_until(lock, since + begin_max,
                               [&] { return state->begun || state->kept || waiting_->closed; });
  if (!state->begun) {
    state->given_up = true;
    unused = std::move(state->edit);
    const bool failed = state->kept && !state->kept->ok();
    return {.begun = false, .changed = failed ? state->kept->error() : late()};
  }
  waiting_->changed.wait_until(lock, since + std::chrono::milliseconds(wait_ms_max_),
                               [&] { return state->kept || waiting_->closed; });
  if (!state->kept) return {.begun = true, .changed = late()};
  if (!state->kept->ok()) return {.begun = true, .changed = state->kept->error()};
  if (!state->edited.ok()) return {.begun = true, .changed = state->edited.error()};
  return {.begun = true, .changed = state->changed};
}

Result<void> WaitingRooms::remove(const std::string& room) {
  return wait_result<void>([&](auto done) {
    // While no room of this name is in memory, and before the next one loads anything.
    server_->forget(room, [store = store_, room, done = std::move(done)] {
      if (store == nullptr) return done(Result<void>());
      store->remove(room, done);
    });
  });
}

}  // namespace pluv::apps
