#include "crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

namespace pluv::bench {
namespace {

// A server has to unmask whatever the key is, and may see that it is always the same.
constexpr net::MaskKey kMask{0x37, 0xfa, 0x21, 0x3d};

net::FrameReaderOptions reader_options() {
  net::FrameReaderOptions options;
  options.role = net::Role::client;
  options.message_bytes_max = 256u << 20;
  options.fragments_max = 1u << 20;
  return options;
}

}  // namespace

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Crowd::Crowd(const Protocol& protocol, std::uint16_t port)
    : protocol_(protocol), port_(port), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Crowd::~Crowd() {
  for (const auto& client : clients_) {
    if (client->fd_ >= 0) ::close(client->fd_);
  }
  ::close(epoll_);
}

Client& Crowd::add(std::string_view room, std::string_view document) {
  auto owned = std::make_unique<Client>();
  Client& client = *owned;
  client.number_ = static_cast<std::uint32_t>(clients_.size());
  client.session_ = protocol_.session(room, client.number_);
  client.own_document_ = document;
  client.began_us_ = now_us();
  clients_.push_back(std::move(owned));
  client.fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client.fd_ < 0) fail(client, std::string("no socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(client.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  // A source address has 28,000 ports, and the kernel looks long for a free one when half of them
  // are taken; loopback has more addresses than anybody needs.
  constexpr std::uint32_t kClientsPerAddress = 10'000;
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + client.number_ / kClientsPerAddress);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::setsockopt(client.fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(client.fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0 ||
      (::connect(client.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
       errno != EINPROGRESS)) {
    fail(client, std::string("cannot connect: ") + std::strerror(errno));
  }
  client.out_ = "GET " + protocol_.target(room) +
                " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = &client;
  client.watching_writable_ = true;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd_, &event) != 0) fail(client, "no epoll");
  return client;
}

void Crowd::join(std::uint32_t count, const std::function<std::string(std::uint32_t)>& room_of) {
  constexpr std::uint32_t kAtOnce = 100;
  for (std::uint32_t i = 0; i < count; ++i) {
    add(room_of(i));
    if ((i + 1) % kAtOnce == 0) wait_joined();
  }
  wait_joined();
}

void Crowd::wait_joined(int seconds_max) {
  std::size_t& next = all_joined_;
  const bool all = turn_until(
      [&] {
        while (next < clients_.size() &&
               (clients_[next]->joined() || clients_[next]->state_ == Client::State::closed)) {
          ++next;
        }
        return next == clients_.size();
      },
      seconds_max);
  if (!all) {
    throw LoadError("client " + std::to_string(next) + " of " + std::to_string(clients_.size()) +
                    " has not joined within " + std::to_string(seconds_max) + " s");
  }
}

void Crowd::send(Client& client, std::string_view message) {
  net::append_frame(client.out_, protocol_.opcode(), message, kMask);
  if (!client.watching_writable_) flush(client);
}

void Crowd::close(Client& client) {
  if (client.state_ == Client::State::closed) return;
  client.state_ = Client::State::closed;
  ::close(client.fd_);
  client.fd_ = -1;
  client.session_.reset();
  client.reader_.reset();
  std::string().swap(client.out_);
}

void Crowd::turn(int wait_ms) {
  epoll_event events[256];
  const int count = ::epoll_wait(epoll_, events, 256, wait_ms);
  for (int i = 0; i < count; ++i) {
    Client& client = *static_cast<Client*>(events[i].data.ptr);
    if (client.state_ == Client::State::closed) continue;
    if ((events[i].events & EPOLLOUT) != 0) flush(client);
    if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0) readable(client);
  }
}

bool Crowd::turn_until(const std::function<bool()>& condition, int seconds_max) {
  const std::int64_t until = now_us() + std::int64_t{seconds_max} * 1'000'000;
  while (!condition()) {
    if (now_us() > until) return false;
    turn(10);
  }
  return true;
}

void Crowd::settle(int ms) {
  const std::int64_t until = now_us() + std::int64_t{ms} * 1000;
  for (std::int64_t left = ms; left > 0; left = (until - now_us()) / 1000) {
    turn(static_cast<int>(left));
  }
}

void Crowd::settle_until_quiet(int ms) {
  const std::int64_t until = now_us() + 60'000'000;
  std::uint64_t before = 0;
  do {
    before = messages_;
    settle(ms);
  } while (messages_ != before && now_us() < until);
}

std::uint64_t Crowd::received_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& client : clients_) sum += client->received_bytes_;
  return sum;
}

void Crowd::pause(Client& client, bool paused) {
  if (client.state_ == Client::State::closed || client.paused_ == paused) return;
  client.paused_ = paused;
  watch(client);
}

void Crowd::watch(Client& client) {
  epoll_event event{};
  if (!client.paused_) event.events |= EPOLLIN;
  if (client.watching_writable_) event.events |= EPOLLOUT;
  event.data.ptr = &client;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd_, &event);
}

void Crowd::flush(Client& client) {
  std::size_t done = 0;
  while (done < client.out_.size()) {
    const ssize_t sent =
        ::send(client.fd_, client.out_.data() + done, client.out_.size() - done, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != ENOTCONN) {
        fail(client, std::string("cannot send: ") + std::strerror(errno));
      }
      break;
    }
    done += static_cast<std::size_t>(sent);
  }
  client.out_.erase(0, done);
  if (client.watching_writable_ == client.out_.empty()) {
    client.watching_writable_ = !client.out_.empty();
    watch(client);
  }
}

void Crowd::readable(Client& client) {
  static std::array<char, 1 << 18> buffer;
  while (client.state_ != Client::State::closed && !client.paused_) {
    const ssize_t got = ::recv(client.fd_, buffer.data(), buffer.size(), 0);
    if (got < 0) {
      if (errno != EAGAIN) fail(client, std::string("cannot receive: ") + std::strerror(errno));
      return;
    }
    if (got == 0) fail(client, "closed by the server");
    client.received_bytes_ += static_cast<std::uint64_t>(got);
    std::span<char> bytes(buffer.data(), static_cast<std::size_t>(got));
    if (client.state_ == Client::State::connecting) {
      client.head_.append(bytes.data(), bytes.size());
      const std::size_t end = client.head_.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      if (!client.head_.starts_with("HTTP/1.1 101")) {
        fail(client, "no upgrade: " + client.head_.substr(0, client.head_.find('\r')));
      }
      bytes = bytes.last(client.head_.size() - end - 4);
      std::string().swap(client.head_);
      upgraded(client);
    }
    while (client.state_ != Client::State::closed) {
      const net::FrameEvent event = client.reader_->next(bytes);
      if (event.kind == net::EventKind::need_more) break;
      if (event.kind == net::EventKind::text || event.kind == net::EventKind::binary) {
        take(client, event.payload);
      } else if (event.kind == net::EventKind::ping) {
        net::append_frame(client.out_, net::Opcode::pong, event.payload, kMask);
        flush(client);
      } else if (event.kind == net::EventKind::close) {
        fail(client, "closed by the server with " + std::to_string(event.close_code) + " " +
                         std::string(event.payload));
      } else if (event.kind == net::EventKind::error) {
        fail(client, "not a WebSocket: " + std::string(event.payload));
      }
    }
    if (static_cast<std::size_t>(got) < buffer.size()) return;
  }
}

void Crowd::upgraded(Client& client) {
  client.state_ = Client::State::open;
  client.reader_ = std::make_unique<net::FrameReader>(reader_options());
  client.session_->begin([&](std::string_view message) { send(client, message); },
                         client.own_document_);
  std::string().swap(client.own_document_);
}

void Crowd::take(Client& client, std::string_view message) {
  Received& received = received_;  // used again: what it holds is mostly numbers
  received.reset();
  ++messages_;
  client.session_->take([&](std::string_view answer) { send(client, answer); }, message, received);
  if (received.kind == Received::Kind::joined) {
    client.state_ = Client::State::joined;
    client.joined_us_ = now_us();
    client.document = std::move(received.bytes);
    on_joined(client);
  } else if (received.kind != Received::Kind::other) {
    on_received(client, received);
  }
}

void Crowd::fail(const Client& client, const std::string& why) const {
  throw LoadError("client " + std::to_string(client.number_) + ": " + why);
}

}  // namespace pluv::bench
