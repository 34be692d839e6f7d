#include "apps/pluvd/idempotency.h"

#include <algorithm>

#include "auth/hmac.h"

namespace pluv::apps {
namespace {

using adapters::SqliteQuery;

// The status of a request without an answer.
constexpr int kBegun = 0;

// The text itself may be a document.
Result<std::string> fingerprint_of(std::string_view request) {
  return auth::hmac_sha256_hex("pluvd idempotency", request);
}

}  // namespace

bool Idempotency::is_key(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kIdempotencyKeyBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<Idempotency::Held> Idempotency::hold(std::string_view project, std::string_view key) {
  Name name{std::string(project), std::string(key)};
  {
    const std::lock_guard lock(in_flight_->mutex);
    if (!in_flight_->names.insert(name).second) return std::nullopt;
  }
  return Held(nullptr, [in_flight = in_flight_, name = std::move(name)](const void*) {
    const std::lock_guard lock(in_flight->mutex);
    in_flight->names.erase(name);
  });
}

Result<std::optional<KeptAnswer>> Idempotency::find(std::string_view project, std::string_view key,
                                                    std::string_view request,
                                                    std::int64_t now_unix_ms) {
  const Result<std::string> fingerprint = fingerprint_of(request);
  if (!fingerprint.ok()) return fingerprint.error();
  const auto lock = database_->lock();
  const auto statement = database_->connection().prepare(
      "SELECT request, status, location, media_type, body FROM answers "
      "WHERE project = ? AND key = ? AND at_ms > ?");
  if (!statement.ok()) return statement.error();
  SqliteQuery query(*statement);
  query.text(project).text(key).integer(now_unix_ms - kIdempotencyMs);
  const Result<bool> row = query.row();
  if (!row.ok()) return row.error();
  if (!*row) return std::optional<KeptAnswer>();
  if (query.bytes_at(0) != *fingerprint) {
    return Error{ErrorCode::limit, "Another request had this Idempotency-Key"};
  }
  if (query.integer_at(1) == kBegun) {
    return Error{ErrorCode::conflict,
                 "The request under this Idempotency-Key was begun, and its outcome is not known"};
  }
  return std::optional(KeptAnswer{.status = static_cast<int>(query.integer_at(1)),
                                  .location = std::string(query.bytes_at(2)),
                                  .media_type = std::string(query.bytes_at(3)),
                                  .body = std::string(query.bytes_at(4))});
}

Result<void> Idempotency::begin(std::string_view project, std::string_view key,
                                std::string_view request, std::int64_t now_unix_ms) {
  const Result<std::string> fingerprint = fingerprint_of(request);
  if (!fingerprint.ok()) return fingerprint.error();
  const auto lock = database_->lock();
  KeptAnswer none;
  none.status = kBegun;
  return write(project, key, *fingerprint, none, now_unix_ms);
}

Result<void> Idempotency::abandon(std::string_view project, std::string_view key) {
  const auto lock = database_->lock();
  const auto statement = database_->connection().prepare(
      "DELETE FROM answers WHERE project = ? AND key = ? AND status = ?");
  if (!statement.ok()) return statement.error();
  return SqliteQuery(*statement).text(project).text(key).integer(kBegun).run();
}

Result<void> Idempotency::keep(std::string_view project, std::string_view key,
                               std::string_view request, const KeptAnswer& answer,
                               std::int64_t now_unix_ms) {
  const Result<std::string> fingerprint = fingerprint_of(request);
  if (!fingerprint.ok()) return fingerprint.error();
  const auto lock = database_->lock();
  Result<void> written = write(project, key, *fingerprint, answer, now_unix_ms);
  if (!written.ok()) return written;
  return forget(project, now_unix_ms);
}

Result<void> Idempotency::write(std::string_view project, std::string_view key,
                                std::string_view fingerprint, const KeptAnswer& answer,
                                std::int64_t now_unix_ms) {
  const auto statement = database_->connection().prepare(
      "INSERT OR REPLACE INTO answers "
      "(project, key, request, at_ms, status, location, media_type, body) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement.ok()) return statement.error();
  return SqliteQuery(*statement)
      .text(project)
      .text(key)
      .text(fingerprint)
      .integer(now_unix_ms)
      .integer(answer.status)
      .text(answer.location)
      .text(answer.media_type)
      .blob(answer.body)
      .run();
}

// What is too old, and then what is over the limits, oldest first.
Result<void> Idempotency::forget(std::string_view project, std::int64_t now_unix_ms) {
  adapters::SqliteDatabase& connection = database_->connection();
  const auto old = connection.prepare("DELETE FROM answers WHERE project = ? AND at_ms <= ?");
  if (!old.ok()) return old.error();
  Result<void> dropped =
      SqliteQuery(*old).text(project).integer(now_unix_ms - kIdempotencyMs).run();
  if (!dropped.ok()) return dropped;
  const auto sums = connection.prepare(
      "SELECT count(*), coalesce(sum(length(body)), 0) FROM answers WHERE project = ?");
  if (!sums.ok()) return sums.error();
  const auto oldest = connection.prepare(
      "DELETE FROM answers WHERE rowid = (SELECT rowid FROM answers WHERE project = ? "
      "ORDER BY at_ms, rowid LIMIT 1)");
  if (!oldest.ok()) return oldest.error();
  for (;;) {
    {
      SqliteQuery query(*sums);
      const Result<bool> row = query.text(project).row();
      if (!row.ok()) return row.error();
      const auto count = static_cast<std::size_t>(query.integer_at(0));
      const auto bytes = static_cast<std::size_t>(query.integer_at(1));
      if (count <= limits_.answers_max && bytes <= limits_.answer_bytes_max) return {};
    }
    dropped = SqliteQuery(*oldest).text(project).run();
    if (!dropped.ok()) return dropped;
  }
}

}  // namespace pluv::apps
