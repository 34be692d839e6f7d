#include "tests/sim/store.h"

#include <algorithm>
#include <utility>

namespace pluv::sim {
namespace {

constexpr std::int64_t kSyncEveryMs = 1'000;
// So late that the room may have given up and begun anew.
constexpr std::int64_t kLateMsMax = 20'000;

Error refused() { return {ErrorCode::unavailable, "The disk is told to fail"}; }

}  // namespace

SimStore::SimStore(const Plan& plan, Agenda& agenda, Random& random, Record& record, Ledger& ledger,
                   std::unique_ptr<Disk> disk)
    : plan_(plan),
      agenda_(agenda),
      random_(random),
      record_(record),
      ledger_(ledger),
      disk_(std::move(disk)) {}

void SimStore::enqueue(std::function<void()> carry_out) {
  std::int64_t due = agenda_.now_ms() + random_.between(0, plan_.store_latency_ms_max);
  if (trouble_ == Trouble::stuck) due = std::max(due, trouble_until_ms_);
  last_due_ms_ = due = std::max(due, last_due_ms_);
  agenda_.at(due, [this, epoch = epoch_, carry_out = std::move(carry_out)] {
    if (epoch == epoch_) carry_out();
  });
}

template <class T>
void SimStore::answer(Done<T> done, Result<T> result) {
  std::int64_t wait = random_.between(0, plan_.store_latency_ms_max);
  if (!calm_ && random_.once_in(plan_.late_answer_once_in)) wait += random_.below(kLateMsMax);
  agenda_.after(wait, [this, epoch = epoch_, done = std::move(done), result = std::move(result)] {
    if (epoch == epoch_) done(result);
  });
}

bool SimStore::fails() {
  const bool failing =
      trouble_ == Trouble::failing || (trouble_ == Trouble::flaky && random_.flip());
  if (failing) ++record_.counts.store_failures;
  return failing;
}

void SimStore::load(const std::string& room, Done<adapters::StoredDocument> done) {
  enqueue([this, room, done = std::move(done)] {
    if (fails()) return answer<adapters::StoredDocument>(done, refused());
    auto loaded = disk_->load(room);
    if (record_.told()) {
      record_.tell(
          agenda_.now_ms(),
          "the disk " + (loaded.ok()
                             ? "has " + room + " up to update " + std::to_string(loaded->last)
                             : "cannot read " + room + ": " + loaded.error().message));
    }
    if (loaded.ok()) {
      ledger_.loaded(room, *loaded);
    } else if (trouble_ == Trouble::none) {
      record_.fail(agenda_.now_ms(), "room " + room + " cannot be read: " + loaded.error().message);
    }
    answer(done, std::move(loaded));
  });
}

void SimStore::append(const std::string& room, std::string update, Done<std::uint64_t> done) {
  enqueue([this, room, update = std::move(update), done = std::move(done)] {
    if (fails()) return answer<std::uint64_t>(done, refused());
    auto number = disk_->append(room, update, agenda_.now().unix_ms);
    if (record_.told()) {
      record_.tell(agenda_.now_ms(),
                   "the disk " +
                       (number.ok() ? "takes update " + std::to_string(*number) + " of "
                                    : "refuses an update (" + number.error().message + ") of ") +
                       room);
    }
    if (number.ok()) {
      ledger_.appended(room, *number, update);
      if (random_.once_in(16)) disk_->purge(agenda_.now().unix_ms);
      sync_when_due();
    } else {
      ++record_.counts.store_failures;
    }
    const bool kept = number.ok();
    answer<std::uint64_t>(
        [this, room, update, kept, done](Result<std::uint64_t> told) {
          if (kept) ledger_.acknowledged(room, update);
          done(std::move(told));
        },
        std::move(number));
  });
}

void SimStore::compact(const std::string& room, std::uint64_t last, std::string snapshot,
                       Done<void> done) {
  enqueue([this, room, last, snapshot = std::move(snapshot), done = std::move(done)] {
    if (fails()) return answer<void>(done, refused());
    auto compacted = disk_->compact(room, last, snapshot, agenda_.now().unix_ms);
    if (compacted.ok()) {
      ++record_.counts.compactions;
      ledger_.compacted(room, last, snapshot);
      sync_when_due();
      if (random_.flip()) disk_->purge(agenda_.now().unix_ms);
    }
    const bool kept = compacted.ok();
    answer<void>(
        [this, room, snapshot, kept, done](Result<void> told) {
          if (kept) ledger_.acknowledged(room, snapshot);
          done(std::move(told));
        },
        std::move(compacted));
  });
}

// As the writer of the SQLite store does it: at once when it is strict, else once a second.
void SimStore::sync_when_due() {
  if (plan_.durability == adapters::Durability::strict) {
    sync_now();
    return;
  }
  dirty_ = true;
  if (sync_planned_) return;
  sync_planned_ = true;
  agenda_.after(kSyncEveryMs, [this, epoch = epoch_] {
    if (epoch != epoch_) return;
    sync_planned_ = false;
    if (dirty_) sync_now();
  });
}

void SimStore::sync_now() {
  if (!disk_->sync().ok()) return;
  record_.tell(agenda_.now_ms(), "the disk is synced");
  dirty_ = false;
  ledger_.synced();
}

void SimStore::remove(const std::string& room) {
  if (trouble_ != Trouble::none || !disk_->remove(room)) return;
  ledger_.synced();
  ledger_.removed(room);
  record_.tell(agenda_.now_ms(), "the document of " + room + " is deleted");
}

void SimStore::trouble(std::int64_t ms) {
  constexpr Trouble kKinds[] = {Trouble::failing, Trouble::flaky, Trouble::full, Trouble::stuck};
  begin_trouble(kKinds[random_.below(4)], ms);
}

void SimStore::fill_up(std::int64_t ms) { begin_trouble(Trouble::full, ms); }

void SimStore::begin_trouble(Trouble kind, std::int64_t ms) {
  constexpr const char* kNames[] = {"well", "failing", "flaky", "full", "stuck"};
  trouble_ = kind;
  trouble_until_ms_ = agenda_.now_ms() + ms;
  disk_->set_full(trouble_ == Trouble::full);
  if (record_.told()) {
    record_.tell(agenda_.now_ms(), std::string("the disk is ") +
                                       kNames[static_cast<std::size_t>(kind)] + " for " +
                                       std::to_string(ms) + " ms");
  }
  agenda_.after(ms, [this, until = trouble_until_ms_] {
    if (until == trouble_until_ms_) end_trouble();
  });
}

void SimStore::end_trouble() {
  trouble_ = Trouble::none;
  disk_->set_full(false);
}

void SimStore::calm() {
  end_trouble();
  calm_ = true;
}

void SimStore::process_ended(bool power) {
  ++epoch_;
  last_due_ms_ = 0;
  sync_planned_ = false;
  if (power) {
    ledger_.power_cut();
    disk_->power_cut(random_);
    dirty_ = false;
  } else {
    disk_->process_killed();
    if (dirty_) sync_when_due();
  }
}

void SimStore::closed_in_good_order() {
  ++epoch_;
  last_due_ms_ = 0;
  sync_planned_ = false;
  sync_now();
  disk_->process_killed();
}

}  // namespace pluv::sim
