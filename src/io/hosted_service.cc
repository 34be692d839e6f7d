// Asking a hosted service for tokens.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/ids.h"
#include "json/reader.h"
#include "json/value.h"
#include "json/writer.h"
#include "platform/hosted/http_client.h"
#include "pluv/detail/hosted_core.h"

namespace pluv::detail {
namespace {

constexpr std::size_t kReasonBytesMax = 200;
constexpr std::chrono::hours kTokenAgeMax{24 * 365};

// What of an answer says why, for people: problem+json, {"error":{"message"}}, or a short text.
std::string reason_of(const hosted::HttpReply& reply) {
  std::string reason = "status " + std::to_string(reply.status);
  std::string text;
  if (const Result<json::Value> value = json::Value::parse(reply.body); value.ok()) {
    const json::Value* found = value->find("detail");
    if (const json::Value* const error = value->find("error")) found = error->find("message");
    if (found == nullptr) found = value->find("message");
    if (found != nullptr && found->as_string() != nullptr) text = *found->as_string();
  } else if (reply.header("content-type").starts_with("text/plain")) {
    text = reply.body.substr(0, kReasonBytesMax);
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  if (!text.empty()) reason += ", " + text.substr(0, kReasonBytesMax);
  return reason;
}

Result<std::string> token_of(const Result<hosted::HttpReply>& reply) {
  const auto failed = [](const std::string& why) {
    return Error{ErrorCode::unauthorized, "Authorization failed: " + why};
  };
  if (!reply.ok()) return failed(reply.error().message);
  if (reply->status != 200) return failed(reason_of(*reply));
  if (reply->body.empty()) return failed("the service's answer is empty");
  return reply->body;
}

}  // namespace

struct HostedService::State {
  HostedConfig config;
  mutable hosted::HttpClient client;

  [[nodiscard]] hosted::HttpCall make_call(std::string_view path) const;
  [[nodiscard]] hosted::HttpCall token_call(const HostedTokenRequest& wanted) const;
};

HostedService::HostedService(HostedConfig config) : state_(std::make_unique<State>()) {
  const std::string_view url = config.base_url;
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    throw std::invalid_argument("platform_hosted: base_url must begin with https:// or http://");
  }
  if (config.public_key.empty() || config.secret_key.text().empty()) {
    throw std::invalid_argument("platform_hosted: public_key and secret_key must be given");
  }
  if (config.timeout <= std::chrono::milliseconds(0)) {
    throw std::invalid_argument("platform_hosted: timeout must be more than nothing");
  }
  while (config.base_url.ends_with('/')) config.base_url.pop_back();
  state_->config = std::move(config);
}

HostedService::~HostedService() = default;

const HostedConfig& HostedService::config() const noexcept { return state_->config; }

hosted::HttpCall HostedService::State::make_call(std::string_view path) const {
  hosted::HttpCall call;
  call.url = config.base_url + std::string(path);
  call.timeout_ms = config.timeout.count();
  call.ca_file = config.ca_file;
  return call;
}

hosted::HttpCall HostedService::State::token_call(const HostedTokenRequest& wanted) const {
  if (!is_room_id(wanted.room)) throw std::invalid_argument("Unsupported room name");
  const Result<ParsedUser> user = config.authorizer->parse_user(wanted.user_json);
  if (!user.ok()) throw std::invalid_argument(user.error().message);
  if (wanted.max_age < std::chrono::seconds(1) || wanted.max_age > kTokenAgeMax) {
    throw std::invalid_argument("A token's age is from a second to a year");
  }
  hosted::HttpCall call = make_call("/api/room/token");
  json::Writer writer(call.body);
  writer.begin_object();
  writer.key("maxAge");
  writer.number(static_cast<std::int64_t>(wanted.max_age.count()));
  writer.key("publicKey");
  writer.string(config.public_key);
  writer.key("room");
  writer.string(wanted.room);
  writer.key("secretKey");
  writer.string(config.secret_key.text());
  writer.key("user");
  writer.raw(user->json);
  if (!wanted.permissions.empty()) {
    writer.key("permissions");
    writer.raw(wanted.permissions);
  }
  writer.end_object();
  call.headers = {{"Content-Type", "application/json"}};
  return call;
}

std::string HostedService::create_token(const HostedTokenRequest& wanted) const {
  Result<std::string> token = token_of(state_->client.run(state_->token_call(wanted)));
  if (!token.ok()) throw std::runtime_error(token.error().message);
  return std::move(token).value();
}

void HostedService::start_token(const HostedTokenRequest& wanted,
                                std::function<void(Result<std::string>)> done) const {
  state_->client.start(
      state_->token_call(wanted),
      [done = std::move(done)](const Result<hosted::HttpReply>& reply) { done(token_of(reply)); });
}

AdminAnswer HostedService::admin(std::string_view method, std::string_view path,
                                 std::string json) const {
  hosted::HttpCall call = state_->make_call("/api/v1" + std::string(path));
  call.method = method;
  call.headers = {{"Authorization", "Bearer " + config().secret_key.text()}};
  if (!json.empty()) call.headers.emplace_back("Content-Type", "application/json");
  call.body = std::move(json);
  call.response_bytes_max = config().webhook_bytes_max;  // a document, too
  Result<hosted::HttpReply> reply = state_->client.run(std::move(call));
  if (!reply.ok()) throw std::runtime_error(reply.error().message);
  return {.status = reply->status, .body = std::move(reply->body)};
}

}  // namespace pluv::detail
