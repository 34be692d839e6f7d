#include "apps/pluvd/webhook_outbox.h"

#include <sqlite3.h>

#include <utility>

#include "platform/native/log_fields.h"

namespace pluv::apps {
namespace {

using adapters::SqliteDatabase;
using adapters::SqliteQuery;
using native::LogFields;

// At so many pages of the log it is put into the file, and at so many more even if everybody has to
// wait for that: a busy server adds to it all the time, and then it would never end.
constexpr int kCheckpointPages = 2'000;
constexpr int kCheckpointPagesMax = 32'000;

}  // namespace

std::size_t WebhookOutbox::Change::bytes() const {
  std::size_t sum = sizeof(Change) + project.size() + room.size() + session.size() + user.size();
  for (const OutboxEvent& event : events) sum += sizeof(OutboxEvent) + event.body.size();
  return sum;
}

Result<std::unique_ptr<WebhookOutbox>> WebhookOutbox::open(OutboxOptions options) {
  std::unique_ptr<WebhookOutbox> outbox(new WebhookOutbox(std::move(options)));
  const Result<void> taken = outbox->take_file();
  if (!taken.ok()) {
    if (taken.error().code != ErrorCode::conflict) return taken.error();
    outbox->options_.log("info", "webhook_outbox_waits",
                         LogFields().add("reason", taken.error().message).text());
  }
  return outbox;
}

WebhookOutbox::~WebhookOutbox() {
  if (unsaved_.empty()) return;
  options_.log("error", "webhook_events_lost",
               LogFields().add("events", std::uint64_t{unsaved_events_}).text());
}

void WebhookOutbox::close() {
  settle();
  const std::lock_guard reading(reading_);
  reader_.reset();
  const std::lock_guard lock(mutex_);
  closed_ = true;
  file_.reset();
  lock_.reset();
}

// --- Adding.

void WebhookOutbox::connected(std::string_view project, std::string_view room,
                              std::string_view session, std::string_view user, OutboxEvent event) {
  Change change{Kind::connected,
                std::string(project),
                std::string(room),
                std::string(session),
                std::string(user),
                options_.unix_ms(),
                {}};
  change.events.push_back(std::move(event));
  add(std::move(change));
}

void WebhookOutbox::disconnected(std::string_view project, std::string_view room,
                                 std::string_view session, OutboxEvent event) {
  Change change{Kind::disconnected,
                std::string(project),
                std::string(room),
                std::string(session),
                {},
                options_.unix_ms(),
                {}};
  change.events.push_back(std::move(event));
  add(std::move(change));
}

void WebhookOutbox::destroyed(std::string_view project, std::string_view room,
                              std::vector<OutboxEvent> events) {
  add({Kind::destroyed,
       std::string(project),
       std::string(room),
       {},
       {},
       options_.unix_ms(),
       std::move(events)});
}

void WebhookOutbox::add(Change change) {
  const std::lock_guard lock(mutex_);
  if (file_ != nullptr && unsaved_.empty()) {
    const Result<void> written = write(change);
    if (written.ok()) return;
    failed(written.error());
    keep(std::move(change));
    return;
  }
  keep(std::move(change));
}

void WebhookOutbox::keep(Change change) {
  const std::size_t bytes = change.bytes();
  if (unsaved_events_ + change.events.size() > kUnsavedEventsMax ||
      unsaved_bytes_ + bytes > kUnsavedBytesMax) {
    if (lost_ == lost_before_) options_.log("error", "webhook_events_lost", "{}");
    lost_ += change.events.size();
    return;
  }
  unsaved_events_ += change.events.size();
  unsaved_bytes_ += bytes;
  unsaved_.push_back(std::move(change));
}

bool WebhookOutbox::write_one_unsaved() {
  if (unsaved_.empty()) {
    well();
    return true;
  }
  const Change& change = unsaved_.front();
  if (const Result<void> written = write(change); !written.ok()) {
    failed(written.error());
    return true;
  }
  unsaved_events_ -= change.events.size();
  unsaved_bytes_ -= change.bytes();
  unsaved_.pop_front();
  return false;
}

Result<void> WebhookOutbox::transact(OutboxFile& file, const std::function<Result<void>()>& fn) {
  if (Result<void> begun = file.run(OutboxSql::begin); !begun.ok()) return begun;
  Result<void> done = fn();
  if (done.ok()) done = file.run(OutboxSql::commit);
  // After some errors SQLite has gone back by itself, and this says that there is nothing to do.
  if (!done.ok()) (void)file.run(OutboxSql::rollback);
  return done;
}

Result<void> WebhookOutbox::write(const Change& change) {
  AddedItems added;
  Result<void> written = transact(*file_, [&] { return write_rows(*file_, change, added); });
  if (!written.ok()) return written;
  for (OutboxItem& item : added) {
    if (added_) added_(std::move(item));
  }
  return {};
}

Result<void> WebhookOutbox::write_rows(OutboxFile& file, const Change& change, AddedItems& added) {
  for (const OutboxEvent& event : change.events) {
    SqliteQuery query(file[OutboxSql::add_event]);
    query.text(change.project).text(change.room).text(event.name);
    query.integer(change.at_unix_ms).integer(change.at_unix_ms).blob(event.body);
    if (Result<void> done = query.run(); !done.ok()) return done;
    const auto id = static_cast<std::uint64_t>(file.last_id());
    added.push_back({.id = id,
                     .delivery = id,
                     .project = change.project,
                     .room = change.room,
                     .event = std::string(event.name),
                     .at_unix_ms = change.at_unix_ms,
                     .since_unix_ms = change.at_unix_ms,
                     .bytes = event.body.size()});
  }
  return write_live(file, change, added.empty() ? 0 : added.back().id);
}

Result<void> WebhookOutbox::write_live(OutboxFile& file, const Change& change, std::uint64_t id) {
  switch (change.kind) {
    case Kind::connected:
      for (const std::string_view session :
           {std::string_view(""), std::string_view(change.session)}) {
        SqliteQuery query(file[OutboxSql::add_live]);
        query.text(change.project).text(change.room).text(session);
        query.integer(static_cast<std::int64_t>(id)).text(change.user);
        if (Result<void> done = query.run(); !done.ok()) return done;
      }
      return {};
    case Kind::disconnected:
      return SqliteQuery(file[OutboxSql::remove_live])
          .text(change.project)
          .text(change.room)
          .text(change.session)
          .run();
    case Kind::destroyed:
      return SqliteQuery(file[OutboxSql::remove_live_room])
          .text(change.project)
          .text(change.room)
          .run();
  }
  return {};
}

void WebhookOutbox::failed(const Error& error) {
  if (failing_) return;
  failing_ = true;
  lost_before_ = lost_;
  options_.log("error", "webhook_outbox_failing", LogFields().add("error", error.message).text());
}

void WebhookOutbox::well() {
  if (!failing_) return;
  failing_ = false;
  options_.log("info", "webhook_outbox_well", LogFields().add("lost", lost_ - lost_before_).text());
  lost_before_ = lost_;
}

// --- Delivering.

bool WebhookOutbox::settle() {
  const std::lock_guard settling(settling_);
  bool taken = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    taken = file_ != nullptr;
  }
  if (!taken) {
    const Result<void> done = take_file();
    const std::lock_guard lock(mutex_);
    if (!done.ok()) {
      if (done.error().code != ErrorCode::conflict) failed(done.error());
      return false;
    }
  }
  // One at a time: whoever adds comes in between.
  for (;;) {
    const std::lock_guard lock(mutex_);
    if (write_one_unsaved()) return true;
  }
}

Result<void> WebhookOutbox::ready() const {
  if (file_ != nullptr) return {};
  return Error{ErrorCode::unavailable, "The outbox is in use by another process"};
}

Result<std::vector<OutboxItem>> WebhookOutbox::list() {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return std::move(is).error();
  std::vector<OutboxItem> items;
  SqliteQuery query((*file_)[OutboxSql::list_events]);
  for (;;) {
    auto row = query.row();
    if (!row.ok()) return std::move(row).error();
    if (!*row) return items;
    OutboxItem item;
    item.id = static_cast<std::uint64_t>(query.integer_at(0));
    item.delivery = static_cast<std::uint64_t>(query.integer_at(1));
    if (item.delivery == 0) item.delivery = item.id;
    item.project = query.bytes_at(2);
    item.room = query.bytes_at(3);
    item.event = query.bytes_at(4);
    item.at_unix_ms = query.integer_at(5);
    item.since_unix_ms = query.integer_at(6);
    item.attempts = static_cast<std::uint32_t>(query.integer_at(7));
    item.next_unix_ms = query.integer_at(8);
    item.bytes = static_cast<std::size_t>(query.integer_at(9));
    items.push_back(std::move(item));
  }
}

// A connection of its own reads it: a large one would hold up who adds.
Result<std::string> WebhookOutbox::body(std::uint64_t id) {
  const auto read = [id](const adapters::SqliteStatement& statement) -> Result<std::string> {
    SqliteQuery query(statement);
    query.integer(static_cast<std::int64_t>(id));
    auto row = query.row();
    if (!row.ok()) return std::move(row).error();
    if (!*row) return Error{ErrorCode::not_found, "There is no such event"};
    return std::string(query.bytes_at(0));
  };
  if (options_.path.empty()) {
    const std::lock_guard lock(mutex_);
    return read((*file_)[OutboxSql::event_body]);
  }
  const std::lock_guard lock(reading_);
  if (Result<void> opened = open_reader(); !opened.ok()) return std::move(opened).error();
  auto statement = reader_->prepare("SELECT body FROM events WHERE id = ?");
  if (!statement.ok()) return std::move(statement).error();
  return read(*statement);
}

std::string WebhookOutbox::instance() {
  const std::lock_guard lock(mutex_);
  return file_ == nullptr ? std::string() : file_->instance();
}

Result<void> WebhookOutbox::delivered(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return is;
  return SqliteQuery((*file_)[OutboxSql::remove_event])
      .integer(static_cast<std::int64_t>(id))
      .run();
}

Result<void> WebhookOutbox::postpone(std::uint64_t id, std::uint32_t attempts,
                                     std::int64_t next_unix_ms) {
  const std::lock_guard lock(mutex_);
  if (Result<void> is = ready(); !is.ok()) return is;
  SqliteQuery query((*file_)[OutboxSql::postpone_event]);
  query.integer(attempts).integer(next_unix_ms).integer(static_cast<std::int64_t>(id));
  return query.run();
}

void WebhookOutbox::care() {
  if (options_.path.empty()) return;
  int pages = 0;
  std::uint64_t commits = 0;
  {
    const std::lock_guard lock(mutex_);
    if (file_ == nullptr) return;
    file_->shrink();
    pages = file_->log_pages();
    commits = file_->commits();
  }
  const std::lock_guard reading(reading_);
  if (!open_reader().ok()) return;
  if (commits != synced_commits_ && reader_->sync_log().ok()) synced_commits_ = commits;
  if (pages < kCheckpointPages) return;
  if (!checkpoint(pages)) return;
  const std::lock_guard lock(mutex_);
  if (file_->log_pages() != pages) {  // somebody has added meanwhile
    if (pages < kCheckpointPagesMax || !checkpoint(file_->log_pages())) return;
  }
  // The first commit after that begins the log anew, and syncs its head: here, not in a loop.
  (void)file_->run(OutboxSql::restart_log);
}

// Whether so many pages of the log, or more, are in the file now.
bool WebhookOutbox::checkpoint(int pages) {
  int in_log = 0;
  int in_file = 0;
  return sqlite3_wal_checkpoint_v2(reader_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log,
                                   &in_file) == SQLITE_OK &&
         in_file >= pages;
}

Result<void> WebhookOutbox::open_reader() {
  if (reader_) return {};
  auto opened = SqliteDatabase::open(options_.path, SqliteDatabase::Access::write);
  if (!opened.ok()) return std::move(opened).error();
  // It has the log open once it has read.
  if (auto read = opened->integer("SELECT count(*) FROM meta"); !read.ok()) {
    return std::move(read).error();
  }
  if (auto set = opened->execute("PRAGMA wal_autocheckpoint = 0"); !set.ok()) return set;
  reader_ = std::move(*opened);
  return {};
}

}  // namespace pluv::apps
