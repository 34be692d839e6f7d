// Which users' tokens are no longer good: those made up to a moment, for one room of a project or
// for all of them. Kept in the hosting database, and in memory, which is all that a join reads. A
// process that takes over from another has the file together with it for a while: each is told of
// what the other one adds by its RevocationWatch. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite_database.h"
#include "apps/pluvd/hosting_database.h"
#include "base/result.h"

namespace pluv::apps {

struct RevocationLimits {
  // In memory and in the file: some 200 bytes each.
  std::size_t of_project_max = 100'000;
  std::size_t max = 1'000'000;
  // How many make way at once when there are so many, of those whose last token has expired. Were
  // it the clock that is wrong, the others would still count.
  std::size_t freed_at_once = 1'000;
};

// The second up to which tokens are no longer good, as they say when they were made: their maker's
// clock may be so far ahead as it is tolerated.
[[nodiscard]] std::int64_t revoked_until_s(std::int64_t now_unix_ms) noexcept;

struct Revocation {
  std::string project;
  std::string room;  // a name; empty: all of the project's
  std::string user;
  auto operator<=>(const Revocation&) const = default;
};

class Revocations {
 public:
  // Reads what is there. Errors are the database's.
  [[nodiscard]] static Result<std::shared_ptr<Revocations>> open(
      std::shared_ptr<HostingDatabase> database, RevocationLimits limits = {});

  // From now on tokens made up to revoked_until_s() of this moment are refused. room: as in
  // Revocation. It is on the disk when this returns. Errors: limit (too many), or the database's;
  // then nothing has changed.
  [[nodiscard]] Result<void> add(std::string_view project, std::string_view room,
                                 std::string_view user, std::int64_t now_unix_ms);

  struct News {
    std::vector<Revocation> added;  // by others
    bool more = false;              // the file has still more of them, or of this process's own
  };
  // Takes over some of what the file has since the last time. connection: to the same file, and the
  // caller's own, so that nobody waits for this. One caller at a time. Errors are the database's.
  [[nodiscard]] Result<News> read_new(adapters::SqliteDatabase& connection);

  // issued_at_s: 0 when the token does not say, which counts as long ago.
  [[nodiscard]] bool revoked(std::string_view project, std::string_view room, std::string_view user,
                             std::int64_t issued_at_s) const;

  [[nodiscard]] std::size_t size() const;

 private:
  struct Until {
    std::int64_t revoked_s = 0;
    std::int64_t sequence = 0;  // of its row
  };

  Revocations(std::shared_ptr<HostingDatabase> database, RevocationLimits limits)
      : database_(std::move(database)), limits_(limits) {}
  // Whether there was none, or an older one. With mutex_ held.
  bool keep(const Revocation& key, const Until& until);
  [[nodiscard]] Result<void> make_room(const Revocation& key, std::int64_t now_s);
  [[nodiscard]] Result<std::vector<Revocation>> delete_expired(const std::string& project,
                                                               std::int64_t now_s);
  [[nodiscard]] Result<std::int64_t> write(const Revocation& key, std::int64_t now_s);

  const std::shared_ptr<HostingDatabase> database_;
  const RevocationLimits limits_;
  std::int64_t read_up_to_ = 0;  // a sequence; read_new()'s
  std::mutex adding_;            // one at a time; outside of mutex_, which joins take
  mutable std::shared_mutex mutex_;
  std::map<Revocation, Until> until_;
  std::map<std::string, std::size_t, std::less<>> counts_;  // by project
};

}  // namespace pluv::apps
