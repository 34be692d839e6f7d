// Which users' tokens are no longer good: those made up to a moment, for one room of a project or
// for all of them. Kept in the hosting database, and in memory, where a join asks; an entry goes
// once no token can be as old. A process that takes over from another has the file together with it
// for a while: what the other one adds then counts here at once. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "apps/pluvd/hosting_database.h"
#include "base/result.h"

namespace pluv::apps {

// Of one project, and of all.
inline constexpr std::size_t kRevocationsOfProjectMax = 100'000;
inline constexpr std::size_t kRevocationsMax = 1'000'000;
// How long after its start a process looks at each join whether its predecessor has added one: a
// drain's deadline is shorter.
inline constexpr std::chrono::minutes kRevocationsShared{5};

// The second up to which tokens are no longer good, as they say when they were made: their maker's
// clock may be so far ahead as it is tolerated.
[[nodiscard]] std::int64_t revoked_until_s(std::int64_t now_unix_ms) noexcept;

class Revocations {
 public:
  // Reads what is there. Errors are the database's.
  [[nodiscard]] static Result<std::shared_ptr<Revocations>> open(
      std::shared_ptr<HostingDatabase> database, std::int64_t now_unix_ms);

  // From now on tokens made up to revoked_until_s() of this moment are refused. room: a name;
  // empty: all of the project's. It is on the disk when this returns. Errors: limit (too many), or
  // the database's; then nothing has changed.
  [[nodiscard]] Result<void> add(std::string_view project, std::string_view room,
                                 std::string_view user, std::int64_t now_unix_ms);

  // issued_at_s: 0 when the token does not say, which counts as long ago.
  [[nodiscard]] bool revoked(std::string_view project, std::string_view room, std::string_view user,
                             std::int64_t issued_at_s);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Key {
    std::string project;
    std::string room;
    std::string user;
    auto operator<=>(const Key&) const = default;
  };

  explicit Revocations(std::shared_ptr<HostingDatabase> database)
      : database_(std::move(database)) {}
  [[nodiscard]] Result<void> drop_old(std::int64_t now_unix_ms);
  // Takes over what the file has. With the database's lock held.
  [[nodiscard]] Result<void> read_all();
  void read_what_others_added();
  void keep(Key key, std::int64_t revoked_s);  // with mutex_ held
  [[nodiscard]] Result<void> make_room(const Key& key, std::int64_t now_s);
  [[nodiscard]] Result<void> write(const Key& key, std::int64_t now_s);

  const std::shared_ptr<HostingDatabase> database_;
  const std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  std::int64_t version_ = 0;  // SQLite's, of what others have written; under the database's lock
  std::mutex adding_;         // one at a time; outside of mutex_, which joins take
  mutable std::shared_mutex mutex_;
  std::map<Key, std::int64_t> revoked_s_;
  std::map<std::string, std::size_t, std::less<>> counts_;  // by project
};

}  // namespace pluv::apps
