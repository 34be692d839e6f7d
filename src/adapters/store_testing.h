// What the tests of stores share: folders that vanish, answers that are waited for, a clock that
// stands, a look into the file past the store.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/sqlite_store.h"
#include "adapters/store.h"

namespace pluv::adapters::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = ::testing::TempDir() + "pluv-store-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Calls ask with a `done` and waits for the answer.
template <class T, class F>
Result<T> answer_of(F ask) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  ask([promise](Result<T> answer) { promise->set_value(std::move(answer)); });
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    return Error{ErrorCode::internal, "no answer within a minute"};
  }
  return future.get();
}

inline Result<StoredDocument> load(Store& store, const std::string& room) {
  return answer_of<StoredDocument>([&](auto done) { store.load(room, done); });
}
inline Result<std::uint64_t> append(Store& store, const std::string& room,
                                    const std::string& update) {
  return answer_of<std::uint64_t>([&](auto done) { store.append(room, update, done); });
}
inline Result<void> compact(Store& store, const std::string& room, std::uint64_t last,
                            const std::string& snapshot) {
  return answer_of<void>([&](auto done) { store.compact(room, last, snapshot, done); });
}
inline Result<void> remove(Store& store, const std::string& room) {
  return answer_of<void>([&](auto done) { store.remove(room, done); });
}
inline Result<std::vector<StoredRoom>> list(Store& store, const std::string& after,
                                            std::size_t limit) {
  return answer_of<std::vector<StoredRoom>>([&](auto done) { store.list(after, limit, done); });
}
inline Result<void> flush(Store& store) {
  return answer_of<void>([&](auto done) { store.flush(done); });
}
inline Result<std::vector<HistoryEntry>> history(SqliteStore& store, const std::string& room) {
  return answer_of<std::vector<HistoryEntry>>([&](auto done) { store.history(room, done); });
}
inline Result<StoredDocument> load_at(SqliteStore& store, const std::string& room,
                                      std::int64_t unix_ms) {
  return answer_of<StoredDocument>([&](auto done) { store.load_at(room, unix_ms, done); });
}
inline Result<void> backup(SqliteStore& store, const std::string& path) {
  return answer_of<void>([&](auto done) { store.backup(path, {}, done); });
}
inline Result<std::vector<Finding>> verify(SqliteStore& store) {
  return answer_of<std::vector<Finding>>([&](auto done) { store.verify({}, done); });
}

template <class T>
std::string message_of(const Result<T>& result) {
  return result.ok() ? std::string("no error") : result.error().message;
}

// The store, or a failure of the test and nullptr.
inline std::unique_ptr<SqliteStore> open_store(SqliteOptions options) {
  auto opened = SqliteStore::open(std::move(options));
  EXPECT_TRUE(opened.ok()) << message_of(opened);
  return opened.ok() ? std::move(opened).value() : nullptr;
}

// Options whose log and clock the test looks at. It has to outlive the store.
struct Watched {
  std::atomic<std::int64_t> unix_ms = 1'000;
  std::mutex mutex;
  std::vector<std::string> lines;  // "level event message"

  [[nodiscard]] SqliteOptions options(const std::string& path) {
    SqliteOptions options;
    options.path = path;
    options.unix_ms = [this] { return unix_ms.load(); };
    options.log = [this](std::string_view level, std::string_view event, std::string_view text) {
      const std::lock_guard lock(mutex);
      lines.push_back(std::string(level) + " " + std::string(event) + " " + std::string(text));
    };
    return options;
  }
  [[nodiscard]] std::string logged() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }
};

// Carries SQL out on the file, which no store may have open for writing; the last value of the last
// row, or the error.
inline std::string sql(const std::string& path, const std::string& text) {
  sqlite3* database = nullptr;
  std::string last;
  if (sqlite3_open(path.c_str(), &database) == SQLITE_OK) {
    const auto keep = [](void* to, int columns, char** values, char**) {
      if (values[columns - 1] != nullptr) *static_cast<std::string*>(to) = values[columns - 1];
      return 0;
    };
    if (sqlite3_exec(database, text.c_str(), keep, &last, nullptr) != SQLITE_OK) {
      last = sqlite3_errmsg(database);
    }
  }
  sqlite3_close(database);
  return last;
}

// Waits until it is true, for ten seconds at most.
inline bool eventually(const std::function<bool()>& is_so) {
  for (int i = 0; i < 1'000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return is_so();
}

}  // namespace pluv::adapters::testing
