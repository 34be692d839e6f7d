#include "apps/pluvd/revocations.h"

#include <algorithm>
#include <utility>

#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kMsASecond = 1'000;
constexpr std::int64_t kToleranceS = auth::kTokenClockToleranceMsDefault / kMsASecond;
// After this the last token that an entry is about has expired: made as far ahead as it may be, and
// good for as long after its end.
constexpr std::int64_t kKeptS = auth::kTokenAgeMsMax / kMsASecond + 2 * kToleranceS + 2;
// Rows that are taken over at once: joins wait for no more than these.
constexpr std::int64_t kRowsAtOnce = 1'000;

Revocation revocation_at(const adapters::SqliteQuery& query) {
  return {std::string(query.bytes_at(0)), std::string(query.bytes_at(1)),
          std::string(query.bytes_at(2))};
}

}  // namespace

std::int64_t revoked_until_s(std::int64_t now_unix_ms) noexcept {
  return now_unix_ms / kMsASecond + kToleranceS;
}

Result<std::shared_ptr<Revocations>> Revocations::open(std::shared_ptr<HostingDatabase> database,
                                                       RevocationLimits limits) {
  std::shared_ptr<Revocations> made(new Revocations(std::move(database), limits));
  const auto lock = made->database_->lock();
  for (bool more = true; more;) {
    const Result<News> news = made->read_new(made->database_->connection());
    if (!news.ok()) return news.error();
    more = news->more;
  }
  return made;
}

Result<Revocations::News> Revocations::read_new(adapters::SqliteDatabase& connection) {
  const auto statement = connection.prepare(
      "SELECT project, room, user, revoked_s, sequence FROM revocations WHERE sequence > ? "
      "ORDER BY sequence LIMIT ?");
  if (!statement.ok()) return statement.error();
  std::vector<std::pair<Revocation, Until>> rows;
  adapters::SqliteQuery query(*statement);
  query.integer(read_up_to_).integer(kRowsAtOnce);
  for (;;) {
    const Result<bool> row = query.row();
    if (!row.ok()) return row.error();
    if (!*row) break;
    rows.emplace_back(revocation_at(query),
                      Until{.revoked_s = query.integer_at(3), .sequence = query.integer_at(4)});
  }
  News news{.added = {}, .more = !rows.empty()};
  if (rows.empty()) return news;
  read_up_to_ = rows.back().second.sequence;
  const std::unique_lock lock(mutex_);
  for (auto& [key, until] : rows) {
    if (keep(key, until)) news.added.push_back(std::move(key));
  }
  return news;
}

bool Revocations::keep(const Revocation& key, const Until& until) {
  const auto [at, is_new] = until_.try_emplace(key, until);
  if (is_new) {
    ++counts_[key.project];
    return true;
  }
  Until& known = at->second;
  if (known.sequence >= until.sequence) return false;
  known.sequence = until.sequence;
  known.revoked_s = std::max(known.revoked_s, until.revoked_s);
  return true;
}

Result<void> Revocations::add(std::string_view project, std::string_view room,
                              std::string_view user, std::int64_t now_unix_ms) {
  const std::lock_guard one_at_a_time(adding_);
  const Revocation key{std::string(project), std::string(room), std::string(user)};
  const std::int64_t now_s = now_unix_ms / kMsASecond;
  if (Result<void> has_room = make_room(key, now_s); !has_room.ok()) return has_room;
  const Result<std::int64_t> sequence = write(key, now_s);
  if (!sequence.ok()) return sequence.error();
  const std::unique_lock lock(mutex_);
  keep(key, {.revoked_s = now_s, .sequence = *sequence});
  return {};
}

Result<void> Revocations::make_room(const Revocation& key, std::int64_t now_s) {
  bool project_is_full = false;
  {
    const std::shared_lock lock(mutex_);
    if (until_.contains(key)) return {};
    const auto count = counts_.find(key.project);
    project_is_full = count != counts_.end() && count->second >= limits_.of_project_max;
    if (!project_is_full && until_.size() < limits_.max) return {};
  }
  const auto expired = delete_expired(project_is_full ? key.project : std::string(), now_s);
  if (!expired.ok()) return expired.error();
  if (expired->empty()) return Error{ErrorCode::limit, "Too many users' tokens are revoked"};
  const std::unique_lock lock(mutex_);
  for (const Revocation& one : *expired) {
    if (until_.erase(one) > 0) --counts_[one.project];
  }
  return {};
}

// The oldest ones. project: empty for any.
Result<std::vector<Revocation>> Revocations::delete_expired(const std::string& project,
                                                            std::int64_t now_s) {
  const auto lock = database_->lock();
  const auto statement = database_->connection().prepare(
      "DELETE FROM revocations WHERE sequence IN (SELECT sequence FROM revocations "
      "WHERE revoked_s < ?1 AND (?2 = '' OR project = ?2) ORDER BY sequence LIMIT ?3) "
      "RETURNING project, room, user");
  if (!statement.ok()) return statement.error();
  adapters::SqliteQuery query(*statement);
  query.integer(now_s - kKeptS).text(project);
  query.integer(static_cast<std::int64_t>(limits_.freed_at_once));
  std::vector<Revocation> deleted;
  for (;;) {
    const Result<bool> row = query.row();
    if (!row.ok()) return row.error();
    if (!*row) return deleted;
    deleted.push_back(revocation_at(query));
  }
}

// The row gets a new sequence also when it is not the first of its key, or others would not see it.
Result<std::int64_t> Revocations::write(const Revocation& key, std::int64_t now_s) {
  const auto lock = database_->lock();
  const auto statement = database_->connection().prepare(
      "INSERT OR REPLACE INTO revocations (project, room, user, revoked_s) VALUES (?1, ?2, ?3, "
      "max(?4, coalesce((SELECT revoked_s FROM revocations "
      "WHERE project = ?1 AND room = ?2 AND user = ?3), 0)))");
  if (!statement.ok()) return statement.error();
  const Result<void> written = adapters::SqliteQuery(*statement)
                                   .text(key.project)
                                   .text(key.room)
                                   .text(key.user)
                                   .integer(now_s)
                                   .run();
  if (!written.ok()) return written.error();
  return database_->connection().integer("SELECT last_insert_rowid()");
}

bool Revocations::revoked(std::string_view project, std::string_view room, std::string_view user,
                          std::int64_t issued_at_s) const {
  const std::shared_lock lock(mutex_);
  if (until_.empty()) return false;
  for (const std::string_view where : {std::string_view(), room}) {
    const auto found =
        until_.find(Revocation{std::string(project), std::string(where), std::string(user)});
    if (found != until_.end() && issued_at_s <= found->second.revoked_s + kToleranceS) return true;
  }
  return false;
}

std::size_t Revocations::size() const {
  const std::shared_lock lock(mutex_);
  return until_.size();
}

}  // namespace pluv::apps
