#include "apps/pluvd/admin_start.h"

#include <algorithm>
#include <string>
#include <utility>

namespace pluv::apps {
namespace {

constexpr std::string_view kFileName = kHostingFile;

void add_counts(const Project& project, admin_api::Usage& usage) {
  usage.joined = project.counts.joined.load();
  usage.joins_refused = project.counts.joins_refused.load();
  usage.refusals = project.counts.refusals.load();
  usage.tokens_made = project.counts.tokens_made.load();
}

Result<std::string> make_token(const Projects& projects, const AdminTokenRequest& request) {
  const Project* const project = projects.find(request.project);
  if (project == nullptr) return Error{ErrorCode::internal, "There is no such project"};
  return projects.make_token(*project, {.room = request.room,
                                        .user_json = request.user_json,
                                        .max_age_ms = request.max_age_ms,
                                        .permissions = request.permissions,
                                        .now_unix_ms = request.now_unix_ms});
}

}  // namespace

Result<HostingParts> open_hosting(const Settings& settings) {
  const bool durable = settings.storage == "sqlite";
  auto database =
      HostingDatabase::open(durable ? settings.data + "/" + std::string(kFileName) : std::string());
  if (!database.ok()) return database.error();
  auto revocations = Revocations::open(*database);
  if (!revocations.ok()) return revocations.error();
  return HostingParts{.database = std::move(*database), .revocations = std::move(*revocations)};
}

std::shared_ptr<Admin> make_admin(const HostingParts& hosting, Projects& projects, AuditLog& audit,
                                  AdminParts parts) {
  projects.set_revoked([list = hosting.revocations](std::string_view project, std::string_view room,
                                                    std::string_view user,
                                                    std::int64_t issued_at_s) {
    return list->revoked(project, room, user, issued_at_s);
  });
  AdminOptions options;
  options.body_bytes_max = 0;
  for (const auto& project : projects.all()) {
    options.body_bytes_max =
        std::max(options.body_bytes_max, admin_body_bytes_max(project->limits));
  }
  AdminHooks& hooks = options.hooks;
  hooks.project_of = [&projects](std::string_view key) -> std::optional<AdminProject> {
    const Project* const project = projects.by_secret_key(key);
    if (project == nullptr) return std::nullopt;
    return AdminProject{.id = project->id, .limits = project->limits};
  };
  hooks.make_token = [&projects](const AdminTokenRequest& request) {
    return make_token(projects, request);
  };
  hooks.count = [&projects](std::string_view id, admin_api::Usage& usage) {
    if (const Project* const project = projects.find(id)) add_counts(*project, usage);
  };
  hooks.webhooks = std::move(parts.webhooks);
  hooks.audit = [&audit](std::string_view project, std::string_view event,
                         std::string_view fields) { audit.write(project, event, fields); };
  hooks.log = std::move(parts.log);
  hooks.unix_ms = std::move(parts.unix_ms);
  hooks.draining = std::move(parts.draining);
  hooks.revocations = hosting.revocations;
  hooks.idempotency = std::make_shared<Idempotency>(hosting.database);
  return std::make_shared<Admin>(std::move(options));
}

}  // namespace pluv::apps
