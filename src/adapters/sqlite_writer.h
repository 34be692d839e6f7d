// The one writer of a storage file: a thread that takes all operations that wait, carries them out
// in one transaction and then answers them. Owned by SqliteStore.
//
// It also keeps a room's operations in order: a question about a room goes to a reading thread when
// all that was asked before is committed, and what is asked for that room meanwhile waits until it
// is answered. Other rooms do not wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "adapters/job_thread.h"
#include "adapters/sqlite_database.h"
#include "adapters/sqlite_options.h"
#include "adapters/sqlite_purger.h"
#include "adapters/sqlite_record_writer.h"
#include "base/result.h"

namespace pluv::adapters {

class SqliteWriter {
 public:
  struct Write {
    enum class Kind : std::uint8_t { append, compact, remove };
    Kind kind = Kind::append;
    std::string room;
    std::uint64_t number = 0;                         // compact: up to it
    std::string data;                                 // the update or snapshot
    std::function<void(Result<std::uint64_t>)> done;  // with the number of an append
  };
  // The job has to end with a call of released.
  struct Read {
    std::string room;  // empty: about no room alone
    JobThread* thread = nullptr;
    std::function<void()> job;
  };
  struct Flush {
    std::function<void(Result<void>)> done;
  };

  [[nodiscard]] static Result<std::unique_ptr<SqliteWriter>> start(SqliteDatabase database,
                                                                   const SqliteOptions& options);
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  // Thread-safe. Takes the operation, or answers false and leaves it: after finish began.
  [[nodiscard]] bool submit(Write& write);
  [[nodiscard]] bool submit(Read& read);
  [[nodiscard]] bool submit(Flush& flush);
  // A read of this room is answered. torn: the number of a newest update to take back, or 0.
  void released(std::string room, std::uint64_t torn);

  // Carries out all that was submitted, and syncs.
  [[nodiscard]] Result<void> finish();
  // After finish, and after all other connections of this process, so that SQLite puts the log into
  // the file and removes it.
  void close();

 private:
  struct Released {
    std::string room;
    std::uint64_t torn = 0;
  };
  struct Operation {
    std::uint64_t sequence = 0;  // from 1, in the order of the calls
    std::variant<Write, Read, Flush, Released> what;
  };
  struct Waiting {
    Write write;
    Result<std::uint64_t> answer = std::uint64_t{0};
    bool answered = false;
  };
  enum class Sender : std::uint8_t { caller, reader };
  using Clock = std::chrono::steady_clock;

  SqliteWriter(SqliteDatabase database, const SqliteOptions& options)
      : options_(options), database_(std::move(database)) {}

  template <class T>
  [[nodiscard]] bool enqueue(T& what, Sender sender);
  void run();
  [[nodiscard]] bool wait();
  void take(Operation operation);
  void take_released(Released released);
  void commit_batch();
  [[nodiscard]] Result<void> commit_whole_batch();
  void commit_alone(Waiting& waiting);
  [[nodiscard]] Result<std::uint64_t> carry_out(const Write& write, std::int64_t now_unix_ms);
  void roll_back();
  void answer(Waiting& waiting);
  void start_reads();
  [[nodiscard]] Result<void> sync();
  void sync_when_due();
  void settle_flushes();
  void purge_when_due();
  void log(std::string_view level, std::string_view event, const Error& error) const;

  SqliteOptions options_;
  SqliteDatabase database_;
  std::unique_ptr<RecordWriter> records_;
  std::unique_ptr<Purger> purger_;
  std::optional<SqliteStatement> begin_;
  std::optional<SqliteStatement> commit_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Operation> queue_;
  std::uint64_t sequence_ = 0;
  bool finishing_ = false;

  // The rest is the thread's own.
  std::vector<Operation> taken_;
  std::vector<Waiting> batch_;
  std::vector<Read> reads_;
  std::deque<Operation> flushes_;
  std::unordered_map<std::string, std::deque<Operation>> held_;  // by room: behind a read of it
  std::size_t reading_ = 0;                                      // reads that are not answered
  bool dirty_ = false;                                           // committed, but not synced
  std::optional<Error> lost_;  // what was answered too early (Durability::none), until a flush
  Clock::time_point synced_at_ = Clock::now();
  Clock::time_point purge_at_ = Clock::now();

  std::thread thread_;
};

}  // namespace pluv::adapters
