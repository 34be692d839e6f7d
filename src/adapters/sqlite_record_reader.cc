#include "adapters/sqlite_record_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace pluv::adapters {
namespace {

// Of records; SQLite's integers.
constexpr std::uint64_t kNumberMax = std::numeric_limits<std::int64_t>::max();

constexpr std::array kTexts = {
    "SELECT id, snapshot_number, snapshot_version FROM rooms WHERE name = ?",
    "SELECT number, version, unix_ms, checksum, coalesce(large.data, records.data) "
    "FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? AND (number, version) "
    ">= (?, ?) ORDER BY number, version",
    "SELECT number, version FROM records WHERE room = ? AND version > 0 AND unix_ms <= ? "
    "ORDER BY number DESC, version DESC LIMIT 1",
    "SELECT number, version, unix_ms FROM records WHERE room = ? "
    "ORDER BY number, version LIMIT 1",
    "SELECT number, version, unix_ms, coalesce(length(large.data), length(records.data)) "
    "FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? "
    "ORDER BY number, version",
    "SELECT name, id, snapshot_number, snapshot_version FROM rooms WHERE name > ? "
    "ORDER BY name LIMIT ?",
    "SELECT count(*), total(coalesce(length(large.data), length(records.data))), max(number), "
    "max(unix_ms) FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? AND "
    "number > ?",
    "SELECT coalesce(length(large.data), length(records.data)), unix_ms "
    "FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? AND number = ? AND "
    "version = ?",
    "SELECT number, version FROM records WHERE room = ? AND version > 0 AND number <= ? "
    "ORDER BY number DESC, version DESC LIMIT 1",
    "SELECT unix_ms FROM records WHERE room = ? AND number = ? ORDER BY version DESC LIMIT 1",
    "SELECT number, version, unix_ms, coalesce(length(large.data), length(records.data)) "
    "FROM records LEFT JOIN large ON large.id = records.large WHERE room = ? AND number < ? "
    "ORDER BY number DESC, version DESC",
};

}  // namespace

Result<std::unique_ptr<RecordReader>> RecordReader::prepare(SqliteDatabase database) {
  static_assert(kTexts.size() == which_count);
  auto statements = database.prepare_all(kTexts);
  if (!statements) return std::move(statements).error();
  return std::unique_ptr<RecordReader>(
      new RecordReader(std::move(database), std::move(statements).value()));
}

template <class F>
auto RecordReader::at_one_moment(F ask) -> decltype(ask()) {
  if (auto begun = database_.execute("BEGIN"); !begun) return std::move(begun).error();
  auto answer = ask();
  // Of a reading transaction nothing can be lost; SQLite may have ended it after an error.
  if (database_.in_transaction()) (void)database_.execute("ROLLBACK");
  return answer;
}

Result<LoadedDocument> RecordReader::load(const std::string& room) {
  return at_one_moment([&]() -> Result<LoadedDocument> {
    auto found = find(room);
    if (!found) return std::move(found).error();
    if (found->id == 0) return LoadedDocument();
    return read(room, found->id, found->snapshot, {});
  });
}

Result<LoadedDocument> RecordReader::load_at(const std::string& room, std::int64_t unix_ms) {
  return at_one_moment([&]() -> Result<LoadedDocument> {
    auto found = find(room);
    if (!found) return std::move(found).error();
    if (found->id == 0) return LoadedDocument();
    auto base = base_at(room, found->id, snapshot_at, unix_ms);
    if (!base) return std::move(base).error();
    auto loaded = read(room, found->id, *base, {.unix_ms = unix_ms});
    // Only the newest record of a room can be a torn one; the past was whole when it was written.
    if (loaded.ok() && loaded->torn != 0) {
      return broken(room, static_cast<std::int64_t>(loaded->torn), "damaged");
    }
    return loaded;
  });
}

Error RecordReader::broken(const std::string& room, std::int64_t number, const char* what) const {
  return {ErrorCode::internal, database_.path() + ": record " + std::to_string(number) +
                                   " of room " + room + " is " + what};
}

Result<RecordReader::RoomRow> RecordReader::find(const std::string& room) {
  SqliteQuery query(statements_[find_room]);
  auto row = query.text(room).row();
  if (!row) return std::move(row).error();
  if (!*row) return RoomRow();
  return RoomRow{query.integer_at(0), {query.integer_at(1), query.integer_at(2)}};
}

Result<LoadedDocument> RecordReader::read(const std::string& room, std::int64_t id,
                                          RecordPosition snapshot, Until until) {
  LoadedDocument loaded;
  StoredDocument& document = loaded.document;
  std::int64_t damaged_number = 0;
  std::int64_t next = snapshot.number + 1;
  SqliteQuery query(statements_[records_from]);
  query.integer(id).integer(snapshot.number).integer(snapshot.version);
  for (;;) {
    auto row = query.row();
    if (!row) return std::move(row).error();
    if (!*row) break;
    const RecordPosition position{query.integer_at(0), query.integer_at(1)};
    const std::int64_t unix_ms = query.integer_at(2);
    const std::string_view data = query.bytes_at(4);
    const bool is_base = snapshot.version != 0 && position == snapshot;
    // Snapshots that came after the asked time: the updates are still there beside them.
    if (position.version != 0 && !is_base) continue;
    if (unix_ms > until.unix_ms || position.number > until.number) break;
    if (damaged_number != 0) return broken(room, damaged_number, "damaged");
    if (snapshot.version != 0 && !document.has_snapshot && !is_base) break;
    if (!is_base && position.number != next) return broken(room, next, "missing");
    if (query.integer_at(3) != record_checksum(room, position, unix_ms, data)) {
      if (is_base) return broken(room, position.number, "damaged (it is the snapshot)");
      damaged_number = position.number;
      continue;
    }
    document.updates.emplace_back(data);
    document.last = static_cast<std::uint64_t>(position.number);
    if (is_base) document.has_snapshot = true;
    if (!is_base) ++next;
  }
  if (snapshot.version != 0 && !document.has_snapshot) {
    return broken(room, snapshot.number, "missing (it is the snapshot)");
  }
  if (damaged_number != 0 && document.updates.empty()) {
    // Without it the room would look as if it had never had a document.
    return broken(room, damaged_number, "damaged (it is the only one)");
  }
  loaded.torn = static_cast<std::uint64_t>(damaged_number);
  return loaded;
}

Result<RecordPosition> RecordReader::base_at(const std::string& room, std::int64_t id,
                                             Which question, std::int64_t until) {
  {
    SqliteQuery query(statements_[question]);
    auto row = query.integer(id).integer(until).row();
    if (!row) return std::move(row).error();
    if (*row) return RecordPosition{query.integer_at(0), query.integer_at(1)};
  }
  SqliteQuery query(statements_[first_record]);
  auto row = query.integer(id).row();
  if (!row) return std::move(row).error();
  const bool from_the_start =
      *row && RecordPosition{query.integer_at(0), query.integer_at(1)} == RecordPosition{1, 0};
  if (from_the_start) return RecordPosition();
  return Error{ErrorCode::not_found, database_.path() + ": the history of room " + room +
                                         " does not reach back that far"};
}

Result<PastDocument> RecordReader::load_number(const std::string& room, std::uint64_t number) {
  const auto wanted = static_cast<std::int64_t>(std::min(number, kNumberMax));
  return at_one_moment([&]() -> Result<PastDocument> {
    auto found = find(room);
    if (!found) return std::move(found).error();
    PastDocument past;
    {
      SqliteQuery query(statements_[time_of_record]);
      auto row = query.integer(found->id).integer(wanted).row();
      if (!row) return std::move(row).error();
      if (!*row) {
        return Error{ErrorCode::not_found,
                     "Room " + room + " has no record " + std::to_string(number)};
      }
      past.unix_ms = query.integer_at(0);
    }
    auto base = base_at(room, found->id, snapshot_up_to, wanted);
    if (!base) return std::move(base).error();
    auto loaded = read(room, found->id, *base, {.number = wanted});
    if (!loaded) return std::move(loaded).error();
    if (loaded->torn != 0) {
      return broken(room, static_cast<std::int64_t>(loaded->torn), "damaged");
    }
    past.document = std::move(loaded->document);
    return past;
  });
}

Result<std::vector<HistoryEntry>> RecordReader::history_before(const std::string& room,
                                                               std::uint64_t number,
                                                               std::size_t limit) {
  return at_one_moment([&]() -> Result<std::vector<HistoryEntry>> {
    std::vector<HistoryEntry> entries;
    auto found = find(room);
    if (!found) return std::move(found).error();
    SqliteQuery query(statements_[records_before]);
    query.integer(found->id).integer(static_cast<std::int64_t>(std::min(number, kNumberMax)));
    for (;;) {
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) return entries;
      const auto at = static_cast<std::uint64_t>(query.integer_at(0));
      if (entries.size() >= limit && entries.back().number != at) return entries;
      entries.push_back({.number = at,
                         .is_snapshot = query.integer_at(1) != 0,
                         .unix_ms = query.integer_at(2),
                         .bytes = static_cast<std::uint64_t>(query.integer_at(3))});
    }
  });
}

Result<std::vector<HistoryEntry>> RecordReader::history(const std::string& room) {
  return at_one_moment([&]() -> Result<std::vector<HistoryEntry>> {
    std::vector<HistoryEntry> entries;
    auto found = find(room);
    if (!found) return std::move(found).error();
    SqliteQuery query(statements_[all_records]);
    query.integer(found->id);
    for (;;) {
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) return entries;
      entries.push_back({.number = static_cast<std::uint64_t>(query.integer_at(0)),
                         .is_snapshot = query.integer_at(1) != 0,
                         .unix_ms = query.integer_at(2),
                         .bytes = static_cast<std::uint64_t>(query.integer_at(3))});
    }
  });
}

Result<std::vector<StoredRoom>> RecordReader::list(const std::string& after, std::size_t limit) {
  return at_one_moment([&]() -> Result<std::vector<StoredRoom>> {
    std::vector<StoredRoom> rooms;
    SqliteQuery query(statements_[list_rooms]);
    query.text(after).integer(static_cast<std::int64_t>(
        std::min(limit, std::size_t{std::numeric_limits<std::int32_t>::max()})));
    for (;;) {
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) return rooms;
      StoredRoom room;
      room.room = query.bytes_at(0);
      auto measured =
          measure(query.integer_at(1), {query.integer_at(2), query.integer_at(3)}, room);
      if (!measured) return std::move(measured).error();
      rooms.push_back(std::move(room));
    }
  });
}

Result<void> RecordReader::measure(std::int64_t id, RecordPosition snapshot, StoredRoom& room) {
  {
    SqliteQuery query(statements_[count_updates]);
    auto row = query.integer(id).integer(snapshot.number).row();
    if (!row) return std::move(row).error();
    room.log_updates = static_cast<std::uint64_t>(query.integer_at(0));
    room.log_bytes = static_cast<std::uint64_t>(query.integer_at(1));
    room.last = static_cast<std::uint64_t>(std::max(query.integer_at(2), snapshot.number));
    room.changed_unix_ms = query.integer_at(3);
  }
  SqliteQuery query(statements_[snapshot_size]);
  query.integer(id).integer(snapshot.number).integer(snapshot.version);
  auto row = query.row();
  if (!row) return std::move(row).error();
  if (!*row) return {};
  room.snapshot_bytes = static_cast<std::uint64_t>(query.integer_at(0));
  room.changed_unix_ms = std::max(room.changed_unix_ms, query.integer_at(1));
  return {};
}

}  // namespace pluv::adapters
