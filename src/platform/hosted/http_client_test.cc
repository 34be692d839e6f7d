#include "platform/hosted/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "platform/hosted/http_server_testing.h"

namespace pluv::hosted {
namespace {

HttpCall call_of(const TestHttpServer& server, std::string body = "{}") {
  HttpCall call;
  call.url = server.url("/hook");
  call.body = std::move(body);
  return call;
}

TEST(HttpClient, SendsAndAnswersWhole) {
  TestRequest seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen = request;
    return test_reply(201, "done", "X-One: 1\r\nX-Two:  2 \r\n");
  });
  HttpClient client;
  HttpCall call = call_of(server, std::string(200'000, 'x'));
  call.headers = {{"x-pluv-event", "room-destroyed"}, {"x-empty", ""}};
  const Result<HttpReply> reply = client.run(std::move(call));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "done");
  EXPECT_EQ(reply->header("x-one"), "1");
  EXPECT_EQ(reply->header("x-two"), "2");
  EXPECT_EQ(reply->header("x-three"), "");
  EXPECT_TRUE(seen.head.starts_with("POST /hook HTTP/1.1\r\n")) << seen.head;
  EXPECT_EQ(seen.header("x-pluv-event"), "room-destroyed");
  EXPECT_NE(seen.head.find("\r\nx-empty:"), std::string::npos) << seen.head;
  EXPECT_EQ(seen.head.find("Expect"), std::string::npos) << seen.head;
  EXPECT_EQ(seen.body, std::string(200'000, 'x'));
}

TEST(HttpClient, KnowsOtherMethods) {
  TestRequest seen;
  TestHttpServer server([&seen](const TestRequest& request) {
    seen = request;
    return test_reply(200, "");
  });
  HttpClient client;
  for (const std::string method : {"GET", "PUT", "DELETE"}) {
    HttpCall call = call_of(server, method == "GET" ? "" : "body");
    call.method = method;
    ASSERT_TRUE(client.run(std::move(call)).ok());
    EXPECT_TRUE(seen.head.starts_with(method + " /hook ")) << seen.head;
    EXPECT_EQ(seen.body, method == "GET" ? "" : "body");
  }
}

TEST(HttpClient, TellsOfEveryStatus) {
  TestHttpServer server([](const TestRequest&) { return test_reply(503, "later"); });
  HttpClient client;
  const Result<HttpReply> reply = client.run(call_of(server));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 503);
}

TEST(HttpClient, GivesUpAtItsTimeout) {
  TestHttpServer server([](const TestRequest&) { return TestReply{.bytes = "", .hang = true}; });
  HttpClient client;
  HttpCall call = call_of(server);
  call.timeout_ms = 50;
  const Result<HttpReply> reply = client.run(std::move(call));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

TEST(HttpClient, GivesUpWhenAnAnswerNeverEnds) {
  TestHttpServer server([](const TestRequest&) {
    return TestReply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .hang = true};
  });
  HttpClient client;
  HttpCall call = call_of(server);
  call.timeout_ms = 50;
  const Result<HttpReply> reply = client.run(std::move(call));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

TEST(HttpClient, FailsWhereNobodyListens) {
  std::optional<TestHttpServer> server;
  server.emplace([](const TestRequest&) { return test_reply(200, ""); });
  const HttpCall call = call_of(*server);
  server.reset();
  HttpClient client;
  const Result<HttpReply> reply = client.run(call);
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
}

TEST(HttpClient, RefusesAnswersOverItsBound) {
  TestHttpServer server(
      [](const TestRequest&) { return test_reply(200, std::string(1'000, 'x')); });
  HttpClient client;
  for (const std::size_t bound : {999, 1'000, 1'001}) {
    HttpCall call = call_of(server);
    call.response_bytes_max = bound;
    const Result<HttpReply> reply = client.run(std::move(call));
    EXPECT_EQ(reply.ok(), bound >= 1'000) << bound;
    if (!reply.ok()) {
      EXPECT_EQ(reply.error().code, ErrorCode::limit);
    }
  }
}

TEST(HttpClient, RefusesEndlessHeads) {
  const std::string line = "X-Filler: " + std::string(1'000, 'x') + "\r\n";
  std::string head;
  for (int i = 0; i < 80; ++i) head += line;
  TestHttpServer server([&head](const TestRequest&) { return test_reply(200, "", head); });
  HttpClient client;
  const Result<HttpReply> reply = client.run(call_of(server));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, ErrorCode::limit);
}

TEST(HttpClient, FollowsNoRedirect) {
  std::atomic<int> asked = 0;
  TestHttpServer other([&asked](const TestRequest&) {
    ++asked;
    return test_reply(200, "");
  });
  TestHttpServer server([&other](const TestRequest&) {
    return test_reply(302, "", "Location: " + other.url() + "\r\n");
  });
  HttpClient client;
  const Result<HttpReply> reply = client.run(call_of(server));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(asked, 0);
}

TEST(HttpClient, RefusesWhatIsNoAnswer) {
  for (const std::string bytes :
       {"", "hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nX-One: 1\r\n"}) {
    TestHttpServer server([&bytes](const TestRequest&) { return TestReply{.bytes = bytes}; });
    HttpClient client;
    HttpCall call = call_of(server);
    call.timeout_ms = 5'000;
    const Result<HttpReply> reply = client.run(std::move(call));
    EXPECT_FALSE(reply.ok()) << bytes;
  }
}

// Timeouts that only a test that fails waits for.
HttpCall status_call(const TestHttpServer& server) {
  HttpCall call = call_of(server);
  call.status_only = true;
  call.timeout_ms = 20'000;
  return call;
}

TEST(HttpClient, TakesAStatusWhateverFollowsIt) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One: 1\r\n\r\n";
  const std::string trailer = "X-Trailer: " + std::string(1'000, 'x') + "\r\n";
  std::string trailers;
  for (int i = 0; i < 100; ++i) trailers += trailer;
  HttpClient client;
  for (const bool hang : {false, true}) {
    for (const std::string& rest :
         {std::string(), std::string("zz\r\n"), std::string("2\r\nok\r\n"),
          "100000\r\n" + std::string(1 << 20, 'x'), "0\r\n" + trailers}) {
      TestHttpServer server(
          [&](const TestRequest&) { return TestReply{.bytes = chunked + rest, .hang = hang}; });
      const Result<HttpReply> reply = client.run(status_call(server));
      ASSERT_TRUE(reply.ok()) << rest.substr(0, 10) << ": " << reply.error().message;
      EXPECT_EQ(reply->status, 200);
      EXPECT_EQ(reply->header("x-one"), "1");
      EXPECT_EQ(reply->body, "");
    }
  }
}

TEST(HttpClient, TakesTheStatusOfTheLastHeadOnly) {
  HttpClient client;
  const std::string first = "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n";
  const std::string gone = "HTTP/1.1 410 Gone\r\nRetry-After: 2\r\n";
  {
    TestHttpServer server([&](const TestRequest&) {
      return TestReply{.bytes = first + gone + "\r\n", .hang = true};
    });
    const Result<HttpReply> reply = client.run(status_call(server));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->status, 410);
    EXPECT_EQ(reply->header("retry-after"), "2");
  }
  for (const std::string& bytes : {first, gone, first + gone, gone + " \r\n"}) {
    for (const bool hang : {false, true}) {
      TestHttpServer server(
          [&](const TestRequest&) { return TestReply{.bytes = bytes, .hang = hang}; });
      HttpCall call = status_call(server);
      call.timeout_ms = hang ? 50 : 20'000;
      EXPECT_FALSE(client.run(std::move(call)).ok()) << bytes;
    }
  }
}

// Serves one connection by the test's own hand.
class OneConnection {
 public:
  using Serve = std::function<void(int socket)>;
  explicit OneConnection(Serve serve)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, raw, size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, raw, &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      serve(socket);
      ::close(socket);
    });
  }
  ~OneConnection() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  OneConnection(const OneConnection&) = delete;
  OneConnection& operator=(const OneConnection&) = delete;

  [[nodiscard]] HttpCall call(std::string body) const {
    HttpCall out;
    out.url = url_;
    out.body = std::move(body);
    out.status_only = true;
    out.timeout_ms = 20'000;
    return out;
  }

 private:
  int listener_;
  std::string url_;
  std::thread thread_;
};

// All that came until the text, or until the peer's end.
std::string read_until(int socket, std::string_view text) {
  std::string all;
  char buffer[16384];
  while (all.find(text) == std::string::npos) {
    const ssize_t got = ::recv(socket, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    all.append(buffer, static_cast<std::size_t>(got));
  }
  return all;
}

void send_text(int socket, std::string_view text) {
  EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

TEST(HttpClient, KeepsTheConnectionOfAStatusThatEndsAtOnce) {
  OneConnection server([](int socket) {
    for (const std::string& answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x'),
          std::string("HTTP/1.1 204 No Content\r\n\r\n")}) {
      EXPECT_TRUE(read_until(socket, "END").ends_with("END"));
      send_text(socket, answer);
    }
  });
  HttpClient client;
  // The second gets no answer on a connection of its own: nobody accepts a second.
  for (const int status : {200, 204}) {
    const Result<HttpReply> reply = client.run(server.call("END"));
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->status, status);
  }
}

TEST(HttpClient, SendsAllOfACallThatIsAcceptedEarly) {
  std::promise<std::size_t> received;
  OneConnection server([&received](int socket) {
    std::string all = read_until(socket, "\r\n\r\n");
    send_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    all += read_until(socket, "END");
    received.set_value(all.size() - all.find("\r\n\r\n") - 4);
  });
  HttpClient client;
  const Result<HttpReply> reply = client.run(server.call(std::string(16 << 20, 'x') + "END"));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(received.get_future().get(), (std::size_t{16} << 20) + 3);
}

TEST(HttpClient, RefusesCallsThatCannotBeMade) {
  HttpClient client;
  const auto code_of = [&client](HttpCall call) {
    const Result<HttpReply> reply = client.run(std::move(call));
    return reply.ok() ? std::nullopt : std::optional(reply.error().code);
  };
  for (const std::string url :
       {"", "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1", "http://", "http://a b/"}) {
    HttpCall call;
    call.url = url;
    EXPECT_EQ(code_of(std::move(call)), ErrorCode::invalid) << url;
  }
  HttpCall split;
  split.url = "http://127.0.0.1:1/";
  split.headers = {{"x-one", "1\r\nx-two: 2"}};
  EXPECT_EQ(code_of(split), ErrorCode::invalid);
  split.headers = {{"x one", "1"}};
  EXPECT_EQ(code_of(split), ErrorCode::invalid);
  split.headers = {};
  split.method = "POST /";
  EXPECT_EQ(code_of(split), ErrorCode::invalid);
}

TEST(HttpClient, MakesTwoHundredCallsAtTheSameTime) {
  constexpr int kCalls = 200;
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  // Nobody is answered before all are there.
  TestHttpServer server([&](const TestRequest& request) {
    std::unique_lock lock(mutex);
    if (++arrived == kCalls) changed.notify_all();
    changed.wait(lock, [&] { return arrived == kCalls; });
    return test_reply(200, request.body);
  });
  HttpClient client;
  std::vector<std::string> answers(kCalls);
  int done = 0;
  std::condition_variable finished;
  for (int i = 0; i < kCalls; ++i) {
    client.start(call_of(server, std::to_string(i)), [&, i](Result<HttpReply> reply) {
      const std::lock_guard lock(mutex);
      answers[static_cast<std::size_t>(i)] = reply.ok() ? reply->body : reply.error().message;
      if (++done == kCalls) finished.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return done == kCalls; });
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)], std::to_string(i));
  }
}

TEST(HttpClient, EndsWithCallsUnderWay) {
  constexpr int kCalls = 20;
  std::atomic<int> arrived = 0;
  TestHttpServer server([&arrived](const TestRequest&) {
    ++arrived;
    return TestReply{.bytes = "", .hang = true};
  });
  std::vector<int> answered(kCalls, 0);
  {
    HttpClient client;
    for (std::size_t i = 0; i < kCalls; ++i) {
      client.start(call_of(server), [&answered, i](Result<HttpReply> reply) {
        EXPECT_FALSE(reply.ok());
        ++answered[i];
      });
    }
    while (arrived < kCalls / 2) std::this_thread::yield();
  }
  EXPECT_EQ(answered, std::vector<int>(kCalls, 1));
}

TEST(HttpClient, AnswersAtOnceAfterItsClose) {
  HttpClient client;
  client.close();
  client.close();
  int answered = 0;
  HttpCall call;
  call.url = "http://127.0.0.1:1/";
  client.start(call, [&answered](const Result<HttpReply>& reply) {
    ++answered;
    EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  });
  EXPECT_EQ(answered, 1);
}

TEST(HttpClient, StartsCallsFromAnAnswer) {
  TestHttpServer server([](const TestRequest& request) { return test_reply(200, request.body); });
  HttpClient client;
  std::promise<std::string> second;
  client.start(call_of(server, "1"), [&](const Result<HttpReply>& first) {
    ASSERT_TRUE(first.ok());
    client.start(call_of(server, first->body + "2"),
                 [&second](const Result<HttpReply>& reply) { second.set_value(reply->body); });
  });
  EXPECT_EQ(second.get_future().get(), "12");
}

TEST(HttpClient, DoesNotWaitForNameServers) {
  EXPECT_NE(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS, 0);
}

}  // namespace
}  // namespace pluv::hosted
