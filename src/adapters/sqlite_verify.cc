#include "adapters/sqlite_verify.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "adapters/sqlite_database.h"
#include "adapters/sqlite_record.h"
#include "adapters/sqlite_schema.h"

namespace pluv::adapters {
namespace {

// A room's records come together. The name is NULL for one that was removed; where no purge will
// take its records either, they belong to nobody.
constexpr const char* kRecords = R"sql(
  SELECT records.room, rooms.name, snapshot_number, snapshot_version,
         number, version, unix_ms, checksum, coalesce(large.data, records.data),
         EXISTS (SELECT 1 FROM purges WHERE purges.unix_ms = 0 AND purges.room = records.room)
  FROM records LEFT JOIN rooms ON rooms.id = records.room
    LEFT JOIN large ON large.id = records.large
  ORDER BY records.room, number, version)sql";
constexpr const char* kRoomsWithout = R"sql(
  SELECT name FROM rooms
  WHERE NOT EXISTS (SELECT 1 FROM records WHERE records.room = rooms.id))sql";

constexpr const char* kLargeTwice = R"sql(
  SELECT count(large) - count(DISTINCT large) FROM records)sql";
constexpr const char* kLargeWithout = R"sql(
  SELECT count(*) FROM large
  WHERE id NOT IN (SELECT large FROM records WHERE large IS NOT NULL))sql";

constexpr std::uint64_t kProgressRecords = 1'000;

class Verifier {
 public:
  Verifier(SqliteDatabase& database, const std::function<void(Progress)>& progress,
           const std::atomic<bool>& stop)
      : database_(database), progress_(progress), stop_(stop) {}

  Result<std::vector<Finding>> run() {
    if (auto begun = database_.execute("BEGIN"); !begun) return std::move(begun).error();
    for (auto check : {&Verifier::check_pages, &Verifier::check_records, &Verifier::check_rooms,
                       &Verifier::check_large}) {
      auto checked = (this->*check)();
      // Damage is what it looks for: it says where the looking ended.
      if (!checked && checked.error().code == ErrorCode::internal) {
        find({}, 0, checked.error().message);
      } else if (!checked) {
        return std::move(checked).error();
      }
    }
    return std::move(findings_);
  }

 private:
  struct Room {
    std::int64_t id = 0;
    std::optional<std::string> name;
    RecordPosition snapshot;
    bool has_snapshot = false;
    std::int64_t last = 0;
  };

  void find(const std::string& room, std::int64_t number, std::string message,
            bool in_history = false) {
    if (findings_.size() >= kFindingsMax) return;
    findings_.push_back({.room = room,
                         .number = static_cast<std::uint64_t>(number),
                         .message = std::move(message),
                         .in_history = in_history});
  }

  Result<void> check_pages() {
    auto statement = database_.prepare("PRAGMA integrity_check");
    if (!statement) return std::move(statement).error();
    SqliteQuery query(*statement);
    for (;;) {
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) return {};
      if (query.bytes_at(0) != "ok") find({}, 0, std::string(query.bytes_at(0)));
    }
  }

  Result<void> check_records() {
    auto total = database_.integer("SELECT count(*) FROM records");
    if (!total) return std::move(total).error();
    Progress progress{.done = 0, .total = static_cast<std::uint64_t>(*total)};
    auto statement = database_.prepare(kRecords);
    if (!statement) return std::move(statement).error();
    SqliteQuery query(*statement);
    Room room;
    for (;; ++progress.done) {
      if (stop_) return Error{ErrorCode::unavailable, database_.path() + ": the store was closed"};
      if (progress_ && progress.done % kProgressRecords == 0) progress_(progress);
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) break;
      if (query.integer_at(0) != room.id) {
        end_room(room);
        begin_room(room, query);
      }
      check_record(room, query);
    }
    end_room(room);
    if (progress_) progress_(progress);
    return {};
  }

  void begin_room(Room& room, const SqliteQuery& query) {
    room = {.id = query.integer_at(0),
            .name = {},
            .snapshot = {query.integer_at(2), query.integer_at(3)},
            .has_snapshot = false,
            .last = query.integer_at(2)};
    // A name has at least a byte.
    if (const auto name = query.bytes_at(1); !name.empty()) room.name = std::string(name);
    if (!room.name && query.integer_at(9) == 0) {
      find({}, 0, "records of room id " + std::to_string(room.id) + " belong to no room");
    }
  }

  void check_record(Room& room, const SqliteQuery& query) {
    if (!room.name) return;  // its checksum has the name in it; it is about to be deleted
    const RecordPosition position{query.integer_at(4), query.integer_at(5)};
    const bool follows = position.version == 0 && position.number > room.snapshot.number;
    const bool in_history = !follows && position != room.snapshot;
    if (query.integer_at(7) !=
        record_checksum(*room.name, position, query.integer_at(6), query.bytes_at(8))) {
      find(*room.name, position.number, "the record is damaged: its checksum is another one",
           in_history);
    }
    if (position == room.snapshot) room.has_snapshot = true;
    if (!follows) return;
    if (position.number != room.last + 1) find(*room.name, room.last + 1, "the record is missing");
    room.last = position.number;
  }

  void end_room(const Room& room) {
    if (!room.name || room.snapshot.version == 0 || room.has_snapshot) return;
    find(*room.name, room.snapshot.number, "the snapshot is missing");
  }

  Result<void> check_rooms() {
    auto statement = database_.prepare(kRoomsWithout);
    if (!statement) return std::move(statement).error();
    SqliteQuery query(*statement);
    for (;;) {
      auto row = query.row();
      if (!row) return std::move(row).error();
      if (!*row) return {};
      find(std::string(query.bytes_at(0)), 0, "the room has no records");
    }
  }

  Result<void> check_large() {
    auto count = database_.integer(kLargeWithout);
    if (!count) return std::move(count).error();
    if (*count > 0) find({}, 0, std::to_string(*count) + " rows of large belong to no record");
    count = database_.integer(kLargeTwice);
    if (!count) return std::move(count).error();
    if (*count > 0) find({}, 0, std::to_string(*count) + " rows of large belong to two records");
    return {};
  }

  SqliteDatabase& database_;
  const std::function<void(Progress)>& progress_;
  const std::atomic<bool>& stop_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> verify_file(const std::string& path,
                                         const std::function<void(Progress)>& progress,
                                         const std::atomic<bool>& stop) {
  auto database = open_to_read(path);
  if (!database) return std::move(database).error();
  return Verifier(*database, progress, stop).run();
}

}  // namespace pluv::adapters
