// Handshakes' part for requests that are answered later: their bodies are gathered, the question is
// handed to the host, and the connection reads nothing until the answer has come or its time is up.
#include <algorithm>
#include <utility>

#include "net/upgrade.h"
#include "platform/native/handshakes.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

// In a drain a question has so long to be answered.
constexpr std::int64_t kDrainAnswerMs = 1'000;
// Smaller bodies are not counted: what is small goes on while large ones are in the way, and takes
// no more than other things that a connection may have.
constexpr std::size_t kCountedBodyBytesMin = std::size_t{64} * 1024;

std::size_t gathered_bytes_max(const Shared& shared, const LaterHttp& hook) {
  return std::max(shared.config.gathered_bytes_max, hook.body_bytes_max);
}

}  // namespace

// Null: it is for none.
const LaterHttp* Handshakes::later_for(const net::Request& request) const {
  if (net::wants_websocket(request)) return nullptr;
  const std::vector<LaterHttp>& hooks = worker_.shared().hooks.later;
  const auto found = std::ranges::find_if(
      hooks, [&request](const LaterHttp& hook) { return hook.takes(request); });
  return found == hooks.end() ? nullptr : &*found;
}

// Answers by the head alone, and says whether it did. A body that is yet to come is not waited for.
bool Handshakes::refuse_later(Connection& connection, const LaterHttp& hook,
                              const net::Request& request) {
  if (!hook.refuse) return false;
  std::optional<net::Response> refusal = hook.refuse(
      request, worker_.shared().proxies.client(connection.http->peer, request).address.text());
  if (!refusal) return false;
  respond(connection,
          {.keep_alive = request.keep_alive() && request.body_size() == 0,
           .head_only = request.method() == "HEAD"},
          std::move(*refusal));
  return true;
}

void Handshakes::begin_later(Connection& connection, const LaterHttp& hook, net::Request request,
                             std::string_view rest) {
  if (request.body_size() > hook.body_bytes_max) {
    fail(connection, ConnectionRefusal::bad_request, hook.error(413, "The body is too big"));
    return;
  }
  const bool needs_length =
      !hook.takes_no_length && (request.method() == "POST" || request.method() == "PUT");
  if (needs_length && !request.header("Content-Length")) {
    fail(connection, ConnectionRefusal::bad_request,
         hook.error(411, "The request needs a Content-Length"));
    return;
  }
  const Shared& shared = worker_.shared();
  if (request.body_size() > kCountedBodyBytesMin &&
      shared.gathered_bytes.load() + request.body_size() > gathered_bytes_max(shared, hook)) {
    fail_busy(connection, hook);
    return;
  }
  auto later = std::make_unique<LaterRequest>();
  later->hook = &hook;
  later->keep_alive = request.keep_alive();
  later->head_only = request.method() == "HEAD";
  later->body.reserve(request.body_size());
  later->request = std::move(request);
  connection.http->later = std::move(later);
  gather_body(connection, rest);
}

void Handshakes::gather_body(Connection& connection, std::string_view bytes) {
  LaterRequest& later = *connection.http->later;
  const std::size_t missing = later.request.body_size() - later.body.size();
  if (!count_body(later, std::min(missing, bytes.size()))) {
    const LaterHttp& hook = *later.hook;
    forget_later(connection);
    fail_busy(connection, hook);
    return;
  }
  later.body.append(bytes.substr(0, missing));
  if (bytes.size() < missing) return;
  later.rest = bytes.substr(missing);
  ask_later(connection);
}

// What has arrived, not what was announced: who sends nothing is in nobody's way. False when it is
// more than all may have.
bool Handshakes::count_body(LaterRequest& later, std::size_t bytes) {
  if (later.request.body_size() <= kCountedBodyBytesMin) return true;
  Shared& shared = worker_.shared();
  later.counted += bytes;
  return shared.gathered_bytes.fetch_add(bytes) + bytes <= gathered_bytes_max(shared, *later.hook);
}

void Handshakes::fail_busy(Connection& connection, const LaterHttp& hook) {
  fail(connection, ConnectionRefusal::memory,
       hook.error(503, "Too much is being sent at once").header("Retry-After", "1"));
}

void Handshakes::ask_later(Connection& connection) {
  const Shared& shared = worker_.shared();
  LaterRequest& later = *connection.http->later;
  later.number = next_question_++;
  asked_.emplace(later.number, &connection);
  worker_.connections().pause(connection);
  const std::int64_t ms_max = shared.draining.load()
                                  ? std::min(kDrainAnswerMs, later.hook->answer_ms_max)
                                  : later.hook->answer_ms_max;
  worker_.timers().set(connection.timer, worker_.now_ms() + ms_max);
  HttpQuestion question;
  question.client_address =
      shared.proxies.client(connection.http->peer, later.request).address.text();
  question.request = std::move(later.request);
  question.body = std::move(later.body);
  // Posted, also when it is answered at once: an answer may go on to the next request.
  later.hook->answer(std::move(question), [weak = worker_.weak_from_this(),
                                           number = later.number](net::Response response) {
    const std::shared_ptr<Worker> worker = weak.lock();
    if (!worker) return;
    // Mail is copyable, which a large answer had better not be.
    auto kept = std::make_shared<net::Response>(std::move(response));
    worker->post([raw = worker.get(), number, kept = std::move(kept)] {
      raw->handshakes().answer_later(number, std::move(*kept));
    });
  });
}

void Handshakes::answer_later(std::uint64_t number, net::Response response) {
  const auto found = asked_.find(number);
  if (found == asked_.end()) return;
  Connection& connection = *found->second;
  const std::unique_ptr<LaterRequest> later = take_later(connection);
  respond(connection, {.keep_alive = later->keep_alive, .head_only = later->head_only},
          std::move(response));
  const std::uint64_t moves = worker_.moves();
  if (connection.phase == Phase::http && !later->rest.empty()) receive(connection, later->rest);
  // A connection that has moved to another worker must not be touched.
  if (worker_.moves() != moves || connection.phase == Phase::dead || connection.is_paused()) return;
  // First the answer: the client may have ended its side, which is the next thing to be read.
  worker_.connections().flush(connection);
  if (connection.phase != Phase::dead) worker_.connections().resume(connection);
}

void Handshakes::late(Connection& connection) {
  const LaterHttp& hook = *connection.http->later->hook;
  if (!connection.awaits_answer()) {
    fail(connection, ConnectionRefusal::handshake_timeout,
         hook.error(408, "The request took too long"));
    return;
  }
  const bool head_only = connection.http->later->head_only;
  forget_later(connection);
  respond(connection, {.keep_alive = false, .head_only = head_only},
          hook.error(503, "The answer took too long"));
}

void Handshakes::hurry_later(Connection& connection) {
  worker_.timers().set(connection.timer, worker_.now_ms() + kDrainAnswerMs);
}

void Handshakes::forget_later(Connection& connection) { take_later(connection).reset(); }

std::unique_ptr<LaterRequest> Handshakes::take_later(Connection& connection) {
  std::unique_ptr<LaterRequest> later = std::move(connection.http->later);
  asked_.erase(later->number);
  worker_.shared().gathered_bytes.fetch_sub(later->counted);
  return later;
}

}  // namespace pluv::native
