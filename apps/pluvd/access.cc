#include "apps/pluvd/access.h"

#include <array>
#include <utility>
#include <vector>

#include "auth/random.h"
#include "base/base64.h"
#include "base/ids.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

constexpr std::array<std::string_view, 16> kAdjectives = {
    "Brave", "Calm",   "Clever", "Cosy",  "Eager", "Gentle", "Happy", "Jolly",
    "Kind",  "Lively", "Merry",  "Noble", "Quick", "Quiet",  "Sunny", "Witty"};
constexpr std::array<std::string_view, 16> kAnimals = {
    "Badger", "Beaver", "Crane", "Dolphin", "Falcon", "Finch", "Fox",     "Heron",
    "Lynx",   "Marten", "Otter", "Owl",     "Panda",  "Robin", "Sparrow", "Wombat"};

Result<std::shared_ptr<const auth::TokenKeys>> derive(std::span<const std::string> secrets) {
  const std::vector<std::string_view> views(secrets.begin(), secrets.end());
  Result<auth::TokenKeys> keys = auth::TokenKeys::from_secrets(views);
  if (!keys.ok()) return keys.error();
  return std::make_shared<const auth::TokenKeys>(std::move(keys).value());
}

}  // namespace

Access::Access(Keys keys, const Limits& limits) : current_(std::make_unique<Current>()) {
  current_->keys = std::move(keys);
  policy_.limits.user_id_chars_max = limits.user_id_chars_max;
  policy_.limits.user_bytes_max = limits.user_bytes_max;
}

Result<Access> Access::make(std::span<const std::string> secrets, const Limits& limits) {
  Result<Keys> keys = derive(secrets);
  if (!keys.ok()) return keys.error();
  return Access(std::move(keys).value(), limits);
}

Result<void> Access::replace_secrets(std::span<const std::string> secrets) {
  Result<Keys> keys = derive(secrets);
  if (!keys.ok()) return keys.error();
  const std::lock_guard lock(current_->mutex);
  current_->keys.swap(keys.value());  // the old ones are wiped with the last join that reads them
  return {};
}

Access::Keys Access::keys() const {
  const std::lock_guard lock(current_->mutex);
  return current_->keys;
}

Result<native::AuthorizedUser> Access::authorize(const native::JoinRequest& join) const {
  if (join.token.empty()) return Error{ErrorCode::unauthorized, "the request has no token"};
  Result<auth::TokenClaims> claims =
      auth::decode_token(*keys(), join.token, join.room, join.now_unix_ms, policy_);
  if (!claims.ok()) return claims.error();
  return native::AuthorizedUser{.id = std::move(claims->user_id),
                                .json = std::move(claims->user_json),
                                .user = nullptr,
                                .project = {},
                                .permissions = std::move(claims->permissions)};
}

Result<std::string> Access::make_token(std::string_view room, std::string_view id,
                                       std::string_view name, std::int64_t now_unix_ms) const {
  std::array<std::uint8_t, 18> random{};
  auth::TokenRequest request;
  for (const std::span<std::uint8_t> bytes :
       {std::span<std::uint8_t>(random), std::span<std::uint8_t>(request.iv),
        std::span<std::uint8_t>(request.id_random)}) {
    if (Result<void> drawn = auth::fill_random(bytes); !drawn.ok()) return drawn.error();
  }
  std::string user_id(id);
  if (id.empty()) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy_n(random.begin(), bytes.size(), bytes.begin());
    const auto text = uuid_v4_text(bytes);
    user_id.assign(text.data(), text.size());
  }
  std::string user_name(name);
  if (name.empty()) {
    user_name.append(kAdjectives[random[16] % kAdjectives.size()])
        .append(" ")
        .append(kAnimals[random[17] % kAnimals.size()]);
  }
  std::string user_json;
  json::Writer writer(user_json);
  writer.begin_object();
  writer.key("id");
  writer.string(user_id);
  writer.key("name");
  writer.string(user_name);
  writer.end_object();

  request.room = room;
  request.user_id = user_id;
  request.user_json = user_json;
  request.now_unix_ms = now_unix_ms;
  request.limits = policy_.limits;
  return auth::encode_token(*keys(), request);
}

Result<std::string> random_secret() {
  std::array<std::uint8_t, 32> bytes{};
  if (Result<void> drawn = auth::fill_random(bytes); !drawn.ok()) return drawn.error();
  std::string text(bytes.begin(), bytes.end());
  return base64url_encode(text);
}

}  // namespace pluv::apps
