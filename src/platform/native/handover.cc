#include "platform/native/handover.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace pluv::native {
namespace {

// 0 when there is nothing.
std::uint64_t inode_at(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

}  // namespace

HandoverPoint::HandoverPoint(EventLoop& loop, std::string path, int listening_fd,
                             std::function<void(HandoverState)> on_state)
    : loop_(loop),
      path_(std::move(path)),
      listening_fd_(listening_fd),
      on_state_(std::move(on_state)) {}

HandoverPoint::~HandoverPoint() {
  if (path_inode_ != 0 && inode_at(path_) == path_inode_) ::unlink(path_.c_str());
}

Result<void> HandoverPoint::open() {
  Result<OwnedFd> bound = bind_handover(path_);
  if (!bound) return std::move(bound).error();
  socket_ = std::move(bound).value();
  path_inode_ = inode_at(path_);
  if (!loop_.watch(socket_.get(), *this, Interest::read)) {
    return Error{ErrorCode::unavailable, "Could not watch the hand-over socket"};
  }
  return {};
}

void HandoverPoint::ready(bool, bool) {
  OwnedFd connection(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!connection) return;
  for (const std::unique_ptr<Successor>& earlier : successors_) {
    earlier->ready(true, false);  // its end may have come just now
    if (earlier->fd) return;
  }
  if (handed_over_) return;
  on_state_(HandoverState::sending);
  auto successor = std::make_unique<Successor>(*this, std::move(connection));
  if (send_listening(successor->fd.get(), listening_fd_) &&
      loop_.watch(successor->fd.get(), *successor, Interest::read)) {
    successors_.push_back(std::move(successor));
  } else {
    on_state_(HandoverState::failed);
  }
}

void HandoverPoint::offer_again() {
  if (inode_at(path_) == path_inode_) return;
  loop_.forget(socket_.get());
  if (Result<void> opened = open(); !opened) socket_.reset();  // restarts need a free port then
}

void HandoverPoint::Successor::ready(bool, bool) {
  if (!fd) return;
  char byte = 0;
  const ssize_t received = ::recv(fd.get(), &byte, 1, MSG_DONTWAIT);
  if (received < 0) return;
  // Whatever it said, it is done; a successor that died before it accepted changes nothing.
  point->loop_.forget(fd.get());
  fd.reset();
  if (received != 1 || byte != kHandoverDrain) {
    point->on_state_(HandoverState::failed);
    point->offer_again();
    return;
  }
  point->handed_over_ = true;
  point->on_state_(HandoverState::accepted);
}

}  // namespace pluv::native
