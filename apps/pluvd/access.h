// Who may enter: makes and checks room tokens with the deployment's secrets. Immutable after
// construction, so any loop may use it. Never logs and never returns a secret.
#pragma once

#include <cstdint>
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

  // For native::ServerHooks::authorize.
  [[nodiscard]] Result<native::AuthorizedUser> authorize(const native::JoinRequest& join) const;

  // A token of the default age for the user {"id":id,"name":name}. An empty id becomes a UUID, an
  // empty name a friendly random one. Errors: invalid or limit for a room or user that is none.
  [[nodiscard]] Result<std::string> make_token(std::string_view room, std::string_view id,
                                               std::string_view name,
                                               std::int64_t now_unix_ms) const;

 private:
  Access(auth::TokenKeys keys, const Limits& limits);

  auth::TokenKeys keys_;
  auth::TokenPolicy policy_;
};

// 32 random bytes as text, for a run of its own.
[[nodiscard]] Result<std::string> random_secret();

}  // namespace pluv::apps
