// One client's connection: socket, unsent frames, half-read frame, deadline. Small, since most are
// idle: what only a handshake needs is freed after it, and received bytes are read into the loop's
// buffer. Owned by Connections of the worker that it is with; plain data that Connections,
// Handshakes and RoomHost of that worker work on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "net/http.h"
#include "net/ip_address.h"
#include "net/websocket_frame.h"
#include "platform/native/event_loop.h"
#include "platform/native/outbox.h"
#include "platform/native/shared.h"
#include "platform/native/socket.h"
#include "platform/native/timers.h"
#include "room/effects.h"

namespace pluv::native {

class Worker;
struct RoomEntry;

enum class Phase : std::uint8_t {
  tls,        // the TLS handshake
  http,       // reading request heads
  pacing,     // refused for now: held a while, then closed
  open,       // in a room
  closing,    // our close frame is queued or sent; the peer's is awaited
  finishing,  // what is queued is sent, then our side is shut
  lingering,  // our side is shut; the peer's end is awaited
  dead,       // destroyed at the end of the turn
};

// A request whose answer comes later (see LaterHttp): its body as far as it is there, then what
// came behind it.
struct LaterRequest {
  const LaterHttp* hook = nullptr;  // whose it is
  net::Request request;             // until it is asked
  std::string body;
  std::string rest;
  std::uint64_t number = 0;  // of the question; 0: it was not asked yet
  std::size_t counted = 0;   // of the body, in Shared::gathered_bytes
  bool keep_alive = false;
  bool head_only = false;
};

// Content-Length that can be said at all: each taker of later requests has a bound of its own.
inline constexpr std::size_t kBodyBytesCap = std::size_t{1} << 30;
// Of requests that nobody takes: they are skipped.
inline constexpr std::size_t kSkippedBodyBytesMax = net::HttpLimits{}.body_bytes_max;

// What a connection needs until its upgrade.
struct HttpState {
  // A target may fill the head: an HTTP error brings the original's client back at once, so that a
  // token which is too long had better be read and refused for good.
  net::RequestParser parser{net::HttpLimits{.target_bytes_max = net::HttpLimits{}.head_bytes_max,
                                            .body_bytes_max = kBodyBytesCap}};
  std::size_t body_left = 0;  // of the last request, to be skipped
  net::IpAddress peer;
  std::unique_ptr<LaterRequest> later;
  bool answered = false;      // at least one request
  bool last_request = false;  // the answer says that the connection ends
  bool over_address_max = false;
  bool over_connections_max = false;
};

// A compressed message that is large when it is inflated, and the bytes that came behind it.
struct AsideMessage {
  net::EventKind kind;
  std::string payload;  // as it came
  std::string rest;
};

struct Connection final : Pollable {
  Connection(Worker& its_worker, Socket its_socket) noexcept
      : worker(&its_worker), socket(std::move(its_socket)), timer(TimerKind::connection, this) {}

  void ready(bool readable, bool writable) override;

  [[nodiscard]] bool in_room() const noexcept { return room != nullptr; }
  [[nodiscard]] bool awaits_answer() const noexcept {
    return http != nullptr && http->later != nullptr && http->later->number != 0;
  }
  // What comes has to wait in the socket.
  [[nodiscard]] bool is_paused() const noexcept { return aside != nullptr || awaits_answer(); }

  Worker* worker;
  Socket socket;
  Outbox outbox;
  net::FrameReader frames;
  Timer timer;
  std::unique_ptr<HttpState> http;           // until the upgrade
  std::unique_ptr<std::string> held_answer;  // pacing without an upgrade
  std::unique_ptr<AsideMessage> aside;       // waits for its turn; nothing is read meanwhile

  RoomEntry* room = nullptr;  // while the room knows the session
  room::SessionIndex index{};
  SessionId session;

  std::uint32_t place = 0;       // in Connections
  std::int64_t progress_ms = 0;  // when the socket last took something, or had nothing to take
  net::IpAddress address;        // counted in AddressCounts when address_counted
  UserCounts::Counted* user = nullptr;  // counted in UserCounts; null: not counted
  std::string_view close_reason;        // pacing, doomed: of the close to come; static text
  std::uint16_t close_code = 0;
  Phase phase = Phase::http;
  Interest interest = Interest::read;
  std::uint8_t join_answers_left = 3;  // frames to it alone that do not count as backlog
  std::uint8_t urgent_waiting = 0;     // answers to pings queued since the socket took something
  bool address_counted = false;
  bool dirty = false;    // waits for a flush
  bool doomed = false;   // waits to be closed for being too slow
  bool deflate = false;  // permessage-deflate without context takeover
};

}  // namespace pluv::native
