#include "apps/pluvd/webhook_initial_storage.h"

#include <array>
#include <utility>

#include "apps/pluvd/webhook_clock.h"
#include "base/base64.h"
#include "json/value.h"
#include "platform/hosted/signature.h"
#include "platform/hosted/webhook_event.h"

namespace pluv::apps {
namespace {

// Before each repeat; a receiver that restarts, or a connection that was cut.
constexpr std::array<std::int64_t, 3> kRepeatAfterMs = {100, 400, 1'000};

Error bad(std::string_view what) {
  return {ErrorCode::unavailable, "initial-storage: " + std::string(what)};
}

struct Asking {
  hosted::HttpClient* client = nullptr;
  InitialStorageQuestion question;
  std::function<void(Result<std::string>)> done;
  std::string body;
  std::string signature;
  std::int64_t deadline_ms = 0;
  std::size_t repeats = 0;
};

void ask(std::shared_ptr<Asking> asking);

void answered(std::shared_ptr<Asking> asking, const Result<hosted::HttpReply>& reply) {
  Result<std::string> storage = reply.ok() ? read_initial_storage(asking->question.room, *reply)
                                           : Result<std::string>(bad(reply.error().message));
  const bool may_repeat =
      !storage.ok() && asking->repeats < kRepeatAfterMs.size() &&
      webhook_steady_ms() + kRepeatAfterMs[asking->repeats] < asking->deadline_ms;
  if (!may_repeat) {
    asking->done(std::move(storage));
    return;
  }
  const std::int64_t delay_ms = kRepeatAfterMs[asking->repeats++];
  const auto after = asking->question.after;
  after(delay_ms, [asking = std::move(asking)]() mutable { ask(std::move(asking)); });
}

void ask(std::shared_ptr<Asking> asking) {
  const WebhookEndpoint& endpoint = *asking->question.endpoint;
  hosted::HttpCall call;
  call.url = endpoint.url;
  call.headers = {{"content-type", "application/json"},
                  {std::string(hosted::kSignatureHeader), asking->signature},
                  {"x-pluv-delivery", asking->question.delivery},
                  {"x-pluv-event", "initial-storage"}};
  call.body = asking->body;
  call.timeout_ms = asking->deadline_ms - webhook_steady_ms();
  call.response_bytes_max = asking->question.answer_bytes_max;
  call.ca_file = endpoint.ca_file;
  asking->question.place->clear();
  call.may_read = [place = asking->question.place](std::size_t bytes) {
    return place->take(bytes);
  };
  hosted::HttpClient& client = *asking->client;
  client.start(std::move(call),
               [asking = std::move(asking)](const auto& reply) { answered(asking, reply); });
}

}  // namespace

Result<std::string> read_initial_storage(std::string_view room, const hosted::HttpReply& reply) {
  if (reply.status < 200 || reply.status > 299) {
    return bad("the receiver answered with status " + std::to_string(reply.status));
  }
  const auto parsed = json::Value::parse(reply.body);
  if (!parsed.ok()) return bad("the answer is not JSON");
  const json::Value* const ok = parsed->find("ok");
  const json::Value* const data = parsed->find("data");
  if (ok == nullptr || ok->as_bool() == nullptr || !*ok->as_bool() || data == nullptr) {
    return bad("the receiver's answer is not {ok: true, data}");
  }
  const auto is = [data](std::string_view key, std::string_view expected) {
    const json::Value* const found = data->find(key);
    return found != nullptr && found->as_string() != nullptr && *found->as_string() == expected;
  };
  if (!is("event", "initial-storage") || !is("room", room)) {
    return bad("the answer is to another question");
  }
  const json::Value* const storage = data->find("storage");
  if (storage == nullptr) return bad("the answer has no storage");
  if (storage->is_null()) return std::string();
  const std::string* const text = storage->as_string();
  if (text == nullptr) return bad("storage must be base64 or null");
  auto bytes = base64_decode(*text);
  if (!bytes || bytes->empty()) return bad("storage must be base64 or null");
  return std::move(*bytes);
}

void ask_initial_storage(hosted::HttpClient& client, InitialStorageQuestion question,
                         std::function<void(Result<std::string>)> done) {
  const WebhookEndpoint& endpoint = *question.endpoint;
  auto body = hosted::write_webhook(hosted::InitialStorage{question.room});
  auto signature = body.ok() ? hosted::sign_webhook(
                                   endpoint.secrets.empty() ? "" : endpoint.secrets.front(), *body)
                             : Result<std::string>(body.error());
  if (!signature.ok()) {
    done(bad(signature.error().message));
    return;
  }
  const std::int64_t deadline_ms = webhook_steady_ms() + endpoint.timeout_ms;
  ask(std::make_shared<Asking>(Asking{.client = &client,
                                      .question = std::move(question),
                                      .done = std::move(done),
                                      .body = std::move(*body),
                                      .signature = std::move(*signature),
                                      .deadline_ms = deadline_ms}));
}

}  // namespace pluv::apps
