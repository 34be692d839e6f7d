#include "apps/pluvd/revocation_watch.h"

#include <utility>

#include "base/ids.h"

namespace pluv::apps {
namespace {

constexpr std::chrono::milliseconds kPause{250};

}  // namespace

Result<std::unique_ptr<RevocationWatch>> RevocationWatch::open(HostingDatabase& database,
                                                               RevocationWatchOptions options) {
  auto connection = database.open_reader();
  if (!connection.ok()) return connection.error();
  return std::unique_ptr<RevocationWatch>(
      new RevocationWatch(std::move(*connection), std::move(options)));
}

Result<void> RevocationWatch::read() {
  // First the version: what is written meanwhile is then looked for once more.
  const auto version = connection_.integer("PRAGMA data_version");
  if (!version.ok()) return version.error();
  if (*version == version_) return {};
  for (bool more = true; more;) {
    const auto news = options_.revocations->read_new(connection_);
    if (!news.ok()) return news.error();
    if (!news->added.empty()) options_.added(news->added);
    more = news->more;
  }
  version_ = *version;
  return {};
}

void RevocationWatch::start() {
  shared_until_ = std::chrono::steady_clock::now() + options_.shared_at_first;
  thread_ = std::thread([this] { run(); });
}

void RevocationWatch::wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void RevocationWatch::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool RevocationWatch::is_shared() const {
  return options_.is_shared() || std::chrono::steady_clock::now() < shared_until_;
}

void RevocationWatch::run() {
  std::unique_lock lock(mutex_);
  while (!closed_) {
    if (!is_shared()) {
      changed_.wait(lock, [this] { return closed_ || is_shared(); });
      continue;
    }
    lock.unlock();
    look();
    lock.lock();
    changed_.wait_for(lock, kPause, [this] { return closed_; });
  }
}

void RevocationWatch::look() {
  const Result<void> done = read();
  if (!done.ok() && !failing_) options_.log(done.error().message);
  failing_ = !done.ok();
}

void revoke_sessions(native::Server& server, const std::vector<Revocation>& revocations) {
  std::vector<Revocation> of_all_rooms;
  for (const Revocation& one : revocations) {
    if (one.room.empty()) {
      of_all_rooms.push_back(one);
    } else {
      server.revoke(room_key(one.project, one.room), one.user);
    }
  }
  if (of_all_rooms.empty()) return;
  // Also rooms without sessions: a join may be held there.
  server.list_rooms(
      [&server, all = std::move(of_all_rooms)](const std::vector<native::RoomLine>& lines) {
        for (const native::RoomLine& line : lines) {
          for (const Revocation& one : all) {
            if (project_of(line.room) == one.project) server.revoke(line.room, one.user);
          }
        }
      });
}

}  // namespace pluv::apps
