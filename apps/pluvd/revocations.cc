#include "apps/pluvd/revocations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::int64_t kMsASecond = 1'000;
constexpr std::int64_t kToleranceS = auth::kTokenClockToleranceMsDefault / kMsASecond;
// After this the last token that an entry is about has expired: made as far ahead as it may be, and
// good for as long after its end.
constexpr std::int64_t kKeptS = auth::kTokenAgeMsMax / kMsASecond + 2 * kToleranceS + 2;

}  // namespace

std::int64_t revoked_until_s(std::int64_t now_unix_ms) noexcept {
  return now_unix_ms / kMsASecond + kToleranceS;
}

Result<std::shared_ptr<Revocations>> Revocations::open(std::shared_ptr<HostingDatabase> database,
                                                       std::int64_t now_unix_ms) {
  std::shared_ptr<Revocations> made(new Revocations(std::move(database)));
  const auto lock = made->database_->lock();
  if (Result<void> dropped = made->drop_old(now_unix_ms); !dropped.ok()) return dropped.error();
  if (Result<void> loaded = made->read_all(); !loaded.ok()) return loaded.error();
  return made;
}

Result<void> Revocations::drop_old(std::int64_t now_unix_ms) {
  const auto old = database_->connection().prepare("DELETE FROM revocations WHERE revoked_s < ?");
  if (!old.ok()) return old.error();
  return adapters::SqliteQuery(*old).integer(now_unix_ms / kMsASecond - kKeptS).run();
}

Result<void> Revocations::read_all() {
  // First the version: what is written meanwhile is then read once more.
  const auto version = database_->connection().integer("PRAGMA data_version");
  if (!version.ok()) return version.error();
  const auto all =
      database_->connection().prepare("SELECT project, room, user, revoked_s FROM revocations");
  if (!all.ok()) return all.error();
  adapters::SqliteQuery query(*all);
  const std::unique_lock lock(mutex_);
  for (;;) {
    const Result<bool> row = query.row();
    if (!row.ok()) return row.error();
    if (!*row) break;
    keep({std::string(query.bytes_at(0)), std::string(query.bytes_at(1)),
          std::string(query.bytes_at(2))},
         query.integer_at(3));
  }
  version_ = *version;
  return {};
}

void Revocations::keep(Key key, std::int64_t revoked_s) {
  const auto [at, is_new] = revoked_s_.try_emplace(std::move(key), revoked_s);
  if (is_new) ++counts_[at->first.project];
  at->second = std::max(at->second, revoked_s);
}

void Revocations::read_what_others_added() {
  if (std::chrono::steady_clock::now() - opened_ > kRevocationsShared) return;
  const auto lock = database_->lock();
  const auto version = database_->connection().integer("PRAGMA data_version");
  if (version.ok() && *version == version_) return;
  // A database that cannot be read now is asked again by the next join.
  static_cast<void>(read_all());
}

Result<void> Revocations::add(std::string_view project, std::string_view room,
                              std::string_view user, std::int64_t now_unix_ms) {
  const std::lock_guard one_at_a_time(adding_);
  const Key key{std::string(project), std::string(room), std::string(user)};
  const std::int64_t now_s = now_unix_ms / kMsASecond;
  if (Result<void> has_room = make_room(key, now_s); !has_room.ok()) return has_room;
  if (Result<void> written = write(key, now_s); !written.ok()) return written;
  const std::unique_lock lock(mutex_);
  keep(key, now_s);
  return {};
}

Result<void> Revocations::make_room(const Key& key, std::int64_t now_s) {
  const std::unique_lock lock(mutex_);
  if (revoked_s_.contains(key)) return {};
  const auto is_full = [&] {
    const auto count = counts_.find(key.project);
    return revoked_s_.size() >= kRevocationsMax ||
           (count != counts_.end() && count->second >= kRevocationsOfProjectMax);
  };
  if (!is_full()) return {};
  // From the file they go when it is opened again.
  std::erase_if(revoked_s_, [&](const auto& entry) {
    if (entry.second >= now_s - kKeptS) return false;
    --counts_[entry.first.project];
    return true;
  });
  if (!is_full()) return {};
  return Error{ErrorCode::limit, "Too many users' tokens are revoked"};
}

Result<void> Revocations::write(const Key& key, std::int64_t now_s) {
  const auto lock = database_->lock();
  const auto statement = database_->connection().prepare(
      "INSERT INTO revocations (project, room, user, revoked_s) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT DO UPDATE SET revoked_s = max(revoked_s, ?4)");
  if (!statement.ok()) return statement.error();
  return adapters::SqliteQuery(*statement)
      .text(key.project)
      .text(key.room)
      .text(key.user)
      .integer(now_s)
      .run();
}

bool Revocations::revoked(std::string_view project, std::string_view room, std::string_view user,
                          std::int64_t issued_at_s) {
  read_what_others_added();
  const std::shared_lock lock(mutex_);
  if (revoked_s_.empty()) return false;
  for (const std::string_view where : {std::string_view(), room}) {
    const auto found =
        revoked_s_.find(Key{std::string(project), std::string(where), std::string(user)});
    if (found != revoked_s_.end() && issued_at_s <= found->second + kToleranceS) return true;
  }
  return false;
}

std::size_t Revocations::size() const {
  const std::shared_lock lock(mutex_);
  return revoked_s_.size();
}

}  // namespace pluv::apps
