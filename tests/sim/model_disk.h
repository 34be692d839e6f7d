// A disk as a list of what was done to it, of which a power cut leaves a beginning.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/disk.h"

namespace pluv::sim {

class ModelDisk final : public Disk {
 public:
  Result<adapters::StoredDocument> load(const std::string& room) override {
    const auto found = rooms_.find(room);
    return found == rooms_.end() ? adapters::StoredDocument() : found->second;
  }
  Result<std::uint64_t> append(const std::string& room, const std::string& update,
                               std::int64_t) override {
    if (full_) return full();
    unsynced_.push_back({room, 0, update});
    apply(rooms_, unsynced_.back());
    return rooms_[room].last;
  }
  Result<void> compact(const std::string& room, std::uint64_t last, const std::string& snapshot,
                       std::int64_t) override {
    if (full_) return full();
    const auto found = rooms_.find(room);
    if (found == rooms_.end() || last > found->second.last) {
      return Error{ErrorCode::conflict, "There is nothing to compact"};
    }
    unsynced_.push_back({room, last, snapshot});
    apply(rooms_, unsynced_.back());
    return {};
  }
  bool remove(const std::string& room) override {
    if (!sync().ok()) return false;
    rooms_.erase(room);
    synced_.erase(room);
    return true;
  }
  Result<void> sync() override {
    if (full_) return full();
    for (const Written& written : unsynced_) apply(synced_, written);
    unsynced_.clear();
    return {};
  }
  void purge(std::int64_t) override {}
  void set_full(bool full) override { full_ = full; }
  void process_killed() override {}
  void power_cut(Random& random) override {
    const std::size_t kept = random.below(unsynced_.size() + 1);
    for (std::size_t at = 0; at < kept; ++at) apply(synced_, unsynced_[at]);
    unsynced_.clear();
    rooms_ = synced_;
  }
  bool tear_newest(const std::string&) override { return false; }

 private:
  struct Written {
    std::string room;
    std::uint64_t snapshot_of = 0;  // 0: an update
    std::string bytes;
  };
  using Rooms = std::map<std::string, adapters::StoredDocument>;

  static Error full() { return {ErrorCode::unavailable, "The disk is full"}; }
  static void apply(Rooms& rooms, const Written& written) {
    adapters::StoredDocument& document = rooms[written.room];
    if (written.snapshot_of == 0) {
      document.updates.push_back(written.bytes);
      ++document.last;
      return;
    }
    const auto staying = static_cast<std::ptrdiff_t>(document.last - written.snapshot_of);
    document.updates.erase(document.updates.begin(), document.updates.end() - staying);
    document.updates.insert(document.updates.begin(), written.bytes);
    document.has_snapshot = true;
  }

  Rooms rooms_;
  Rooms synced_;
  std::vector<Written> unsynced_;
  bool full_ = false;
};

}  // namespace pluv::sim
