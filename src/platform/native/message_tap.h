// Shows somebody the messages that rooms hear and send, while he asks for it. Off, it costs a load
// without a lock for each message. The loops call it; who watches turns it on and off.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pluv::native {

// Views live for the call.
struct TappedMessage {
  bool inbound = false;
  std::string_view room;
  // Who has sent it, or the one who is sent it; empty: several are.
  std::string_view session;
  std::string_view user_id;     // of that session; empty: none
  std::string_view text;        // as it was received, or without a document that is sent with it
  std::size_t bytes = 0;        // of all of it
  std::uint32_t receivers = 0;  // it is shown once for all of them
  std::int64_t unix_ms = 0;
};

class MessageTap {
 public:
  MessageTap() = default;
  MessageTap(const MessageTap&) = delete;
  MessageTap& operator=(const MessageTap&) = delete;
  virtual ~MessageTap() = default;

  [[nodiscard]] bool is_on() const noexcept { return on_.load(std::memory_order_relaxed); }
  // On any loop, several at a time; must not block for long or throw.
  virtual void take(const TappedMessage& message) = 0;

 protected:
  void turn_on() noexcept { on_.store(true, std::memory_order_relaxed); }
  void turn_off() noexcept { on_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> on_{false};
};

}  // namespace pluv::native
