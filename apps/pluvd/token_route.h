// POST /api/room/token: a back end that has a project's secret key gets a token for one of its
// users (protocol.md section 10). The answer is the token as text; a refusal is a sentence. Made
// before the server; thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "apps/pluvd/projects.h"
#include "platform/native/server.h"

namespace pluv::apps {

inline constexpr std::string_view kTokenPath = "/api/room/token";

struct TokenRouteHooks {
  std::function<std::int64_t()> unix_ms;
  // A line of the audit log; fields: a JSON object. Never told a key or a token.
  std::function<void(std::string_view project, std::string_view event, std::string_view fields)>
      audit;
};

// projects outlives it.
[[nodiscard]] native::LaterHttp token_route(const Projects& projects, TokenRouteHooks hooks);

// The answer to one request. maxAge: milliseconds, null or absent for a minute.
[[nodiscard]] net::Response answer_token_request(const Projects& projects,
                                                 const TokenRouteHooks& hooks,
                                                 const native::HttpQuestion& question);

}  // namespace pluv::apps
