// What one connection has yet to send: frames in order, as slices of shared buffers, sans-IO. The
// owner asks for the bytes (gather), writes them, and says how many the socket took (sent). Only
// under backlog, that is after block() and until everything is sent, presence is conflated: a newer
// one replaces the queued one of the same subject, which is dropped where it stood; the newer one
// stays at its own, later place, so nothing ever moves across another frame. A frame whose bytes
// have begun to be written is never dropped. Used on one thread; owns references, no socket.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "platform/native/shared_buffer.h"
#include "room/effects.h"

namespace pluv::native {

// How a frame stands in the queue. urgent of room::FrameKind goes through push_urgent.
struct QueuedFrame {
  std::uint32_t offset = 0;  // in the buffer
  std::uint32_t size = 0;
  room::FrameKind kind = room::FrameKind::ordered;
  std::uint32_t subject = 0;  // presence, exit: whose
  // Whether it counts towards the bound on slow receivers (the answers to a join do not).
  bool counted = true;
  // The next bytes of the message that the frame before it in the queue began. Nothing comes
  // between them, and none of them is dropped without the others. Ordered only.
  bool continues = false;
};

class Outbox {
 public:
  // size > 0. The buffer's bytes of the frame must not change any more.
  void push(const BufferRef& buffer, const QueuedFrame& frame);
  // Before everything that has not begun to be written, but behind the urgent frames that wait
  // there. Never dropped by conflation. O(urgent frames that wait).
  void push_urgent(const BufferRef& buffer, std::uint32_t offset, std::uint32_t size);

  // The next bytes in order, neighbours in one buffer as one piece. Returns the pieces used.
  [[nodiscard]] std::size_t gather(std::span<iovec> out) const noexcept;
  // The socket took this many of them. Clears pin and, when all is sent, the backlog.
  void sent(std::size_t bytes);
  // The socket did not take all: from now on presence is conflated.
  void block();
  // The first bytes were given to a writer that must be given them again (TLS): they count as
  // begun.
  void pin(std::size_t bytes) noexcept { pinned_ = bytes; }
  // Drops every frame that has not begun, for a close that must not wait.
  void drop_unbegun();
  void clear() noexcept;

  [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
  [[nodiscard]] bool blocked() const noexcept { return backlog_ != nullptr; }
  // Unsent bytes of all kinds.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  // Unsent bytes of counted frames, without the frame in flight.
  [[nodiscard]] std::size_t counted_bytes() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return items_.capacity() * sizeof(Item);
  }
  // Frames dropped by conflation since the last call.
  [[nodiscard]] std::uint32_t take_conflated() noexcept { return std::exchange(conflated_, 0U); }

 private:
  struct Item {
    BufferRef buffer;  // null: dropped
    QueuedFrame frame;
  };
  struct Backlog {
    // The newest queued presence of a subject, by its sequence number (first_ + place in items_).
    std::unordered_map<std::uint32_t, std::uint64_t> newest_presence;
    std::size_t dropped_items = 0;
  };

  void note_presence(std::size_t place);
  void drop(std::size_t place);
  void compact();
  void shed_sent_items();
  [[nodiscard]] std::size_t first_unbegun() const noexcept;

  std::vector<Item> items_;
  std::size_t head_ = 0;       // items_ before it are sent
  std::uint64_t first_ = 0;    // sequence number of items_[0]
  std::size_t head_sent_ = 0;  // bytes of items_[head_] that are sent
  std::size_t pinned_ = 0;
  std::size_t bytes_ = 0;
  std::size_t counted_ = 0;  // of counted frames, whole frames
  std::uint32_t conflated_ = 0;
  std::unique_ptr<Backlog> backlog_;
};

}  // namespace pluv::native
