// The outbox's half that opens the file and closes what was left open, and its dead letters.
#include <algorithm>
#include <utility>

#include "apps/pluvd/webhook_outbox.h"
#include "platform/hosted/webhook_event.h"
#include "platform/native/log_fields.h"

namespace pluv::apps {
namespace {

using adapters::SqliteQuery;
using native::LogFields;

constexpr int kOldAtOnce = 100;

Error no_letter() { return {ErrorCode::not_found, "There is no such dead letter"}; }

}  // namespace

// --- Opening.

Result<void> WebhookOutbox::take_file() {
  std::optional<adapters::FileLock> owned;
  if (!options_.path.empty()) {
    auto acquired = adapters::FileLock::acquire(options_.path);
    if (!acquired.ok()) return std::move(acquired).error();
    owned.emplace(std::move(*acquired));
  }
  auto file = OutboxFile::open(options_.path);
  if (!file.ok()) return std::move(file).error();
  if (Result<void> done = close_left_open(**file); !done.ok()) return done;
  auto dead = count_dead(**file);
  if (!dead.ok()) return std::move(dead).error();
  // The first commit to a log syncs its head: now, and not in a loop.
  if (Result<void> done = (*file)->run(OutboxSql::restart_log); !done.ok()) return done;
  const std::lock_guard lock(mutex_);
  if (owned) lock_.emplace(std::move(*owned));
  file_ = std::move(*file);
  dead_ = std::move(*dead);
  taken_ms_ = options_.steady_ms();
  taken_unix_ms_ = options_.unix_ms();
  return {};
}

// Whoever was there when the process was killed has left with it. A room's document is where it was
// kept, so nothing is said of its storage: a receiver would take null for what it has to save.
Result<void> WebhookOutbox::close_left_open(OutboxFile& file) {
  std::vector<Change> changes;
  SqliteQuery query(file[OutboxSql::list_live]);
  for (;;) {
    auto row = query.row();
    if (!row.ok()) return std::move(row).error();
    if (!*row) break;
    Change change;
    change.project = query.bytes_at(0);
    change.room = query.bytes_at(1);
    change.session = query.bytes_at(2);
    change.user = query.bytes_at(3);
    change.at_unix_ms = options_.unix_ms();
    const bool is_room = change.session.empty();
    change.kind = is_room ? Kind::destroyed : Kind::disconnected;
    hosted::WebhookEvent event = hosted::RoomDestroyed{change.room};
    if (!is_room) event = hosted::UserDisconnected{change.room, std::nullopt, change.user, {}};
    auto body = hosted::write_webhook(event);
    if (!body.ok()) return std::move(body).error();
    change.events.push_back({hosted::name_of(event), std::move(*body)});
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return {};
  AddedItems added;  // the delivery has listed nothing yet, and will find them
  Result<void> written = transact(file, [&]() -> Result<void> {
    for (const Change& change : changes) {
      if (Result<void> done = write_rows(file, change, added); !done.ok()) return done;
    }
    return {};
  });
  if (!written.ok()) return written;
  options_.log("warn", "webhook_sessions_closed",
               LogFields().add("events", std::uint64_t{added.size()}).text());
  return {};
}

Result<std::map<std::string, DeadCounts>> WebhookOutbox::count_dead(OutboxFile& file) {
  std::map<std::string, DeadCounts> out;
  SqliteQuery query(file[OutboxSql::count_dead]);
  for (;;) {
    auto row = query.row();
    if (!row.ok()) return std::move(row).error();
    if (!*row) return out;
    out[std::string(query.bytes_at(0))] = {static_cast<std::uint64_t>(query.integer_at(1)),
                                           static_cast<std::uint64_t>(query.integer_at(2))};
  }
}

// --- Dead letters.

Result<void> WebhookOutbox::bury(const OutboxItem& item, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return is;
  Result<void> done = transact(*file_, [&] {
    SqliteQuery query((*file_)[OutboxSql::bury_event]);
    query.integer(options_.unix_ms()).integer(item.attempts).text(reason);
    query.integer(static_cast<std::int64_t>(item.id));
    if (Result<void> buried = query.run(); !buried.ok()) return buried;
    return SqliteQuery((*file_)[OutboxSql::remove_event])
        .integer(static_cast<std::int64_t>(item.id))
        .run();
  });
  if (!done.ok()) return done;
  DeadCounts& counts = dead_[item.project];
  ++counts.letters;
  counts.bytes += item.bytes;
  bound_dead(item.project);
  return {};
}

// Answers its bytes.
Result<std::uint64_t> WebhookOutbox::remove_dead(std::string_view project, std::uint64_t id) {
  SqliteQuery query((*file_)[OutboxSql::remove_dead]);
  query.text(project).integer(static_cast<std::int64_t>(id));
  auto row = query.row();
  if (!row.ok()) return std::move(row).error();
  if (!*row) return no_letter();
  const auto bytes = static_cast<std::uint64_t>(query.integer_at(0));
  // Without the last step it would be taken back.
  if (auto end = query.row(); !end.ok()) return std::move(end).error();
  return bytes;
}

std::optional<std::uint64_t> WebhookOutbox::dead_id(OutboxSql which, const std::string& project) {
  SqliteQuery query((*file_)[which]);
  query.text(project);
  auto row = query.row();
  if (!row.ok() || !*row) return std::nullopt;
  return static_cast<std::uint64_t>(query.integer_at(0));
}

void WebhookOutbox::bound_dead(const std::string& project) {
  DeadCounts& counts = dead_[project];
  while (counts.letters > options_.dead_letters_max ||
         counts.bytes > options_.dead_letter_bytes_max) {
    const std::optional<std::uint64_t> id = dead_id(OutboxSql::first_dead, project);
    if (!id) return;
    auto bytes = remove_dead(project, *id);
    if (!bytes.ok()) return;
    --counts.letters;
    counts.bytes -= *bytes;
    ++dropped_;
  }
}

void WebhookOutbox::drop_old() {
  const std::lock_guard lock(mutex_);
  if (file_ == nullptr) return;
  const std::int64_t elapsed_ms = options_.steady_ms() - taken_ms_;
  if (elapsed_ms < kDeadLettersKeptMs) return;
  // A clock that was set ahead meanwhile has made nothing older.
  const std::int64_t now_unix_ms = std::min(options_.unix_ms(), taken_unix_ms_ + elapsed_ms);
  std::vector<std::pair<std::uint64_t, std::string>> old;
  {
    SqliteQuery query((*file_)[OutboxSql::old_dead]);
    query.integer(now_unix_ms - kDeadLetterMsMax);
    for (int i = 0; i < kOldAtOnce; ++i) {
      auto row = query.row();
      if (!row.ok() || !*row) break;
      old.emplace_back(static_cast<std::uint64_t>(query.integer_at(0)), query.bytes_at(1));
    }
  }
  for (const auto& [id, project] : old) {
    auto bytes = remove_dead(project, id);
    if (!bytes.ok()) return;
    --dead_[project].letters;
    dead_[project].bytes -= *bytes;
    ++dropped_;
  }
}

Result<std::vector<DeadLetter>> WebhookOutbox::dead(std::string_view project,
                                                    std::uint64_t after_id, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return std::move(is).error();
  return list_dead(project, after_id, limit);
}

Result<std::vector<DeadLetter>> WebhookOutbox::list_dead(std::string_view project,
                                                         std::uint64_t after_id,
                                                         std::size_t limit) {
  std::vector<DeadLetter> letters;
  SqliteQuery query((*file_)[OutboxSql::list_dead]);
  query.text(project).integer(static_cast<std::int64_t>(after_id));
  query.integer(static_cast<std::int64_t>(limit));
  for (;;) {
    auto row = query.row();
    if (!row.ok()) return std::move(row).error();
    if (!*row) return letters;
    letters.push_back({.id = static_cast<std::uint64_t>(query.integer_at(0)),
                       .delivery = file_->instance() + "-" + std::to_string(query.integer_at(1)),
                       .room = std::string(query.bytes_at(2)),
                       .event = std::string(query.bytes_at(3)),
                       .at_unix_ms = query.integer_at(4),
                       .dead_unix_ms = query.integer_at(5),
                       .attempts = static_cast<std::uint32_t>(query.integer_at(6)),
                       .reason = std::string(query.bytes_at(7)),
                       .bytes = static_cast<std::uint64_t>(query.integer_at(8))});
  }
}

Result<DeadLetterBody> WebhookOutbox::dead_letter(std::string_view project, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return std::move(is).error();
  if (id == 0) return no_letter();
  auto letters = list_dead(project, id - 1, 1);
  if (!letters.ok()) return std::move(letters).error();
  if (letters->empty() || letters->front().id != id) return no_letter();
  SqliteQuery query((*file_)[OutboxSql::dead_body]);
  query.text(project).integer(static_cast<std::int64_t>(id));
  auto row = query.row();
  if (!row.ok()) return std::move(row).error();
  if (!*row) return no_letter();
  return DeadLetterBody{std::move(letters->front()), std::string(query.bytes_at(0))};
}

std::uint64_t WebhookOutbox::last_dead(const std::string& project) {
  const std::lock_guard lock(mutex_);
  return file_ == nullptr ? 0 : dead_id(OutboxSql::last_dead, project).value_or(0);
}

Result<void> WebhookOutbox::replay(std::string_view project, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return is;
  OutboxItem item;
  Result<void> done = transact(*file_, [&]() -> Result<void> {
    {
      item.project = project;
      item.since_unix_ms = options_.unix_ms();
      SqliteQuery query((*file_)[OutboxSql::replay_dead]);
      query.integer(item.since_unix_ms).text(project).integer(static_cast<std::int64_t>(id));
      auto row = query.row();
      if (!row.ok()) return std::move(row).error();
      if (!*row) return no_letter();
      item.delivery = static_cast<std::uint64_t>(query.integer_at(0));
      item.room = query.bytes_at(1);
      item.event = query.bytes_at(2);
      item.at_unix_ms = query.integer_at(3);
      item.bytes = static_cast<std::size_t>(query.integer_at(4));
      if (auto end = query.row(); !end.ok()) return std::move(end).error();
    }
    item.id = static_cast<std::uint64_t>(file_->last_id());
    auto removed = remove_dead(project, id);
    if (!removed.ok()) return std::move(removed).error();
    return {};
  });
  if (!done.ok()) return done;
  DeadCounts& counts = dead_[item.project];
  --counts.letters;
  counts.bytes -= item.bytes;
  if (added_) added_(std::move(item));
  return {};
}

Result<void> WebhookOutbox::drop(std::string_view project, std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return is;
  auto bytes = remove_dead(project, id);
  if (!bytes.ok()) return std::move(bytes).error();
  DeadCounts& counts = dead_[std::string(project)];
  --counts.letters;
  counts.bytes -= *bytes;
  return {};
}

std::map<std::string, DeadCounts> WebhookOutbox::dead_counts() const {
  const std::lock_guard lock(mutex_);
  return dead_;
}

std::size_t WebhookOutbox::unsaved() const {
  const std::lock_guard lock(mutex_);
  return unsaved_events_;
}

std::uint64_t WebhookOutbox::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

std::uint64_t WebhookOutbox::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace pluv::apps
