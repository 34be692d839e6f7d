#include "adapters/sqlite_writer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace pluv::adapters {
namespace {

using namespace std::chrono_literals;

// With Durability::process a power cut loses no more than this.
constexpr auto kSyncInterval = 1s;
// Between two steps of a purge: what is asked for meanwhile goes first.
constexpr auto kPurgeStepInterval = 20ms;
// When there was nothing to purge. History is kept for hours, so this is soon enough.
constexpr auto kPurgeInterval = 60s;

// What SQLite did not do, as opposed to what was refused before it was asked.
bool is_failure(const Result<std::uint64_t>& answer) {
  return !answer.ok() && (answer.error().code == ErrorCode::unavailable ||
                          answer.error().code == ErrorCode::internal);
}

Result<std::uint64_t> without_number(Result<void> done) {
  if (!done.ok()) return std::move(done).error();
  return std::uint64_t{0};
}

Result<void> run(const std::optional<SqliteStatement>& statement) {
  return SqliteQuery(*statement).run();
}

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(SqliteDatabase database,
                                                          const SqliteOptions& options) {
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(database), options));
  if (options.durability == Durability::strict) {
    if (auto set = writer->database_.execute("PRAGMA synchronous = FULL"); !set) {
      return std::move(set).error();
    }
  }
  auto records = RecordWriter::prepare(writer->database_);
  if (!records) return std::move(records).error();
  writer->records_ = std::move(records).value();
  auto purger = Purger::prepare(writer->database_);
  if (!purger) return std::move(purger).error();
  writer->purger_ = std::move(purger).value();
  auto begin = writer->database_.prepare("BEGIN IMMEDIATE");
  if (!begin) return std::move(begin).error();
  writer->begin_ = std::move(begin).value();
  auto commit = writer->database_.prepare("COMMIT");
  if (!commit) return std::move(commit).error();
  writer->commit_ = std::move(commit).value();
  writer->thread_ = std::thread([self = writer.get()] { self->run(); });
  return writer;
}

SqliteWriter::~SqliteWriter() {
  if (thread_.joinable()) (void)finish();
}

template <class T>
bool SqliteWriter::enqueue(T& what, Sender sender) {
  {
    const std::lock_guard lock(mutex_);
    if (finishing_ && sender == Sender::caller) return false;
    queue_.push_back({++sequence_, std::move(what)});
  }
  changed_.notify_one();  // without the lock, for which the thread would wait at once
  return true;
}

bool SqliteWriter::submit(Write& write) { return enqueue(write, Sender::caller); }

bool SqliteWriter::submit(Read& read) { return enqueue(read, Sender::caller); }

bool SqliteWriter::submit(Flush& flush) { return enqueue(flush, Sender::caller); }

void SqliteWriter::released(std::string room, std::uint64_t torn) {
  Released released{std::move(room), torn};
  (void)enqueue(released, Sender::reader);
}

Result<void> SqliteWriter::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
    changed_.notify_one();
  }
  thread_.join();
  auto synced = sync();
  if (!synced) log("error", "storage_sync_failed", synced.error());
  return synced;
}

void SqliteWriter::close() {
  begin_.reset();
  commit_.reset();
  records_.reset();
  purger_.reset();
  database_.close();
}

void SqliteWriter::run() {
  while (wait()) {
    for (Operation& operation : taken_) take(std::move(operation));
    taken_.clear();
    commit_batch();
    start_reads();
    sync_when_due();
    settle_flushes();
    purge_when_due();
  }
}

bool SqliteWriter::wait() {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return finishing_ && held_.empty() && reading_ == 0; };
  auto until = purge_at_;
  if (dirty_) until = std::min(until, synced_at_ + kSyncInterval);
  changed_.wait_until(lock, until, [&] { return !queue_.empty() || is_over(); });
  taken_.swap(queue_);
  return !taken_.empty() || !is_over();
}

void SqliteWriter::take(Operation operation) {
  if (auto* released = std::get_if<Released>(&operation.what)) {
    take_released(std::move(*released));
    return;
  }
  if (std::holds_alternative<Flush>(operation.what)) {
    flushes_.push_back(std::move(operation));
    return;
  }
  auto* write = std::get_if<Write>(&operation.what);
  auto* read = std::get_if<Read>(&operation.what);
  const std::string& room = write != nullptr ? write->room : read->room;
  if (const auto held = held_.find(room); held != held_.end()) {
    held->second.push_back(std::move(operation));
    return;
  }
  if (write != nullptr) {
    batch_.push_back({.write = std::move(*write)});
    return;
  }
  ++reading_;
  if (!room.empty()) held_.try_emplace(room);
  reads_.push_back(std::move(*read));
}

void SqliteWriter::take_released(Released released) {
  --reading_;
  auto held = held_.extract(released.room);
  if (held.empty()) return;  // a read that was about no room alone
  if (released.torn != 0) records_->take_back(released.room, released.torn);
  for (Operation& operation : held.mapped()) take(std::move(operation));
}

void SqliteWriter::commit_batch() {
  if (batch_.empty()) return;
  if (auto begun = adapters::run(begin_); !begun) {
    for (Waiting& waiting : batch_) waiting.answer = begun.error();
  } else if (auto committed = commit_whole_batch(); !committed) {
    roll_back();
    // One that cannot be carried out must not take its neighbours along.
    for (Waiting& waiting : batch_) commit_alone(waiting);
  } else {
    records_->committed();
    dirty_ = options_.durability != Durability::strict;
  }
  for (Waiting& waiting : batch_) answer(waiting);
  batch_.clear();
}

Result<void> SqliteWriter::commit_whole_batch() {
  const std::int64_t now_unix_ms = options_.unix_ms();
  for (Waiting& waiting : batch_) {
    waiting.answer = carry_out(waiting.write, now_unix_ms);
    if (is_failure(waiting.answer)) return waiting.answer.error();
    if (options_.durability == Durability::none) answer(waiting);
  }
  return adapters::run(commit_);
}

void SqliteWriter::commit_alone(Waiting& waiting) {
  if (auto begun = adapters::run(begin_); !begun) {
    waiting.answer = std::move(begun).error();
    return;
  }
  waiting.answer = carry_out(waiting.write, options_.unix_ms());
  if (!is_failure(waiting.answer)) {
    if (auto committed = adapters::run(commit_); !committed) {
      waiting.answer = std::move(committed).error();
    }
  }
  if (is_failure(waiting.answer)) {
    roll_back();
  } else {
    records_->committed();
    dirty_ = options_.durability != Durability::strict;
  }
}

Result<std::uint64_t> SqliteWriter::carry_out(const Write& write, std::int64_t now_unix_ms) {
  switch (write.kind) {
    case Write::Kind::append: return records_->append(write.room, write.data, now_unix_ms);
    case Write::Kind::compact:
      purge_at_ = Clock::now();
      return without_number(records_->compact(write.room, write.number, write.data, now_unix_ms));
    case Write::Kind::remove:
      purge_at_ = Clock::now();
      return without_number(records_->remove(write.room));
  }
  return Error{ErrorCode::internal, "unknown operation"};
}

void SqliteWriter::roll_back() {
  // After some errors SQLite has done so by itself.
  if (database_.in_transaction()) {
    if (auto done = database_.execute("ROLLBACK"); !done) {
      log("error", "storage_rollback_failed", done.error());
    }
  }
  records_->rolled_back();
}

void SqliteWriter::answer(Waiting& waiting) {
  if (!waiting.answered) {
    waiting.answered = true;
    if (waiting.write.done) {
      waiting.write.done(waiting.answer);
      return;
    }
  }
  // Whoever asked does not hear of it.
  if (waiting.answer.ok() || !is_failure(waiting.answer)) return;
  lost_ = waiting.answer.error();
  log("error", "storage_write_lost", *lost_);
}

void SqliteWriter::start_reads() {
  for (Read& read : reads_) read.thread->post(std::move(read.job));
  reads_.clear();
}

Result<void> SqliteWriter::sync() {
  if (!dirty_) return {};
  auto synced = database_.sync_log();
  synced_at_ = Clock::now();  // after a failure, too: it is tried again a second later
  if (synced.ok()) dirty_ = false;
  return synced;
}

void SqliteWriter::sync_when_due() {
  if (!dirty_ || Clock::now() < synced_at_ + kSyncInterval) return;
  if (auto synced = sync(); !synced) log("error", "storage_sync_failed", synced.error());
}

void SqliteWriter::settle_flushes() {
  if (flushes_.empty()) return;
  std::uint64_t oldest_held = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [room, operations] : held_) {
    if (!operations.empty()) oldest_held = std::min(oldest_held, operations.front().sequence);
  }
  if (flushes_.front().sequence > oldest_held) return;
  Result<void> flushed = sync();
  if (flushed.ok() && lost_.has_value()) flushed = *std::exchange(lost_, std::nullopt);
  while (!flushes_.empty() && flushes_.front().sequence < oldest_held) {
    std::get<Flush>(flushes_.front().what).done(flushed);
    flushes_.pop_front();
  }
}

void SqliteWriter::purge_when_due() {
  if (Clock::now() < purge_at_) return;
  // From 0 on: what is to be purged at once has that time, whatever the clock says.
  const auto replaced_until = std::max<std::int64_t>(0, options_.unix_ms() - options_.history_ms);
  auto purged = purger_->step(replaced_until);
  if (!purged) log("error", "storage_purge_failed", purged.error());
  const bool more = purged.ok() && *purged;
  if (more && options_.durability != Durability::strict) dirty_ = true;
  purge_at_ = Clock::now() + (more ? kPurgeStepInterval : kPurgeInterval);
}

void SqliteWriter::log(std::string_view level, std::string_view event, const Error& error) const {
  if (options_.log) options_.log(level, event, error.message);
}

}  // namespace pluv::adapters
