// What an authorizer does with the users of tokens, wherever those are opened.
#include <utility>

#include "pluv/auth.h"
#include "pluv/detail/exceptions.h"

namespace pluv::detail {

json::SchemaFacts Authorizer::user_facts() const {
  return config_.user_facts ? config_.user_facts() : json::SchemaFacts();
}

Result<ParsedUser> Authorizer::parse_user(std::string_view json) const {
  Result<ParsedUser> user = guarded([&] { return config_.parse_user(json); },  // a check may throw
                                    [](Error error) { return error; });
  if (!user.ok()) {
    return Error{ErrorCode::unauthorized, "The token's user is invalid: " + user.error().message};
  }
  if (user->json.size() > user_bytes_max_) {
    return Error{ErrorCode::unauthorized, "The token's user is too large"};
  }
  return user;
}

}  // namespace pluv::detail
