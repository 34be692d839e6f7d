#include "platform/native/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/uninitialized.h"

namespace pluv::native {
namespace {

constexpr std::size_t kTlsRecordBytesMax = 16 * 1024;

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in the host's process.
int bio_fd(BIO* bio) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(bio_fd(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (would_block(errno) || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(bio_fd(bio), data, static_cast<std::size_t>(size), 0);
  if (received < 0 && (would_block(errno) || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(received);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

BIO_METHOD* make_bio_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pluv socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

Error openssl_error(std::string what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return Error{ErrorCode::invalid, std::move(what) + ": " + text.data()};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::load(const std::string& certificate_chain_file,
                                                     const std::string& private_key_file) {
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  if (raw == nullptr) return openssl_error("Could not set up TLS");
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections give their 32 KiB of record buffers back.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate_chain_file.c_str()) != 1) {
    return openssl_error("Could not read the certificate " + certificate_chain_file);
  }
  if (SSL_CTX_use_PrivateKey_file(raw, private_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return openssl_error("Could not read the private key " + private_key_file);
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return openssl_error("The private key does not belong to the certificate");
  }
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Socket::Socket(int fd) noexcept : fd_(fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

Socket::Socket(Socket&& other) noexcept
    : ssl_(std::exchange(other.ssl_, nullptr)),
      fd_(std::exchange(other.fd_, -1)),
      tls_write_size_(other.tls_write_size_) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(ssl_, other.ssl_);
  std::swap(fd_, other.fd_);
  std::swap(tls_write_size_, other.tls_write_size_);
  return *this;
}

Socket::~Socket() { close(); }

void Socket::close() noexcept {
  SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<void> Socket::start_tls(const TlsContext& context) {
  static BIO_METHOD* const method = make_bio_method();  // lives as long as the process
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  ssl_ = SSL_new(context.context_);
  if (bio == nullptr || ssl_ == nullptr) {
    BIO_free(bio);
    return Error{ErrorCode::unavailable, "There is no memory for TLS"};
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd_)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  return {};
}

IoResult Socket::tls_result(int returned) noexcept {
  if (returned > 0) return {IoStatus::done, static_cast<std::size_t>(returned)};
  const int error = SSL_get_error(ssl_, returned);
  if (error == SSL_ERROR_WANT_READ) return {IoStatus::wait_read, 0};
  if (error == SSL_ERROR_WANT_WRITE) return {IoStatus::wait_write, 0};
  ERR_clear_error();
  return {error == SSL_ERROR_ZERO_RETURN ? IoStatus::closed : IoStatus::failed, 0};
}

IoResult Socket::handshake() {
  ERR_clear_error();
  return tls_result(SSL_do_handshake(ssl_));
}

IoResult Socket::read(std::span<char> into) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return tls_result(SSL_read(ssl_, into.data(), static_cast<int>(into.size())));
  }
  const ssize_t received = ::recv(fd_, into.data(), into.size(), 0);
  if (received > 0) return {IoStatus::done, static_cast<std::size_t>(received)};
  if (received == 0) return {IoStatus::closed, 0};
  if (would_block(errno) || errno == EINTR) return {IoStatus::wait_read, 0};
  return {IoStatus::failed, 0};
}

IoResult Socket::write(std::span<const iovec> pieces) {
  if (ssl_ == nullptr) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return {IoStatus::done, static_cast<std::size_t>(sent)};
    if (would_block(errno) || errno == EINTR) return {IoStatus::wait_write, 0};
    return {IoStatus::failed, 0};
  }
  PLUV_UNINITIALIZED std::array<char, kTlsRecordBytesMax> record;
  std::size_t size = 0;
  for (const iovec& piece : pieces) {
    const std::size_t part = std::min(piece.iov_len, record.size() - size);
    std::memcpy(record.data() + size, piece.iov_base, part);
    size += part;
    if (size == record.size()) break;
  }
  ERR_clear_error();
  const IoResult result = tls_result(SSL_write(ssl_, record.data(), static_cast<int>(size)));
  const bool again = result.status == IoStatus::wait_read || result.status == IoStatus::wait_write;
  tls_write_size_ = again ? static_cast<std::uint32_t>(size) : 0;
  return result;
}

void Socket::shut_down_writing() noexcept {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) != 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

void Socket::set_no_delay() noexcept {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

net::IpAddress address_of(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr,
                bytes.size());
    return net::IpAddress::v4(bytes);
  }
  if (storage.ss_family == AF_INET6) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr,
                bytes.size());
    return net::IpAddress::v6(bytes);
  }
  return {};
}

net::IpAddress peer_address(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  return address_of(storage);
}

}  // namespace pluv::native
