#include "load_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <span>

namespace pluv::bench {
namespace {

constexpr net::MaskKey kMask{0x37, 0xfa, 0x21, 0x3d};

net::FrameReaderOptions reader_options() {
  net::FrameReaderOptions options;
  options.role = net::Role::client;
  options.message_bytes_max = 64u << 20;
  return options;
}

bool is_type(std::string_view text, std::string_view type) {
  return text.find(type) != std::string_view::npos;
}

}  // namespace

LoadClient::LoadClient(int epoll, std::uint32_t number, OnMessage on_message)
    : epoll_(epoll),
      number_(number),
      on_message_(std::move(on_message)),
      reader_(reader_options()) {}

LoadClient::~LoadClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool LoadClient::connect(std::uint16_t port, const std::string& room) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int done = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (done != 0 && errno != EINPROGRESS) return false;
  out_ = "GET /api/pluv/room/" + room +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = this;
  watching_writable_ = true;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event) == 0;
}

void LoadClient::watch(bool writable) {
  if (writable == watching_writable_) return;
  watching_writable_ = writable;
  epoll_event event{};
  event.events = writable ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = this;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd_, &event);
}

void LoadClient::fail(const char* why) {
  if (!failed_) std::fprintf(stderr, "client %u: %s\n", number_, why);
  failed_ = true;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd_, nullptr);
}

void LoadClient::flush() {
  while (!out_.empty()) {
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != ENOTCONN) fail("cannot send");
      break;
    }
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  if (!failed_) watch(!out_.empty());
}

void LoadClient::on_writable() { flush(); }

void LoadClient::send(std::string_view text) {
  net::append_frame(out_, net::Opcode::text, text, kMask);
  flush();
}

void LoadClient::on_readable() {
  static std::array<char, 1 << 18> buffer;
  while (!failed_) {
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (got < 0) {
      if (errno != EAGAIN) fail("cannot receive");
      return;
    }
    if (got == 0) return fail("closed by the server");
    received_bytes += static_cast<std::uint64_t>(got);
    std::span<char> bytes(buffer.data(), static_cast<std::size_t>(got));
    if (!upgraded_) {
      head_.append(bytes.data(), bytes.size());
      const std::size_t end = head_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      if (!head_.starts_with("HTTP/1.1 101")) return fail("no upgrade");
      upgraded_ = true;
      const std::size_t rest = head_.size() - end - 4;
      bytes = bytes.last(rest);
      std::string().swap(head_);
    }
    while (!failed_) {
      const net::FrameEvent event = reader_.next(bytes);
      if (event.kind == net::EventKind::need_more) break;
      if (event.kind == net::EventKind::text) {
        take(event.payload);
      } else if (event.kind == net::EventKind::ping) {
        net::append_frame(out_, net::Opcode::pong, event.payload, kMask);
        flush();
      } else if (event.kind == net::EventKind::close || event.kind == net::EventKind::error) {
        fail("closed or broken by the server");
      }
    }
    if (static_cast<std::size_t>(got) < buffer.size()) return;
  }
}

void LoadClient::take(std::string_view text) {
  ++received;
  if (!joined_) {
    if (is_type(text, R"("type":"$registered")")) {
      send(R"({"type":"$initializeSession","data":{"presence":{"x":0},"update":""}})");
    } else if (is_type(text, R"("type":"$storageReceived")")) {
      joined_ = true;
      send(R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})");
      send(R"({"type":"$getOthers","data":{}})");
    }
  }
  on_message_(*this, text);
}

}  // namespace pluv::bench
