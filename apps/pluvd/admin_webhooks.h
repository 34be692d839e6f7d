// The webhooks of a hosted pluvd as the admin API asks for them.
#pragma once

#include <memory>

#include "apps/pluvd/admin_hooks.h"
#include "apps/pluvd/webhooks.h"

namespace pluv::apps {

// Keeps them. Room keys in, room names out.
[[nodiscard]] AdminWebhooks admin_webhooks(std::shared_ptr<Webhooks> webhooks);

}  // namespace pluv::apps
