// What a back end does with a webhook: who may have sent it, what it says, what is answered.
#include <stdexcept>
#include <utility>
#include <variant>

#include "base/base64.h"
#include "io/hosted_call.h"
#include "json/writer.h"
#include "platform/hosted/signature.h"
#include "platform/hosted/webhook_event.h"
#include "pluv/detail/core.h"
#include "pluv/detail/hosted_core.h"

namespace pluv::detail {
namespace {

WebhookResponse make_response(int status, std::string_view event, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "application/json"}, {"x-pluv-event", std::string(event)}},
          .body = std::move(body)};
}

WebhookResponse refuse(int status, std::string_view message) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key("ok");
  writer.boolean(false);
  writer.key("error");
  writer.begin_object();
  writer.key("message");
  writer.string(message);
  writer.end_object();
  writer.end_object();
  return make_response(status, "unknown", std::move(body));
}

// storage: null for events whose answer has none; of an initial-storage base64, or empty for null.
WebhookResponse accept(const hosted::WebhookEvent& event, const std::string* storage) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key("ok");
  writer.boolean(true);
  writer.key("data");
  writer.begin_object();
  writer.key("event");
  writer.string(hosted::name_of(event));
  writer.key("room");
  writer.string(hosted::room_of(event));
  if (storage != nullptr) {
    writer.key("storage");
    if (storage->empty()) {
      writer.null();
    } else {
      writer.string(*storage);
    }
  }
  writer.end_object();
  writer.end_object();
  return make_response(200, hosted::name_of(event), std::move(body));
}

bool is_signed(const HostedConfig& config, std::string_view signature, std::string_view stable) {
  bool right = false;  // all of them are tried: which one it was is nobody's business
  for (const std::string& secret : config.webhook_secrets) {
    right = hosted::verify_webhook(secret, signature, stable) || right;
  }
  return right;
}

// What an event has beside its document: names, and a user. It takes far longer to spell anew.
constexpr std::size_t kAroundStorageMax = std::size_t{1024} * 1024;

// Whether a body that may be anybody's is worth it.
bool may_be_respelt(std::string_view body) {
  if (body.size() <= kAroundStorageMax) return true;
  const Result<hosted::WebhookEvent> event = hosted::read_webhook(body);
  if (!event.ok()) return false;
  const std::size_t storage = std::visit(
      [](const auto& one) -> std::size_t {
        if constexpr (requires { one.storage; }) {
          return one.storage ? one.storage->size() : 0;
        } else {
          return 0;
        }
      },
      *event);
  return body.size() - storage <= kAroundStorageMax;
}

Error invalid(std::string message) { return {ErrorCode::invalid, std::move(message)}; }

// What the event says, for a listener. Errors invalid for what its types do not allow.
Result<HostedEvent> make_event(const hosted::WebhookEvent& event, const Authorizer& authorizer) {
  HostedEvent out;
  out.room = hosted::room_of(event);
  Result<void> read = std::visit(
      [&](const auto& one) -> Result<void> {
        if constexpr (requires { one.storage; }) {
          if (one.storage && !base64_decode(*one.storage)) return invalid("storage is not base64");
          out.encoded_state = EncodedState::from_base64(one.storage.value_or(std::string()));
        }
        if constexpr (requires { one.user_json; }) {
          Result<ParsedUser> user = authorizer.parse_user(one.user_json);
          if (!user.ok()) return user.error();
          out.user = std::move(user->user);
        }
        return {};
      },
      event);
  if (!read.ok()) return read.error();
  return out;
}

}  // namespace

HostedCore::HostedCore(std::shared_ptr<const HostedService> service, ContextMaker make_context,
                       HostedListeners listeners)
    : service_(std::move(service)),
      make_context_(std::move(make_context)),
      listeners_(std::move(listeners)) {}

WebhookResponse HostedCore::webhook(const WebhookRequest& request) const {
  const HostedConfig& config = service_->config();
  if (request.body.size() > config.webhook_bytes_max) return refuse(413, "The body is too big");
  if (config.webhook_secrets.empty() || !hosted::is_webhook_signature(request.signature)) {
    return refuse(401, "Unauthorized");
  }
  // As a service of ours sends it, it is signed as it is. Others sign the stable form of what they
  // send, and only then anything is read of a body that may be anybody's.
  std::string_view payload = request.body;
  Result<std::string> stable = std::string();
  if (!is_signed(config, request.signature, payload)) {
    if (!may_be_respelt(request.body)) return refuse(400, "Invalid request");
    stable = hosted::stable_json(request.body);
    if (!stable.ok()) return refuse(400, "Invalid request");
    payload = *stable;
    if (!is_signed(config, request.signature, payload)) return refuse(401, "Unauthorized");
  }
  const Result<hosted::WebhookEvent> event = hosted::read_webhook(payload);
  if (!event.ok()) return refuse(400, "Invalid request");
  Result<HostedEvent> raw = make_event(*event, *config.authorizer);
  if (!raw.ok()) return refuse(400, "Invalid request: " + raw.error().message);
  if (make_context_) {
    Result<std::shared_ptr<void>> context = make_context_(raw->room);
    if (!context.ok()) return refuse(500, context.error().message);
    raw->context = std::move(context).value();
  }

  const std::shared_ptr<HostedCall> call = make_hosted_call();
  if (std::holds_alternative<hosted::InitialStorage>(*event)) {
    std::string storage;
    if (listeners_.get_initial_storage) {
      Result<std::string> found = listeners_.get_initial_storage(*raw, call);
      if (!found.ok()) return refuse(500, found.error().message);
      storage = base64_decode(*found) ? std::move(*found) : base64_encode(*found);
    }
    return accept(*event, &storage);
  }
  const HostedListeners::Listener* const listener = std::visit(
      [this](const auto& one) -> const HostedListeners::Listener* {
        using Event = std::remove_cvref_t<decltype(one)>;
        if constexpr (std::is_same_v<Event, hosted::RoomDestroyed>) {
          return &listeners_.on_room_destroyed;
        } else if constexpr (std::is_same_v<Event, hosted::StorageDestroyed>) {
          return &listeners_.on_storage_destroyed;
        } else if constexpr (std::is_same_v<Event, hosted::UserConnected>) {
          return &listeners_.on_user_connected;
        } else {
          return &listeners_.on_user_disconnected;
        }
      },
      *event);
  if (*listener) {
    if (const Result<void> done = (*listener)(*raw, call); !done.ok()) {
      return refuse(500, done.error().message);
    }
  }
  return accept(*event, nullptr);
}

Route HostedCore::route(std::string path) const {
  return post(
      std::move(path),
      [self = shared_from_this()](const Request& request) {
        WebhookResponse answer = self->webhook(
            {.signature = request.header(hosted::kSignatureHeader).value_or(std::string_view()),
             .body = request.body()});
        Response response = Response::json(answer.status, std::move(answer.body));
        for (auto& [name, value] : answer.headers) {
          if (name != "content-type") response.headers.emplace_back(name, std::move(value));
        }
        return response;
      },
      service_->config().webhook_bytes_max);
}

std::shared_ptr<Core> HostedCore::listen(ListenOptions options) const {
  options.room_path.clear();
  CoreConfig config;
  config.limits = service_->config().limits;
  config.debug = service_->config().debug;
  auto core = Core::make(std::move(config), std::make_shared<Runtime>());
  core->listen(std::move(options));
  return core;
}

}  // namespace pluv::detail
