// The physical limit: each message goes to all of its room, by one epoll loop and nothing else.
// Frames are made once, and what one turn of the loop brings goes out in one send a receiver.
//   epoll_relay        prints "port N" and serves on 127.0.0.1:N until it is killed
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/upgrade.h"
#include "net/websocket_frame.h"

namespace {

namespace net = pluv::net;

struct Connection;

struct Room {
  std::vector<Connection*> members;
  std::string turn;  // the frames that this turn of the loop has brought
  bool in_turn = false;
};

struct Connection {
  explicit Connection(int socket) : fd(socket) {}
  int fd;
  Room* room = nullptr;
  std::string head;
  std::string out;  // what the kernel did not take
  net::FrameReader reader{{.role = net::Role::server, .message_bytes_max = 16u << 20}};
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Relay {
 public:
  Relay() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
    if (::listen(listener_, 4096) != 0) fail("listen");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("port %d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    watch(EPOLL_CTL_ADD, listener_, nullptr, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (;;) {
      epoll_event events[512];
      const int count = ::epoll_wait(epoll_, events, 512, -1);
      for (int i = 0; i < count; ++i) {
        auto* const connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          accept();
        } else if ((events[i].events & EPOLLOUT) != 0) {
          flush(*connection);
        } else {
          read(*connection);
        }
      }
      for (Room* const room : turn_) end_turn(*room);
      turn_.clear();
      for (Connection* const connection : gone_) drop(connection);
      gone_.clear();
    }
  }

 private:
  void watch(int operation, int fd, Connection* connection, std::uint32_t what) const {
    epoll_event event{};
    event.events = what;
    event.data.ptr = connection;
    if (::epoll_ctl(epoll_, operation, fd, &event) != 0) fail("epoll_ctl");
  }

  void accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(EPOLL_CTL_ADD, fd,
            connections_.emplace(fd, std::make_unique<Connection>(fd)).first->second.get(),
            EPOLLIN);
    }
  }

  void read(Connection& connection) {
    const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) {
      gone_.push_back(&connection);
      return;
    }
    std::span<char> bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (connection.room == nullptr) {
      connection.head.append(bytes.data(), bytes.size());
      bytes = {};
      if (connection.head.ends_with("\r\n\r\n")) upgrade(connection);
    }
    for (;;) {
      const net::FrameEvent event = connection.reader.next(bytes);
      if (event.kind == net::EventKind::need_more) return;
      if (event.kind == net::EventKind::text || event.kind == net::EventKind::binary) {
        Room& room = *connection.room;
        net::append_frame(room.turn, net::Opcode::text, event.payload);
        if (!room.in_turn) turn_.push_back(&room);
        room.in_turn = true;
      } else {
        gone_.push_back(&connection);
        return;
      }
    }
  }

  void upgrade(Connection& connection) {
    const std::string_view head = connection.head;
    constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
    const std::string_view target = head.substr(4, head.find(' ', 4) - 4);
    const std::string_view key = head.substr(head.find(kKey) + kKey.size());
    const std::string accept = net::websocket_accept(key.substr(0, key.find('\r')));
    connection.room = &rooms_[std::string(target)];
    connection.room->members.push_back(&connection);
    net::append_upgrade_answer(connection.out, {.accept = accept});
    std::string().swap(connection.head);
    flush(connection);
  }

  void end_turn(Room& room) {
    room.in_turn = false;
    for (Connection* const member : room.members) {
      if (!member->out.empty()) {
        member->out += room.turn;
        continue;
      }
      const ssize_t sent = ::send(member->fd, room.turn.data(), room.turn.size(), MSG_NOSIGNAL);
      const auto done = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
      if (done == room.turn.size()) continue;
      member->out = room.turn.substr(done);
      watch(EPOLL_CTL_MOD, member->fd, member, EPOLLIN | EPOLLOUT);
    }
    room.turn.clear();
  }

  void flush(Connection& connection) const {
    const ssize_t sent =
        ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    connection.out.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    watch(EPOLL_CTL_MOD, connection.fd, &connection,
          connection.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }

  void drop(Connection* connection) {
    if (!connections_.contains(connection->fd)) return;
    if (connection->room != nullptr) std::erase(connection->room->members, connection);
    ::close(connection->fd);
    connections_.erase(connection->fd);
  }

  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = -1;
  std::array<char, 1 << 18> buffer_{};
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, Room> rooms_;
  std::vector<Room*> turn_;
  std::vector<Connection*> gone_;
};

}  // namespace

int main() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::make_unique<Relay>()->run();
}
