// What a simulated server keeps of a room and of a connection. Private to it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/server.h"
#include "tests/sim/world.h"

namespace pluv::sim {

struct Server::Connection {
  LinkId link = 0;
  SessionId session;
  Phase phase = Phase::open;
  net::FrameReader frames;
  native::Outbox outbox;
  Entry* entry = nullptr;  // null: it has no session any more
  room::SessionIndex index{};
  std::int64_t progress_ms = 0;
  std::int64_t heard_ms = 0;
  std::int64_t pinged_ms = 0;
  std::uint8_t urgent_waiting = 0;
  std::uint8_t join_answers_left = 3;
  std::string attachment;  // what the room has asked to be kept of the session
  bool receiving = false;
  bool doomed = false;
  bool looked_after = false;
  bool wrote = false;                  // an update
  std::int64_t document_sent_ms = -1;  // -1: not yet
};

struct Server::Entry {
  Entry(std::string name, std::uint64_t number, const room::Definition& definition,
        std::uint64_t seed)
      : generation(number), room(std::move(name), definition, seed) {}

  std::uint64_t generation;
  room::Room room;
  std::vector<Connection*> sessions;  // by SessionIndex; null: free
  std::uint64_t wake = 0;             // the number of the wake that counts
  bool flush_planned = false;
  std::int64_t failing_since_ms = 0;  // appends, without one that went well; 0: they do not
  bool context_live = false;          // since a session came, until on_room_destroyed
  std::uint64_t connected = 0;        // user_connected less user_disconnected
};

template <class Fn>
void Server::later(const Entry& entry, std::int64_t wait_ms, Fn fn) {
  world_.agenda.after(
      wait_ms, [this, name = entry.room.id(), generation = entry.generation, fn = std::move(fn)] {
        const auto found = rooms_.find(name);
        if (found != rooms_.end() && found->second->generation == generation) fn(*found->second);
      });
}

}  // namespace pluv::sim
