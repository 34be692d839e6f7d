// A store that lives in memory, for tests and for rooms that nobody has to find again. Answers
// inside the call, outside of its lock: a `done` may call it again. Keeps no history. What it
// refuses it refuses as SqliteStore does; it never fails otherwise (see faulty_store.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "adapters/store.h"
#include "base/result.h"

namespace pluv::adapters {

class MemoryStore final : public Store {
 public:
  // Empty: changed_unix_ms is 0 everywhere.
  explicit MemoryStore(std::function<std::int64_t()> unix_ms = {}) : unix_ms_(std::move(unix_ms)) {}

  void load(std::string room, Done<StoredDocument> done) override;
  void append(std::string room, std::string update, Done<std::uint64_t> done) override;
  void compact(std::string room, std::uint64_t last, std::string snapshot,
               Done<void> done) override;
  void remove(std::string room, Done<void> done) override;
  void list(std::string after, std::size_t limit, Done<std::vector<StoredRoom>> done) override;
  void flush(Done<void> done) override;

 private:
  struct Kept {
    StoredDocument document;
    std::int64_t changed_unix_ms = 0;
  };

  [[nodiscard]] Result<void> replace(const std::string& room, std::uint64_t last,
                                     std::string snapshot);

  std::function<std::int64_t()> unix_ms_;
  std::mutex mutex_;
  std::map<std::string, Kept, std::less<>> rooms_;
};

}  // namespace pluv::adapters
