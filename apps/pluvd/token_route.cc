#include "apps/pluvd/token_route.h"

#include <optional>
#include <string>
#include <utility>

#include "apps/pluvd/members_once.h"
#include "auth/token.h"
#include "auth/wipe.h"
#include "base/ids.h"
#include "json/codec.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

// As the original's client writes it; permissions are ours. A misspelt member would give a token
// that allows more than was meant.
struct TokenCall {
  static constexpr bool pluv_strict = true;
  std::optional<double> maxAge;
  std::string publicKey;
  std::string room;
  std::string secretKey;
  json::Raw user;
  std::optional<json::Raw> permissions;
};

struct NamedUser {
  std::string id;
};

constexpr std::size_t kBodyBytesMax = std::size_t{64} * 1024;
// An id that a token may carry; longer ones are not noted.
constexpr std::size_t kNotedIdBytesMax = 4'096;

net::Response plain(int status, std::string text) {
  return net::Response(status)
      .header("Cache-Control", "no-store")
      .header("X-Content-Type-Options", "nosniff")
      .body("text/plain; charset=utf-8", std::move(text));
}

net::Response refusal(int status, std::string_view why) {
  return plain(status, std::string(why) + ".\n");
}

std::optional<net::Response> refuse_by_head(const net::Request& request, std::string_view) {
  if (request.method() != "POST") {
    return refusal(405, "Tokens are asked for with POST").header("Allow", "POST");
  }
  if (request.body_size() > kBodyBytesMax) {
    return refusal(413, "The body may have " + std::to_string(kBodyBytesMax) + " bytes");
  }
  return std::nullopt;
}

std::string audit_fields(const TokenCall& call, const net::Response& response,
                         const native::HttpQuestion& question) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (call.room.size() <= kRoomIdSizeMax) {
    writer.key("room");
    writer.string(call.room);
  }
  const auto user = json::from_json<NamedUser>(call.user.text);
  if (user.ok() && user->id.size() <= kNotedIdBytesMax) {
    writer.key("user");
    writer.string(user->id);
  }
  writer.key("status");
  writer.number(static_cast<std::int64_t>(response.status()));
  writer.key("address");
  writer.string(question.client_address);
  if (response.status() != 200) {
    std::string_view reason = response.body();
    while (reason.ends_with('\n') || reason.ends_with('.')) reason.remove_suffix(1);
    writer.key("reason");
    writer.string(reason);
  }
  writer.end_object();
  return out;
}

net::Response make(const Projects& projects, const Project& project, const TokenCall& call,
                   std::int64_t now_unix_ms) {
  const double max_age = call.maxAge.value_or(static_cast<double>(auth::kTokenAgeMsDefault));
  if (!(max_age >= 1) || max_age > static_cast<double>(auth::kTokenAgeMsMax)) {
    return refusal(400, "maxAge is a number of milliseconds, from 1 to those of a year");
  }
  Result<std::string> token = projects.make_token(
      project, {.room = call.room,
                .user_json = call.user.text,
                .max_age_ms = static_cast<std::int64_t>(max_age),
                .permissions = call.permissions ? std::string_view(call.permissions->text)
                                                : std::string_view(),
                .now_unix_ms = now_unix_ms});
  if (token.ok()) return plain(200, std::move(*token));
  const ErrorCode code = token.error().code;
  const bool callers_fault = code == ErrorCode::invalid || code == ErrorCode::limit;
  return refusal(callers_fault ? 400 : 500, token.error().message);
}

}  // namespace

net::Response answer_token_request(const Projects& projects, const TokenRouteHooks& hooks,
                                   const native::HttpQuestion& question) {
  auto call = json::from_json<TokenCall>(question.body);
  if (!call.ok()) return refusal(400, call.error().message);
  if (const auto once = members_once(question.body); !once.ok()) {
    return refusal(400, once.error().message);
  }
  const Project* const project = projects.by_secret_key(call->secretKey);
  auth::wipe(call->secretKey);
  // One answer for both, or the public keys of others could be tried out with one's own secret.
  if (project == nullptr || projects.by_public_key(call->publicKey) != project) {
    net::Response refused = refusal(401, "The keys are not those of a project");
    if (hooks.audit) hooks.audit({}, "token_refused", audit_fields(*call, refused, question));
    return refused;
  }
  net::Response response = make(projects, *project, *call, hooks.unix_ms());
  if (hooks.audit) {
    hooks.audit(project->id, response.status() == 200 ? "token_made" : "token_refused",
                audit_fields(*call, response, question));
  }
  return response;
}

native::LaterHttp token_route(const Projects& projects, TokenRouteHooks hooks) {
  native::LaterHttp out;
  out.takes = [](const net::Request& request) { return request.path() == kTokenPath; };
  out.refuse = refuse_by_head;
  out.answer = [&projects, hooks = std::move(hooks)](const native::HttpQuestion& question,
                                                     const native::HttpAnswerFn& respond) {
    respond(answer_token_request(projects, hooks, question));
  };
  out.error = [](int status, std::string_view message) { return refusal(status, message); };
  out.body_bytes_max = kBodyBytesMax;
  return out;
}

}  // namespace pluv::apps
