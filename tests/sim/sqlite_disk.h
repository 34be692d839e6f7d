// The SQLite store's tables and statements, with its rules of what is synced when, on a file in
// memory. One at a time in a process.
#pragma once

#include <memory>
#include <string>

#include "adapters/sqlite_database.h"
#include "adapters/sqlite_purger.h"
#include "adapters/sqlite_record_reader.h"
#include "adapters/sqlite_record_writer.h"
#include "tests/sim/disk.h"
#include "tests/sim/memory_vfs.h"

namespace pluv::sim {

class SqliteDisk final : public Disk {
 public:
  // strict: each write is synced.
  explicit SqliteDisk(bool strict);
  ~SqliteDisk() override;

  Result<adapters::StoredDocument> load(const std::string& room) override;
  Result<std::uint64_t> append(const std::string& room, const std::string& update,
                               std::int64_t unix_ms) override;
  Result<void> compact(const std::string& room, std::uint64_t last, const std::string& snapshot,
                       std::int64_t unix_ms) override;
  bool remove(const std::string& room) override;
  Result<void> sync() override;
  void purge(std::int64_t until_unix_ms) override;
  void set_full(bool full) override { vfs_.set_full(full); }
  void process_killed() override;
  void power_cut(Random& random) override;
  bool tear_newest(const std::string& room) override;

 private:
  struct Open;

  // Opens the file, if need be.
  [[nodiscard]] Result<Open*> opened();
  template <class Write>
  auto in_transaction(Write write) -> decltype(write());
  void roll_back();
  void close();

  const bool strict_;
  MemoryVfs vfs_;
  std::unique_ptr<Open> open_;
};

}  // namespace pluv::sim
