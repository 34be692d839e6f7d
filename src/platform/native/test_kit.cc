#include "platform/native/test_kit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdlib>

#include "base/assert.h"

namespace pluv::native::test {
namespace {

constexpr net::MaskKey kMask{0x12, 0x34, 0x56, 0x78};

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

OwnedFd connect_to(std::uint16_t port, int receive_bytes) {
  OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (receive_bytes > 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
  }
  return connect_with(std::move(fd), port);
}

OwnedFd connect_with(OwnedFd fd, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fd.reset();
  }
  return fd;
}

Client::Client(OwnedFd fd) : fd_(std::move(fd)) {}

std::unique_ptr<Client> Client::join(std::uint16_t port, std::string_view room, int receive_bytes) {
  auto client = std::make_unique<Client>(connect_to(port, receive_bytes));
  PLUV_ASSERT(client->upgrade("/api/pluv/room/" + std::string(room)));
  return client;
}

void Client::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Client::send_text(std::string_view text) { send_frame(net::Opcode::text, text); }

void Client::send_frame(net::Opcode opcode, std::string_view payload) {
  std::string frame;
  net::append_frame(frame, opcode, payload, kMask);
  send_raw(frame);
}

void Client::send_close(std::uint16_t code) {
  std::string frame;
  net::append_close(frame, code, {}, kMask);
  send_raw(frame);
}

// False when nothing came in time or the stream has ended.
bool Client::fill(int wait_ms) {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, wait_ms) <= 0) return false;
  received_.erase(0, used_);
  used_ = 0;
  const std::size_t before = received_.size();
  received_.resize(before + 64 * 1024);
  const ssize_t size = ::recv(fd_.get(), received_.data() + before, 64 * 1024, 0);
  received_.resize(before + static_cast<std::size_t>(size > 0 ? size : 0));
  if (size <= 0) end_ = true;
  return size > 0;
}

std::string Client::request(std::string_view text) {
  send_raw(text);
  for (;;) {
    const std::string_view view = std::string_view(received_).substr(used_);
    const std::size_t head_end = view.find("\r\n\r\n");
    if (head_end != std::string_view::npos) {
      const std::string_view head = view.substr(0, head_end + 4);
      const std::size_t length_at = head.find("Content-Length: ");
      const std::size_t body = length_at == std::string_view::npos || text.starts_with("HEAD")
                                   ? 0
                                   : std::strtoul(head.data() + length_at + 16, nullptr, 10);
      if (view.size() >= head.size() + body) {
        std::string answer(view.substr(0, head.size() + body));
        used_ += answer.size();
        return answer;
      }
    }
    if (!fill(kWaitMs)) return {};
  }
}

bool Client::upgrade(std::string_view target, std::string_view headers) {
  const std::string head = "GET " + std::string(target) +
                           " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                           std::string(headers) + "\r\n";
  return request(head).starts_with("HTTP/1.1 101 ");
}

Client::Event Client::next(int wait_ms) {
  const std::int64_t end_ms = now_ms() + wait_ms;
  for (;;) {
    std::span<char> bytes(received_.data() + used_, received_.size() - used_);
    const std::size_t before = bytes.size();
    const net::FrameEvent event = reader_.next(bytes);
    used_ += before - bytes.size();
    if (event.kind != net::EventKind::need_more) {
      return Event{event.kind, event.close_code, std::string(event.payload), false};
    }
    const std::int64_t left_ms = end_ms - now_ms();
    if (left_ms <= 0 || !fill(static_cast<int>(left_ms))) {
      return Event{net::EventKind::need_more, 0, {}, end_};
    }
  }
}

std::string Client::next_of_type(std::string_view type, int wait_ms) {
  const std::string wanted = "\"type\":\"" + std::string(type) + "\"";
  for (;;) {
    const Event event = next(wait_ms);
    if (event.kind == net::EventKind::need_more || event.kind == net::EventKind::close) return {};
    if (event.payload.find(wanted) != std::string::npos) return event.payload;
  }
}

std::uint16_t Client::close_code(int wait_ms) {
  for (;;) {
    const Event event = next(wait_ms);
    if (event.kind == net::EventKind::close) return event.close_code;
    if (event.kind == net::EventKind::need_more) return 0;
  }
}

bool Client::ended(int wait_ms) {
  const std::int64_t end_ms = now_ms() + wait_ms;
  while (!end_ && now_ms() < end_ms) {
    const Event event = next(static_cast<int>(end_ms - now_ms()));
    if (event.kind != net::EventKind::need_more) continue;
  }
  return end_;
}

std::string Client::initialize(std::string_view presence) {
  std::string registered = next_of_type("$registered");
  send_text("{\"type\":\"$initializeSession\",\"data\":{\"presence\":" + std::string(presence) +
            ",\"update\":null}}");
  if (next_of_type("$storageReceived").empty()) return {};
  return registered;
}

RunningServer::RunningServer(ServerConfig config, room::Definition definition, ServerHooks hooks) {
  config.port = 0;
  if (config.threads == 0) config.threads = 2;
  server = std::make_unique<Server>(std::move(config), std::move(definition), std::move(hooks));
  const Result<void> listening = server->listen();
  PLUV_ASSERT(listening.ok());
  server->start();
}

std::string temporary_path(std::string_view name) {
  return "/tmp/pluv_test_" + std::to_string(::getpid()) + "_" + std::string(name);
}

}  // namespace pluv::native::test
