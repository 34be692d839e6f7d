#include "apps/pluvd/project_webhooks.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "apps/pluvd/webhook_outbox_file.h"

namespace pluv::apps {

std::vector<WebhookEndpoint> webhook_endpoints(const Settings& settings) {
  std::vector<WebhookEndpoint> endpoints;
  for (const ProjectSettings& project : settings.projects) {
    if (project.webhook_url.empty()) continue;
    endpoints.push_back({.project = project.id,
                         .url = project.webhook_url,
                         .secrets = project.webhook_secrets,
                         .timeout_ms = project.webhook_timeout_ms,
                         .give_up_ms = project.webhook_give_up_ms,
                         .initial_storage = project.webhook_initial_storage,
                         .sends_storage = project.webhook_sends_storage,
                         .ca_file = project.webhook_ca_file});
  }
  return endpoints;
}

std::string webhook_file(const Settings& settings) {
  return settings.storage == "sqlite" ? settings.data + "/" + std::string(kWebhooksFile)
                                      : std::string();
}

Result<std::shared_ptr<Webhooks>> open_webhooks(const Settings& settings, WebhookOptions options) {
  std::vector<WebhookEndpoint> endpoints = webhook_endpoints(settings);
  options.path = webhook_file(settings);
  const bool left = !options.path.empty() && ::access(options.path.c_str(), F_OK) == 0;
  if (endpoints.empty() && !left) return std::shared_ptr<Webhooks>();
  for (const ProjectSettings& project : settings.projects) {
    options.storage_bytes_max =
        std::max(options.storage_bytes_max, project.limits.document_message_bytes_max());
  }
  return Webhooks::open(std::move(endpoints), std::move(options));
}

}  // namespace pluv::apps
