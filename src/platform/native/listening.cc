#include "platform/native/listening.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "platform/native/socket.h"

namespace pluv::native {
namespace {

constexpr int kBacklog = 4096;      // the kernel cuts it to net.core.somaxconn
constexpr int kSystemdFirstFd = 3;  // sd_listen_fds(3)
constexpr int kPredecessorWaitSeconds = 2;

Error failure(std::string what, int error) {
  return Error{ErrorCode::unavailable, std::move(what) + ": " + errno_text(error)};
}

struct LocalAddress {
  std::optional<net::IpAddress> ip;  // none: a Unix socket
  std::uint16_t port = 0;
};

Result<LocalAddress> local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return failure("Could not read the listening socket's address", errno);
  }
  LocalAddress local;
  if (storage.ss_family == AF_INET) {
    local.port = ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  } else if (storage.ss_family == AF_INET6) {
    local.port = ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  } else {
    return local;
  }
  local.ip = address_of(storage);
  return local;
}

Result<void> make_listening(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return failure("Could not prepare the listening socket", errno);
  }
  if (::listen(fd, kBacklog) != 0) return failure("Could not listen", errno);
  return {};
}

Result<Listening> finish(const ServerConfig& config, OwnedFd socket, ListeningSource source,
                         OwnedFd predecessor) {
  const Result<LocalAddress> local = local_address(socket.get());
  if (!local) return local.error();
  if (config.loopback_only && !(local->ip && local->ip->is_loopback())) {
    return Error{ErrorCode::forbidden,
                 std::string("The socket that comes from ") +
                     (source == ListeningSource::predecessor ? config.handover_path
                      : source == ListeningSource::systemd   ? "systemd"
                                                             : config.host) +
                     " listens on " + (local->ip ? local->ip->text() : "a path") +
                     ", which others than this machine may reach"};
  }
  if (Result<void> ready = make_listening(socket.get()); !ready) return ready.error();
  Listening listening;
  listening.socket = std::move(socket);
  listening.address = local->ip.value_or(net::IpAddress());
  listening.port = local->port;
  listening.source = source;
  listening.predecessor = std::move(predecessor);
  return listening;
}

std::optional<long> number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  long number = 0;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

// How many sockets systemd has passed to this process.
long systemd_sockets() {
  const std::optional<long> pid = number_in_environment("LISTEN_PID");
  if (pid != static_cast<long>(::getpid())) return 0;
  return number_in_environment("LISTEN_FDS").value_or(0);
}

Result<Listening> take_from_systemd(const ServerConfig& config, long sockets) {
  if (sockets > 1) {
    // Whoever came to the others would wait for ever.
    return Error{ErrorCode::invalid, "systemd passes " + std::to_string(sockets) +
                                         " sockets, and one is served: the unit may have one "
                                         "ListenStream"};
  }
  return finish(config, OwnedFd(kSystemdFirstFd), ListeningSource::systemd, OwnedFd());
}

Result<Listening> bind_fresh(const ServerConfig& config) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(config.port);
  const int problem = ::getaddrinfo(config.host.empty() ? nullptr : config.host.c_str(),
                                    port.c_str(), &hints, &found);
  if (problem != 0) {
    return Error{ErrorCode::invalid,
                 "Could not resolve " + config.host + ": " + ::gai_strerror(problem)};
  }
  int error = EADDRNOTAVAIL;
  OwnedFd bound;
  for (const addrinfo* at = found; at != nullptr && !bound; at = at->ai_next) {
    OwnedFd socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) {
      error = errno;
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0) {
      bound = std::move(socket);
    } else {
      error = errno;
    }
  }
  ::freeaddrinfo(found);
  if (!bound) return failure("Could not bind " + config.host + ":" + port, error);
  return finish(config, std::move(bound), ListeningSource::bound, OwnedFd());
}

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Invalid when nobody answers there.
OwnedFd connect_predecessor(const std::string& path) {
  const std::optional<sockaddr_un> address = unix_address(path);
  if (!address) return OwnedFd();
  OwnedFd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) return OwnedFd();
  const timeval wait{.tv_sec = kPredecessorWaitSeconds, .tv_usec = 0};
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) !=
      0) {
    return OwnedFd();
  }
  return connection;
}

OwnedFd receive_listening(int connection) {
  char byte = 0;
  iovec piece{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(connection, &message, MSG_CMSG_CLOEXEC) != 1) return OwnedFd();
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return OwnedFd();
  }
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return OwnedFd(fd);
}

bool same_user(int connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0);
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

int OwnedFd::release() noexcept { return std::exchange(fd_, -1); }

void OwnedFd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

const char* listening_source_name(ListeningSource source) noexcept {
  switch (source) {
    case ListeningSource::bound: return "bound";
    case ListeningSource::systemd: return "systemd";
    case ListeningSource::predecessor: return "predecessor";
  }
  return "";
}

Result<Listening> open_listening(const ServerConfig& config) {
  if (!config.handover_path.empty()) {
    OwnedFd predecessor = connect_predecessor(config.handover_path);
    if (predecessor && same_user(predecessor.get())) {
      OwnedFd socket = receive_listening(predecessor.get());
      if (socket) {
        return finish(config, std::move(socket), ListeningSource::predecessor,
                      std::move(predecessor));
      }
    }
  }
  if (config.socket_activation) {
    if (const long sockets = systemd_sockets(); sockets > 0) {
      return take_from_systemd(config, sockets);
    }
  }
  return bind_fresh(config);
}

Result<OwnedFd> bind_handover(const std::string& path) {
  const std::string fresh_path = path + "." + std::to_string(::getpid());
  const std::optional<sockaddr_un> address = unix_address(fresh_path);
  if (!address)
    return Error{ErrorCode::invalid, "The hand-over path is empty or too long: " + path};
  OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failure("Could not make the hand-over socket", errno);
  ::unlink(fresh_path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return failure("Could not bind " + fresh_path, errno);
  }
  // Nobody can connect before listen(), so the mode is in time.
  if (::chmod(fresh_path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket.get(), 8) != 0 ||
      ::rename(fresh_path.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh_path.c_str());
    return failure("Could not offer the hand-over at " + path, error);
  }
  return socket;
}

bool send_listening(int connection, int listening) {
  if (!same_user(connection)) return false;
  char byte = 'L';
  iovec piece{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &listening, sizeof(listening));
  return ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

std::string errno_text(int error) { return std::generic_category().message(error); }

}  // namespace pluv::native
