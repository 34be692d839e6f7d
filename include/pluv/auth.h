// Authorization: who may enter a room. authorize<User>(...) goes into NativeOptions::authorize;
// create_token makes what a client presents (?token=). Tokens are encrypted (JWE, A256GCM) and
// readable by npm's pluv and back. Without `authorize` everybody may enter and has no user.
//
//   struct User { std::string id; std::string name; };
//   .authorize = pluv::authorize<User>({.secret = getenv("PLUV_AUTH_SECRET")})
//   .authorize = pluv::authorize<User>([](const pluv::Request& request) {     // a secret a tenant
//     return pluv::AuthorizeOptions{.secret = secret_of(request.header("Host"))};
//   })
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/target.h"
#include "pluv/request.h"
#include "pluv/schema.h"

namespace pluv {

// A secret's text. A null pointer (an unset environment variable) is the empty secret, which
// create_io refuses with an exception instead of crashing.
class Secret {
 public:
  Secret() = default;
  Secret(const char* text) : text_(text != nullptr ? text : "") {}  // NOLINT: implicit
  Secret(std::string text) noexcept : text_(std::move(text)) {}     // NOLINT: implicit
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// Either one secret or several: the first signs, all of them read, so to rotate put the new one in
// front and drop the old one when its last token has expired. At most 8.
struct AuthorizeOptions {
  Secret secret{};
  std::vector<Secret> secrets{};
};

// The arguments of create_token.
template <class User>
struct TokenOptions {
  std::string room;  // a room id
  User user;         // checked as the tokens of clients are
  // Until the token expires, from one second to a year; a bare integer does not compile. Clients
  // ask for a new token at each connection, so a short life is enough.
  std::chrono::milliseconds max_age = std::chrono::seconds(60);
  // Passed on to an authorizer that is a function of the request.
  const Request* request = nullptr;
  // What the user may do in the room: "read", without which nobody may enter, "write" (the
  // document, and "read"), "presence", "event:NAME", "event:*", "*" and names of your own, which
  // procedures may ask for (procedure.h). nullopt: everything.
  std::optional<std::vector<std::string>> permissions = std::nullopt;
};

namespace detail {

using TokenPermissions = std::optional<std::vector<std::string>>;

// A user that passed the schema: its id, its JSON as everybody will see it, and itself.
struct ParsedUser {
  std::string id;
  std::string json;
  std::shared_ptr<const void> user;
  std::string permissions = "*";  // in the room that it was authorized for
};

struct AuthorizerConfig {
  AuthorizeOptions options;
  std::function<AuthorizeOptions(const Request&)> resolve;  // null: options hold for all
  std::function<Result<ParsedUser>(std::string_view json)> parse_user;
  std::function<json::SchemaFacts()> user_facts;  // what a user's checks ask for
  bool needs_secret = true;  // false: the platform makes and opens tokens (cloudflare, hosted)
};

// Reads and makes tokens; in a WebAssembly module, which has no cryptography, it only reads the
// users in them. Immutable, thread-safe.
class Authorizer {
 public:
  // Throws std::invalid_argument for no secret (unless none is needed), an empty one or too many.
  Authorizer(AuthorizerConfig config, const Limits& limits);
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  ~Authorizer();

  // The user that a token has, in JSON, as the schema reads it. Errors unauthorized.
  [[nodiscard]] Result<ParsedUser> parse_user(std::string_view json) const;
  // Who presents this token for this room. Errors unauthorized, or unavailable when the function of
  // the request threw.
  [[nodiscard]] Result<ParsedUser> authorize(std::string_view room, std::string_view token,
                                             const Request& request,
                                             std::int64_t now_unix_ms) const;
  // Throws std::invalid_argument for a room, user or age that is none or over its limit, and
  // std::runtime_error when there is no randomness or no secret.
  [[nodiscard]] std::string create_token(std::string_view room, std::string_view user_json,
                                         std::chrono::milliseconds max_age, const Request* request,
                                         const TokenPermissions& permissions) const;
  [[nodiscard]] json::SchemaFacts user_facts() const;

 private:
  struct Tokens;  // how they are opened and made, which is the platform's
  AuthorizerConfig config_;
  std::size_t user_bytes_max_;
  std::unique_ptr<Tokens> tokens_;
};

template <class User>
consteval void check_user() {
  static_assert(
      requires(const User& user) {
        { user.id } -> std::convertible_to<const std::string&>;
      }, "pluv: a user type needs a member `std::string id`");
  static_assert(kIsObject<User>,
                "pluv: a user type must be a JSON object: a plain struct, or one with PLUV_FIELDS");
}

}  // namespace detail

// Made by authorize<User>().
template <class UserType>
struct Authorize {
  using User = UserType;
  detail::AuthorizerConfig config;
};

namespace detail {

template <class User, class Schema>
AuthorizerConfig make_authorizer(Schema schema) {
  check_user<User>();
  AuthorizerConfig config;
  if constexpr (kHasTypegen) config.user_facts = [schema] { return schema.facts(); };
  config.parse_user = [schema = std::move(schema)](std::string_view text) -> Result<ParsedUser> {
    Result<User> user = read_input<User>(text, schema);
    if (!user.ok()) return std::move(user).error();
    ParsedUser parsed;
    parsed.id = user->id;
    if (Result<void> written = write_payload(*user, parsed.json); !written.ok()) {
      return std::move(written).error();
    }
    parsed.user = std::make_shared<const User>(std::move(user).value());
    return parsed;
  };
  return config;
}

template <class User>
std::string create_token(const Authorizer* authorizer, const TokenOptions<User>& options) {
  std::string user;
  if (const Result<void> written = write_payload(options.user, user); !written.ok()) {
    raise<std::invalid_argument>(written.error().message);
  }
  return authorizer->create_token(options.room, user, options.max_age, options.request,
                                  options.permissions);
}

}  // namespace detail

// Users are read as a User (unknown members are dropped) and must pass the checks, which are the
// same as a procedure's. What others see of a user is what was read. Without options for platforms
// whose service has the secret (hosted.h).
template <class User, class... Checks>
[[nodiscard]] Authorize<User> authorize(AuthorizeOptions options = {}, Checks... checks) {
  Authorize<User> result{
      detail::make_authorizer<User>(detail::make_schema<User>(std::move(checks)...))};
  result.config.options = std::move(options);
  return result;
}

// The same with options that depend on the request, called for every join and token, from any
// loop's thread. The Request of a create_token without one is empty.
template <class User, class Fn, class... Checks>
  requires std::invocable<const Fn&, const Request&>
[[nodiscard]] Authorize<User> authorize(Fn resolve, Checks... checks) {
  Authorize<User> result{
      detail::make_authorizer<User>(detail::make_schema<User>(std::move(checks)...))};
  result.config.resolve = std::move(resolve);
  return result;
}

}  // namespace pluv
