// The messages of rooms as they pass, for who watches: a bounded ring that is filled only while
// somebody has asked for those of a room, or of all, a moment ago. Owned by the native server and
// the Inspector together; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/writer.h"
#include "net/http.h"
#include "platform/native/message_tap.h"

namespace pluv::apps {

struct MessageQuery {
  std::string room;     // empty: of all
  std::string type;     // empty: any; "$*": the protocol's own; "!$": all but those
  std::string session;  // empty: any
  std::uint64_t after = 0;
  std::size_t limit = 200;
};
// Of the request's parameters. Errors: invalid.
[[nodiscard]] Result<MessageQuery> message_query_of(const net::Request& request);

class InspectorMessages final : public native::MessageTap {
 public:
  // Answers the time as of now, in milliseconds that only grow.
  using Clock = std::function<std::int64_t()>;
  explicit InspectorMessages(Clock steady_ms);

  void take(const native::TappedMessage& message) override;

  // {"messages":[...],"last":n,"dropped":n}, oldest first: those after `after`, or without it the
  // newest. Records those of the room from now on, until nobody has asked for a while.
  [[nodiscard]] std::string json(const MessageQuery& query);

 private:
  struct Message {
    std::uint64_t seq = 0;
    std::int64_t unix_ms = 0;
    std::string room;
    std::string session;
    std::string user_id;
    std::string type;
    std::string data;
    std::uint64_t bytes = 0;
    std::uint32_t receivers = 0;
    bool inbound = false;
    bool cut = false;

    [[nodiscard]] std::size_t memory_bytes() const noexcept {
      return sizeof(Message) + room.size() + session.size() + user_id.size() + type.size() +
             data.size();
    }
  };
  using MessageRef = std::shared_ptr<const Message>;
  struct Interest {
    std::string room;  // empty: all
    std::int64_t until_ms = 0;
  };

  [[nodiscard]] bool is_wanted(std::string_view room);
  void watch(const std::string& room);
  [[nodiscard]] static bool fits(const Message& message, const MessageQuery& query);
  // What a query finds; kept by itself, so that it is written without the lock.
  struct Found {
    std::vector<MessageRef> messages;
    std::uint64_t last = 0;  // the newest of those that were looked at
    std::uint64_t dropped = 0;
  };
  [[nodiscard]] Found find(const MessageQuery& query) const;
  static void write(json::Writer& writer, const Message& message);

  const Clock steady_ms_;
  std::mutex mutex_;
  std::vector<Interest> interests_;
  std::deque<MessageRef> messages_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
};

}  // namespace pluv::apps
