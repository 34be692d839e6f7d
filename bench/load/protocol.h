// What the load generator says and hears, by the protocol of the server under test. A protocol
// knows neither sockets nor time: messages go in and come out as bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket_frame.h"

namespace pluv::bench {

// What a message from the server is to the load generator.
struct Received {
  enum class Kind : std::uint8_t {
    other,     // nothing that is counted
    joined,    // the room is entered; `bytes` is its document as a Yjs update
    presence,  // `stamps` are what its senders were given; several where a server gathers them
    event,     // the same, of an event
    update,    // `bytes` is a Yjs update
  };
  Kind kind = Kind::other;
  std::vector<std::int64_t> stamps;
  std::string bytes;

  void reset() {
    kind = Kind::other;
    stamps.clear();
    bytes.clear();
  }
};

// One client's side of the conversation.
class Session {
 public:
  using Say = std::function<void(std::string_view message)>;

  virtual ~Session() = default;
  // The connection is open. `document` is what the client has already, an update; may be empty.
  virtual void begin(const Say& say, std::string_view document) = 0;
  // A message of the server; may answer. `out` is as new.
  virtual void take(const Say& say, std::string_view message, Received& out) = 0;
  [[nodiscard]] virtual std::string presence(std::int64_t stamp) = 0;
  // An event with a payload of about so many bytes.
  [[nodiscard]] virtual std::string event(std::int64_t stamp, std::size_t size) = 0;
  [[nodiscard]] virtual std::string update(std::string_view update) = 0;
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  // Where the room is, as the target of the GET request.
  [[nodiscard]] virtual std::string target(std::string_view room) const = 0;
  [[nodiscard]] virtual net::Opcode opcode() const = 0;
  [[nodiscard]] virtual bool has_presence() const { return true; }
  [[nodiscard]] virtual bool has_events() const { return false; }
  [[nodiscard]] virtual bool has_documents() const { return true; }
  // Whether the sender hears its own presences, events and updates.
  [[nodiscard]] virtual bool echoes_presence() const { return true; }
  [[nodiscard]] virtual bool echoes_events() const { return true; }
  [[nodiscard]] virtual std::unique_ptr<Session> session(std::string_view room,
                                                         std::uint32_t number) const = 0;
};

// pluv: version 5 of its protocol. y-websocket: that of npm y-websocket 2 and 3. hocuspocus: 4.
// relay: a server that sends each message to all others, or to all. nullptr: no such name.
[[nodiscard]] std::unique_ptr<Protocol> make_protocol(std::string_view name);

}  // namespace pluv::bench
