// HTTP requests that are answered later: bodies, order, deadlines, clients that go, drains.
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

constexpr std::string_view kGet = "GET /later/a HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view body) {
  return "POST /later/a HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

net::Response text(int status, std::string_view message) {
  return net::Response(status).body("text/plain", std::string(message));
}

// Keeps what it is asked until the test answers.
struct Desk {
  struct Waiting {
    HttpQuestion question;
    HttpAnswerFn answer;
  };
  std::mutex mutex;
  std::vector<Waiting> waiting;

  [[nodiscard]] std::size_t size() {
    const std::lock_guard lock(mutex);
    return waiting.size();
  }
  [[nodiscard]] Waiting take() {
    EXPECT_TRUE(eventually([&] { return size() > 0; }));
    const std::lock_guard lock(mutex);
    Waiting first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    return first;
  }
  [[nodiscard]] ServerHooks hooks() {
    ServerHooks hooks;
    hooks.http = [](const net::Request&, std::string_view) { return text(200, "at once"); };
    LaterHttp later;
    later.takes = [](const net::Request& request) { return request.path().starts_with("/later/"); };
    later.error = text;
    later.answer = [this](HttpQuestion question, HttpAnswerFn answer) {
      const std::lock_guard lock(mutex);
      waiting.push_back({std::move(question), std::move(answer)});
    };
    hooks.later.push_back(std::move(later));
    return hooks;
  }
};

TEST(LaterHttp, AnswersFromAnotherThreadWithTheWholeBody) {
  Desk desk;
  RunningServer running({}, {}, desk.hooks());
  Client client(connect_to(running.port()));
  const std::string request = post("one two three");
  client.send_raw(std::string_view(request).substr(0, request.size() - 8));
  ::poll(nullptr, 0, 20);
  EXPECT_EQ(desk.size(), 0U);
  client.send_raw(std::string_view(request).substr(request.size() - 8));
  Desk::Waiting waiting = desk.take();
  EXPECT_EQ(waiting.question.request.method(), "POST");
  EXPECT_EQ(waiting.question.body, "one two three");
  EXPECT_EQ(waiting.question.client_address, "127.0.0.1");
  std::thread([&] { waiting.answer(text(201, "done")); }).join();
  const std::string answer = client.request("");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 "));
  EXPECT_TRUE(answer.ends_with("done"));
}

TEST(LaterHttp, OneRequestOfAConnectionAtATimeAndInOrder) {
  Desk desk;
  RunningServer running({}, {}, desk.hooks());
  Client client(connect_to(running.port()));
  client.send_raw(std::string(kGet) + post("b") + "GET /now HTTP/1.1\r\nHost: x\r\n\r\n");
  Desk::Waiting first = desk.take();
  client.send_raw(post("c"));
  ::poll(nullptr, 0, 20);
  EXPECT_EQ(desk.size(), 0U);
  first.answer(text(200, "first"));
  EXPECT_TRUE(client.request("").ends_with("first"));
  Desk::Waiting second = desk.take();
  EXPECT_EQ(second.question.body, "b");
  second.answer(text(200, "second"));
  EXPECT_TRUE(client.request("").ends_with("second"));
  EXPECT_TRUE(client.request("").ends_with("at once"));
  Desk::Waiting third = desk.take();
  EXPECT_EQ(third.question.body, "c");
  third.answer(text(200, "third"));
  EXPECT_TRUE(client.request("").ends_with("third"));
}

TEST(LaterHttp, AnAnswerAtOnceIsGoodToo) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().answer = [](const HttpQuestion&, const HttpAnswerFn& answer) {
    answer(text(200, "quick"));
    answer(text(200, "twice"));
  };
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  client.send_raw(std::string(kGet) + std::string(kGet));
  EXPECT_TRUE(client.request("").ends_with("quick"));
  EXPECT_TRUE(client.request("").ends_with("quick"));
  EXPECT_TRUE(client.request("GET /now HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("at once"));
}

TEST(LaterHttp, AnUpgradeBehindAnAnswerOpensItsRoom) {
  Desk desk;
  ServerConfig config;
  config.threads = 4;
  RunningServer running(std::move(config), {}, desk.hooks());
  for (int i = 0; i < 8; ++i) {
    Client client(connect_to(running.port()));
    client.send_raw(kGet);
    client.send_raw("GET /api/pluv/room/room" + std::to_string(i) +
                    " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    desk.take().answer(text(200, "first"));
    EXPECT_TRUE(client.request("").ends_with("first"));
    EXPECT_TRUE(client.request("").starts_with("HTTP/1.1 101 "));
    EXPECT_FALSE(client.next_of_type("$registered").empty());
  }
}

TEST(LaterHttp, TheFirstThatTakesARequestAnswersIt) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  LaterHttp second;
  second.takes = [](const net::Request& request) { return request.path() != "/elsewhere"; };
  second.error = text;
  second.answer = [](const HttpQuestion&, const HttpAnswerFn& answer) {
    answer(text(200, "second"));
  };
  second.body_bytes_max = 2;
  hooks.later.push_back(std::move(second));
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  client.send_raw(post("a long body for the first one"));
  desk.take().answer(text(200, "first"));
  EXPECT_TRUE(client.request("").ends_with("first"));
  EXPECT_TRUE(client.request("GET /other HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("second"));
  EXPECT_TRUE(client.request("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("at once"));
  EXPECT_TRUE(client.request("POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
                  .starts_with("HTTP/1.1 413 "));
}

TEST(LaterHttp, ABodyWithoutALengthMayBeNone) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().takes_no_length = true;
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  client.send_raw("POST /later/a HTTP/1.1\r\nHost: x\r\n\r\n");
  desk.take().answer(text(200, "taken"));
  EXPECT_TRUE(client.request("").ends_with("taken"));
}

TEST(LaterHttp, BodiesAreBounded) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().body_bytes_max = 10;
  RunningServer running({}, {}, std::move(hooks));
  Client large(connect_to(running.port()));
  EXPECT_TRUE(large.request(post("12345678901")).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(large.ended());
  Client endless(connect_to(running.port()));
  EXPECT_TRUE(
      endless.request("POST /later/a HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 411 "));
  EXPECT_TRUE(endless.ended());
  Client chunked(connect_to(running.port()));
  EXPECT_TRUE(chunked
                  .request("POST /later/a HTTP/1.1\r\nHost: x\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 501 "));
  Client exact(connect_to(running.port()));
  exact.send_raw(post("1234567890"));
  desk.take().answer(text(200, "taken"));
  EXPECT_TRUE(exact.request("").ends_with("taken"));
  Client empty(connect_to(running.port()));
  empty.send_raw(post(""));
  EXPECT_EQ(desk.take().question.body, "");
}

// What is refused for now of all that comes at once.
bool is_busy(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 503 ") && answer.find("Retry-After: 1") != std::string::npos;
}

TEST(LaterHttp, TheBodiesOfAllTogetherAreBounded) {
  Desk desk;
  ServerConfig config;
  config.threads = 1;
  config.gathered_bytes_max = 300'000;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().body_bytes_max = 200'000;
  RunningServer running(std::move(config), {}, std::move(hooks));
  const std::string body(200'000, 'x');
  const std::string request = post(body);
  const std::string head = request.substr(0, request.size() - body.size());

  // One waits for its answer. Another comes, and is refused by its head.
  Client first(connect_to(running.port()));
  first.send_raw(request);
  Desk::Waiting waiting = desk.take();
  EXPECT_EQ(waiting.question.body, body);
  Client second(connect_to(running.port()));
  EXPECT_TRUE(is_busy(second.request(head)));
  EXPECT_TRUE(second.ended());
  Client small(connect_to(running.port()));
  small.send_raw(post("small"));
  desk.take().answer(text(200, "taken"));
  EXPECT_TRUE(small.request("").ends_with("taken"));
  waiting.answer(text(200, "first"));
  EXPECT_TRUE(first.request("").ends_with("first"));

  // Two that begin when there is room for either: what has come counts, and one is cut.
  second.close();
  const std::string_view part = std::string_view(request).substr(0, request.size() - 1);
  Client one(connect_to(running.port()));
  Client two(connect_to(running.port()));
  one.send_raw(part);
  two.send_raw(part);
  pollfd ends[] = {{one.fd(), POLLIN, 0}, {two.fd(), POLLIN, 0}};
  ASSERT_EQ(::poll(ends, 2, 10'000), 1);
  Client& refused = ends[0].revents != 0 ? one : two;
  Client& taken = ends[0].revents != 0 ? two : one;
  EXPECT_TRUE(is_busy(refused.request("")));
  taken.send_raw("x");
  desk.take().answer(text(200, "whole"));
  EXPECT_TRUE(taken.request("").ends_with("whole"));
  refused.close();

  // Who goes in the middle leaves its room to others.
  ASSERT_TRUE(eventually([&] { return running.server->metrics().connections == 3; }));
  Client gone(connect_to(running.port()));
  gone.send_raw(part);
  ASSERT_TRUE(eventually([&] { return running.server->metrics().connections == 4; }));
  gone.close();
  ASSERT_TRUE(eventually([&] { return running.server->metrics().connections == 3; }));
  for (int n = 0; n < 3; ++n) {
    first.send_raw(request);
    desk.take().answer(text(200, "again"));
    EXPECT_TRUE(first.request("").ends_with("again"));
  }
}

TEST(LaterHttp, WhoIsRefusedByTheHeadIsNotWaitedFor) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().refuse = [](const net::Request& request,
                                  std::string_view) -> std::optional<net::Response> {
    if (request.header("Key")) return std::nullopt;
    return text(401, "no key");
  };
  RunningServer running({}, {}, std::move(hooks));
  Client with_body(connect_to(running.port()));
  const std::string request = post("never");
  EXPECT_TRUE(with_body.request(std::string_view(request).substr(0, request.size() - 5))
                  .starts_with("HTTP/1.1 401 "));
  EXPECT_TRUE(with_body.ended());
  Client without(connect_to(running.port()));
  without.send_raw(std::string(kGet) + "GET /later/a HTTP/1.1\r\nHost: x\r\nKey: 1\r\n\r\n");
  EXPECT_TRUE(without.request("").ends_with("no key"));
  desk.take().answer(text(200, "in"));
  EXPECT_TRUE(without.request("").ends_with("in"));
}

TEST(LaterHttp, ABodyThatDoesNotComeIsCut) {
  Desk desk;
  room::Definition definition;
  definition.limits.handshake_ms_max = 100;
  RunningServer running({}, std::move(definition), desk.hooks());
  Client client(connect_to(running.port()));
  const std::string request = post("never");
  EXPECT_TRUE(client.request(std::string_view(request).substr(0, request.size() - 1))
                  .starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(client.ended());
}

TEST(LaterHttp, WithoutAnAnswerInTimeTheClientIsToldSo) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().answer_ms_max = 50;
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  EXPECT_TRUE(client.request(kGet).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(client.ended());
  desk.take().answer(text(200, "too late"));
  Client next(connect_to(running.port()));
  EXPECT_TRUE(next.request("GET /now HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("at once"));
}

// Reads so many bytes, some each millisecond; fewer when the stream ends.
std::size_t read_slowly(const Client& client, std::size_t bytes, std::size_t bytes_each) {
  std::string buffer(bytes_each, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const ssize_t size = ::recv(client.fd(), buffer.data(), std::min(bytes_each, bytes - got), 0);
    if (size <= 0) return got;
    got += static_cast<std::size_t>(size);
    ::poll(nullptr, 0, 1);
  }
  return got;
}

TEST(LaterHttp, ALargeAnswerTakesAsLongAsItsClientReads) {
  Desk desk;
  room::Definition definition;
  definition.limits.close_ms_max = 1'000;
  definition.limits.handshake_ms_max = 1'000;
  RunningServer running({}, std::move(definition), desk.hooks());
  constexpr std::size_t kLarge = std::size_t{24} * 1024 * 1024;
  for (const std::string_view connection : {"keep-alive", "close"}) {
    Client client(connect_to(running.port(), 64 * 1024));
    client.send_raw("GET /later/a HTTP/1.1\r\nHost: x\r\nConnection: " + std::string(connection) +
                    "\r\n\r\n");
    desk.take().answer(text(200, std::string(kLarge, 'x')));
    EXPECT_GT(read_slowly(client, kLarge, 32 * 1024), kLarge - 1) << connection;
  }
}

TEST(LaterHttp, AClientThatReadsNothingOfItsAnswerIsCut) {
  Desk desk;
  room::Definition definition;
  definition.limits.close_ms_max = 50;
  definition.limits.handshake_ms_max = 50;
  RunningServer running({}, std::move(definition), desk.hooks());
  for (const std::string_view connection : {"keep-alive", "close"}) {
    Client client(connect_to(running.port(), 64 * 1024));
    client.send_raw("GET /later/a HTTP/1.1\r\nHost: x\r\nConnection: " + std::string(connection) +
                    "\r\n\r\n");
    desk.take().answer(text(200, std::string(std::size_t{24} * 1024 * 1024, 'x')));
    EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 0; }))
        << connection;
  }
}

TEST(LaterHttp, HeadsAreAnsweredWithoutABodyAlsoWhenTheAnswerIsLate) {
  Desk desk;
  ServerHooks hooks = desk.hooks();
  hooks.later.front().answer_ms_max = 50;
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  const std::string answer = client.request("HEAD /later/a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(client.ended());
}

TEST(LaterHttp, AClientThatIsGoneTakesItsQuestionWithIt) {
  Desk desk;
  RunningServer running({}, {}, desk.hooks());
  Client client(connect_to(running.port()));
  client.send_raw(kGet);
  Desk::Waiting waiting = desk.take();
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
  client.close();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 0; }));
  waiting.answer(text(200, "for nobody"));
}

TEST(LaterHttp, AClientThatHasSaidAllIsAnswered) {
  Desk desk;
  RunningServer running({}, {}, desk.hooks());
  Client client(connect_to(running.port()));
  client.send_raw(kGet);
  ASSERT_EQ(::shutdown(client.fd(), SHUT_WR), 0);
  desk.take().answer(text(200, "heard"));
  EXPECT_TRUE(client.request("").ends_with("heard"));
}

TEST(LaterHttp, ADrainDoesNotWaitForAnswersThatDoNotCome) {
  Desk desk;
  ServerConfig config;
  config.drain_window_ms = 10;
  config.drain_deadline_ms = 60'000;
  RunningServer running(std::move(config), {}, desk.hooks());
  Client asked(connect_to(running.port()));
  asked.send_raw(kGet);
  const Desk::Waiting waiting = desk.take();
  Client half(connect_to(running.port()));
  half.send_raw("POST /later/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return running.server->metrics().connections == 2; }));
  running.server->drain();
  EXPECT_TRUE(asked.request("").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(half.request("").starts_with("HTTP/1.1 408 "));
  asked.close();
  half.close();
  EXPECT_EQ(running.server->join(), 0);
}

TEST(LaterHttp, AnAnswerAfterTheServerFindsNobody) {
  Desk desk;
  Desk::Waiting waiting;
  {
    RunningServer running({}, {}, desk.hooks());
    Client client(connect_to(running.port()));
    client.send_raw(kGet);
    waiting = desk.take();
  }
  waiting.answer(text(200, "for nobody"));
}

}  // namespace
}  // namespace pluv::native
