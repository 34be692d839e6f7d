// Sees what another process adds to the file of revocations while two have it, as when one takes
// over from the other: what is new goes into memory, for the joins, and is told, for the sessions.
// A thread of its own looks about four times a second, by a connection of its own; nobody waits for
// it. Made before the server and closed before it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adapters/sqlite_database.h"
#include "apps/pluvd/hosting_database.h"
#include "apps/pluvd/revocations.h"
#include "base/result.h"
#include "platform/native/server.h"

namespace pluv::apps {

struct RevocationWatchOptions {
  std::shared_ptr<Revocations> revocations;
  // A predecessor may live for so long after start().
  std::chrono::milliseconds shared_at_first{0};
  // Whether a successor has the file, or is about to. On the watch's thread.
  std::function<bool()> is_shared;
  // What others have added. On the same thread, or on that of who calls read().
  std::function<void(const std::vector<Revocation>&)> added;
  // Why the file cannot be read; once until it can be again.
  std::function<void(std::string_view reason)> log;
};

class RevocationWatch {
 public:
  // database: a file. Errors are the database's.
  [[nodiscard]] static Result<std::unique_ptr<RevocationWatch>> open(
      HostingDatabase& database, RevocationWatchOptions options);
  ~RevocationWatch() { close(); }
  RevocationWatch(const RevocationWatch&) = delete;
  RevocationWatch& operator=(const RevocationWatch&) = delete;

  // At once. Before start().
  [[nodiscard]] Result<void> read();
  void start();
  // is_shared() answers yes from now on. From any thread; does not block.
  void wake();
  void close();

 private:
  RevocationWatch(adapters::SqliteDatabase connection, RevocationWatchOptions options)
      : options_(std::move(options)), connection_(std::move(connection)) {}
  void run();
  void look();
  [[nodiscard]] bool is_shared() const;

  const RevocationWatchOptions options_;
  adapters::SqliteDatabase connection_;
  std::int64_t version_ = -1;  // SQLite's, of what was read last
  bool failing_ = false;
  std::chrono::steady_clock::time_point shared_until_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::thread thread_;
};

// Tells the sessions that they are about, all that this process has.
void revoke_sessions(native::Server& server, const std::vector<Revocation>& revocations);

}  // namespace pluv::apps
