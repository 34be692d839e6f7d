// Authorization inside a module: the platform opens and makes tokens, with its own cryptography,
// and has their users read here. So no secret ever enters a module.
#include <stdexcept>
#include <utility>

#include "pluv/auth.h"
#include "pluv/detail/exceptions.h"

namespace pluv::detail {

struct Authorizer::Tokens {};

Authorizer::Authorizer(AuthorizerConfig config, const Limits& limits)
    : config_(std::move(config)), user_bytes_max_(limits.user_bytes_max) {
  config_.options = {};
}

Authorizer::~Authorizer() = default;

Result<ParsedUser> Authorizer::authorize(std::string_view, std::string_view, const Request&,
                                         std::int64_t) const {
  return Error{ErrorCode::unavailable, "A module does not open tokens: its platform does"};
}

std::string Authorizer::create_token(std::string_view, std::string_view, std::chrono::milliseconds,
                                     const Request*, const TokenPermissions&) const {
  raise<std::logic_error>("A module does not make tokens: its platform does");
}

}  // namespace pluv::detail
