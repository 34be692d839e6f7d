// The admin API's routes about a project as a whole: tokens, usage and webhooks.
#include <utility>

#include "apps/pluvd/admin_handlers.h"
#include "apps/pluvd/moment.h"
#include "auth/token.h"

namespace pluv::apps {
namespace {

constexpr std::size_t kStoredPage = 1'000;
constexpr std::int64_t kMsASecond = 1'000;

Error no_webhooks() { return {ErrorCode::not_found, "The project has no webhooks"}; }

}  // namespace

Result<AdminReply> AdminHandlers::create_token(const AdminCall& call) {
  const auto body = admin_body<admin_api::NewToken>(call);
  if (!body.ok()) return body.error();
  const std::int64_t max_age_s = body->max_age_s.value_or(auth::kTokenAgeMsDefault / kMsASecond);
  if (max_age_s < 1 || max_age_s > auth::kTokenAgeMsMax / kMsASecond) {
    return Error{ErrorCode::limit, "max_age_s: a number from 1 to " +
                                       std::to_string(auth::kTokenAgeMsMax / kMsASecond) +
                                       " is expected"};
  }
  const std::int64_t now = hooks_.unix_ms();
  auto token = hooks_.make_token({.project = call.project.id,
                                  .room = body->room,
                                  .user_json = body->user.text,
                                  .max_age_ms = max_age_s * kMsASecond,
                                  .permissions = body->permissions
                                                     ? std::string_view(body->permissions->text)
                                                     : std::string_view(),
                                  .now_unix_ms = now});
  if (!token.ok()) {
    const bool callers_fault =
        token.error().code == ErrorCode::invalid || token.error().code == ErrorCode::limit;
    return callers_fault ? Error{ErrorCode::limit, token.error().message} : token.error();
  }
  return admin_reply(
      admin_api::Token{.token = std::move(*token),
                       .expires_at = format_moment((now / kMsASecond + max_age_s) * kMsASecond)});
}

Result<AdminReply> AdminHandlers::get_usage(const AdminCall& call) {
  admin_api::Usage out;
  out.project = call.project.id;
  out.since = since_;
  const std::string prefix = call.key("");
  const auto live = rooms_.live();
  if (!live.ok()) return live.error();
  for (const native::RoomLine& line : *live) {
    if (!line.room.starts_with(prefix)) continue;
    out.sessions += line.sessions;
    if (line.sessions > 0) ++out.rooms_live;
    out.messages_per_second += line.messages_per_second;
  }
  std::string after = prefix;
  for (bool more = true; more;) {
    const auto stored = rooms_.stored_after(after, kStoredPage);
    if (!stored.ok()) return stored.error();
    more = stored->size() == kStoredPage;
    for (const adapters::StoredRoom& room : *stored) {
      more = more && room.room.starts_with(prefix);
      if (!room.room.starts_with(prefix)) break;
      ++out.rooms_stored;
      out.stored_bytes += room.snapshot_bytes + room.log_bytes;
      after = room.room;
    }
  }
  if (hooks_.count) hooks_.count(call.project.id, out);
  if (hooks_.webhooks.counts) {
    if (const auto counts = hooks_.webhooks.counts(call.project.id)) out.webhooks = *counts;
  }
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::dead_webhooks(const AdminCall& call) {
  std::uint64_t after = 0;
  if (!call.request.after.empty()) {
    const auto number = json::from_json<std::uint64_t>(call.request.after);
    if (!number.ok()) return Error{ErrorCode::invalid, "after: not the next of a page"};
    after = *number;
  }
  admin_api::DeadWebhookList out;
  if (!hooks_.webhooks.dead) return admin_reply(out);
  auto dead = hooks_.webhooks.dead(call.project.id, after, call.request.limit + 1);
  if (!dead.ok()) return dead.error();
  out.webhooks = std::move(*dead);
  if (out.webhooks.size() > call.request.limit) {
    out.webhooks.resize(call.request.limit);
    out.next = std::to_string(out.webhooks.back().id);
  }
  return admin_reply(out);
}

Result<AdminReply> AdminHandlers::dead_webhook(const AdminCall& call) {
  if (!hooks_.webhooks.dead_one) return no_webhooks();
  const auto found = hooks_.webhooks.dead_one(call.project.id, call.request.number);
  if (!found.ok()) return found.error();
  return admin_reply(*found);
}

Result<AdminReply> AdminHandlers::change_webhooks(const AdminCall& call) {
  const AdminWebhooks& webhooks = hooks_.webhooks;
  const bool drops = call.request.route->id == AdminRouteId::drop_dead_webhook;
  std::optional<std::uint64_t> id;
  if (call.request.route->id != AdminRouteId::replay_dead_webhooks) id = call.request.number;
  if (drops ? !webhooks.drop : !webhooks.replay) {
    return id ? Result<AdminReply>(no_webhooks()) : admin_done();
  }
  const Result<void> done =
      drops ? webhooks.drop(call.project.id, *id) : webhooks.replay(call.project.id, id);
  if (!done.ok()) return done.error();
  return admin_done();
}

}  // namespace pluv::apps
