// Where the server's listening socket comes from: systemd (socket activation, sd_listen_fds(3)), a
// running server that hands its own over through a Unix socket (SCM_RIGHTS), or a fresh bind. Runs
// once, before the loops; blocks for two seconds at most.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "net/ip_address.h"
#include "platform/native/server.h"

namespace pluv::native {

// A descriptor that is closed with its owner.
class OwnedFd {
 public:
  OwnedFd() noexcept = default;
  explicit OwnedFd(int fd) noexcept : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept;
  void reset() noexcept;

 private:
  int fd_ = -1;
};

enum class ListeningSource : std::uint8_t { bound, systemd, predecessor };
[[nodiscard]] const char* listening_source_name(ListeningSource source) noexcept;

struct Listening {
  OwnedFd socket;  // listening, non-blocking
  net::IpAddress address;
  std::uint16_t port = 0;
  ListeningSource source = ListeningSource::bound;
  // The connection to the server that handed its socket over: kHandoverDrain, written to it, makes
  // that server drain.
  OwnedFd predecessor;
};

inline constexpr char kHandoverDrain = 'D';

// ErrorCode::forbidden for a socket that loopback_only excludes; its owner is left as it is.
[[nodiscard]] Result<Listening> open_listening(const ServerConfig& config);

// A Unix socket bound at path, mode 0600. It is bound under another name and renamed, so that path
// always leads to a server that answers; what was there is replaced.
[[nodiscard]] Result<OwnedFd> bind_handover(const std::string& path);
// Answers one that connected: the listening socket, by SCM_RIGHTS. False when it cannot be sent, or
// when the peer is another user's process.
[[nodiscard]] bool send_listening(int connection, int listening);
// The system's word for errno.
[[nodiscard]] std::string errno_text(int error);

}  // namespace pluv::native
