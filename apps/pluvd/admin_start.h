// Makes the admin API of a pluvd with projects out of its other parts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "apps/pluvd/admin.h"
#include "apps/pluvd/audit_log.h"
#include "apps/pluvd/hosting_database.h"
#include "apps/pluvd/projects.h"
#include "apps/pluvd/revocations.h"
#include "apps/pluvd/settings.h"
#include "base/result.h"

namespace pluv::apps {

struct AdminParts {
  AdminWebhooks webhooks;  // null functions: there are none
  std::function<std::int64_t()> unix_ms;
  // What failed on the server's side.
  std::function<void(std::string_view reason)> log;
  std::function<bool()> draining;  // as in AdminHooks
};

// What is kept of projects beside their documents.
struct HostingParts {
  std::shared_ptr<HostingDatabase> database;
  std::shared_ptr<Revocations> revocations;
};

// Opens hosting.db in the folder of the documents; where these are in memory, so is that. Errors
// are the database's.
[[nodiscard]] Result<HostingParts> open_hosting(const Settings& settings);

// projects and audit outlive it; projects is told whose tokens are revoked.
[[nodiscard]] std::shared_ptr<Admin> make_admin(const HostingParts& hosting, Projects& projects,
                                                AuditLog& audit, AdminParts parts);

}  // namespace pluv::apps
