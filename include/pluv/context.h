// What a handler is told beside its input: the room, the session and user that called, the room's
// own value (NativeOptions::context). Made by the server for one call and borrowed by the handler:
// a plain handler's EventContext until it returns, a coroutine's TaskContext until its task is
// done. Not thread-safe; used on the room's own loop only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/ids.h"
#include "base/permissions.h"
#include "base/result.h"
#include "base/time.h"
#include "pluv/task.h"

namespace pluv {

namespace room {
class Room;
}
namespace ycrdt {
class Doc;
}

// Stand for "no authorize" and "no context" in an io.
struct NoUser {};
struct NoContext {};

// What NativeOptions::context is given when it is a function.
struct RoomContext {
  std::string_view room;  // the room's id; valid for the call
};

// A live session of the room, as EventContext::sessions lists it. The views and the pointer are
// valid until the handler returns.
template <class User>
struct Session {
  SessionId id;
  const User* user = nullptr;         // null without authorization
  std::string_view presence_json;     // empty: null
  std::int64_t presence_unix_ms = 0;  // of its last change; 0: none yet
};

namespace detail {

class Runtime;

struct RawSession {
  SessionId id;
  const void* user;
  std::string_view presence_json;
  std::int64_t presence_unix_ms;
};

// The parts of a context that know no user types.
class ContextBase {
 public:
  ContextBase(const ContextBase&) = delete;
  ContextBase& operator=(const ContextBase&) = delete;

  // The room's id.
  [[nodiscard]] std::string_view room() const noexcept { return call_.room; }
  // Who called; nullopt when the server's own code did (room.broadcast).
  [[nodiscard]] std::optional<SessionId> session_id() const noexcept { return call_.session; }
  // The caller's presence as a JSON object, as of the call; empty when there is none.
  [[nodiscard]] std::string_view presence_json() const noexcept { return call_.presence_json; }
  // When the message was handled.
  [[nodiscard]] std::chrono::sys_time<std::chrono::milliseconds> now() const noexcept {
    return std::chrono::sys_time<std::chrono::milliseconds>(
        std::chrono::milliseconds(call_.now.unix_ms));
  }
  // Whether the caller's token allows this (see TokenOptions::permissions); what the server's own
  // code calls may do everything.
  [[nodiscard]] bool permitted(std::string_view permission) const noexcept {
    return call_.permissions.has(permission);
  }
  // Live sessions of the room; in a coroutine as of the room's last step.
  [[nodiscard]] std::size_t size() const;
  // The room's document, to be read and changed until the handler returns; include pluv/ycrdt.h for
  // what it can do. What was changed is kept and told as a client's edit is, together with the
  // handler's output events, and stays when the handler throws afterwards. Throws
  // std::runtime_error when there is none: without crdt = yjs(), before it is loaded, and in a
  // coroutine, which has edit(). Without exceptions, in a WebAssembly module, the handler is then
  // given an empty document that goes nowhere, and the call fails when the handler has returned.
  [[nodiscard]] ycrdt::Doc& doc();
  // Closes sessions that are dead and tells clients who is left, once the handler has returned.
  void garbage_collect();

  // For the server: the error of a doc() that was asked for in vain. Always well with exceptions.
  [[nodiscard]] Result<void> document_missed() const {
#ifdef __cpp_exceptions
    return {};
#else
    return missed_;
#endif
  }

 protected:
  struct Call {
    std::string_view room;
    std::optional<SessionId> session;
    std::string_view presence_json;
    const void* user = nullptr;
    void* context = nullptr;
    Now now;
    Runtime* runtime = nullptr;
    room::Room* live_room = nullptr;  // null in a coroutine
    Permissions permissions = Permissions::everything();
  };
  explicit ContextBase(Call call) : call_(std::move(call)) {}
  [[nodiscard]] std::vector<RawSession> raw_sessions() const;
  void start_edit(std::function<void(ycrdt::Doc&)> fn, resolver<void> done);

  Call call_;

 private:
  ycrdt::Doc* doc_ = nullptr;  // once it was asked for
#ifndef __cpp_exceptions
  Result<void> missed_;
  std::shared_ptr<ycrdt::Doc> nowhere_;  // what doc() gives then
#endif
};

}  // namespace detail

// The context of a coroutine handler, and the part of the plain one that it has, too.
template <class User, class Value>
class TaskContext : public detail::ContextBase {
 public:
  using Call = detail::ContextBase::Call;
  explicit TaskContext(Call call) : ContextBase(std::move(call)) {}

  // The caller; null when the server's own code called. Only with `authorize`.
  [[nodiscard]] const User* user() const noexcept {
    static_assert(!std::is_same_v<User, NoUser>,
                  "pluv: ctx.user() needs NativeOptions{.authorize = ...}");
    return static_cast<const User*>(call_.user);
  }
  // The room's own value. Handlers of one room never run at the same time, so it needs no lock.
  [[nodiscard]] Value& context() const noexcept {
    static_assert(!std::is_same_v<Value, NoContext>,
                  "pluv: ctx.context() needs NativeOptions{.context = ...}");
    return *static_cast<Value*>(call_.context);
  }
  // co_await ctx.edit([&](pluv::ycrdt::Doc& doc) { ... }) in a coroutine: changes the room's
  // document at once, as a client's edit does, and goes on when that was kept. Throws, out of
  // co_await, what fn throws, and the reason why the edit was not kept (see Server::edit); without
  // exceptions that ends the call (task.h).
  [[nodiscard]] auto edit(std::function<void(ycrdt::Doc&)> fn) {
    auto start = [this, fn = std::move(fn)](resolver<void> done, detail::Executor&) mutable {
      this->start_edit(std::move(fn), std::move(done));
    };
    return detail::Wait<void, decltype(start)>(std::move(start));
  }
};

// The context of a plain handler.
template <class User, class Value>
class EventContext : public TaskContext<User, Value> {
 public:
  using typename TaskContext<User, Value>::Call;
  explicit EventContext(Call call) : TaskContext<User, Value>(std::move(call)) {}

  void edit(std::function<void(ycrdt::Doc&)> fn) = delete;  // cannot wait for it; has doc()

  // The room's live sessions in the order of joining. O(sessions). Not in a coroutine, where the
  // list changes while the handler waits.
  [[nodiscard]] std::vector<Session<User>> sessions() const {
    std::vector<Session<User>> list;
    for (const detail::RawSession& raw : this->raw_sessions()) {
      list.push_back(
          {raw.id, static_cast<const User*>(raw.user), raw.presence_json, raw.presence_unix_ms});
    }
    return list;
  }
};

}  // namespace pluv
