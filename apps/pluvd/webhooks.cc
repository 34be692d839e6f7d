#include "apps/pluvd/webhooks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "apps/pluvd/webhook_initial_storage.h"
#include "auth/random.h"
#include "base/base64.h"
#include "base/ids.h"
#include "json/writer.h"
#include "platform/hosted/webhook_event.h"
#include "platform/native/log_fields.h"

namespace pluv::apps {
namespace {

using native::LogFields;

// As EncodedState: a document that nobody has ever written into is none.
std::optional<std::string> storage_of(const room::ListenerEvent& event) {
  if (event.document == nullptr || event.document->empty()) return std::nullopt;
  return base64_encode(event.document->encode());
}

// Sessions of a project have users; one that has none is its own.
std::string user_of(const room::ListenerEvent& event) {
  if (!event.user_json.empty()) return event.user_json;
  std::string user;
  json::Writer writer(user);
  writer.begin_object();
  writer.key("id");
  writer.string(event.session.text());
  writer.end_object();
  return user;
}

DeliveryOptions delivery_options(const WebhookOptions& options) {
  return {.unix_ms = options.unix_ms,
          .log = options.log,
          .audit = options.audit,
          .retry = options.retry,
          .queue = options.queue,
          .close_ms = options.close_ms};
}

}  // namespace

Result<std::shared_ptr<Webhooks>> Webhooks::open(std::vector<WebhookEndpoint> endpoints,
                                                 WebhookOptions options) {
  auto outbox =
      WebhookOutbox::open({.path = options.path, .unix_ms = options.unix_ms, .log = options.log});
  if (!outbox.ok()) return std::move(outbox).error();
  return std::shared_ptr<Webhooks>(
      new Webhooks(std::move(endpoints), std::move(options), std::move(*outbox)));
}

Webhooks::Webhooks(std::vector<WebhookEndpoint> endpoints, WebhookOptions options,
                   std::unique_ptr<WebhookOutbox> outbox)
    : options_(std::move(options)),
      endpoints_(std::move(endpoints)),
      outbox_(std::move(outbox)),
      delivery_(*outbox_, endpoints_, client_, delivery_options(options_)),
      places_(options_.questions) {
  std::array<std::uint8_t, 16> random{};
  (void)auth::fill_random(random);  // without randomness repeats are harder to tell
  const auto uuid = uuid_v4_text(random);
  asks_as_.assign(uuid.data(), uuid.size());
  outbox_->on_added([this](OutboxItem item) { delivery_.added(std::move(item)); });
}

Webhooks::~Webhooks() { close(); }

void Webhooks::start() { delivery_.start(); }

void Webhooks::close() {
  {
    const std::lock_guard lock(mutex_);
    server_ = nullptr;
  }
  asking_client_.close();
  delivery_.close();
  outbox_->close();
}

void Webhooks::attach(native::Server& server) {
  const std::lock_guard lock(mutex_);
  server_ = &server;
}

// --- Figures.

WebhookCounts Webhooks::counts(std::string_view project) const {
  const std::string name(project);
  WebhookCounts out;
  const auto pending = delivery_.pending();
  if (const auto at = pending.find(name); at != pending.end()) {
    out.pending = at->second.pending;
    out.pending_bytes = at->second.bytes;
  }
  const auto delivery = delivery_.counts();
  if (const auto at = delivery.find(name); at != delivery.end()) {
    out.delivered = at->second.delivered;
    out.failed = at->second.failed;
  }
  const auto dead = outbox_->dead_counts();
  if (const auto at = dead.find(name); at != dead.end()) out.dead = at->second.letters;
  return out;
}

std::string Webhooks::metrics_text() const {
  std::string out;
  const auto head = [&out](std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    out.append(name).append(" ").append(type).append("\n");
  };
  const auto line = [&out](std::string_view name, std::string_view labels, std::uint64_t value) {
    out.append(name).append(labels).append(" ").append(std::to_string(value)).append("\n");
  };
  DeliveryCounts sum;
  for (const auto& [project, counts] : delivery_.counts()) {
    sum.delivered += counts.delivered;
    sum.failed += counts.failed;
    sum.dead += counts.dead;
    sum.overflow += counts.overflow;
  }
  std::uint64_t pending = outbox_->unsaved();
  std::int64_t oldest_ms = 0;
  const std::int64_t now_ms = options_.unix_ms();
  for (const auto& [project, counts] : delivery_.pending()) {
    pending += counts.pending;
    oldest_ms = std::max(oldest_ms, now_ms - counts.oldest_unix_ms);
  }
  std::uint64_t dead = 0;
  for (const auto& [project, counts] : outbox_->dead_counts()) dead += counts.letters;

  const std::lock_guard lock(mutex_);
  head("pluv_webhook_events_total", "counter", "Events for webhooks.");
  for (const auto& [event, count] : events_) {
    line("pluv_webhook_events_total", "{event=\"" + event + "\"}", count);
  }
  head("pluv_webhook_deliveries_total", "counter",
       "delivered: events; failed: attempts; dead: events given up, overflow of them for number; "
       "dropped: dead letters; lost: events that neither disk nor memory took.");
  constexpr std::string_view kDeliveries = "pluv_webhook_deliveries_total";
  line(kDeliveries, "{outcome=\"delivered\"}", sum.delivered);
  line(kDeliveries, "{outcome=\"failed\"}", sum.failed);
  line(kDeliveries, "{outcome=\"dead\"}", sum.dead);
  line(kDeliveries, "{outcome=\"overflow\"}", sum.overflow);
  line(kDeliveries, "{outcome=\"dropped\"}", outbox_->dropped());
  line(kDeliveries, "{outcome=\"lost\"}", outbox_->lost());
  head("pluv_webhook_questions_total", "counter", "Documents asked for: initial-storage.");
  line("pluv_webhook_questions_total", "{outcome=\"answered\"}",
       questions_ - questions_failed_ - questions_open_);
  line("pluv_webhook_questions_total", "{outcome=\"failed\"}", questions_failed_);
  line("pluv_webhook_questions_total", "{outcome=\"refused\"}", questions_refused_);
  head("pluv_webhook_pending", "gauge", "Events that are to be delivered.");
  line("pluv_webhook_pending", "", pending);
  head("pluv_webhook_oldest_pending_seconds", "gauge", "For how long the oldest has waited.");
  line("pluv_webhook_oldest_pending_seconds", "", static_cast<std::uint64_t>(oldest_ms / 1'000));
  head("pluv_webhook_dead_letters", "gauge", "Events that were given up, and can be replayed.");
  line("pluv_webhook_dead_letters", "", dead);
  return out;
}

// --- What rooms tell.

room::Listeners Webhooks::listeners(std::string_view project) {
  room::Listeners out;
  const auto endpoint = endpoints_.find(project);
  if (endpoint == nullptr) return out;
  const auto self = shared_from_this();
  const std::string name(project);
  out.on_user_connected = [self, name](const room::ListenerEvent& event) {
    self->person(name, event, Presence::came);
  };
  out.on_user_disconnected = [self, name](const room::ListenerEvent& event) {
    self->person(name, event, Presence::left);
  };
  out.on_room_destroyed = [self, name](const room::ListenerEvent& event,
                                       const room::ListenerDone& done) {
    self->destroyed(name, event);
    done();
  };
  if (endpoint->initial_storage) {
    out.get_initial_storage = [self, name](const room::ListenerEvent& event,
                                           room::InitialStorageDone done) {
      self->initial_storage(name, event, std::move(done));
    };
  }
  return out;
}

void Webhooks::person(const std::string& project, const room::ListenerEvent& event,
                      Presence presence) {
  const std::string room(room_name_of(event.room));
  const std::string user = user_of(event);
  const auto endpoint = endpoints_.find(project);
  std::optional<std::string> storage;
  if (endpoint != nullptr && endpoint->sends_storage) storage = storage_of(event);
  hosted::WebhookEvent webhook;
  if (presence == Presence::came) {
    const std::lock_guard lock(mutex_);
    visited_.emplace(project, room);
  }
  if (presence == Presence::came) {
    webhook = hosted::UserConnected{room, std::move(storage), user, {}};
  } else {
    webhook = hosted::UserDisconnected{room, std::move(storage), user, {}};
  }
  auto body = hosted::write_webhook(webhook);
  if (!body.ok()) {
    options_.log("error", "webhook_not_written",
                 LogFields().add("room", event.room).add("error", body.error().message).text());
    return;
  }
  const std::string_view name = hosted::name_of(webhook);
  count(name);
  if (presence == Presence::came) {
    outbox_->connected(project, room, event.session.text(), user, {name, std::move(*body)});
  } else {
    outbox_->disconnected(project, room, event.session.text(), {name, std::move(*body)});
  }
}

// In the order in which the native API's listeners hear of it (pluv/server.h, add_teardown).
void Webhooks::destroyed(const std::string& project, const room::ListenerEvent& event) {
  const std::string room(room_name_of(event.room));
  std::vector<hosted::WebhookEvent> webhooks;
  if (std::optional<std::string> storage = storage_of(event)) {
    webhooks.emplace_back(hosted::StorageDestroyed{room, std::move(storage)});
  }
  // Server code may have edited a room that nobody was in, of whose beginning nobody was told.
  bool was_visited = false;
  {
    const std::lock_guard lock(mutex_);
    was_visited = visited_.erase({project, room}) > 0;
  }
  if (was_visited) webhooks.emplace_back(hosted::RoomDestroyed{room});
  std::vector<OutboxEvent> events;
  for (const hosted::WebhookEvent& webhook : webhooks) {
    auto body = hosted::write_webhook(webhook);
    if (!body.ok()) {
      options_.log("error", "webhook_not_written",
                   LogFields().add("room", event.room).add("error", body.error().message).text());
      continue;
    }
    count(hosted::name_of(webhook));
    events.push_back({hosted::name_of(webhook), std::move(*body)});
  }
  if (!events.empty()) outbox_->destroyed(project, room, std::move(events));
}

void Webhooks::initial_storage(const std::string& project, const room::ListenerEvent& event,
                               room::InitialStorageDone done) {
  const auto endpoint = endpoints_.find(project);
  if (endpoint == nullptr) {
    done(Error{ErrorCode::unavailable, "The project has no webhook"});
    return;
  }
  auto place = places_.begin(project);
  if (place == nullptr) {
    {
      const std::lock_guard lock(mutex_);
      ++questions_refused_;
    }
    // The people of the room are sent away for now, and come again.
    done(Error{ErrorCode::unavailable, "Too many documents are asked for"});
    return;
  }
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++questions_;
    ++questions_open_;
  }
  const std::string key = event.room;
  const std::weak_ptr<Webhooks> weak = weak_from_this();
  InitialStorageQuestion question;
  question.endpoint = endpoint;
  question.room = room_name_of(key);
  question.delivery = asks_as_ + "-" + std::to_string(number);
  question.answer_bytes_max = options_.storage_bytes_max;
  question.place = place;
  question.after = [weak](std::int64_t delay_ms, std::function<void()> fn) {
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard lock(self->mutex_);
    if (self->server_ == nullptr) return;
    self->server_->post_after(std::chrono::milliseconds(delay_ms), [weak, fn = std::move(fn)] {
      if (const auto still = weak.lock()) fn();
    });
  };
  // The place is kept until the room has the document.
  ask_initial_storage(
      asking_client_, std::move(question), [weak, key, done, place](Result<std::string> storage) {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->mutex_);
        --self->questions_open_;
        if (!storage.ok()) ++self->questions_failed_;
        if (self->server_ == nullptr) return;
        self->server_->post(key, [done, place, storage = std::move(storage)] { done(storage); });
      });
}

void Webhooks::count(std::string_view event) {
  const std::lock_guard lock(mutex_);
  ++events_[std::string(event)];
}

// --- Dead letters.

Result<std::vector<DeadLetter>> Webhooks::dead(std::string_view project, std::uint64_t after_id,
                                               std::size_t limit) {
  return outbox_->dead(project, after_id, limit);
}

Result<DeadLetterBody> Webhooks::dead_letter(std::string_view project, std::uint64_t id) {
  return outbox_->dead_letter(project, id);
}

Result<void> Webhooks::replay(std::string_view project, std::uint64_t id) {
  return outbox_->replay(project, id);
}

void Webhooks::replay_all(std::string_view project) { delivery_.replay_all(std::string(project)); }

Result<void> Webhooks::drop(std::string_view project, std::uint64_t id) {
  return outbox_->drop(project, id);
}

}  // namespace pluv::apps
