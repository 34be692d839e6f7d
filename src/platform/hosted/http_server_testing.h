// A small HTTP server for tests of what calls others: it answers each request with the bytes that
// the test gives it, whatever they are, and can be silent. A thread a connection, a request each.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace pluv::hosted {

struct TestRequest {
  std::string head;  // with its empty line
  std::string body;

  // Of the header of that name, as it is spelled; empty without one.
  [[nodiscard]] std::string header(std::string_view name) const {
    const std::string key = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(key);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + key.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

struct TestReply {
  std::string bytes;  // the whole answer as it goes out
  bool hang = false;  // keep the connection open after it, until the peer or the server ends it
};

[[nodiscard]] inline TestReply test_reply(int status, std::string_view body,
                                          std::string_view more_headers = {}) {
  return {"HTTP/1.1 " + std::to_string(status) + " Status\r\n" + std::string(more_headers) +
          "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
          std::string(body)};
}

class TestHttpServer {
 public:
  // answer: on a thread of the connection's; several at the same time.
  using Answer = std::function<TestReply(const TestRequest&)>;

  explicit TestHttpServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 1024) != 0 ||
        ::getsockname(listener_, raw, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestHttpServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    for (std::thread& thread : threads_) thread.join();
  }
  TestHttpServer(const TestHttpServer&) = delete;
  TestHttpServer& operator=(const TestHttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

 private:
  void accept_all() {
    while (!stopping_) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) break;
      threads_.emplace_back([this, socket] {
        serve(socket);
        ::close(socket);
      });
    }
  }

  void serve(int socket) {
    TestRequest request;
    if (!read(socket, request)) return;
    const TestReply reply = answer_(request);
    std::string_view left = reply.bytes;
    while (!left.empty()) {
      const ssize_t sent = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (reply.hang && !stopping_) {
      pollfd poll{.fd = socket, .events = POLLRDHUP, .revents = 0};
      if (::poll(&poll, 1, kLookMs) > 0) break;
    }
  }

  bool read(int socket, TestRequest& request) {
    std::string all;
    std::size_t end = std::string::npos;
    std::size_t length = 0;
    while (end == std::string::npos || all.size() < end + length) {
      pollfd poll{.fd = socket, .events = POLLIN, .revents = 0};
      if (::poll(&poll, 1, kLookMs) == 0) {
        if (stopping_) return false;
        continue;
      }
      char buffer[16384];
      const ssize_t got = ::recv(socket, buffer, sizeof(buffer), 0);
      if (got <= 0) return false;
      all.append(buffer, static_cast<std::size_t>(got));
      if (end != std::string::npos) continue;
      end = all.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      end += 4;
      request.head = all.substr(0, end);
      length = std::strtoull(request.header("Content-Length").c_str(), nullptr, 10);
    }
    request.body = all.substr(end, length);
    return true;
  }

  static constexpr int kLookMs = 20;
  const Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // of the acceptor's, until it has ended
};

}  // namespace pluv::hosted
