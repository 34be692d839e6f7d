// Who may enter: makes and checks room tokens with the deployment's secrets, which can be replaced
// while it does. Any loop may use it at any time. Never logs and never returns a secret.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "auth/token.h"
#include "auth/token_keys.h"
#include "base/limits.h"
#include "base/result.h"
#include "platform/native/server.h"

namespace pluv::apps {

class Access {
 public:
  // secrets: newest first. Errors: see auth::TokenKeys::from_secrets.
  [[nodiscard]] static Result<Access> make(std::span<const std::string> secrets,
                                           const Limits& limits);

  // From now on these make and check tokens; who is in a room stays. Errors are those of make(),
  // and leave the old ones in force.
  [[nodiscard]] Result<void> replace_secrets(std::span<const std::string> secrets);

  // For native::ServerHooks::authorize.
  [[nodiscard]] Result<native::AuthorizedUser> authorize(const native::JoinRequest& join) const;

  // A token of the default age for the user {"id":id,"name":name}. An empty id becomes a UUID, an
  // empty name a friendly random one. Errors: invalid or limit for a room or user that is none.
  [[nodiscard]] Result<std::string> make_token(std::string_view room, std::string_view id,
                                               std::string_view name,
                                               std::int64_t now_unix_ms) const;

 private:
  using Keys = std::shared_ptr<const auth::TokenKeys>;
  // Held for the copy of a pointer, once a join.
  struct Current {
    std::mutex mutex;
    Keys keys;
  };

  Access(Keys keys, const Limits& limits);
  [[nodiscard]] Keys keys() const;

  std::unique_ptr<Current> current_;
  auth::TokenPolicy policy_;
};

// 32 random bytes as text, for a run of its own.
[[nodiscard]] Result<std::string> random_secret();

}  // namespace pluv::apps
