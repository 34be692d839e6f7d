// The SQLite file in which a hosted pluvd keeps what is neither documents nor webhooks: revoked
// tokens and answers to repeated requests. Beside the documents where those are durable, else in
// memory. Thread-safe: whoever uses it holds its lock meanwhile, for some tens of microseconds.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/sqlite_database.h"
#include "base/result.h"

namespace pluv::apps {

inline constexpr std::string_view kHostingFile = "hosting.db";  // in the folder of the documents

class HostingDatabase {
 public:
  // path: empty for memory. Errors say which file and why; invalid: it is another program's, or a
  // newer version's.
  [[nodiscard]] static Result<std::shared_ptr<HostingDatabase>> open(const std::string& path);

  [[nodiscard]] bool is_file() const noexcept { return !path_.empty(); }
  // Another connection, which needs no lock. Precondition: is_file().
  [[nodiscard]] Result<adapters::SqliteDatabase> open_reader() const;

  [[nodiscard]] adapters::SqliteDatabase& connection() noexcept { return connection_; }
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

 private:
  HostingDatabase(std::string path, adapters::SqliteDatabase connection)
      : path_(std::move(path)), connection_(std::move(connection)) {}

  const std::string path_;
  std::mutex mutex_;
  adapters::SqliteDatabase connection_;
};

}  // namespace pluv::apps
