#include "apps/pluvd/waiting_rooms.h"

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

Result<void> WaitingRooms::append(const std::string& room, std::string update) {
  PLUV_ASSERT(store_ != nullptr);
  const auto number = wait_result<std::uint64_t>(
      [&](auto done) { store_->append(room, std::move(update), std::move(done)); });
  if (!number.ok()) return number.error();
  return {};
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

Result<bool> WaitingRooms::edit(const std::string& room, Edit edit) {
  struct Outcome {
    Result<void> edited;
    bool changed = false;
  };
  auto outcome = std::make_shared<Outcome>();
  const Result<void> kept = wait_result<void>([&](auto done) {
    server_->edit(
        room,
        [outcome, edit = std::move(edit)](void* document) {
          auto& doc = *static_cast<ycrdt::Doc*>(document);
          const auto observing = doc.on_update(
              [&](std::string_view, const ycrdt::Transaction&) { outcome->changed = true; });
          outcome->edited = edit(doc);
          doc.unobserve(observing);
        },
        std::move(done));
  });
  if (!kept.ok()) return kept.error();
  if (!outcome->edited.ok()) return outcome->edited.error();
  return outcome->changed;
}

Result<bool> WaitingRooms::apply(const std::string& room, std::string update) {
  return edit(room, [update = std::move(update)](ycrdt::Doc& document) {
    return document.apply_update(update);
  });
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
