// One connected TCP or Unix socket, non-blocking, with TLS over it or not. Owns the descriptor and
// the TLS state, which is bound to no loop: a socket moves between loops by being moved. Never
// waits, never raises SIGPIPE, knows no frame.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "net/ip_address.h"

struct sockaddr_storage;
struct ssl_st;
struct ssl_ctx_st;

namespace pluv::native {

// The server's certificate and key. Shared by all connections; immutable, used from any thread.
class TlsContext {
 public:
  // PEM files. TLS 1.2 and later, no renegotiation, no compression; session tickets are on.
  [[nodiscard]] static Result<std::shared_ptr<TlsContext>> load(
      const std::string& certificate_chain_file, const std::string& private_key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class Socket;
  explicit TlsContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* context_;
};

enum class IoStatus : std::uint8_t {
  done,        // size bytes were moved
  wait_read,   // nothing was; again when readable
  wait_write,  // the same for writable
  closed,      // the peer ended its side
  failed,
};
struct IoResult {
  IoStatus status = IoStatus::done;
  std::size_t size = 0;
};

// The address of a connected socket's peer; 0.0.0.0 when it has none (a Unix socket).
[[nodiscard]] net::IpAddress peer_address(int fd) noexcept;
[[nodiscard]] net::IpAddress address_of(const sockaddr_storage& storage) noexcept;

class Socket {
 public:
  Socket() noexcept = default;
  // Takes fd over and makes it non-blocking.
  explicit Socket(int fd) noexcept;
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  // Puts TLS over it, before anything is read or written.
  [[nodiscard]] Result<void> start_tls(const TlsContext& context);
  // Until done.
  [[nodiscard]] IoResult handshake();
  [[nodiscard]] bool tls() const noexcept { return ssl_ != nullptr; }

  [[nodiscard]] IoResult read(std::span<char> into);
  // With TLS one record at most; after wait_write or wait_read the same bytes must be given again,
  // with more behind them or not: tls_write_size() of them were taken note of.
  [[nodiscard]] IoResult write(std::span<const iovec> pieces);
  [[nodiscard]] std::size_t tls_write_size() const noexcept { return tls_write_size_; }
  // Says that nothing more will be written.
  void shut_down_writing() noexcept;
  // Gives TCP_NODELAY; on a Unix socket it does nothing.
  void set_no_delay() noexcept;
  void close() noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] IoResult tls_result(int returned) noexcept;

  ssl_st* ssl_ = nullptr;
  int fd_ = -1;
  std::uint32_t tls_write_size_ = 0;
};

}  // namespace pluv::native
