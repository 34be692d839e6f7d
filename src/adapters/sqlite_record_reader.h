// The questions to a storage file. Owned by a thread that has a connection for it. Each answer is
// of one moment: what other connections commit meanwhile is not in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/history.h"
#include "adapters/sqlite_database.h"
#include "adapters/sqlite_record.h"
#include "adapters/store.h"
#include "base/result.h"

namespace pluv::adapters {

struct LoadedDocument {
  StoredDocument document;
  std::uint64_t torn = 0;  // the number of a newest update that was left out: it is damaged
};

class RecordReader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RecordReader>> prepare(SqliteDatabase database);

  // Errors: internal for a damaged or missing record, which the message names, and for what SQLite
  // finds; unavailable for what may pass.
  [[nodiscard]] Result<LoadedDocument> load(const std::string& room);
  // The document as of that time. Errors as load; not_found before the history begins.
  [[nodiscard]] Result<LoadedDocument> load_at(const std::string& room, std::int64_t unix_ms);
  // The document up to the record of this number; not_found when there is none, or before the
  // history begins.
  [[nodiscard]] Result<PastDocument> load_number(const std::string& room, std::uint64_t number);
  [[nodiscard]] Result<std::vector<HistoryEntry>> history(const std::string& room);
  // As Store::history_before.
  [[nodiscard]] Result<std::vector<HistoryEntry>> history_before(const std::string& room,
                                                                 std::uint64_t number,
                                                                 std::size_t limit);
  [[nodiscard]] Result<std::vector<StoredRoom>> list(const std::string& after, std::size_t limit);

 private:
  struct RoomRow {
    std::int64_t id = 0;  // 0: the room has no document
    RecordPosition snapshot;
  };

  // In the order of the SQL texts.
  enum Which : std::uint8_t {
    find_room,
    records_from,
    snapshot_at,
    first_record,
    all_records,
    list_rooms,
    count_updates,
    snapshot_size,
    snapshot_up_to,
    time_of_record,
    records_before,
    which_count
  };

  RecordReader(SqliteDatabase database, std::vector<SqliteStatement> statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}

  // Calls it inside a read transaction.
  template <class F>
  auto at_one_moment(F ask) -> decltype(ask());

  [[nodiscard]] Error broken(const std::string& room, std::int64_t number, const char* what) const;
  [[nodiscard]] Result<RoomRow> find(const std::string& room);
  // Which of a room's records count. The defaults: all of them.
  struct Until {
    std::int64_t unix_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t number = std::numeric_limits<std::int64_t>::max();
  };
  // The document that begins with this snapshot (or with update 1), without what is newer.
  [[nodiscard]] Result<LoadedDocument> read(const std::string& room, std::int64_t id,
                                            RecordPosition snapshot, Until until);
  // The snapshot that the question finds with this number or time, or the beginning.
  [[nodiscard]] Result<RecordPosition> base_at(const std::string& room, std::int64_t id,
                                               Which question, std::int64_t until);
  [[nodiscard]] Result<void> measure(std::int64_t id, RecordPosition snapshot, StoredRoom& room);

  SqliteDatabase database_;
  std::vector<SqliteStatement> statements_;
};

}  // namespace pluv::adapters
