// Where a successor asks for the listening socket: a Unix socket on which one that connects is sent
// it, and on which the byte kHandoverDrain says that the successor accepts now. While one is
// starting, a second gets nothing: two that serve the same address would split every room. Owned by
// the server, lives on one worker's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/native/event_loop.h"
#include "platform/native/listening.h"

namespace pluv::native {

enum class HandoverState : std::uint8_t {
  sending,   // a successor is given the listening socket, now
  failed,    // it was not, or it died before it accepted
  accepted,  // it accepts, and this server is to drain
};

class HandoverPoint final : public Pollable {
 public:
  // on_state is called on the loop's thread.
  HandoverPoint(EventLoop& loop, std::string path, int listening_fd,
                std::function<void(HandoverState)> on_state);
  // Removes the path, unless a successor's socket has taken its place.
  ~HandoverPoint();
  HandoverPoint(const HandoverPoint&) = delete;
  HandoverPoint& operator=(const HandoverPoint&) = delete;

  // On the loop's thread, or before it runs.
  [[nodiscard]] Result<void> open();
  void ready(bool readable, bool writable) override;

 private:
  // One that connected.
  struct Successor final : Pollable {
    Successor(HandoverPoint& its_point, OwnedFd its_fd)
        : point(&its_point), fd(std::move(its_fd)) {}
    void ready(bool readable, bool writable) override;
    HandoverPoint* point;
    OwnedFd fd;  // until it has spoken or ended
  };

  // After a successor that has died before it accepted: its socket may be at the path already,
  // where the next one would find nobody.
  void offer_again();

  EventLoop& loop_;
  const std::string path_;
  const int listening_fd_;
  const std::function<void(HandoverState)> on_state_;
  OwnedFd socket_;
  std::uint64_t path_inode_ = 0;
  bool handed_over_ = false;                            // a successor accepts
  std::vector<std::unique_ptr<Successor>> successors_;  // kept: a handful in a process's life
};

}  // namespace pluv::native
