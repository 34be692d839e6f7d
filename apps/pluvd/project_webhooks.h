// The webhooks that the projects' settings ask for. Reads settings, starts nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/pluvd/settings.h"
#include "apps/pluvd/webhooks.h"
#include "base/result.h"

namespace pluv::apps {

// Of every project that has an address.
[[nodiscard]] std::vector<WebhookEndpoint> webhook_endpoints(const Settings& settings);
// Where the outbox is: beside the documents. Empty where these are in memory, and then so is it.
[[nodiscard]] std::string webhook_file(const Settings& settings);

// Null when no project has an address and no file of events waits for one. options: all but path
// and storage_bytes_max.
[[nodiscard]] Result<std::shared_ptr<Webhooks>> open_webhooks(const Settings& settings,
                                                              WebhookOptions options);

}  // namespace pluv::apps
