// The inspector's routes that change something: a document back to what it was, sessions away, an
// event to a room. Each leaves a line in the log: who, what and where, never the data.
#include <utility>

#include "apps/pluvd/document_revert.h"
#include "apps/pluvd/inspector.h"
#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/random_writer.h"
#include "json/reader.h"
#include "json/writer.h"
#include "ycrdt/doc.h"

namespace pluv::apps {
namespace {

constexpr int kBodyDepthMax = 64;

// What a body may say; raw: JSON texts that live as long as the body.
struct Body {
  std::string_view number;
  std::string_view session;
  std::string_view event;
  std::string_view data;
};

Result<Body> read_body(std::string_view text) {
  Body body;
  if (text.empty()) return body;
  json::Reader reader(text, kBodyDepthMax);
  std::string scratch;
  std::string_view key;
  if (!reader.enter_object()) return Error{ErrorCode::invalid, "The body is no JSON object"};
  while (reader.next_member(scratch, key)) {
    std::string_view value;
    const std::string name(key);
    if (!reader.raw_value(value)) break;
    if (name == "number") {
      body.number = value;
    } else if (name == "session") {
      body.session = value;
    } else if (name == "event") {
      body.event = value;
    } else if (name == "data") {
      body.data = value;
    } else {
      return Error{ErrorCode::invalid, "The body has a member that is not known here: " + name};
    }
  }
  if (!reader.finish()) return Error{ErrorCode::invalid, "The body is not valid JSON"};
  return body;
}

// What the JSON string holds; nullopt when it is none.
std::optional<std::string> string_of(std::string_view raw) {
  json::Reader reader(raw);
  std::string scratch;
  std::string_view text;
  if (!reader.read_string(text, scratch)) return std::nullopt;
  return std::string(text);
}

std::optional<std::uint64_t> number_of(std::string_view raw) {
  json::Reader reader(raw);
  double number = 0;
  if (json::kind_of(raw) != json::Kind::number || !reader.read_number(number)) return std::nullopt;
  constexpr double kMax = 9'007'199'254'740'991;
  if (number < 1 || number > kMax ||
      number != static_cast<double>(static_cast<std::uint64_t>(number))) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number);
}

Error nobody_there(const std::string& room) {
  return {ErrorCode::not_found, "Nobody is in room " + room};
}

}  // namespace

void Inspector::audit(const CallRef& call, std::string_view event, AuditFields more) {
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("room");
  writer.string(call->room());
  for (const auto& [key, value] : more) {
    writer.key(key);
    writer.string(value);
  }
  writer.key("client");
  writer.string(call->question.client_address);
  writer.end_object();
  options_.log("info", event, fields);
}

void Inspector::audit_restore(const CallRef& call, std::uint64_t number,
                              const Result<void>& outcome) {
  audit(call, "inspector_restore",
        {{"number", std::to_string(number)},
         {"outcome", outcome.ok() ? std::string_view("done") : outcome.error().message}});
}

// --- A document back to what it was

void Inspector::restore(const CallRef& call) {
  const auto body = read_body(call->question.body);
  if (!body.ok()) return reply(call, body.error());
  const auto number = number_of(body->number);
  if (!number) {
    return reply(call, Error{ErrorCode::invalid, "number: which record of the history is meant"});
  }
  if (store_ == nullptr) {
    return reply(call, Error{ErrorCode::not_found, "Documents in memory have no history"});
  }
  if (!take_slot(call)) return;
  store_->load_number(
      call->room(), *number,
      when_stored<adapters::PastDocument>(
          call, [this, call, number = *number](adapters::PastDocument past) {
            auto then = std::make_shared<Updates>(std::move(past.document.updates));
            with_updates(call, 0, [this, call, number, then](const native::DocumentLook& now) {
              revert(call, number, now.updates, *then);
            });
          }));
}

// On the documents' thread; what comes out is an edit like anybody's.
void Inspector::revert(const CallRef& call, std::uint64_t number, const Updates& now,
                       const Updates& then) {
  const auto writer = random_writer();
  if (!writer.ok()) return reply(call, writer.error());
  auto update = revert_update(now, then, *writer);
  if (!update.ok()) return reply(call, update.error());
  if (update->empty()) {
    audit_restore(call, number, {});
    return reply_version(call);
  }
  auto applied = std::make_shared<Result<void>>();
  server_->edit(
      call->room(),
      [applied, update = std::move(*update)](void* document) {
        *applied = static_cast<ycrdt::Doc*>(document)->apply_update(update);
      },
      [weak = weak_from_this(), call, number, applied](const Result<void>& kept) {
        const auto self = weak.lock();
        if (!self) return;
        const Result<void>& outcome = kept.ok() ? *applied : kept;
        self->audit_restore(call, number, outcome);
        if (!outcome.ok()) return self->reply(call, outcome.error());
        self->reply_version(call);
      });
}

void Inspector::reply_version(const CallRef& call) {
  server_->look(call->room(), {},
                [weak = weak_from_this(), call](const std::optional<native::RoomLook>& look) {
                  const auto self = weak.lock();
                  if (!self) return;
                  std::string json;
                  json::Writer writer(json);
                  writer.begin_object();
                  writer.key("version");
                  if (look && look->document) {
                    writer.number(look->document->version);
                  } else {
                    writer.null();  // nothing differed, and nobody is there
                  }
                  writer.end_object();
                  self->reply(call, inspector_answer(std::move(json)));
                });
}

// --- Sessions and events

void Inspector::evict(const CallRef& call) {
  const auto body = read_body(call->question.body);
  if (!body.ok()) return reply(call, body.error());
  std::optional<std::string> session;
  if (!body->session.empty() && json::kind_of(body->session) != json::Kind::null) {
    session = string_of(body->session);
    if (!session) return reply(call, Error{ErrorCode::invalid, "session: an id is expected"});
  }
  server_->look(
      call->room(), {.sessions_max = session ? SIZE_MAX : 0, .document_unless = {}},
      [weak = weak_from_this(), call, session](const std::optional<native::RoomLook>& look) {
        const auto self = weak.lock();
        if (!self) return;
        if (!look || look->sessions_total == 0)
          return self->reply(call, nobody_there(call->room()));
        if (!session) {
          self->audit(call, "inspector_evict");
          self->server_->evict_all(call->room());
        } else {
          const bool is_there = std::ranges::any_of(
              look->sessions, [&](const auto& one) { return one.id == *session; });
          if (!is_there) {
            return self->reply(call, Error{ErrorCode::not_found, "The room has no such session"});
          }
          self->audit(call, "inspector_evict", {{"session", *session}});
          self->server_->evict(call->room(), *session);
        }
        self->reply(call, inspector_answer("{}"));
      });
}

void Inspector::broadcast(const CallRef& call) {
  const auto body = read_body(call->question.body);
  if (!body.ok()) return reply(call, body.error());
  const auto event = string_of(body->event);
  if (!event || event->empty() || event->starts_with('$')) {
    return reply(call, Error{ErrorCode::invalid,
                             "event: the name of an event of the application is expected"});
  }
  if (event->size() > options_.event_name_bytes_max) {
    return reply(call, Error{ErrorCode::limit, "event: the name is longer than max-event-name"});
  }
  const std::string data(body->data.empty() ? "{}" : body->data);
  if (json::kind_of(data) != json::Kind::object && json::kind_of(data) != json::Kind::null) {
    return reply(call, Error{ErrorCode::invalid, "data: an object or null is expected"});
  }
  server_->look(call->room(), {},
                [weak = weak_from_this(), call, event = *event,
                 data](const std::optional<native::RoomLook>& look) {
                  const auto self = weak.lock();
                  if (!self) return;
                  if (!look || look->sessions_total == 0) {
                    return self->reply(call, nobody_there(call->room()));
                  }
                  self->audit(call, "inspector_broadcast", {{"event", event}});
                  self->server_->broadcast(call->room(), event, data);
                  self->reply(call, inspector_answer("{}"));
                });
}

}  // namespace pluv::apps
