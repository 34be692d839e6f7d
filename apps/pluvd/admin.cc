#include "apps/pluvd/admin.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "apps/pluvd/admin_problem.h"
#include "apps/pluvd/admin_table.h"
#include "base/ids.h"
#include "json/codec.h"
#include "json/writer.h"

namespace pluv::apps {
namespace {

// A body that is no document.
constexpr std::size_t kSmallBodyBytesMax = std::size_t{64} * 1024;
constexpr int kUnauthorized = 401;
// Of what a stranger asked for, this much is noted.
constexpr std::size_t kStrangersPathMax = 200;
// Of a user's id in a body.
constexpr std::size_t kNotedIdBytesMax = std::size_t{3} * 4'096;
constexpr int kServerErrors = 500;
constexpr int kUnavailable = 503;
constexpr std::string_view kKeyHeader = "Idempotency-Key";

// Whom a request is about that has no names in its path.
struct MadeRoom {
  std::string room;
};
struct MadeToken {
  struct User {
    std::string id;
  };
  std::string room;
  User user;
};
struct Names {
  std::string room;
  std::string user;
};

Names names_of(const AdminCall& call) {
  const AdminRequest& request = call.request;
  Names out{request.room, request.user};
  if (request.route == nullptr || call.body.empty()) return out;
  if (request.route->id == AdminRouteId::create_room) {
    if (auto made = json::from_json<MadeRoom>(call.body); made.ok()) {
      out.room = std::move(made->room);
    }
  } else if (request.route->id == AdminRouteId::create_token) {
    if (auto made = json::from_json<MadeToken>(call.body); made.ok()) {
      out = {std::move(made->room), std::move(made->user.id)};
    }
  }
  // What can be none is not repeated.
  if (out.room.size() > kRoomIdSizeMax) out.room.clear();
  if (out.user.size() > kNotedIdBytesMax) out.user.clear();
  return out;
}

bool is_ours(std::string_view path) {
  return path.starts_with(kAdminPath) &&
         (path.size() == kAdminPath.size() || path[kAdminPath.size()] == '/');
}

AdminBodyLimits body_limits(const Limits& limits) {
  return {.document_bytes_max = limits.document_message_bytes_max(),
          .other_bytes_max = std::max(kSmallBodyBytesMax, limits.message_bytes_max)};
}

net::Response response_of(const KeptAnswer& answer) {
  net::Response response(answer.status);
  response.header("Cache-Control", "no-store").header("X-Content-Type-Options", "nosniff");
  if (!answer.location.empty()) response.header("Location", answer.location);
  if (answer.status == kUnavailable) response.header("Retry-After", "1");
  if (!answer.media_type.empty()) response.body(answer.media_type, answer.body);
  return response;
}

}  // namespace

std::size_t admin_body_bytes_max(const Limits& limits) {
  const AdminBodyLimits bytes = body_limits(limits);
  return std::max(bytes.document_bytes_max, bytes.other_bytes_max);
}

Admin::Admin(AdminOptions options)
    : options_(std::move(options)),
      rooms_(options_.wait_ms_max),
      handlers_(options_.hooks, rooms_) {}

native::LaterHttp Admin::hook() {
  native::LaterHttp hook;
  hook.takes = [](const net::Request& request) { return is_ours(request.path()); };
  hook.refuse = [this](const net::Request& request, std::string_view client_address) {
    return refuse(request, client_address);
  };
  hook.answer = [this](native::HttpQuestion question, native::HttpAnswerFn respond) {
    answer(std::move(question), std::move(respond));
  };
  hook.error = [this](int status, std::string_view message) {
    count(status);
    return admin_problem(status, message, "");
  };
  hook.takes_no_length = true;
  hook.body_bytes_max = options_.body_bytes_max;
  hook.answer_ms_max = options_.answer_ms_max;
  return hook;
}

void Admin::attach(native::Server& server, adapters::Store* store) { rooms_.attach(server, store); }

void Admin::close() {
  rooms_.close();
  pool_.finish();
}

// --- On the loops

std::optional<net::Response> Admin::read(const net::Request& request, AdminCall& call) {
  const std::string_view path = request.path();
  auto routed = admin_route_of(request);
  const auto* const route = std::get_if<const AdminRoute*>(&routed);
  const bool is_open = route != nullptr && !(*route)->needs_key();
  if (!is_open) {
    const auto key = bearer_of(request);
    auto project = key ? options_.hooks.project_of(*key) : std::nullopt;
    if (!project) {
      return admin_problem(401, "This needs a secret key of a project as its bearer token", path)
          .header("WWW-Authenticate", "Bearer realm=\"pluvd admin\"");
    }
    call.project = std::move(*project);
  }
  if (route == nullptr) return std::get<net::Response>(std::move(routed));
  auto read = admin_request_of(**route, request, body_limits(call.project.limits));
  if (auto* const refusal = std::get_if<net::Response>(&read)) return std::move(*refusal);
  call.request = std::get<AdminRequest>(std::move(read));
  if (const auto key = request.header(kKeyHeader); key && !Idempotency::is_key(*key)) {
    return admin_problem(400, "Idempotency-Key: 1 to 255 printable characters are expected", path);
  }
  return std::nullopt;
}

std::optional<net::Response> Admin::refuse(const net::Request& request,
                                           std::string_view client_address) {
  AdminCall call;
  std::optional<net::Response> refusal = read(request, call);
  if (refusal) {
    count(refusal->status());
    if (refusal->status() == kUnauthorized) {
      audit_stranger(request, client_address);
    } else {
      Asked asked;
      asked.call = std::move(call);
      asked.method = request.method();
      asked.path = request.path();
      asked.client_address = client_address;
      audit(asked, refusal->status());
    }
  }
  return refusal;
}

void Admin::answer(native::HttpQuestion question, native::HttpAnswerFn respond) {
  const net::Request& request = question.request;
  const auto asked = std::make_shared<Asked>();
  asked->respond = std::move(respond);
  asked->method = request.method();
  asked->path = request.path();
  asked->query = request.query();
  asked->content_type = request.header("Content-Type").value_or("");
  asked->client_address = std::move(question.client_address);
  asked->came = std::chrono::steady_clock::now();
  // Its body may have taken long, and the keys may be others now.
  if (auto refusal = read(request, asked->call)) return reply(asked, std::move(*refusal));
  if (refuses_changes(asked->call)) return reply(asked, draining_problem(*asked));
  asked->weight = take_weight(asked->call.project.id, question.body.size());
  if (asked->weight == nullptr) {
    return reply(asked, admin_problem(503, "Too much is being worked on; ask again", asked->path)
                            .header("Retry-After", "1"));
  }
  if (!take_key(asked, request)) return;
  asked->call.body = std::move(question.body);
  // Whoever has no key shares one place in the turns.
  if (!pool_.post(asked->call.project.id, [this, asked] { carry_out(asked); })) {
    reply(asked, admin_problem(429, "The project asks for too much at once", asked->path)
                     .header("Retry-After", "1"));
  }
}

bool Admin::refuses_changes(const AdminCall& call) const {
  return call.request.route->changes() && options_.hooks.is_draining();
}

net::Response Admin::draining_problem(const Asked& asked) const {
  return problem_of(admin_draining(), asked.path);
}

bool Admin::take_key(const AskedRef& asked, const net::Request& request) {
  const auto key = request.header(kKeyHeader);
  if (!key || !asked->call.request.route->is_idempotent()) return true;
  auto held = options_.hooks.idempotency->hold(asked->call.project.id, *key);
  if (!held) {
    reply(asked, admin_problem(409, "A request with this Idempotency-Key is being carried out",
                               asked->path)
                     .header("Retry-After", "1"));
    return false;
  }
  asked->held = std::move(*held);
  asked->idempotency_key = *key;
  return true;
}

std::shared_ptr<void> Admin::take_weight(const std::string& project, std::size_t bytes) {
  const std::lock_guard lock(bodies_->mutex);
  std::size_t& of_project = bodies_->of_projects[project];
  if (of_project + bytes > options_.project_bodies_bytes_max ||
      bodies_->bytes + bytes > options_.bodies_bytes_max) {
    return nullptr;
  }
  of_project += bytes;
  bodies_->bytes += bytes;
  return std::shared_ptr<void>(this, [bodies = bodies_, project, bytes](void*) {
    const std::lock_guard guard(bodies->mutex);
    bodies->bytes -= bytes;
    bodies->of_projects[project] -= bytes;
  });
}

// --- On the pool's threads

void Admin::carry_out(const AskedRef& asked) {
  const auto waited = std::chrono::steady_clock::now() - asked->came;
  if (waited >= std::chrono::milliseconds(options_.answer_ms_max)) return drop(asked);
  reply(asked, outcome_of(asked));
}

// Its answer was counted when it was given.
void Admin::drop(const AskedRef& asked) {
  audit(*asked, kUnavailable);
  asked->held.reset();
  asked->weight.reset();
}

net::Response Admin::outcome_of(const AskedRef& asked) {
  if (refuses_changes(asked->call)) return draining_problem(*asked);
  Idempotency& idempotency = *options_.hooks.idempotency;
  const std::string& project = asked->call.project.id;
  std::string request;
  if (!asked->idempotency_key.empty()) {
    request = asked->method + " " + asked->path + "?" + asked->query + "\n" + asked->content_type +
              "\n" + asked->call.body;
    const auto kept =
        idempotency.find(project, asked->idempotency_key, request, options_.hooks.unix_ms());
    if (!kept.ok()) return problem_of(kept.error(), asked->path);
    if (*kept) {
      asked->replayed = true;
      return response_of(**kept).header("Idempotency-Replayed", "true");
    }
    const Result<void> begun =
        idempotency.begin(project, asked->idempotency_key, request, options_.hooks.unix_ms());
    if (!begun.ok()) return problem_of(begun.error(), asked->path);
  }
  const KeptAnswer answer = answer_of(*asked);
  return request.empty() ? response_of(answer) : kept(*asked, request, answer);
}

KeptAnswer Admin::answer_of(const Asked& asked) {
  Result<AdminReply> outcome = handlers_.answer(asked.call);
  if (outcome.ok()) {
    return {.status = outcome->status,
            .location = std::move(outcome->location),
            .media_type = std::move(outcome->media_type),
            .body = std::move(outcome->body)};
  }
  net::Response problem = problem_of(outcome.error(), asked.path);
  if (problem.status() >= kServerErrors && asked.call.may_have_changed) {
    problem = admin_problem(
        problem.status(), "The server did not hear in time whether this was done; it may have been",
        asked.path);
  }
  return {.status = problem.status(),
          .location = {},
          .media_type = "application/problem+json",
          .body = std::string(problem.body())};
}

net::Response Admin::kept(const Asked& asked, const std::string& request,
                          const KeptAnswer& answer) {
  Idempotency& idempotency = *options_.hooks.idempotency;
  const std::string& project = asked.call.project.id;
  net::Response response = response_of(answer);
  if (answer.status < kServerErrors) {
    const Result<void> stored =
        idempotency.keep(project, asked.idempotency_key, request, answer, options_.hooks.unix_ms());
    // It is done, and only whoever asks again is not told so.
    if (!stored.ok()) response.header("Idempotency-Kept", "false");
  } else if (!asked.call.may_have_changed) {
    const Result<void> abandoned = idempotency.abandon(project, asked.idempotency_key);
    if (!abandoned.ok() && options_.hooks.log) options_.hooks.log(abandoned.error().message);
  }
  return response;
}

// What fails on our side may name files, and rooms by their keys.
net::Response Admin::problem_of(const Error& error, std::string_view path) const {
  const int status = admin_status_of(error.code);
  if (status < kServerErrors) return admin_problem(status, error.message, path);
  if (error == admin_draining() || error == admin_no_document()) {
    return admin_problem(status, error.message, path).header("Retry-After", "1");
  }
  if (options_.hooks.log) options_.hooks.log(error.message);
  if (status != kUnavailable) {
    return admin_problem(status, "Something failed on the server's side", path);
  }
  return admin_problem(status, "The server cannot do this for now; ask again", path)
      .header("Retry-After", "1");
}

// --- Answers

void Admin::reply(const AskedRef& asked, net::Response response) {
  count(response.status());
  audit(*asked, response.status());
  // Before the client can ask again.
  asked->held.reset();
  asked->weight.reset();
  asked->respond(std::move(response));
}

void Admin::audit(const Asked& asked, int status) const {
  // Without a project nobody has shown a key.
  if (!options_.hooks.audit || asked.call.project.id.empty()) return;
  const Names names = names_of(asked.call);
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("method");
  writer.string(asked.method);
  writer.key("path");
  writer.string(asked.path);
  if (!names.room.empty()) {
    writer.key("room");
    writer.string(names.room);
  }
  if (!names.user.empty()) {
    writer.key("user");
    writer.string(names.user);
  }
  writer.key("status");
  writer.number(static_cast<std::int64_t>(status));
  if (asked.replayed) {
    writer.key("replayed");
    writer.boolean(true);
  }
  if (!asked.client_address.empty()) {
    writer.key("address");
    writer.string(asked.client_address);
  }
  writer.end_object();
  options_.hooks.audit(asked.call.project.id, "admin", fields);
}

void Admin::audit_stranger(const net::Request& request, std::string_view client_address) const {
  if (!options_.hooks.audit) return;
  std::string fields;
  json::Writer writer(fields);
  writer.begin_object();
  writer.key("method");
  writer.string(request.method());
  writer.key("path");
  writer.string(request.path().substr(0, kStrangersPathMax));
  writer.key("address");
  writer.string(client_address);
  writer.end_object();
  options_.hooks.audit({}, "admin_refused", fields);
}

void Admin::count(int status) {
  const std::lock_guard lock(counts_mutex_);
  ++answered_[status];
}

std::string Admin::metrics_text() const {
  std::string out =
      "# HELP pluv_admin_requests_total Requests to the admin API, by the answer's status.\n"
      "# TYPE pluv_admin_requests_total counter\n";
  const std::lock_guard lock(counts_mutex_);
  for (const auto& [status, count] : answered_) {
    out += "pluv_admin_requests_total{code=\"" + std::to_string(status) + "\"} " +
           std::to_string(count) + "\n";
  }
  return out;
}

}  // namespace pluv::apps
