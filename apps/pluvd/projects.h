// The projects of a server: who is one by its public key, who speaks for one by its secret key, and
// who may enter its rooms. Keys can be replaced while it serves; the projects themselves are those
// of the start. Any thread may use it at any time. Never logs and never returns a key.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/pluvd/project_settings.h"
#include "auth/token_keys.h"
#include "base/limits.h"
#include "base/result.h"
#include "platform/native/server.h"

namespace pluv::apps {

// What is counted of a project since the start.
struct ProjectCounts {
  std::atomic<std::int64_t> sessions{0};  // now
  std::atomic<std::uint64_t> joined{0};
  std::atomic<std::uint64_t> joins_refused{0};
  std::atomic<std::uint64_t> refusals{0};  // of what sessions sent
  std::atomic<std::uint64_t> tokens_made{0};
};

struct Project {
  std::string id;
  Limits limits;
  std::uint64_t connections_max = 0;  // 0: no limit
  bool strict = false;
  mutable ProjectCounts counts;
};

// What a back end asks for. Views live for the call.
struct ProjectTokenRequest {
  std::string_view room;       // a room's name, or with permissions by pattern a pattern
  std::string_view user_json;  // an object with a string "id"
  std::int64_t max_age_ms = 0;
  std::string_view permissions;  // raw JSON, as auth::TokenRequest has it; empty: everything
  std::int64_t now_unix_ms = 0;
};

class Projects {
 public:
  // Whether tokens of this user that were made then are refused; issued_at_s: unix, 0 when the
  // token does not say.
  using Revoked = std::function<bool(std::string_view project, std::string_view room,
                                     std::string_view user, std::int64_t issued_at_s)>;

  // settings: judged (judge_projects). Errors: those of auth::TokenKeys::from_secrets and of the
  // random source.
  [[nodiscard]] static Result<std::shared_ptr<Projects>> make(
      std::span<const ProjectSettings> settings);

  // The keys of projects that are here already, all or none. Errors: see make().
  [[nodiscard]] Result<void> replace_keys(std::span<const ProjectSettings> settings);
  // Before the server runs.
  void set_revoked(Revoked revoked) { revoked_ = std::move(revoked); }

  [[nodiscard]] bool empty() const noexcept { return projects_.empty(); }
  [[nodiscard]] std::span<const std::unique_ptr<Project>> all() const noexcept { return projects_; }
  // Null: there is none.
  [[nodiscard]] const Project* find(std::string_view id) const;
  [[nodiscard]] const Project* by_public_key(std::string_view key) const;
  // The time taken tells nothing of any key.
  [[nodiscard]] const Project* by_secret_key(std::string_view key) const;

  // Errors: those of auth::encode_token.
  [[nodiscard]] Result<std::string> make_token(const Project& project,
                                               const ProjectTokenRequest& request) const;
  // For a join that names a public key (or a session's refreshed token). Errors: unauthorized, or
  // unavailable when the project has all the sessions that it may have.
  [[nodiscard]] Result<native::AuthorizedUser> authorize(const native::JoinRequest& join) const;

  // Prometheus' text form.
  [[nodiscard]] std::string metrics_text() const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Index = std::unordered_map<std::string, const Project*, TextHash, std::equal_to<>>;
  // Immutable; readers keep the one that they have.
  struct Keys {
    Index public_keys;
    Index secret_digests;
    std::unordered_map<const Project*, std::shared_ptr<const auth::TokenKeys>> token_keys;
  };
  using KeysRef = std::shared_ptr<const Keys>;

  Projects(std::span<const ProjectSettings> settings, std::string digest_key);
  [[nodiscard]] Result<KeysRef> read_keys(std::span<const ProjectSettings> settings) const;
  [[nodiscard]] KeysRef keys() const;
  [[nodiscard]] Result<native::AuthorizedUser> admit(const Project& project,
                                                     const native::JoinRequest& join) const;

  std::vector<std::unique_ptr<Project>> projects_;
  std::unordered_map<std::string_view, const Project*> by_id_;
  const std::string digest_key_;  // random: who looks a digest up has learnt nothing of the key
  Revoked revoked_;
  mutable std::mutex keys_mutex_;
  KeysRef keys_;
};

// The public key that a request for a socket names; empty when there is none.
[[nodiscard]] std::string public_key_of(const native::JoinRequest& join);

}  // namespace pluv::apps
