// What a WebAssembly module's Core needs of the host that steps its room: a module serves one room,
// that of its Durable Object. Implemented by the module's entry, and attached once by
// Core::attach(). One thread.
#pragma once

#include <string_view>

#include "pluv/detail/runtime.h"
#include "room/room.h"

namespace pluv::cloudflare {

class ModuleHost : public detail::Host {
 public:
  // The id of the module's room; empty before it is known.
  [[nodiscard]] virtual std::string_view room() const = 0;
  // Steps the room with this input: at once, or, when a handler asks for it inside of a step, after
  // that. What the input refers to lives for the call only. Only once room() is known.
  virtual void feed(const room::Input& input) = 0;
};

}  // namespace pluv::cloudflare
