#include "adapters/memory_store.h"

#include <iterator>
#include <utility>

#include "base/ids.h"

namespace pluv::adapters {
namespace {

Result<void> check_room(const std::string& room) {
  if (!room.empty() && room.size() <= kRoomKeySizeMax) return {};
  return Error{ErrorCode::limit,
               "a room's name has 1 to " + std::to_string(kRoomKeySizeMax) + " bytes"};
}

std::uint64_t bytes_of(const StoredDocument& document) {
  std::uint64_t bytes = 0;
  for (const std::string& update : document.updates) bytes += update.size();
  return bytes;
}

}  // namespace

void MemoryStore::load(std::string room, Done<StoredDocument> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  StoredDocument document;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = rooms_.find(room); found != rooms_.end()) {
      document = found->second.document;
    }
  }
  done(std::move(document));
}

void MemoryStore::append(std::string room, std::string update, Done<std::uint64_t> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    Kept& kept = rooms_[std::move(room)];
    kept.document.updates.push_back(std::move(update));
    number = ++kept.document.last;
    if (unix_ms_) kept.changed_unix_ms = unix_ms_();
  }
  done(number);
}

void MemoryStore::compact(std::string room, std::uint64_t last, std::string snapshot,
                          Done<void> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  done(replace(room, last, std::move(snapshot)));
}

Result<void> MemoryStore::replace(const std::string& room, std::uint64_t last,
                                  std::string snapshot) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) {
    return Error{ErrorCode::not_found, "room " + room + " has no document to compact"};
  }
  StoredDocument& document = found->second.document;
  if (last == 0 || last > document.last) {
    return Error{ErrorCode::conflict,
                 "room " + room + " has no update " + std::to_string(last) + " to compact"};
  }
  // Numbers have no gaps, so how many stay says which.
  const auto staying = static_cast<std::size_t>(document.last - last);
  const std::size_t after_snapshot = document.updates.size() - (document.has_snapshot ? 1 : 0);
  if (staying > after_snapshot) {
    return Error{ErrorCode::conflict,
                 "room " + room + " has a newer snapshot than of " + std::to_string(last)};
  }
  document.updates.erase(document.updates.begin(),
                         document.updates.end() - static_cast<std::ptrdiff_t>(staying));
  document.updates.insert(document.updates.begin(), std::move(snapshot));
  document.has_snapshot = true;
  return {};
}

void MemoryStore::remove(std::string room, Done<void> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  {
    const std::lock_guard lock(mutex_);
    rooms_.erase(room);
  }
  done({});
}

void MemoryStore::list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) {
  std::vector<StoredRoom> answer;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = rooms_.upper_bound(after); at != rooms_.end() && answer.size() < limit; ++at) {
      const StoredDocument& document = at->second.document;
      const std::uint64_t snapshots = document.has_snapshot ? 1 : 0;
      const std::uint64_t snapshot_bytes = snapshots == 0 ? 0 : document.updates.front().size();
      answer.push_back({.room = at->first,
                        .last = document.last,
                        .log_updates = document.updates.size() - snapshots,
                        .log_bytes = bytes_of(document) - snapshot_bytes,
                        .snapshot_bytes = snapshot_bytes,
                        .changed_unix_ms = at->second.changed_unix_ms});
    }
  }
  done(std::move(answer));
}

void MemoryStore::flush(Done<void> done) { done({}); }

}  // namespace pluv::adapters
