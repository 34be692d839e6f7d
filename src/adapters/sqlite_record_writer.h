// The statements that change a storage file. Owned by the store's writer, used on its thread,
// inside transactions that it begins and ends, and whose ends it is told of. Keeps the last number
// of the rooms that were written lately.
//
// Errors: unavailable and internal are SQLite's, after which the transaction has to be rolled back
// (and rolled_back called). Any other refused the operation before it wrote anything.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/sqlite_database.h"
#include "adapters/sqlite_record.h"
#include "base/result.h"

namespace pluv::adapters {

class RecordWriter {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RecordWriter>> prepare(SqliteDatabase& database);

  // The update's number.
  [[nodiscard]] Result<std::uint64_t> append(const std::string& room, std::string_view update,
                                             std::int64_t now_unix_ms);
  // Errors: not_found without the room, conflict for a number that it has not reached or that lies
  // before its snapshot.
  [[nodiscard]] Result<void> compact(const std::string& room, std::uint64_t last,
                                     std::string_view snapshot, std::int64_t now_unix_ms);
  [[nodiscard]] Result<void> remove(const std::string& room);
  // The room's newest update, of this number, cannot be read: whatever is written next for the room
  // takes it back, in the same transaction. Alone it might fail where the next update is then kept
  // behind it, and a damaged record that is not the newest makes a room unreadable.
  void take_back(const std::string& room, std::uint64_t number);

  void committed();
  void rolled_back();

 private:
  struct Torn {
    std::uint64_t number = 0;
    bool dropped = false;  // in the transaction that is open
  };
  struct RoomState {
    std::int64_t id = 0;
    RecordPosition snapshot;
    std::int64_t last = 0;
    std::int64_t newest_unix_ms = 0;  // so that a room's times never go back
  };

  // In the order of the SQL texts.
  enum Which : std::uint8_t {
    find_room,
    find_newest,
    find_time,
    add_room,
    add_record,
    add_large,
    add_large_record,
    set_snapshot,
    add_purge,
    delete_room,
    delete_large,
    delete_record,
    which_count
  };

  explicit RecordWriter(std::vector<SqliteStatement> statements)
      : statements_(std::move(statements)) {}

  // nullptr when the room has no document. Valid until the next call.
  [[nodiscard]] Result<RoomState*> find(const std::string& room);
  [[nodiscard]] Result<void> drop_torn(const std::string& room);
  [[nodiscard]] Result<void> drop_newest(const std::string& room, std::uint64_t number);
  RoomState* remember(const std::string& room, const RoomState& state);
  [[nodiscard]] Result<std::optional<RoomState>> read_state(const std::string& room);
  [[nodiscard]] Result<void> insert(const std::string& room, RoomState& state,
                                    RecordPosition position, std::string_view data,
                                    std::int64_t now_unix_ms);
  [[nodiscard]] Result<void> purge(std::int64_t unix_ms, std::int64_t room, RecordPosition before);

  std::vector<SqliteStatement> statements_;
  std::unordered_map<std::string, RoomState> known_;
  std::unordered_map<std::string, Torn> torn_;
};

}  // namespace pluv::adapters
