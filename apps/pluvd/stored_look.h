// What a store says of a room, in the forms that those who look at rooms want. Pure functions.
#pragma once

#include <string>
#include <utility>

#include "adapters/store.h"
#include "platform/native/room_look.h"

namespace pluv::apps {

// A name that comes before this room's in a store's order, and behind all others that do: no room's
// name has a DEL.
[[nodiscard]] inline std::string name_before(std::string room) {
  --room.back();
  room += '\x7f';
  return room;
}

// The document in the form of what a room shows. Its versions are record numbers, which are smaller
// than those of rooms.
[[nodiscard]] inline native::DocumentLook look_of(adapters::StoredDocument stored) {
  native::DocumentLook look;
  for (const std::string& update : stored.updates) look.bytes += update.size();
  look.version = stored.last;
  look.updates = std::move(stored.updates);
  return look;
}

}  // namespace pluv::apps
