#include "platform/native/handshakes.h"

#include <utility>

#include "base/ids.h"
#include "net/permessage_deflate.h"
#include "net/upgrade.h"
#include "platform/native/log_fields.h"
#include "platform/native/worker.h"
#include "protocol/v5.h"

namespace pluv::native {
namespace {

// Responses that a client asked for and does not read.
constexpr std::size_t kResponseBytesMax = 4 * 1024 * 1024;
// Larger bodies are sent from where they are.
constexpr std::size_t kCopiedBytesMax = std::size_t{16} * 1024;
// Requests of one read that are answered, the last with a close: a read holds thousands of them,
// and an answer may cost more than it looks (/metrics), which all others on the loop would wait
// for.
constexpr int kPipelinedMax = 8;
// Held refusals take sockets too: beyond this multiple of a limit on connections, the next one is
// closed as it comes.
constexpr std::uint64_t kHeldFactor = 2;

// How often a draining server looks whether it still waits for a connection's first word.
constexpr std::int64_t kDrainLookMs = 100;

}  // namespace

void Handshakes::accept(int fd, const net::IpAddress& peer) {
  Shared& shared = worker_.shared();
  const Limits& limits = worker_.limits();
  worker_.metrics().accepted.add(1);
  Socket socket(fd);
  const std::uint64_t open = shared.connections.load(std::memory_order_relaxed);
  if (limits.connections_max > 0 && open >= limits.connections_max * kHeldFactor) {
    worker_.count_refusal(ConnectionRefusal::connections_max);
    return;
  }
  // A TLS handshake takes more memory than all that a refused connection has.
  if (shared.memory_at(shared.tls ? MemoryPressure::full : MemoryPressure::over)) {
    worker_.count_refusal(ConnectionRefusal::memory);
    return;
  }
  socket.set_no_delay();
  auto made = std::make_unique<Connection>(worker_, std::move(socket));
  made->http = std::make_unique<HttpState>();
  made->http->peer = peer;
  made->http->over_connections_max = limits.connections_max > 0 && open >= limits.connections_max;
  if (shared.tls) {
    if (Result<void> started = made->socket.start_tls(*shared.tls); !started) {
      worker_.count_refusal(ConnectionRefusal::tls_failed);
      return;
    }
    made->phase = Phase::tls;
  }
  if (!shared.proxies.contains(peer)) {
    const std::uint64_t of_address = count_address(*made, peer);
    if (of_address > std::uint64_t{limits.connections_per_address_max} * kHeldFactor) {
      shared.addresses.remove(peer);
      worker_.count_refusal(ConnectionRefusal::address_max);
      return;
    }
  }
  shared.connections.fetch_add(1);
  Connection* connection = worker_.connections().add(std::move(made));
  if (connection == nullptr) return;
  worker_.timers().set(connection->timer, worker_.now_ms() + worker_.handshake_ms_max());
}

std::uint32_t Handshakes::count_address(Connection& connection, const net::IpAddress& address) {
  const std::uint32_t limit = worker_.limits().connections_per_address_max;
  if (!worker_.shared().config.per_address_limits || limit == 0) return 0;
  connection.address = address;
  connection.address_counted = true;
  const std::uint32_t count = worker_.shared().addresses.add(address);
  connection.http->over_address_max = count > limit;
  return count;
}

void Handshakes::timed_out(Connection& connection) {
  if (connection.phase == Phase::http && connection.http->later) {
    late(connection);
    return;
  }
  if (connection.phase == Phase::http && connection.http->answered &&
      worker_.connections().still_flows(connection, worker_.handshake_ms_max())) {
    return;
  }
  if (connection.phase == Phase::http && !connection.http->parser.mid_head()) {
    if (!connection.http->answered && worker_.is_closing_sessions()) {
      // It connected before the drain, and a reset would tell it that nobody is here.
      worker_.timers().set(connection.timer, worker_.now_ms() + kDrainLookMs);
      return;
    }
    worker_.connections().destroy(connection);  // idle between two requests, or never said a word
    return;
  }
  if (connection.phase == Phase::tls) {
    worker_.count_refusal(ConnectionRefusal::handshake_timeout);
    worker_.connections().destroy(connection);
  } else {
    fail(connection, ConnectionRefusal::handshake_timeout,
         net::error_response(408, "The request took too long"));
  }
}

void Handshakes::receive(Connection& connection, std::span<char> bytes) {
  HttpState& http = *connection.http;
  std::string_view view(bytes.data(), bytes.size());
  if (http.later) {
    gather_body(connection, view);
    return;
  }
  int answered = 0;
  while (!view.empty() && connection.phase == Phase::http) {
    if (http.body_left > 0) {
      const std::size_t skipped = std::min(http.body_left, view.size());
      http.body_left -= skipped;
      view.remove_prefix(skipped);
      continue;
    }
    switch (http.parser.feed(view)) {
      case net::HttpProgress::need_more: return;
      case net::HttpProgress::failed:
        fail(connection, ConnectionRefusal::bad_request,
             net::error_response(http.parser.problem().status, http.parser.problem().message));
        return;
      case net::HttpProgress::done: break;
    }
    net::Request request = http.parser.take();
    http.body_left = request.body_size();
    const LaterHttp* const hook = later_for(request);
    if (hook == nullptr && request.body_size() > kSkippedBodyBytesMax) {
      fail(connection, ConnectionRefusal::bad_request,
           net::error_response(413, "the body is too big"));
      return;
    }
    const std::string_view path = request.path();
    const std::vector<std::string>& prefixes = worker_.shared().config.room_paths;
    const auto prefix = std::ranges::find_if(
        prefixes, [path](const std::string& one) { return path.starts_with(one); });
    if (prefix != prefixes.end() && net::wants_websocket(request)) {
      upgrade(connection, request, path.substr(prefix->size()), bytes.last(view.size()));
      return;
    }
    http.last_request = ++answered == kPipelinedMax;
    if (hook != nullptr) {
      if (refuse_later(connection, *hook, request)) continue;
      http.body_left = 0;
      begin_later(connection, *hook, std::move(request), view);
      return;
    }
    serve(connection, request);
  }
}

void Handshakes::serve(Connection& connection, const net::Request& request) {
  const ServerHooks& hooks = worker_.shared().hooks;
  std::optional<net::Response> response;
  if (hooks.http) {
    const net::ForwardedClient client =
        worker_.shared().proxies.client(connection.http->peer, request);
    response = hooks.http(request, client.address.text());
  }
  if (!response) response = net::error_response(404, "Not found");
  if (net::wants_websocket(request)) {
    fail_paced(connection, *response);
  } else {
    respond(connection,
            {.keep_alive = request.keep_alive(), .head_only = request.method() == "HEAD"},
            std::move(*response));
  }
}

void Handshakes::fail_paced(Connection& connection, const net::Response& response) {
  std::string out;
  net::append_response(out, response, {.keep_alive = false});
  connection.http.reset();
  worker_.connections().finish_paced(connection, out);
  if (worker_.shared().draining.load()) worker_.connections().shorten_pacing(connection);
}

void Handshakes::respond(Connection& connection, const AnswerForm& form, net::Response response) {
  const bool keep_alive =
      form.keep_alive && !connection.http->last_request && !worker_.shared().draining.load();
  const net::ResponseOptions options{.keep_alive = keep_alive, .head_only = form.head_only};
  const std::size_t waiting_before = connection.outbox.bytes();
  std::string out;
  const bool has_body = response.has_content() && !form.head_only;
  if (!has_body || response.body().size() <= kCopiedBytesMax) {
    net::append_response(out, response, options);
    worker_.connections().send_bytes(connection, out);
  } else {
    net::append_response_head(out, response, options);
    worker_.connections().send_bytes(connection, out);
    worker_.connections().send_rest(connection, std::move(response).take_body());
  }
  connection.http->answered = true;
  if (waiting_before > kResponseBytesMax) {
    worker_.connections().destroy(connection);
  } else if (keep_alive) {
    worker_.timers().set(connection.timer, worker_.now_ms() + worker_.limits().handshake_ms_max);
  } else {
    worker_.connections().finish(connection);
  }
}

void Handshakes::fail(Connection& connection, ConnectionRefusal refusal,
                      const net::Response& response) {
  worker_.count_refusal(refusal);
  std::string out;
  net::append_response(out, response, {.keep_alive = false});
  worker_.connections().send_bytes(connection, out);
  worker_.connections().finish(connection);
}

// Answers 101, or tells why not and returns false.
bool Handshakes::answer_upgrade(Connection& connection, const net::Request& request) {
  const net::UpgradeCheck check = net::check_upgrade(request);
  if (!check.ok()) {
    fail(connection, ConnectionRefusal::bad_request, net::upgrade_refusal(check));
    return false;
  }
  const ServerConfig& config = worker_.shared().config;
  std::string extensions;
  if (config.deflate) {
    // Without context takeover a frame is compressed once for all its receivers, and an idle
    // connection holds no window.
    const net::DeflatePolicy policy{.server_window_bits = config.deflate_window_bits,
                                    .client_window_bits = config.deflate_window_bits,
                                    .server_takeover = net::ContextTakeover::no,
                                    .client_takeover = net::ContextTakeover::no};
    const std::string offer =
        request.head().header_list("Sec-WebSocket-Extensions").value_or(std::string());
    const auto agreement = net::negotiate_deflate(offer, policy);
    if (!agreement) {
      fail(connection, ConnectionRefusal::bad_request,
           net::error_response(400, agreement.error().message));
      return false;
    }
    if (agreement.value() && agreement.value()->server_window_bits == config.deflate_window_bits) {
      extensions = net::deflate_answer(*agreement.value());
      connection.deflate = true;
    }
  }
  std::string out;
  net::append_upgrade_answer(out,
                             {.accept = check.accept, .extensions = extensions, .protocol = {}});
  worker_.connections().send_bytes(connection, out);
  return true;
}

void Handshakes::upgrade(Connection& connection, const net::Request& request,
                         std::string_view room_text, std::span<char> rest) {
  if (!answer_upgrade(connection, request)) return;
  const std::optional<std::string> room = net::percent_decode(room_text);
  if (!room || !is_room_id(*room)) {
    constexpr std::string_view kReason = "The room's name is not allowed";
    worker_.count_refusal(ConnectionRefusal::bad_room);
    close_for_good(connection, {}, kReason, room::kClosePolicy, kReason);  // the name is not echoed
    return;
  }
  const Shared& shared = worker_.shared();
  const net::IpAddress client = shared.proxies.client(connection.http->peer, request).address;
  if (const auto refusal = refusal_for_now(connection, client)) {
    refuse_for_now(connection, *refusal, *room);
    // It does not come back to this process, which accepts nothing any more.
    if (*refusal == ConnectionRefusal::draining) worker_.connections().shorten_pacing(connection);
    return;
  }
  const std::optional<std::string_view> origin = request.header("Origin");
  if (origin && !shared.origins.empty() && !shared.origins.allows(*origin)) {
    constexpr std::string_view kReason = "Origin not allowed";
    worker_.count_refusal(ConnectionRefusal::origin);
    worker_.log_refusal(ConnectionRefusal::origin, *room);
    close_for_good(connection, *room, kReason, room::kClosePolicy, kReason);
    return;
  }
  const std::string token = request.query_get("token").value_or(std::string());
  const std::string address = client.text();
  authorize_and_join(connection,
                     JoinRequest{.http = &request,
                                 .room = *room,
                                 .token = token,
                                 .client_address = address,
                                 .now_unix_ms = EventLoop::unix_ms()},
                     rest);
}

std::optional<ConnectionRefusal> Handshakes::refusal_for_now(Connection& connection,
                                                             const net::IpAddress& client) {
  if (!connection.address_counted) static_cast<void>(count_address(connection, client));
  if (worker_.shared().draining.load()) return ConnectionRefusal::draining;
  if (worker_.shared().memory_at(MemoryPressure::full)) return ConnectionRefusal::memory;
  if (connection.http->over_connections_max) return ConnectionRefusal::connections_max;
  if (connection.http->over_address_max) return ConnectionRefusal::address_max;
  return std::nullopt;
}

void Handshakes::accept_upgraded(RegisterSocket socket) {
  worker_.shared().connections.fetch_add(1);
  worker_.metrics().accepted.add(1);
  auto made = std::make_unique<Connection>(worker_, Socket(socket.fd));
  made->socket.set_no_delay();
  made->http = std::make_unique<HttpState>();
  made->http->peer = peer_address(made->socket.fd());
  Connection* connection = worker_.connections().add(std::move(made));
  if (connection == nullptr) return;
  if (worker_.shared().draining.load()) {
    refuse_for_now(*connection, ConnectionRefusal::draining, socket.room);
    return;
  }
  if (worker_.shared().memory_at(MemoryPressure::full)) {
    refuse_for_now(*connection, ConnectionRefusal::memory, socket.room);
    return;
  }
  const std::string address = connection->http->peer.text();
  authorize_and_join(*connection,
                     JoinRequest{.http = nullptr,
                                 .room = socket.room,
                                 .token = socket.token,
                                 .client_address = address,
                                 .now_unix_ms = EventLoop::unix_ms()},
                     socket.received);
}

void Handshakes::authorize_and_join(Connection& connection, const JoinRequest& request,
                                    std::span<char> rest) {
  AuthorizedUser user;
  if (const auto& authorize = worker_.shared().hooks.authorize) {
    Result<AuthorizedUser> authorized = authorize(request);
    if (!authorized) {
      refuse_join(connection, request, authorized.error());
      return;
    }
    user = std::move(authorized).value();
    const Result<Permissions> permissions = Permissions::parse(user.permissions);
    const bool may_read = permissions.ok() && permissions->may_read();
    if (!may_read || (!user.project.empty() && !is_project_id(user.project))) {
      refuse_join(connection, request,
                  {ErrorCode::unauthorized, may_read ? "the project's name is none"
                                                     : "the permissions do not allow to read"});
      return;
    }
    if (!count_user(connection, user)) {
      refuse_for_now(connection, ConnectionRefusal::user_max, request.room);
      return;
    }
  }
  std::string key = room_key(user.project, request.room);
  Worker& owner = worker_.shared().owner_of(key);
  if (&owner == &worker_) {
    connection.http.reset();
    worker_.rooms().join(connection, key, user, rest);
    return;
  }
  // The answer goes out from here, as far as the socket takes it; the rest moves along.
  worker_.connections().flush(connection);
  if (connection.phase == Phase::dead) return;
  connection.http.reset();
  Arrival arrival{.connection = worker_.connections().release(connection),
                  .room = std::move(key),
                  .user = std::move(user),
                  .received = std::string(rest.data(), rest.size())};
  worker_.count_move();
  owner.post_arrival(std::move(arrival));
}

// False when the user has all the connections that one may have.
bool Handshakes::count_user(Connection& connection, const AuthorizedUser& user) {
  Shared& shared = worker_.shared();
  const std::uint32_t limit = shared.definition_of(user.project).limits.connections_per_user_max;
  if (limit == 0 || user.id.empty()) return true;
  connection.user = shared.users.add(user.project, user.id, limit);
  return connection.user != nullptr;
}

void Handshakes::refuse_for_now(Connection& connection, ConnectionRefusal refusal,
                                std::string_view room) {
  worker_.count_refusal(refusal);
  worker_.log_refusal(refusal, room);
  pace_away(connection);
}

// By the authorizer: for now when it could not tell, else for good.
void Handshakes::refuse_join(Connection& connection, const JoinRequest& request,
                             const Error& error) {
  const bool for_now = error.code == ErrorCode::unavailable;
  const ConnectionRefusal refusal =
      for_now ? ConnectionRefusal::unavailable : ConnectionRefusal::unauthorized;
  worker_.count_refusal(refusal);
  worker_.log_refusal(refusal, request, error.message);
  if (for_now) {
    pace_away(connection);
  } else {
    close_for_good(connection, request.room, "Not authorized", room::kCloseUnauthorized,
                   room::kUnauthorizedReason);
  }
}

void Handshakes::pace_away(Connection& connection) {
  connection.http.reset();
  worker_.connections().start_pacing(connection, room::kCloseOverloaded, "Try again later");
}

void Handshakes::close_for_good(Connection& connection, std::string_view room,
                                std::string_view error, std::uint16_t code,
                                std::string_view reason) {
  std::string message;
  protocol::v5::append_error(message, {}, room, error);
  std::string frame;
  net::append_frame(frame, net::Opcode::text, message);
  worker_.connections().send_bytes(connection, frame);
  connection.http.reset();
  worker_.connections().start_close(connection, code, reason);
}

}  // namespace pluv::native
