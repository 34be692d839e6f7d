#include "adapters/sqlite_record_writer.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace pluv::adapters {
namespace {

// Rooms whose state is kept; at some 200 bytes each. When there are more it begins anew.
constexpr std::size_t kKnownRoomsMax = 10'000;

// What is longer lies beside its record. SQLite keeps 1,002 bytes of a row in its page.
constexpr std::size_t kInlineBytesMax = 512;

// Before all others: a removed room is forgotten whatever history is kept.
constexpr std::int64_t kAtOnceUnixMs = 0;

constexpr std::array kTexts = {
    "SELECT id, snapshot_number, snapshot_version FROM rooms WHERE name = ?",
    "SELECT number, unix_ms FROM records WHERE room = ? "
    "ORDER BY number DESC, version DESC LIMIT 1",
    "SELECT unix_ms FROM records WHERE room = ? AND number = ? AND version = ?",
    "INSERT INTO rooms (name) VALUES (?)",
    "INSERT INTO records (room, number, version, unix_ms, checksum, data) "
    "VALUES (?, ?, ?, ?, ?, ?)",
    "INSERT INTO large (data) VALUES (?)",
    "INSERT INTO records (room, number, version, unix_ms, checksum, data, large) "
    "VALUES (?, ?, ?, ?, ?, x'', ?)",
    "UPDATE rooms SET snapshot_number = ?, snapshot_version = ? WHERE id = ?",
    "INSERT INTO purges (unix_ms, room, number, version) VALUES (?, ?, ?, ?)",
    "DELETE FROM rooms WHERE id = ?",
    "DELETE FROM large "
    "WHERE id = (SELECT large FROM records WHERE room = ? AND number = ? AND version = 0)",
    "DELETE FROM records WHERE room = ? AND number = ? AND version = 0",
};

}  // namespace

Result<std::unique_ptr<RecordWriter>> RecordWriter::prepare(SqliteDatabase& database) {
  static_assert(kTexts.size() == which_count);
  auto statements = database.prepare_all(kTexts);
  if (!statements) return std::move(statements).error();
  return std::unique_ptr<RecordWriter>(new RecordWriter(std::move(statements).value()));
}

Result<std::uint64_t> RecordWriter::append(const std::string& room, std::string_view update,
                                           std::int64_t now_unix_ms) {
  if (auto dropped = drop_torn(room); !dropped) return std::move(dropped).error();
  auto found = find(room);
  if (!found) return std::move(found).error();
  RoomState* state = *found;
  if (state == nullptr) {
    SqliteQuery add(statements_[add_room]);
    if (auto added = add.text(room).run(); !added) return std::move(added).error();
    RoomState fresh;
    fresh.id = sqlite3_last_insert_rowid(sqlite3_db_handle(statements_[add_room].handle()));
    state = remember(room, fresh);
  }
  const RecordPosition position{state->last + 1, 0};
  if (auto done = insert(room, *state, position, update, now_unix_ms); !done) {
    return std::move(done).error();
  }
  state->last = position.number;
  return static_cast<std::uint64_t>(position.number);
}

Result<void> RecordWriter::compact(const std::string& room, std::uint64_t last,
                                   std::string_view snapshot, std::int64_t now_unix_ms) {
  if (auto dropped = drop_torn(room); !dropped) return dropped;
  auto found = find(room);
  if (!found) return std::move(found).error();
  RoomState* state = *found;
  if (state == nullptr) {
    return Error{ErrorCode::not_found, "room " + room + " has no document to compact"};
  }
  if (last == 0 || last > static_cast<std::uint64_t>(state->last)) {
    return Error{ErrorCode::conflict,
                 "room " + room + " has no update " + std::to_string(last) + " to compact"};
  }
  const auto number = static_cast<std::int64_t>(last);
  if (number < state->snapshot.number) {
    return Error{ErrorCode::conflict,
                 "room " + room + " has a newer snapshot than of " + std::to_string(last)};
  }
  const bool again = number == state->snapshot.number;
  const RecordPosition position{number, again ? state->snapshot.version + 1 : 1};
  if (auto done = insert(room, *state, position, snapshot, now_unix_ms); !done) return done;
  {
    SqliteQuery set(statements_[set_snapshot]);
    set.integer(position.number).integer(position.version).integer(state->id);
    if (auto done = set.run(); !done) return done;
  }
  state->snapshot = position;
  return purge(state->newest_unix_ms, state->id, position);
}

Result<void> RecordWriter::remove(const std::string& room) {
  auto found = find(room);
  if (!found) return std::move(found).error();
  if (*found == nullptr) return {};
  const std::int64_t id = (*found)->id;
  known_.erase(room);
  // All of the room goes; should that be rolled back, the torn record is there again.
  if (const auto torn = torn_.find(room); torn != torn_.end()) torn->second.dropped = true;
  {
    SqliteQuery remove_room(statements_[delete_room]);
    if (auto done = remove_room.integer(id).run(); !done) return done;
  }
  return purge(kAtOnceUnixMs, id, {std::numeric_limits<std::int64_t>::max(), 0});
}

void RecordWriter::take_back(const std::string& room, std::uint64_t number) {
  torn_.insert_or_assign(room, Torn{number, false});
}

void RecordWriter::committed() {
  std::erase_if(torn_, [](const auto& torn) { return torn.second.dropped; });
}

void RecordWriter::rolled_back() {
  known_.clear();
  for (auto& [room, torn] : torn_) torn.dropped = false;
}

Result<void> RecordWriter::drop_torn(const std::string& room) {
  const auto torn = torn_.find(room);
  if (torn == torn_.end() || torn->second.dropped) return {};
  if (auto dropped = drop_newest(room, torn->second.number); !dropped) return dropped;
  torn->second.dropped = true;
  return {};
}

// Nothing when it is not the newest.
Result<void> RecordWriter::drop_newest(const std::string& room, std::uint64_t number) {
  auto found = find(room);
  if (!found) return std::move(found).error();
  RoomState* state = *found;
  const auto dropped = static_cast<std::int64_t>(number);
  if (state == nullptr || state->last != dropped || state->snapshot.number == dropped) return {};
  for (const Which which : {delete_large, delete_record}) {
    SqliteQuery query(statements_[which]);
    if (auto done = query.integer(state->id).integer(dropped).run(); !done) return done;
  }
  --state->last;
  // Without any record it is a room that has no document.
  return state->last == 0 ? remove(room) : Result<void>();
}

Result<RecordWriter::RoomState*> RecordWriter::find(const std::string& room) {
  if (const auto known = known_.find(room); known != known_.end()) return &known->second;
  auto state = read_state(room);
  if (!state) return std::move(state).error();
  if (!state->has_value()) return nullptr;
  return remember(room, **state);
}

RecordWriter::RoomState* RecordWriter::remember(const std::string& room, const RoomState& state) {
  if (known_.size() >= kKnownRoomsMax) known_.clear();
  return &known_.insert_or_assign(room, state).first->second;
}

Result<std::optional<RecordWriter::RoomState>> RecordWriter::read_state(const std::string& room) {
  RoomState state;
  {
    SqliteQuery query(statements_[find_room]);
    auto row = query.text(room).row();
    if (!row) return std::move(row).error();
    if (!*row) return std::optional<RoomState>();
    state.id = query.integer_at(0);
    state.snapshot = {query.integer_at(1), query.integer_at(2)};
  }
  {
    SqliteQuery query(statements_[find_newest]);
    auto row = query.integer(state.id).row();
    if (!row) return std::move(row).error();
    if (*row) {
      state.last = query.integer_at(0);
      state.newest_unix_ms = query.integer_at(1);
    }
  }
  // A file that lost records still gets no number twice.
  state.last = std::max(state.last, state.snapshot.number);
  SqliteQuery query(statements_[find_time]);
  query.integer(state.id).integer(state.snapshot.number).integer(state.snapshot.version);
  auto row = query.row();
  if (!row) return std::move(row).error();
  if (*row) state.newest_unix_ms = std::max(state.newest_unix_ms, query.integer_at(0));
  return std::optional(state);
}

Result<void> RecordWriter::insert(const std::string& room, RoomState& state,
                                  RecordPosition position, std::string_view data,
                                  std::int64_t now_unix_ms) {
  state.newest_unix_ms = std::max(state.newest_unix_ms, now_unix_ms);
  const std::uint32_t checksum = record_checksum(room, position, state.newest_unix_ms, data);
  std::int64_t large = 0;
  if (data.size() > kInlineBytesMax) {
    SqliteQuery add(statements_[add_large]);
    if (auto added = add.blob(data).run(); !added) return added;
    large = sqlite3_last_insert_rowid(sqlite3_db_handle(statements_[add_large].handle()));
  }
  SqliteQuery query(statements_[large == 0 ? add_record : add_large_record]);
  query.integer(state.id).integer(position.number).integer(position.version);
  query.integer(state.newest_unix_ms).integer(checksum);
  return large == 0 ? query.blob(data).run() : query.integer(large).run();
}

Result<void> RecordWriter::purge(std::int64_t unix_ms, std::int64_t room, RecordPosition before) {
  SqliteQuery query(statements_[add_purge]);
  query.integer(unix_ms).integer(room).integer(before.number).integer(before.version);
  return query.run();
}

}  // namespace pluv::adapters
