#include "pluv/context.h"

#include "pluv/detail/build.h"
#include "pluv/detail/runtime.h"
#include "room/room.h"

namespace pluv::detail {

std::string_view id_of(const room::Room& room) noexcept { return room.id(); }

std::size_t ContextBase::size() const {
  return call_.live_room != nullptr ? call_.live_room->size() : call_.runtime->size(call_.room);
}

void ContextBase::garbage_collect() {
  if (call_.live_room != nullptr) {
    call_.live_room->request_garbage_collection();
  } else {
    call_.runtime->garbage_collect(call_.room);
  }
}

std::vector<RawSession> ContextBase::raw_sessions() const {
  std::vector<RawSession> list;
  list.reserve(call_.live_room->size());
  call_.live_room->for_each_session([&](const room::SessionView& session) {
    list.push_back({session.id, session.user, session.presence_json, session.presence_unix_ms});
  });
  return list;
}

}  // namespace pluv::detail
