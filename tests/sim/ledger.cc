#include "tests/sim/ledger.h"

#include <algorithm>
#include <utility>

#include "ycrdt/updates.h"

namespace pluv::sim {

Ledger::RoomLedger& Ledger::of(const std::string& room) {
  RoomLedger& ledger = rooms_[room];
  if (!ledger.kept) begin_kept(ledger);
  return ledger;
}

void Ledger::begin_kept(RoomLedger& ledger) {
  ledger.kept = std::make_unique<ycrdt::Doc>(ycrdt::DocOptions{.client_id = 1, .hash_seed = 1});
  ledger.kept->on_update(
      [&ledger](std::string_view, const ycrdt::Transaction&) { ledger.changed = true; });
}

void Ledger::fail(const std::string& room, const std::string& what) {
  record_.fail(agenda_.now_ms(), "room " + room + ": " + what);
}

void Ledger::appended(const std::string& room, std::uint64_t number, const std::string& update) {
  RoomLedger& ledger = of(room);
  if (number != ledger.last + 1) {
    fail(room, "update " + std::to_string(number) + " was appended behind " +
                   std::to_string(ledger.last));
  }
  ledger.last = number;
  ledger.log[number] = update;
}

void Ledger::acknowledged(const std::string& room, const std::string& update) {
  if (!of(room).kept->apply_update(update).ok()) fail(room, "an update was kept that is none");
}

void Ledger::compacted(const std::string& room, std::uint64_t last, const std::string& snapshot) {
  RoomLedger& ledger = of(room);
  // A snapshot may have more than the log, never less.
  ycrdt::Doc in_snapshot({.client_id = 2, .hash_seed = 1});
  bool lacks = false;
  if (!in_snapshot.apply_update(snapshot).ok()) fail(room, "a snapshot is no update");
  in_snapshot.on_update([&](std::string_view, const ycrdt::Transaction&) { lacks = true; });
  // What waits for others must not be lost either: how far each writer's edits go, those included.
  const auto reach = [&] {
    std::map<ycrdt::ClientId, ycrdt::Clock> to;
    const auto meta = ycrdt::parse_update_meta(in_snapshot.encode_state_as_update());
    for (const auto& range : meta->clients) to[range.client] = range.to;
    return to;
  };
  const auto before = reach();
  if (!ledger.snapshot.empty()) (void)in_snapshot.apply_update(ledger.snapshot);
  for (const auto& [number, update] : ledger.log) {
    if (number <= last) (void)in_snapshot.apply_update(update);
  }
  lacks |= reach() != before;
  if (lacks) fail(room, "a snapshot lacks what it replaces");
  ledger.snapshots_before.emplace_back(ledger.snapshot_of, std::move(ledger.snapshot));
  ledger.snapshot = snapshot;
  ledger.snapshot_of = last;
}

void Ledger::removed(const std::string& room) {
  rooms_.erase(room);
  lossy_ = true;
}

void Ledger::synced() {
  // How much of one is there that nobody has read since the power was cut shows when it is read.
  for (auto& [room, ledger] : rooms_) {
    if (ledger.cut) continue;
    ledger.synced = ledger.last;
    ledger.snapshots_before.clear();
  }
}

void Ledger::torn(const std::string& room) {
  of(room).torn = true;
  lossy_ = true;
}

void Ledger::power_cut() {
  for (auto& [room, ledger] : rooms_) ledger.cut = true;
  if (plan_.durability != adapters::Durability::strict) lossy_ = true;
}

void Ledger::loaded(const std::string& room, const adapters::StoredDocument& document) {
  RoomLedger& ledger = of(room);
  const bool strict = plan_.durability == adapters::Durability::strict;
  std::uint64_t least = ledger.cut && !strict ? ledger.synced : ledger.last;
  if (ledger.torn && least > 0) --least;
  if (document.last < least || document.last > ledger.last) {
    fail(room, "update " + std::to_string(document.last) + " is the newest that was read, of " +
                   std::to_string(ledger.last) + " (at least " + std::to_string(least) + ")");
  }
  if (ledger.torn && document.last == ledger.last) fail(room, "a torn record was taken for whole");
  std::size_t at = 0;
  std::uint64_t number = 0;
  if (document.has_snapshot && !document.updates.empty()) {
    if (document.updates[0] == ledger.snapshot) {
      number = ledger.snapshot_of;
    } else {
      const auto before = std::find_if(
          ledger.snapshots_before.begin(), ledger.snapshots_before.end(),
          [&](const auto& snapshot) { return snapshot.second == document.updates[0]; });
      if (!ledger.cut || before == ledger.snapshots_before.end()) {
        return fail(room, "the snapshot that was read is not the one that was written");
      }
      number = before->first;
    }
    at = 1;
  }
  const std::uint64_t first = number;
  for (; at < document.updates.size(); ++at) {
    const auto written = ledger.log.find(++number);
    if (written == ledger.log.end() || written->second != document.updates[at]) {
      fail(room, "update " + std::to_string(number) + " was read otherwise than it was written");
      return;
    }
  }
  if (number != document.last) {
    fail(room, "of the updates up to " + std::to_string(document.last) + " those behind " +
                   std::to_string(number) + " are missing");
  }
  if (!ledger.cut && !ledger.torn) {
    for (const std::string& update : document.updates) (void)ledger.kept->apply_update(update);
    return;
  }
  // What is there now is what is kept.
  ledger.cut = false;
  ledger.torn = false;
  ledger.snapshots_before.clear();
  ledger.last = document.last;
  ledger.log.erase(ledger.log.upper_bound(document.last), ledger.log.end());
  ledger.synced = std::min(ledger.synced, ledger.last);
  if (document.has_snapshot) {
    ledger.snapshot = document.updates.front();
    ledger.snapshot_of = first;
  } else {
    ledger.snapshot.clear();
    ledger.snapshot_of = 0;
  }
  begin_kept(ledger);
  for (const std::string& update : document.updates) (void)ledger.kept->apply_update(update);
}

void Ledger::shown(const std::string& room, std::string_view update) {
  if (plan_.disk == DiskKind::none || record_.failed()) return;
  RoomLedger& ledger = of(room);
  ledger.changed = false;
  const std::size_t waiting = ledger.kept->pending_bytes();
  if (!ledger.kept->apply_update(update).ok()) {
    fail(room, "somebody is shown what is no update");
  } else if (ledger.changed || ledger.kept->pending_bytes() > waiting) {
    fail(room, "somebody is shown what is not kept");
  }
}

void Ledger::spoken_of(const std::string& room, const std::string& key) {
  if (plan_.disk == DiskKind::none || record_.failed()) return;
  if (!of(room).kept->get_map("written").has(key)) {
    fail(room, "somebody is told of an edit that is not kept");
  }
}

}  // namespace pluv::sim
