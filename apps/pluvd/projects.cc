#include "apps/pluvd/projects.h"

#include <array>
#include <utility>

#include "apps/pluvd/access.h"
#include "auth/hmac.h"
#include "auth/random.h"
#include "auth/token.h"
#include "auth/token_permissions.h"
#include "json/codec.h"

namespace pluv::apps {
namespace {

// What has to stand in any user.
struct TokenUser {
  std::string id;
};

Result<std::string> digest(std::string_view digest_key, std::string_view secret) {
  return auth::hmac_sha256_hex(digest_key, secret);
}

auth::TokenLimits token_limits(const Project& project) {
  auth::TokenLimits out;
  out.user_id_chars_max = project.limits.user_id_chars_max;
  out.user_bytes_max = project.limits.user_bytes_max;
  return out;
}

// A token that was made too far ahead, or lives too long, would outlive its user's revocation. One
// that does not say when it was made is as good as made now.
Result<void> judge_times(const auth::TokenClaims& claims, std::int64_t now_unix_ms) {
  constexpr std::int64_t kMsASecond = 1'000;
  constexpr std::int64_t kToleranceS = auth::kTokenClockToleranceMsDefault / kMsASecond;
  const std::int64_t latest_s = now_unix_ms / kMsASecond + kToleranceS;
  if (claims.issued_at_s > latest_s) {
    return Error{ErrorCode::unauthorized, "the token is of the future"};
  }
  const std::int64_t made_s = claims.issued_at_s == 0 ? latest_s : claims.issued_at_s;
  // Both count seconds: the one is rounded down, the other up.
  if (claims.expires_at_s - made_s > auth::kTokenAgeMsMax / kMsASecond + 1) {
    return Error{ErrorCode::unauthorized, "the token lives longer than a token may"};
  }
  return {};
}

}  // namespace

Projects::Projects(std::span<const ProjectSettings> settings, std::string digest_key)
    : digest_key_(std::move(digest_key)) {
  for (const ProjectSettings& one : settings) {
    auto project = std::make_unique<Project>();
    project->id = one.id;
    project->limits = one.limits;
    project->connections_max = static_cast<std::uint64_t>(one.connections_max);
    project->strict = one.strict;
    by_id_.emplace(project->id, project.get());
    projects_.push_back(std::move(project));
  }
}

Result<std::shared_ptr<Projects>> Projects::make(std::span<const ProjectSettings> settings) {
  Result<std::string> digest_key = random_secret();
  if (!digest_key.ok()) return std::move(digest_key).error();
  std::shared_ptr<Projects> out(new Projects(settings, std::move(*digest_key)));
  if (Result<void> keys = out->replace_keys(settings); !keys.ok()) return std::move(keys).error();
  return out;
}

Result<Projects::KeysRef> Projects::read_keys(std::span<const ProjectSettings> settings) const {
  auto keys = std::make_shared<Keys>();
  for (const ProjectSettings& one : settings) {
    const Project* const project = find(one.id);
    if (project == nullptr) continue;  // it waits for a restart
    for (const std::string& key : one.public_keys) keys->public_keys.emplace(key, project);
    for (const std::string& key : one.secret_keys) {
      Result<std::string> hashed = digest(digest_key_, key);
      if (!hashed.ok()) return std::move(hashed).error();
      keys->secret_digests.emplace(std::move(*hashed), project);
    }
    const std::vector<std::string_view> secrets(one.secret_keys.begin(), one.secret_keys.end());
    Result<auth::TokenKeys> made = auth::TokenKeys::from_secrets(secrets);
    if (!made.ok()) {
      return Error{made.error().code, "projects." + one.id + ": " + made.error().message};
    }
    keys->token_keys.emplace(project,
                             std::make_shared<const auth::TokenKeys>(std::move(made).value()));
  }
  return KeysRef(std::move(keys));
}

Result<void> Projects::replace_keys(std::span<const ProjectSettings> settings) {
  Result<KeysRef> fresh = read_keys(settings);
  if (!fresh.ok()) return std::move(fresh).error();
  const std::lock_guard lock(keys_mutex_);
  keys_.swap(*fresh);
  return {};
}

Projects::KeysRef Projects::keys() const {
  const std::lock_guard lock(keys_mutex_);
  return keys_;
}

const Project* Projects::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

const Project* Projects::by_public_key(std::string_view key) const {
  const KeysRef now = keys();
  const auto found = now->public_keys.find(key);
  return found == now->public_keys.end() ? nullptr : found->second;
}

const Project* Projects::by_secret_key(std::string_view key) const {
  const Result<std::string> hashed = digest(digest_key_, key);
  if (!hashed.ok()) return nullptr;
  const KeysRef now = keys();
  const auto found = now->secret_digests.find(*hashed);
  return found == now->secret_digests.end() ? nullptr : found->second;
}

Result<std::string> Projects::make_token(const Project& project,
                                         const ProjectTokenRequest& request) const {
  auth::TokenRequest wanted;
  wanted.room = request.room;
  wanted.user_json = request.user_json;
  wanted.max_age_ms = request.max_age_ms;
  wanted.permissions = request.permissions;
  wanted.now_unix_ms = request.now_unix_ms;
  wanted.limits = token_limits(project);
  const auto user = json::from_json<TokenUser>(request.user_json);
  if (!user.ok()) return Error{ErrorCode::invalid, "user: " + user.error().message};
  // Nobody could revoke what has no name.
  if (user->id.empty()) return Error{ErrorCode::invalid, "user: the id is empty"};
  // A token that opens nothing is a mistake, which is seen best where it is made.
  if (!request.permissions.empty()) {
    Result<void> opens = auth::check_entry(request.permissions, request.room);
    if (!opens.ok()) return std::move(opens).error();
  }
  wanted.user_id = user->id;
  if (Result<void> drawn = auth::fill_random(wanted.iv); !drawn.ok()) return drawn.error();
  if (Result<void> drawn = auth::fill_random(wanted.id_random); !drawn.ok()) return drawn.error();
  const KeysRef now = keys();
  Result<std::string> token = auth::encode_token(*now->token_keys.at(&project), wanted);
  if (token.ok()) project.counts.tokens_made.fetch_add(1, std::memory_order_relaxed);
  return token;
}

Result<native::AuthorizedUser> Projects::authorize(const native::JoinRequest& join) const {
  const Project* const project =
      join.project.empty() ? by_public_key(public_key_of(join)) : find(join.project);
  if (project == nullptr) return Error{ErrorCode::unauthorized, "the public key is of no project"};
  Result<native::AuthorizedUser> admitted = admit(*project, join);
  if (!admitted.ok()) project->counts.joins_refused.fetch_add(1, std::memory_order_relaxed);
  return admitted;
}

Result<native::AuthorizedUser> Projects::admit(const Project& project,
                                               const native::JoinRequest& join) const {
  if (join.token.empty()) return Error{ErrorCode::unauthorized, "the request has no token"};
  const KeysRef now = keys();
  const auto token_keys = now->token_keys.find(&project);
  if (token_keys == now->token_keys.end()) {
    return Error{ErrorCode::unauthorized, "the project has no keys any more"};
  }
  Result<auth::TokenClaims> claims =
      auth::decode_token(*token_keys->second, join.token, join.room, join.now_unix_ms,
                         {.limits = token_limits(project)});
  if (!claims.ok()) return std::move(claims).error();
  if (claims->user_id.empty()) {
    return Error{ErrorCode::unauthorized, "the token's user has an empty id"};
  }
  if (Result<void> times = judge_times(*claims, join.now_unix_ms); !times.ok()) {
    return std::move(times).error();
  }
  if (revoked_ && revoked_(project.id, join.room, claims->user_id, claims->issued_at_s)) {
    return Error{ErrorCode::unauthorized, "the user's tokens were revoked"};
  }
  // Whoever refreshes a token has a session already.
  const bool is_new = join.project.empty();
  if (is_new && project.connections_max > 0 &&
      project.counts.sessions.load() >= static_cast<std::int64_t>(project.connections_max)) {
    return Error{ErrorCode::unavailable, "the project has all the sessions that it may have"};
  }
  native::AuthorizedUser user;
  user.id = std::move(claims->user_id);
  user.json = std::move(claims->user_json);
  user.project = project.id;
  user.permissions = std::move(claims->permissions);
  return user;
}

std::string Projects::metrics_text() const {
  struct Row {
    const char* name;
    const char* kind;
    const char* help;
    std::int64_t (*value)(const ProjectCounts& counts);
  };
  static constexpr std::array kRows = {
      Row{"pluv_project_sessions", "gauge", "Live sessions of the project.",
          [](const ProjectCounts& counts) { return counts.sessions.load(); }},
      Row{"pluv_project_joins_total", "counter", "Sessions that have joined.",
          [](const ProjectCounts& counts) {
            return static_cast<std::int64_t>(counts.joined.load());
          }},
      Row{"pluv_project_joins_refused_total", "counter", "Joins that were refused.",
          [](const ProjectCounts& counts) {
            return static_cast<std::int64_t>(counts.joins_refused.load());
          }},
      Row{"pluv_project_refusals_total", "counter", "Messages of sessions that were refused.",
          [](const ProjectCounts& counts) {
            return static_cast<std::int64_t>(counts.refusals.load());
          }},
      Row{"pluv_project_tokens_total", "counter", "Tokens made for the project's back end.",
          [](const ProjectCounts& counts) {
            return static_cast<std::int64_t>(counts.tokens_made.load());
          }},
  };
  std::string out;
  if (projects_.empty()) return out;
  for (const Row& row : kRows) {
    out.append("# HELP ").append(row.name).append(" ").append(row.help).append("\n# TYPE ");
    out.append(row.name).append(" ").append(row.kind).append("\n");
    for (const auto& project : projects_) {
      out.append(row.name).append("{project=\"").append(project->id).append("\"} ");
      out.append(std::to_string(row.value(project->counts))).append("\n");
    }
  }
  return out;
}

std::string public_key_of(const native::JoinRequest& join) {
  if (join.http == nullptr) return {};
  return join.http->query_get("public_key").value_or(std::string());
}

}  // namespace pluv::apps
