// Tokens for the public API: the application's secrets and user type around src/auth.
#include "pluv/auth.h"

#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "auth/random.h"
#include "auth/token.h"
#include "auth/token_keys.h"
#include "base/ids.h"
#include "io/clock.h"
#include "json/writer.h"
#include "pluv/detail/exceptions.h"

namespace pluv::detail {
namespace {

Result<auth::TokenKeys> derive_keys(const AuthorizeOptions& options) {
  std::vector<std::string_view> secrets;
  if (!options.secret.text().empty() || options.secrets.empty()) {
    secrets.push_back(options.secret.text());
  }
  for (const Secret& secret : options.secrets) secrets.push_back(secret.text());
  return auth::TokenKeys::from_secrets(secrets);
}

// Empty: no claim.
std::string permissions_claim(const TokenPermissions& permissions) {
  std::string claim;
  if (!permissions) return claim;
  json::Writer writer(claim);
  writer.begin_array();
  for (const std::string& name : *permissions) writer.string(name);
  writer.end_array();
  return claim;
}

[[noreturn]] void throw_error(const Error& error) {
  if (error.code == ErrorCode::invalid || error.code == ErrorCode::limit) {
    throw std::invalid_argument(error.message);
  }
  throw std::runtime_error(error.message);
}

}  // namespace

struct Authorizer::Tokens {
  auth::TokenLimits limits;
  std::optional<auth::TokenKeys> keys;  // unless there are none, or they depend on the request

  // Calls use(keys) with those for the request.
  template <class Use>
  auto with_keys(const AuthorizerConfig& config, const Request& request, Use use) const
      -> decltype(use(*keys)) {
    if (keys) return use(*keys);
    const Result<auth::TokenKeys> made = guarded(
        [&] { return derive_keys(config.resolve ? config.resolve(request) : AuthorizeOptions()); },
        [](Error error) { return error; });
    if (!made.ok()) {
      return Error{ErrorCode::unavailable, "Authorization is not set up: " + made.error().message};
    }
    return use(*made);
  }
};

Authorizer::Authorizer(AuthorizerConfig config, const Limits& limits)
    : config_(std::move(config)),
      user_bytes_max_(limits.user_bytes_max),
      tokens_(std::make_unique<Tokens>()) {
  tokens_->limits.user_id_chars_max = limits.user_id_chars_max;
  tokens_->limits.user_bytes_max = limits.user_bytes_max;
  const bool no_secret = config_.options.secret.text().empty() && config_.options.secrets.empty();
  if (config_.resolve || (no_secret && !config_.needs_secret)) return;
  Result<auth::TokenKeys> keys = derive_keys(config_.options);
  if (!keys.ok()) throw std::invalid_argument("authorize: " + keys.error().message);
  tokens_->keys.emplace(std::move(keys).value());
  config_.options = {};
}

Authorizer::~Authorizer() = default;

Result<ParsedUser> Authorizer::authorize(std::string_view room, std::string_view token,
                                         const Request& request, std::int64_t now_unix_ms) const {
  const auth::TokenPolicy policy{.limits = tokens_->limits};
  Result<auth::TokenClaims> claims =
      tokens_->with_keys(config_, request, [&](const auth::TokenKeys& keys) {
        return auth::decode_token(keys, token, room, now_unix_ms, policy);
      });
  if (!claims.ok()) return std::move(claims).error();
  Result<ParsedUser> user = parse_user(claims->user_json);
  if (user.ok()) user->permissions = std::move(claims->permissions);
  return user;
}

std::string Authorizer::create_token(std::string_view room, std::string_view user_json,
                                     std::chrono::milliseconds max_age, const Request* request,
                                     const TokenPermissions& permissions) const {
  Result<ParsedUser> user = config_.parse_user(user_json);
  if (!user.ok()) throw std::invalid_argument("user: " + user.error().message);
  const std::string allowed = permissions_claim(permissions);
  auth::TokenRequest wanted;
  wanted.room = room;
  wanted.permissions = allowed;
  wanted.user_json = user->json;
  wanted.user_id = user->id;
  wanted.max_age_ms = max_age.count();
  wanted.now_unix_ms = unix_now_ms();
  wanted.limits = tokens_->limits;
  if (const Result<void> filled = auth::fill_random(wanted.iv); !filled.ok()) {
    throw_error(filled.error());
  }
  if (const Result<void> filled = auth::fill_random(wanted.id_random); !filled.ok()) {
    throw_error(filled.error());
  }
  Result<std::string> token = tokens_->with_keys(
      config_, request != nullptr ? *request : Request(),
      [&](const auth::TokenKeys& keys) { return auth::encode_token(keys, wanted); });
  if (!token.ok()) throw_error(token.error());
  return std::move(token).value();
}

}  // namespace pluv::detail
