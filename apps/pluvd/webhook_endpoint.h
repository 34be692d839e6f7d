// Where a project wants to be told of what happens in its rooms. Secrets can be replaced while
// events are delivered; whoever has an endpoint keeps it as it was until it is done with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace pluv::apps {

// A receiver may write to a database; who takes longer is broken.
inline constexpr std::int64_t kWebhookTimeoutMs = 10'000;
// A weekend's outage is found on the first day of it.
inline constexpr std::int64_t kWebhookGiveUpMs = std::int64_t{24} * 3'600 * 1'000;

struct WebhookEndpoint {
  std::string project;
  std::string url;
  std::vector<std::string> secrets;  // the first signs
  std::int64_t timeout_ms = kWebhookTimeoutMs;
  std::int64_t give_up_ms = kWebhookGiveUpMs;
  bool initial_storage = false;  // it is asked for the document of a room that has none
  bool sends_storage = false;    // user-connected and user-disconnected carry the document
  std::string ca_file;           // PEM; empty: the system's
};

class WebhookEndpoints {
 public:
  explicit WebhookEndpoints(std::vector<WebhookEndpoint> endpoints) {
    for (WebhookEndpoint& endpoint : endpoints) {
      std::string project = endpoint.project;
      by_project_[std::move(project)] =
          std::make_shared<const WebhookEndpoint>(std::move(endpoint));
    }
  }

  // Those of projects that are here.
  void set_secrets(std::vector<WebhookEndpoint> fresh) {
    const std::lock_guard lock(mutex_);
    for (WebhookEndpoint& endpoint : fresh) {
      const auto at = by_project_.find(endpoint.project);
      if (at == by_project_.end()) continue;
      WebhookEndpoint changed = *at->second;
      changed.secrets = std::move(endpoint.secrets);
      at->second = std::make_shared<const WebhookEndpoint>(std::move(changed));
    }
  }
  // Null: the project has none.
  [[nodiscard]] std::shared_ptr<const WebhookEndpoint> find(std::string_view project) const {
    const std::lock_guard lock(mutex_);
    const auto at = by_project_.find(project);
    return at == by_project_.end() ? nullptr : at->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const WebhookEndpoint>, std::less<>> by_project_;
};

}  // namespace pluv::apps
