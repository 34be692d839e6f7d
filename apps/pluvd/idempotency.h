// Answers to requests that a caller may send again under the same key, so that each is carried out
// at most once: kept in the hosting database for a day, per project, within a number and a size. A
// project that is over them loses its oldest ones. That a request was begun is kept before anything
// is done; where no answer follows, by a crash or by an outcome that came too late, nobody knows
// what became of it, and it is not carried out again. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "apps/pluvd/hosting_database.h"
#include "base/result.h"

namespace pluv::apps {

inline constexpr std::int64_t kIdempotencyMs = std::int64_t{24} * 3600 * 1000;
inline constexpr std::size_t kIdempotencyKeyBytesMax = 255;

struct IdempotencyLimits {
  std::size_t answers_max = 10'000;
  std::size_t answer_bytes_max = std::size_t{8} * 1024 * 1024;  // of all bodies
};

// What is kept of an answer. location: a header; empty: it has none.
struct KeptAnswer {
  int status = 0;
  std::string location;
  std::string media_type;
  std::string body;

  bool operator==(const KeptAnswer&) const = default;
};

class Idempotency {
 public:
  explicit Idempotency(std::shared_ptr<HostingDatabase> database, IdempotencyLimits limits = {})
      : database_(std::move(database)), limits_(limits) {}

  // Before a request is carried out; while the answer is held, no other one under this key is.
  // nullopt: one is already.
  using Held = std::shared_ptr<const void>;
  [[nodiscard]] std::optional<Held> hold(std::string_view project, std::string_view key);

  // What was answered to this request (its method, path, query, type and body as one text) under
  // this key. Errors: limit (another request had the key), conflict (it was begun, and its outcome
  // is not known), or the database's.
  [[nodiscard]] Result<std::optional<KeptAnswer>> find(std::string_view project,
                                                       std::string_view key,
                                                       std::string_view request,
                                                       std::int64_t now_unix_ms);
  // Before the request is carried out. It is on the disk when this returns.
  [[nodiscard]] Result<void> begin(std::string_view project, std::string_view key,
                                   std::string_view request, std::int64_t now_unix_ms);
  // Of what was begun nothing was done, for certain.
  [[nodiscard]] Result<void> abandon(std::string_view project, std::string_view key);
  // What became of it. It is on the disk when this returns.
  [[nodiscard]] Result<void> keep(std::string_view project, std::string_view key,
                                  std::string_view request, const KeptAnswer& answer,
                                  std::int64_t now_unix_ms);

  // 1 to kIdempotencyKeyBytesMax printable characters of ASCII.
  [[nodiscard]] static bool is_key(std::string_view text) noexcept;

 private:
  using Name = std::pair<std::string, std::string>;
  struct InFlight {
    std::mutex mutex;
    std::set<Name> names;
  };

  // With the lock.
  [[nodiscard]] Result<void> write(std::string_view project, std::string_view key,
                                   std::string_view fingerprint, const KeptAnswer& answer,
                                   std::int64_t now_unix_ms);
  [[nodiscard]] Result<void> forget(std::string_view project, std::int64_t now_unix_ms);

  const std::shared_ptr<HostingDatabase> database_;
  const IdempotencyLimits limits_;
  const std::shared_ptr<InFlight> in_flight_ = std::make_shared<InFlight>();
};

}  // namespace pluv::apps
