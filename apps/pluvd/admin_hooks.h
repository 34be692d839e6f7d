// What the admin API asks of the rest of a hosted pluvd: who speaks for which project, tokens,
// webhooks and the audit log. Functions that any thread may call, so that the API knows none of
// what is behind them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/pluvd/admin_types.h"
#include "apps/pluvd/idempotency.h"
#include "apps/pluvd/revocations.h"
#include "base/limits.h"
#include "base/result.h"

namespace pluv::apps {

struct AdminProject {
  std::string id;
  Limits limits;
};

// Views live for the call.
struct AdminTokenRequest {
  std::string_view project;
  std::string_view room;
  std::string_view user_json;
  std::int64_t max_age_ms = 0;
  std::string_view permissions;  // raw JSON; empty: everything
  std::int64_t now_unix_ms = 0;
};

struct AdminWebhooks {
  // With ids above `after`, in their order.
  std::function<Result<std::vector<admin_api::DeadWebhook>>(std::string_view project,
                                                            std::uint64_t after, std::size_t limit)>
      dead;
  // One of them. Errors: not_found.
  std::function<Result<admin_api::DeadWebhookBody>(std::string_view project, std::uint64_t id)>
      dead_one;
  // id: nullopt for all. Errors: not_found.
  std::function<Result<void>(std::string_view project, std::optional<std::uint64_t> id)> replay;
  std::function<Result<void>(std::string_view project, std::uint64_t id)> drop;
  // nullopt: there are none to count.
  std::function<std::optional<admin_api::WebhookCounts>(std::string_view project)> counts;
};

struct AdminHooks {
  // In constant time; nullopt: nobody has this key.
  std::function<std::optional<AdminProject>(std::string_view secret_key)> project_of;
  std::function<Result<std::string>(const AdminTokenRequest&)> make_token;
  // Fills in what is counted of the project since the start. Null: nothing is.
  std::function<void(std::string_view project, admin_api::Usage&)> count;
  AdminWebhooks webhooks;  // null functions: there are none
  // fields: a JSON object.
  std::function<void(std::string_view project, std::string_view event, std::string_view fields)>
      audit;
  // What failed on our side, in words that callers are not told. Null: nobody is.
  std::function<void(std::string_view reason)> log;
  std::function<std::int64_t()> unix_ms;
  // Whether the server only finishes what it has, or another one may have read what is kept here.
  // Null: never.
  std::function<bool()> draining;
  [[nodiscard]] bool is_draining() const { return draining && draining(); }
  std::shared_ptr<Revocations> revocations;
  std::shared_ptr<Idempotency> idempotency;
};

}  // namespace pluv::apps
