// Asks a project's webhook for the document of a room that has none yet: directly and now, since
// people wait in the room, not by way of the outbox.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "apps/pluvd/webhook_endpoint.h"
#include "apps/pluvd/webhook_questions.h"
#include "base/result.h"
#include "platform/hosted/http_client.h"

namespace pluv::apps {

// Of an answer's document: empty for null, which is a new document. An error for everything that is
// not {ok: true, data: {event: "initial-storage", room, storage: base64 or null}}.
[[nodiscard]] Result<std::string> read_initial_storage(std::string_view room,
                                                       const hosted::HttpReply& reply);

struct InitialStorageQuestion {
  std::shared_ptr<const WebhookEndpoint> endpoint;
  std::string room;
  std::string delivery;  // x-pluv-delivery
  std::size_t answer_bytes_max = 0;
  std::shared_ptr<WebhookQuestions::Place> place;  // its answer's bytes are taken there
  // Runs fn after so many milliseconds, on any thread, or never.
  std::function<void(std::int64_t delay_ms, std::function<void()> fn)> after;
};

// done: once, on the client's thread, with the document's bytes or why there are none; or never,
// when a repeat was not run. A question that fails is repeated a few times, all within the
// endpoint's timeout. client outlives what `after` runs.
void ask_initial_storage(hosted::HttpClient& client, InitialStorageQuestion question,
                         std::function<void(Result<std::string>)> done);

}  // namespace pluv::apps
