#include "apps/pluvd/inspector.h"

#include <utility>

#include "apps/pluvd/inspector_answer.h"
#include "apps/pluvd/inspector_query.h"
#include "base/ids.h"
#include "json/writer.h"
#include "platform/native/process_memory.h"

#ifndef PLUV_VERSION
#error "the build says which version this is"
#endif

namespace pluv::apps {
namespace {

// A list of rooms is made anew after this.
constexpr std::int64_t kRoomsKeptMs = 1'000;
// Documents that are being read or wait for it: each is there two or three times meanwhile.
constexpr int kDocumentsMax = 4;

net::Response unknown_route() { return inspector_error(404, "The inspector has no such route"); }

bool changes(const net::Request& request) { return request.method() == "POST"; }

net::Response wrong_method(std::string_view allowed) {
  return inspector_error(405, "This route has another method").header("Allow", allowed);
}

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

void Inspector::with_document(const CallRef& call, std::function<void()> job) {
  if (refuse_when_busy(call)) return;
  documents_waiting_.fetch_add(1);
  const bool taken = documents_.post([this, job = std::move(job)] {
    job();
    documents_waiting_.fetch_sub(1);
  });
  if (!taken) documents_waiting_.fetch_sub(1);
}

bool Inspector::refuse_when_busy(const CallRef& call) {
  if (documents_waiting_.load() < kDocumentsMax) return false;
  reply(call, inspector_error(503, "The inspector reads other documents; ask again"));
  return true;
}

// --- Answers

void Inspector::reply(const CallRef& call, const net::Response& response) {
  {
    const std::lock_guard lock(counts_mutex_);
    ++answered_[response.status()];
  }
  call->respond(response);
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
  if (const auto refusal = access_.refuse(call->question.request)) {
    reply(call, *refusal);
    return;
  }
  route(call);
}

void Inspector::route(const CallRef& call) {
  const net::Request& request = call->question.request;
  const std::string_view path = request.path().substr(kInspectorPath.size());
  if (path.starts_with("rooms/")) {
    route_room(call);
  } else if (path != "server" && path != "load" && path != "rooms" && path != "messages") {
    reply(call, unknown_route());
  } else if (changes(request)) {
    reply(call, wrong_method("GET, HEAD"));
  } else if (path == "server") {
    server_facts(call);
  } else if (path == "rooms") {
    list_rooms(call);
  } else if (path == "load") {
    const auto since = number_parameter(request, "since", 0, INT64_MAX);
    if (!since.ok()) return reply(call, since.error());
    quickly([this, call, since = static_cast<std::int64_t>(*since)] {
      reply(call, inspector_answer(load_.json(since)));
    });
  } else {
    auto query = message_query_of(request);
    if (!query.ok()) return reply(call, query.error());
    quickly([this, call, query = std::move(*query)] {
      reply(call, inspector_answer(messages_->json(query)));
    });
  }
}

void Inspector::route_room(const CallRef& call) {
  const net::Request& request = call->question.request;
  constexpr std::size_t kRoomSegment = 3;
  call->room = request.path_segment(kRoomSegment).value_or("");
  if (!is_room_id(call->room)) {
    reply(call, inspector_error(400, "The room's name is not allowed"));
    return;
  }
  const std::string what = request.path_segment(kRoomSegment + 1).value_or("");
  const auto number = request.path_segment(kRoomSegment + 2);
  if (request.path_segment(kRoomSegment + 3) || (number && what != "history")) {
    reply(call, unknown_route());
    return;
  }
  const bool is_change = what == "restore" || what == "evict" || what == "broadcast";
  if (is_change != changes(request)) {
    const bool is_known =
        is_change || what.empty() || what == "document" || what == "export" || what == "history";
    reply(call, is_known ? wrong_method(is_change ? "POST" : "GET, HEAD") : unknown_route());
  } else if (what.empty()) {
    room(call);
  } else if (what == "document") {
    document(call);
  } else if (what == "export") {
    export_document(call);
  } else if (what == "history" && number) {
    const auto record = whole_number("number", *number);
    if (!record.ok()) return reply(call, record.error());
    past_document(call, *record);
  } else if (what == "history") {
    history(call);
  } else if (what == "restore") {
    restore(call);
  } else if (what == "evict") {
    evict(call);
  } else if (what == "broadcast") {
    broadcast(call);
  } else {
    reply(call, unknown_route());
  }
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
