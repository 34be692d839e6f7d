#include "apps/pluvd/inspector.h"

#include <utility>
#include <variant>

#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/inspector_query.h"
#include "json/writer.h"
#include "platform/native/process_memory.h"

#ifndef PLUV_VERSION
#error "the build says which version this is"
#endif

namespace pluv::apps {
namespace {

// A list of rooms is made anew after this.
constexpr std::int64_t kRoomsKeptMs = 1'000;
// Documents that are being copied, loaded or read: each is there two or three times meanwhile.
constexpr int kDocumentsMax = 4;

}  // namespace

Inspector::Inspector(InspectorAccessOptions access, InspectorOptions options)
    : options_(std::move(options)),
      access_(std::move(access)),
      messages_(std::make_shared<InspectorMessages>(options_.steady_ms)),
      load_(options_.interval_ms),
      started_unix_ms_(options_.unix_ms()),
      listed_ms_(-kRoomsKeptMs) {}

native::LaterHttp Inspector::hook() {
  native::LaterHttp hook;
  hook.takes = [](const net::Request& request) {
    return request.path().starts_with(kInspectorPath);
  };
  hook.refuse = [this](const net::Request& request, std::string_view) { return refuse(request); };
  hook.answer = [this](native::HttpQuestion question, native::HttpAnswerFn respond) {
    answer(std::move(question), std::move(respond));
  };
  hook.error = [](int status, std::string_view message) {
    return inspector_error(status, message);
  };
  return hook;
}

void Inspector::attach(native::Server& server, adapters::Store* store) {
  server_ = &server;
  store_ = store;
}

void Inspector::start() { sample(); }

void Inspector::close() {
  quick_.finish();
  documents_.finish();
}

void Inspector::sample() {
  LoadReading reading;
  reading.unix_ms = options_.unix_ms();
  reading.metrics = server_->metrics();
  read_process(reading);
  load_.add(std::move(reading));
  server_->post_after(std::chrono::milliseconds(options_.interval_ms), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sample();
  });
}

void Inspector::quickly(std::function<void()> job) { (void)quick_.post(std::move(job)); }

void Inspector::with_document(std::function<void()> job) { (void)documents_.post(std::move(job)); }

bool Inspector::take_slot(const CallRef& call) {
  if (slots_taken_->fetch_add(1) >= kDocumentsMax) {
    slots_taken_->fetch_sub(1);
    reply(call, inspector_error(503, "The inspector reads other documents; ask again"));
    return false;
  }
  call->slot =
      std::shared_ptr<void>(nullptr, [taken = slots_taken_](void*) { taken->fetch_sub(1); });
  return true;
}

// --- Answers

void Inspector::count(const net::Response& response) {
  const std::lock_guard lock(counts_mutex_);
  ++answered_[response.status()];
}

void Inspector::reply(const CallRef& call, net::Response response) {
  count(response);
  // Before the client can ask again.
  call->slot.reset();
  call->respond(std::move(response));
}

void Inspector::reply(const CallRef& call, const Error& error) {
  reply(call, inspector_error(error));
}

std::string Inspector::metrics_text() const {
  std::string out =
      "# HELP pluv_inspector_requests_total Requests to the inspector, by the answer's status.\n"
      "# TYPE pluv_inspector_requests_total counter\n";
  const std::lock_guard lock(counts_mutex_);
  for (const auto& [status, count] : answered_) {
    out += "pluv_inspector_requests_total{code=\"" + std::to_string(status) + "\"} " +
           std::to_string(count) + "\n";
  }
  return out;
}

void Inspector::answer(native::HttpQuestion question, native::HttpAnswerFn respond) {
  const auto call = std::make_shared<Call>();
  call->question = std::move(question);
  call->respond = std::move(respond);
  // Its body may have taken long, and the token may be another one now.
  if (auto refusal = access_.refuse(call->question.request)) {
    return reply(call, std::move(*refusal));
  }
  auto route_of_it = inspector_route_of(call->question.request);
  if (auto* const refusal = std::get_if<net::Response>(&route_of_it)) {
    return reply(call, std::move(*refusal));
  }
  call->route = std::get<InspectorRoute>(std::move(route_of_it));
  route(call);
}

std::optional<net::Response> Inspector::refuse(const net::Request& request) {
  std::optional<net::Response> refusal = access_.refuse(request);
  if (!refusal) {
    auto route_of_it = inspector_route_of(request);
    if (auto* const unknown = std::get_if<net::Response>(&route_of_it)) {
      refusal = std::move(*unknown);
    }
  }
  if (refusal) count(*refusal);
  return refusal;
}

void Inspector::route(const CallRef& call) {
  switch (call->route.kind) {
    case InspectorRouteKind::server: return server_facts(call);
    case InspectorRouteKind::load: return load(call);
    case InspectorRouteKind::rooms: return list_rooms(call);
    case InspectorRouteKind::messages: return messages(call);
    case InspectorRouteKind::room: return room(call);
    case InspectorRouteKind::document: return document(call);
    case InspectorRouteKind::export_document: return export_document(call);
    case InspectorRouteKind::history: return history(call);
    case InspectorRouteKind::past_document: return past_document(call);
    case InspectorRouteKind::restore: return restore(call);
    case InspectorRouteKind::evict: return evict(call);
    case InspectorRouteKind::broadcast: return broadcast(call);
  }
}

void Inspector::load(const CallRef& call) {
  const auto since = number_parameter(call->question.request, "since", 0, INT64_MAX);
  if (!since.ok()) return reply(call, since.error());
  quickly([this, call, since = static_cast<std::int64_t>(*since)] {
    reply(call, inspector_answer(load_.json(since)));
  });
}

void Inspector::messages(const CallRef& call) {
  auto query = message_query_of(call->question.request);
  if (!query.ok()) return reply(call, query.error());
  quickly([this, call, query = std::move(*query)] {
    reply(call, inspector_answer(messages_->json(query)));
  });
}

// --- The server and its rooms

void Inspector::server_facts(const CallRef& call) {
  const native::MetricsSnapshot metrics = server_->metrics();
  std::string json;
  json::Writer writer(json);
  writer.begin_object();
  const auto text = [&](std::string_view name, std::string_view value) {
    writer.key(name);
    writer.string(value);
  };
  const auto number = [&](std::string_view name, auto value) {
    writer.key(name);
    writer.number(value);
  };
  text("version", PLUV_VERSION);
  number("started_unix_ms", started_unix_ms_);
  number("now_unix_ms", options_.unix_ms());
  writer.key("dev");
  writer.boolean(options_.dev);
  number("threads", static_cast<std::uint64_t>(options_.threads));
  text("storage", options_.storage);
  writer.key("history");
  writer.boolean(options_.keeps_history);
  number("rooms", metrics.rooms);
  number("sessions", metrics.sessions);
  number("memory_bytes", native::resident_bytes());
  writer.end_object();
  reply(call, inspector_answer(std::move(json)));
}

void Inspector::list_rooms(const CallRef& call) {
  std::unique_lock lock(rooms_mutex_);
  if (!listing_ && options_.steady_ms() - listed_ms_ < kRoomsKeptMs) {
    lock.unlock();
    quickly([this, call] { reply_page(call); });
    return;
  }
  listing_for_.push_back(call);
  if (std::exchange(listing_, true)) return;
  lock.unlock();
  server_->list_rooms([weak = weak_from_this()](std::vector<native::RoomLine> lines) {
    if (const auto self = weak.lock()) self->rooms_listed(std::move(lines));
  });
}

void Inspector::rooms_listed(std::vector<native::RoomLine> lines) {
  // Copyable, as a job has to be.
  auto kept = std::make_shared<std::vector<native::RoomLine>>(std::move(lines));
  quickly([this, kept] {
    rooms_ = std::make_unique<RoomSnapshot>(std::move(*kept));
    std::vector<CallRef> calls;
    {
      const std::lock_guard lock(rooms_mutex_);
      listing_ = false;
      listed_ms_ = options_.steady_ms();
      calls.swap(listing_for_);
    }
    for (const CallRef& call : calls) reply_page(call);
  });
}

void Inspector::reply_page(const CallRef& call) {
  const auto query = room_query_of(call->question.request);
  if (!query.ok()) return reply(call, query.error());
  auto page = rooms_->page(*query);
  if (!page.ok()) return reply(call, page.error());
  reply(call, inspector_answer(std::move(*page)));
}

}  // namespace pluv::apps
