// The net between clients and a server: connections that carry bytes in order, late, in pieces, as
// fast as the reader reads, until one is cut, or falls silent without either end being told. Owned
// by the World, which is told of what arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/agenda.h"
#include "tests/sim/random.h"
#include "tests/sim/record.h"

namespace pluv::sim {

using LinkId = std::uint32_t;

// Who is told. to_server_closed and to_client_closed come once, and nothing of the link after them.
class NetworkEnds {
 public:
  virtual ~NetworkEnds() = default;
  virtual void to_server(LinkId link, std::span<char> bytes) = 0;
  virtual void to_server_closed(LinkId link) = 0;
  virtual void to_client(LinkId link, std::span<char> bytes) = 0;
  virtual void to_client_closed(LinkId link) = 0;
  // The client has read: there is space again.
  virtual void writable(LinkId link) = 0;
};

struct LinkQuality {
  std::int64_t latency_ms = 1;
  std::int64_t jitter_ms = 0;
  std::size_t window_bytes = 64 * 1024;  // sent and not read yet
  std::int64_t read_bytes_per_ms = 0;    // 0: as they come
  std::uint32_t split_once_in = 0;       // writes that arrive in two pieces
};

enum class Cut : std::uint8_t {
  reset,      // both ends hear of it; what is under way is lost from some byte on
  half_open,  // nobody hears of it; nothing passes any more
};

class Network {
 public:
  Network(Agenda& agenda, Random& random, Record& record, NetworkEnds& ends)
      : agenda_(agenda), random_(random), record_(record), ends_(ends) {}

  LinkId open(const LinkQuality& quality);

  void send_to_server(LinkId id, std::string bytes);
  void send_to_client(LinkId id, std::string bytes);
  // What a write of the server's to this link would take now.
  [[nodiscard]] std::size_t space(LinkId id) const;
  // An end closes, behind all that it has sent. It hears nothing more.
  void close_by_client(LinkId id);
  void close_by_server(LinkId id);
  void cut(LinkId id, Cut how);
  // Nothing of it arrives before that long has passed.
  void stall(LinkId id, std::int64_t ms);
  // The client reads nothing meanwhile.
  void stop_reading(LinkId id, std::int64_t ms);

  // Nothing passes any more, whether somebody has noticed or not.
  [[nodiscard]] bool is_cut(LinkId id) const { return links_[id]->silent; }
  [[nodiscard]] bool has_both_ends(LinkId id) const {
    return links_[id]->client_end && links_[id]->server_end;
  }

 private:
  struct Chunk {
    std::string bytes;
    bool end = false;  // the sender has closed
  };
  struct Pipe {
    std::deque<Chunk> chunks;
    std::int64_t last_due_ms = 0;
    std::size_t in_flight = 0;
  };
  struct Link {
    LinkQuality quality;
    Pipe up;
    Pipe down;
    bool client_end = true;
    bool server_end = true;
    bool silent = false;  // half open
    bool blocked = false;
    std::uint32_t epoch = 0;  // what was planned before the cut is void
    std::int64_t reads_from_ms = 0;
  };
  enum class Way : std::uint8_t { up, down };

  void send(LinkId id, Way way, Chunk chunk);
  void plan(LinkId id, Way way, Chunk chunk);
  void arrive(LinkId id, Way way);

  Agenda& agenda_;
  Random& random_;
  Record& record_;
  NetworkEnds& ends_;
  std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace pluv::sim
