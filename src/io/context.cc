#include "pluv/context.h"

#include <stdexcept>

#include "pluv/detail/build.h"
#include "pluv/detail/runtime.h"
#include "room/room.h"
#include "ycrdt/doc.h"

namespace pluv::detail {

std::string_view id_of(const room::Room& room) noexcept { return room.id(); }

std::size_t ContextBase::size() const {
  return call_.live_room != nullptr ? call_.live_room->size() : call_.runtime->size(call_.room);
}

ycrdt::Doc& ContextBase::doc() {
  if (doc_ != nullptr) return *doc_;
  const Result<void*> document =
      call_.live_room != nullptr
          ? call_.live_room->edit_document()
          : Error{ErrorCode::conflict, "A coroutine has no document: co_await ctx.edit(fn)"};
#ifdef __cpp_exceptions
  if (!document.ok()) throw std::runtime_error(document.error().message);
#else
  // A client may ask before the document is loaded, which must not end the module.
  if (!document.ok()) {
    missed_ = document.error();
    nowhere_ = std::make_shared<ycrdt::Doc>();
    doc_ = nowhere_.get();
    return *doc_;
  }
#endif
  doc_ = static_cast<ycrdt::Doc*>(*document);
  return *doc_;
}

void ContextBase::start_edit(std::function<void(ycrdt::Doc&)> fn, resolver<void> done) {
  call_.runtime->edit(call_.room, std::move(fn), [done = std::move(done)](Result<void> kept) {
    if (kept.ok()) {
      done.resolve();
    } else {
      done.reject(std::move(kept).error());
    }
  });
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
