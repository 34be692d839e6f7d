#include "apps/pluvd/admin_webhooks.h"

#include <utility>

#include "apps/pluvd/moment.h"
#include "base/ids.h"

namespace pluv::apps {
namespace {

admin_api::DeadWebhook line_of(DeadLetter letter) {
  return {.id = letter.id,
          .delivery = std::move(letter.delivery),
          .room = std::string(room_name_of(letter.room)),
          .event = std::move(letter.event),
          .at = format_moment(letter.at_unix_ms),
          .attempts = letter.attempts,
          .reason = std::move(letter.reason),
          .bytes = letter.bytes};
}

}  // namespace

AdminWebhooks admin_webhooks(std::shared_ptr<Webhooks> webhooks) {
  AdminWebhooks out;
  out.dead = [webhooks](std::string_view project, std::uint64_t after,
                        std::size_t limit) -> Result<std::vector<admin_api::DeadWebhook>> {
    Result<std::vector<DeadLetter>> letters = webhooks->dead(project, after, limit);
    if (!letters.ok()) return letters.error();
    std::vector<admin_api::DeadWebhook> lines;
    lines.reserve(letters->size());
    for (DeadLetter& letter : *letters) lines.push_back(line_of(std::move(letter)));
    return lines;
  };
  out.dead_one = [webhooks](std::string_view project,
                            std::uint64_t id) -> Result<admin_api::DeadWebhookBody> {
    Result<DeadLetterBody> found = webhooks->dead_letter(project, id);
    if (!found.ok()) return found.error();
    return admin_api::DeadWebhookBody{line_of(std::move(found->letter)), std::move(found->body)};
  };
  out.replay = [webhooks](std::string_view project,
                          std::optional<std::uint64_t> id) -> Result<void> {
    if (id) return webhooks->replay(project, *id);
    webhooks->replay_all(project);
    return {};
  };
  out.drop = [webhooks](std::string_view project, std::uint64_t id) {
    return webhooks->drop(project, id);
  };
  out.counts = [webhooks](std::string_view project) -> std::optional<admin_api::WebhookCounts> {
    const WebhookCounts counts = webhooks->counts(project);
    return admin_api::WebhookCounts{.pending = counts.pending,
                                    .dead = counts.dead,
                                    .delivered = counts.delivered,
                                    .failed = counts.failed};
  };
  return out;
}

}  // namespace pluv::apps
