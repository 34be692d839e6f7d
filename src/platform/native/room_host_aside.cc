// RoomHost's part for compressed messages that inflate to megabytes: 40 KB of a socket may be 40
// MB, which take a tenth of a second to inflate and read, and a hundred sockets may have such a
// message at once. So they are put aside and handled one by one, in all loops together, for such a
// message takes twice its size of memory meanwhile; and no more of a loop's time goes into them
// than a quarter, since what the others say takes some turns from its socket to the others'. What
// comes uncompressed has cost its sender as many bytes, and does not all arrive in one turn.
#include <atomic>
#include <memory>
#include <utility>

#include "platform/native/room_host.h"
#include "platform/native/worker.h"

namespace pluv::native {
namespace {

// What every message may inflate to at once: a millisecond.
constexpr std::size_t kLargeBytes = 1024 * 1024;
// Deflate makes at most so many bytes of one (zlib's technical notes).
constexpr std::size_t kInflateFactorMax = 1032;
// After such a message the loop does other things for so many times as long as that took.
constexpr std::int64_t kRestFactor = 3;
constexpr std::int64_t kOtherLoopMs = 2;  // until it is asked again whether another loop has done

}  // namespace

// Costs up to kLargeBytes of inflating, which is done again when the message is handled.
bool RoomHost::is_large(const Connection& connection, const net::FrameEvent& event) {
  if (!event.compressed || event.payload.size() * kInflateFactorMax <= kLargeBytes) return false;
  if (connection.room->room.message_bytes_max(connection.index) <= kLargeBytes) return false;
  inflate_scratch_.clear();
  const Result<void> whole = inflater_->expand(event.payload, kLargeBytes, inflate_scratch_);
  return !whole.ok() && whole.error().code == ErrorCode::limit;
}

void RoomHost::put_aside(Connection& connection, const net::FrameEvent& event,
                         std::span<char> rest) {
  connection.aside =
      std::make_unique<AsideMessage>(AsideMessage{.kind = event.kind,
                                                  .payload = std::string(event.payload),
                                                  .rest = std::string(rest.data(), rest.size())});
  worker_.connections().pause(connection);
  aside_.push_back(&connection);
}

void RoomHost::handle_aside() {
  if (aside_.empty() || aside_timer_.set()) return;
  std::atomic<bool>& in_hand = worker_.shared().large_message_in_hand;
  if (in_hand.exchange(true)) {
    worker_.timers().set(aside_timer_, worker_.now_ms() + kOtherLoopMs);
    return;
  }
  const std::int64_t begin_ms = EventLoop::steady_ms();
  Connection& connection = *aside_.front();
  aside_.erase(aside_.begin());
  take_up(connection);
  in_hand.store(false);
  if (aside_.empty()) return;
  const std::int64_t end_ms = EventLoop::steady_ms();
  worker_.timers().set(aside_timer_, end_ms + (end_ms - begin_ms) * kRestFactor);
}

void RoomHost::take_up(Connection& connection) {
  const std::unique_ptr<AsideMessage> message = std::move(connection.aside);
  receiving_ = &connection;
  bool goes_on = connection.phase == Phase::open && !connection.doomed;
  if (goes_on && worker_.shared().memory_at(MemoryPressure::full)) {
    shed(connection);
    goes_on = false;
  }
  if (goes_on) {
    // Not by doubling, which would copy it, and hold it twice, again and again.
    inflate_scratch_.reserve(connection.room->room.message_bytes_max(connection.index));
    goes_on = handle_event(
        connection,
        net::FrameEvent{.kind = message->kind, .compressed = true, .payload = message->payload});
  }
  if (goes_on && connection.phase == Phase::open) {
    receive_frames(connection, message->rest);
  } else if (connection.phase == Phase::closing) {
    worker_.connections().read_until_close(connection, message->rest);
  }
  receiving_ = nullptr;
  if (connection.phase != Phase::dead && !connection.aside)
    worker_.connections().resume(connection);
}

}  // namespace pluv::native
