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
#include "pluv/detail/runtime.h"

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

[[noreturn]] void throw_error(const Error& error) {
  if (error.code == ErrorCode::invalid || error.code == ErrorCode::limit) {
    throw std::invalid_argument(error.message);
  }
  throw std::runtime_error(error.message);
}

}  // namespace

struct Authorizer::State {
  AuthorizerConfig config;
  auth::TokenLimits limits;
  std::optional<auth::TokenKeys> keys;  // unless they depend on the request

  // Calls use(keys) with those for the request.
  template <class Use>
  auto with_keys(const Request& request, Use use) const -> decltype(use(*keys)) {
    if (keys) return use(*keys);
    Result<auth::TokenKeys> made = [&]() -> Result<auth::TokenKeys> {
      try {
        return derive_keys(config.resolve(request));
      } catch (...) {
        return current_error();
      }
    }();
    if (!made.ok()) {
      return Error{ErrorCode::unavailable, "Authorization is not set up: " + made.error().message};
    }
    return use(*made);
  }
};

Authorizer::Authorizer(AuthorizerConfig config, const Limits& limits)
    : state_(std::make_unique<State>()) {
  state_->limits.user_id_chars_max = limits.user_id_chars_max;
  state_->limits.user_bytes_max = limits.user_bytes_max;
  if (!config.resolve) {
    Result<auth::TokenKeys> keys = derive_keys(config.options);
    if (!keys.ok()) throw std::invalid_argument("authorize: " + keys.error().message);
    state_->keys.emplace(std::move(keys).value());
    config.options = {};
  }
  state_->config = std::move(config);
}

Authorizer::~Authorizer() = default;

json::SchemaFacts Authorizer::user_facts() const {
  return state_->config.user_facts ? state_->config.user_facts() : json::SchemaFacts();
}

Result<ParsedUser> Authorizer::authorize(std::string_view room, std::string_view token,
                                         const Request& request, std::int64_t now_unix_ms) const {
  const auth::TokenPolicy policy{.limits = state_->limits};
  Result<auth::TokenClaims> claims = state_->with_keys(request, [&](const auth::TokenKeys& keys) {
    return auth::decode_token(keys, token, room, now_unix_ms, policy);
  });
  if (!claims.ok()) return std::move(claims).error();
  Result<ParsedUser> user = [&]() -> Result<ParsedUser> {
    try {
      return state_->config.parse_user(claims->user_json);
    } catch (...) {  // of a check that is the application's
      return current_error();
    }
  }();
  if (!user.ok()) {
    return Error{ErrorCode::unauthorized, "The token's user is invalid: " + user.error().message};
  }
  if (user->json.size() > state_->limits.user_bytes_max) {
    return Error{ErrorCode::unauthorized, "The token's user is too large"};
  }
  return user;
}

std::string Authorizer::create_token(std::string_view room, std::string_view user_json,
                                     std::chrono::milliseconds max_age,
                                     const Request* request) const {
  Result<ParsedUser> user = state_->config.parse_user(user_json);
  if (!user.ok()) throw std::invalid_argument("user: " + user.error().message);
  auth::TokenRequest wanted;
  wanted.room = room;
  wanted.user_json = user->json;
  wanted.user_id = user->id;
  wanted.max_age_ms = max_age.count();
  wanted.now_unix_ms = unix_now_ms();
  wanted.limits = state_->limits;
  if (const Result<void> filled = auth::fill_random(wanted.iv); !filled.ok()) {
    throw_error(filled.error());
  }
  if (const Result<void> filled = auth::fill_random(wanted.id_random); !filled.ok()) {
    throw_error(filled.error());
  }
  Result<std::string> token = state_->with_keys(
      request != nullptr ? *request : Request(),
      [&](const auth::TokenKeys& keys) { return auth::encode_token(keys, wanted); });
  if (!token.ok()) throw_error(token.error());
  return std::move(token).value();
}

}  // namespace pluv::detail
