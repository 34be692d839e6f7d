#include "adapters/sqlite_store.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "adapters/file_lock.h"
#include "adapters/job_thread.h"
#include "adapters/sqlite_record_reader.h"
#include "adapters/sqlite_schema.h"
#include "adapters/sqlite_verify.h"
#include "adapters/sqlite_writer.h"
#include "base/ids.h"

namespace pluv::adapters {
namespace {

std::int64_t system_unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// So that a file has one lock, by whatever path it is named.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
  return real == nullptr ? path : std::string(real.get());
}

Result<void> check_room(const std::string& room) {
  if (!room.empty() && room.size() <= kRoomKeySizeMax) return {};
  return Error{ErrorCode::limit,
               "a room's name has 1 to " + std::to_string(kRoomKeySizeMax) + " bytes"};
}

// What the standard library throws ends here: memory for a document, mostly.
template <class F>
auto caught(const std::string& path, F ask) noexcept -> decltype(ask()) {
  try {
    return ask();
  } catch (const std::exception& error) {
    return Error{ErrorCode::unavailable, path + ": " + error.what()};
  }
}

}  // namespace

struct SqliteStore::Parts {
  SqliteOptions options;
  std::optional<FileLock> lock;
  std::unique_ptr<RecordReader> reader;  // used on the reading thread
  std::unique_ptr<SqliteWriter> writer;  // absent when the store is read-only
  JobThread reading;
  JobThread maintaining;
  std::atomic<bool> closing = false;
  std::mutex close_mutex;

  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> close();

  void write(SqliteWriter::Write write);
  // Asks on that thread, when all that was asked for before is committed.
  template <class T>
  void ask(JobThread& thread, const std::string& room, std::function<Result<T>()> question,
           Done<T> done);
  void ask_document(const std::string& room, std::function<Result<LoadedDocument>()> question,
                    Done<StoredDocument> done);
  // The job answers the number of a newest update that is to be taken back, or 0. False when the
  // store is closed.
  [[nodiscard]] bool schedule(JobThread& thread, const std::string& room,
                              std::function<std::uint64_t()> job);

  [[nodiscard]] Error closed() const {
    return {ErrorCode::unavailable, options.path + ": the store is closed"};
  }
};

Result<void> SqliteStore::Parts::start() {
  if (!options.read_only) {
    auto locked = FileLock::acquire(options.path);
    if (!locked) return std::move(locked).error();
    lock.emplace(std::move(locked).value());
    auto database = open_to_write(options.path);
    if (!database) return std::move(database).error();
    auto started = SqliteWriter::start(std::move(database).value(), options);
    if (!started) return std::move(started).error();
    writer = std::move(started).value();
  }
  auto database = open_to_read(options.path);
  if (!database) return std::move(database).error();
  auto prepared = RecordReader::prepare(std::move(database).value());
  if (!prepared) return std::move(prepared).error();
  reader = std::move(prepared).value();
  return {};
}

Result<void> SqliteStore::Parts::close() {
  const std::lock_guard guard(close_mutex);
  if (closing.exchange(true)) return {};
  // The writer ends when the questions that it passed on are answered.
  Result<void> synced = writer == nullptr ? Result<void>() : writer->finish();
  reading.finish();
  maintaining.finish();
  reader.reset();
  if (writer != nullptr) writer->close();
  lock.reset();
  return synced;
}

void SqliteStore::Parts::write(SqliteWriter::Write write) {
  const auto refuse = [&](Error error) { write.done(std::move(error)); };
  if (writer == nullptr) {
    return refuse({ErrorCode::forbidden, options.path + ": the store is only read"});
  }
  if (auto checked = check_room(write.room); !checked) return refuse(std::move(checked).error());
  if (write.data.size() > options.record_bytes_max) {
    return refuse({ErrorCode::limit, options.path + ": a record of " +
                                         std::to_string(write.data.size()) + " bytes is over " +
                                         std::to_string(options.record_bytes_max)});
  }
  if (!writer->submit(write)) refuse(closed());
}

bool SqliteStore::Parts::schedule(JobThread& thread, const std::string& room,
                                  std::function<std::uint64_t()> job) {
  if (writer == nullptr) return thread.post([job = std::move(job)] { (void)job(); });
  auto reported = [this, room, job = std::move(job)] {
    const std::uint64_t torn = job();
    writer->released(room, torn);
  };
  SqliteWriter::Read read{.room = room, .thread = &thread, .job = std::move(reported)};
  return writer->submit(read);
}

template <class T>
void SqliteStore::Parts::ask(JobThread& thread, const std::string& room,
                             std::function<Result<T>()> question, Done<T> done) {
  auto job = [this, question = std::move(question), done]() -> std::uint64_t {
    done(caught(options.path, question));
    return 0;
  };
  if (!schedule(thread, room, std::move(job))) done(closed());
}

void SqliteStore::Parts::ask_document(const std::string& room,
                                      std::function<Result<LoadedDocument>()> question,
                                      Done<StoredDocument> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  auto job = [this, room, question = std::move(question), done]() -> std::uint64_t {
    auto loaded = caught(options.path, question);
    if (!loaded) {
      done(std::move(loaded).error());
      return 0;
    }
    if (loaded->torn != 0 && options.log) {
      options.log("warn", "storage_torn_record",
                  options.path + ": update " + std::to_string(loaded->torn) + " of room " + room +
                      ", its newest, is damaged and was dropped");
    }
    done(std::move(loaded->document));
    return loaded->torn;
  };
  if (!schedule(reading, room, std::move(job))) done(closed());
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() { (void)close(); }

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteOptions options) {
  const std::string path = resolved(options.path);
  return caught(path, [&]() -> Result<std::unique_ptr<SqliteStore>> {
    options.path = path;
    if (!options.unix_ms) options.unix_ms = system_unix_ms;
    auto parts = std::make_unique<Parts>();
    parts->options = std::move(options);
    if (auto started = parts->start(); !started) {
      (void)parts->close();
      return std::move(started).error();
    }
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
  });
}

Result<void> SqliteStore::close() { return parts_->close(); }

void SqliteStore::load(std::string room, Done<StoredDocument> done) {
  parts_->ask_document(
      room, [parts = parts_.get(), room] { return parts->reader->load(room); }, std::move(done));
}

void SqliteStore::load_at(std::string room, std::int64_t unix_ms, Done<StoredDocument> done) {
  parts_->ask_document(
      room, [parts = parts_.get(), room, unix_ms] { return parts->reader->load_at(room, unix_ms); },
      std::move(done));
}

void SqliteStore::history(std::string room, Done<std::vector<HistoryEntry>> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  parts_->ask<std::vector<HistoryEntry>>(
      parts_->reading, room, [parts = parts_.get(), room] { return parts->reader->history(room); },
      std::move(done));
}

void SqliteStore::history_before(std::string room, std::uint64_t number, std::size_t limit,
                                 Done<std::vector<HistoryEntry>> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  parts_->ask<std::vector<HistoryEntry>>(
      parts_->reading, room,
      [parts = parts_.get(), room, number, limit] {
        return parts->reader->history_before(room, number, limit);
      },
      std::move(done));
}

void SqliteStore::load_number(std::string room, std::uint64_t number, Done<PastDocument> done) {
  if (auto checked = check_room(room); !checked) return done(std::move(checked).error());
  parts_->ask<PastDocument>(
      parts_->reading, room,
      [parts = parts_.get(), room, number] { return parts->reader->load_number(room, number); },
      std::move(done));
}

void SqliteStore::list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) {
  parts_->ask<std::vector<StoredRoom>>(
      parts_->reading, {},
      [parts = parts_.get(), after = std::move(after), limit] {
        return parts->reader->list(after, limit);
      },
      std::move(done));
}

void SqliteStore::append(std::string room, std::string update, Done<std::uint64_t> done) {
  parts_->write({.kind = SqliteWriter::Write::Kind::append,
                 .room = std::move(room),
                 .number = 0,
                 .data = std::move(update),
                 .done = std::move(done)});
}

namespace {

std::function<void(Result<std::uint64_t>)> numberless(Store::Done<void> done) {
  return [done = std::move(done)](Result<std::uint64_t> answer) {
    done(answer.ok() ? Result<void>() : Result<void>(std::move(answer).error()));
  };
}

}  // namespace

void SqliteStore::compact(std::string room, std::uint64_t last, std::string snapshot,
                          Done<void> done) {
  parts_->write({.kind = SqliteWriter::Write::Kind::compact,
                 .room = std::move(room),
                 .number = last,
                 .data = std::move(snapshot),
                 .done = numberless(std::move(done))});
}

void SqliteStore::remove(std::string room, Done<void> done) {
  parts_->write({.kind = SqliteWriter::Write::Kind::remove,
                 .room = std::move(room),
                 .number = 0,
                 .data = {},
                 .done = numberless(std::move(done))});
}

void SqliteStore::flush(Done<void> done) {
  if (parts_->writer == nullptr) return done({});  // it has nothing to write
  SqliteWriter::Flush flush{std::move(done)};
  if (!parts_->writer->submit(flush)) flush.done(parts_->closed());
}

void SqliteStore::backup(std::string path, std::function<void(Progress)> progress,
                         Done<void> done) {
  backup(std::move(path), {}, std::move(progress), std::move(done));
}

void SqliteStore::backup(std::string path, std::vector<BackupFile> beside,
                         std::function<void(Progress)> progress, Done<void> done) {
  std::vector<BackupFile> files = std::move(beside);
  files.insert(files.begin(), {.from = parts_->options.path, .to = std::move(path), .on_copy = {}});
  parts_->ask<void>(
      parts_->maintaining, {},
      [parts = parts_.get(), files = std::move(files), progress = std::move(progress)] {
        return back_up(files, progress, parts->closing);
      },
      std::move(done));
}

void SqliteStore::verify(std::function<void(Progress)> progress, Done<std::vector<Finding>> done) {
  parts_->ask<std::vector<Finding>>(
      parts_->maintaining, {},
      [parts = parts_.get(), progress = std::move(progress)] {
        return verify_file(parts->options.path, progress, parts->closing);
      },
      std::move(done));
}

}  // namespace pluv::adapters
