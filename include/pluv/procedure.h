// A procedure: what happens when a client (or room.broadcast) sends an event. Built by
// io.procedure() in steps, each of which returns a new procedure, so a half-built one can be shared
// and extended:
//
//   auto send_message = io.procedure()
//       .input<SendMessage>(pluv::check(&SendMessage::message, pluv::max_length(4096)))
//       .broadcast([](const SendMessage& in) {
//         return pluv::emit<"receiveMessage">(ReceiveMessage{in.message});
//       });
//
// A resolver takes (const Input&, Ctx&), (const Input&), (Ctx&) or nothing, where Ctx is
// decltype(io)::Ctx, and returns output events (event.h). A coroutine returns a task of them and
// takes decltype(io)::TaskCtx&. It runs inside the room, on the room's loop: a plain one must not
// block (see blocking in task.h). Handlers of one room never run at the same time, handlers of
// different rooms do. An exception becomes an $error at the sender; the room and the session go on.
// So does the Error of a resolver that returns a pluv::Result of its events, which is the way to
// fail where there are no exceptions (pluv/cloudflare.h).
// Nothing of a call is sent unless all of its resolvers succeed.
#pragma once

#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "base/permissions.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/handler.h"
#include "pluv/schema.h"

namespace pluv {

// User, Value: of the io. In: the input's type; Json without .input(). Broadcast, Self, Sync: the
// resolvers' types or Absent.
template <class User, class Value, class In = Json, class Schema = detail::Absent,
          class Broadcast = detail::Absent, class Self = detail::Absent,
          class Sync = detail::Absent>
class Procedure {
 public:
  using UserType = User;
  using ContextType = Value;
  // What room.broadcast<"name">(...) takes.
  using Input = In;
  using Ctx = EventContext<User, Value>;
  using TaskCtx = TaskContext<User, Value>;

  static constexpr bool has_input = detail::kIsPresent<Schema>;
  static constexpr bool has_broadcast = detail::kIsPresent<Broadcast>;
  static constexpr bool has_self = detail::kIsPresent<Self>;
  static constexpr bool has_sync = detail::kIsPresent<Sync>;

  Procedure() = default;
  Procedure(Schema schema, Broadcast broadcast, Self self, Sync sync, std::string permission)
      : schema_(std::move(schema)),
        broadcast_(std::move(broadcast)),
        self_(std::move(self)),
        sync_(std::move(sync)),
        permission_(std::move(permission)) {}

  // What the caller's token has to allow (TokenOptions::permissions) beside the event itself; else
  // the sender gets the $error "Not permitted: NAME" and nothing else happens. Server code needs no
  // permission. A name that is none (base/permissions.h) throws std::invalid_argument.
  [[nodiscard]] Procedure permission(std::string name) const {
    if (!Permissions::is_name(name)) {
      detail::raise<std::invalid_argument>("pluv: no name of a permission: " + name);
    }
    Procedure limited = *this;
    limited.permission_ = std::move(name);
    return limited;
  }

  // The data of the event must be a T (a JSON object) that passes the checks; else the sender gets
  // an $error such as "message: expected string, received number" and nothing else happens.
  // Without an input any object is accepted.
  template <class T, class... Checks>
  [[nodiscard]] auto input(Checks... checks) const {
    static_assert(!has_input, "pluv: input was already defined for this procedure");
    static_assert(!has_broadcast && !has_self && !has_sync,
                  "pluv: input comes before the resolvers that take it");
    static_assert(kIsObject<T>, "pluv: a procedure's input must be a JSON object: a plain struct");
    auto schema = detail::make_schema<T>(std::move(checks)...);
    return Procedure<User, Value, T, decltype(schema)>(std::move(schema), {}, {}, {}, permission_);
  }

  // Its output goes to every session, the sender included.
  template <class Fn>
  [[nodiscard]] auto broadcast(Fn resolver) const {
    static_assert(!has_broadcast, "pluv: broadcast was already defined for this procedure");
    check_resolver<Fn>();
    return Procedure<User, Value, In, Schema, Fn, Self, Sync>(schema_, std::move(resolver), self_,
                                                              sync_, permission_);
  }
  // Its output goes to the sender alone.
  template <class Fn>
  [[nodiscard]] auto self(Fn resolver) const {
    static_assert(!has_self, "pluv: self was already defined for this procedure");
    check_resolver<Fn>();
    return Procedure<User, Value, In, Schema, Broadcast, Fn, Sync>(
        schema_, broadcast_, std::move(resolver), sync_, permission_);
  }
  // Runs on every server node that holds the room; its output goes to the sessions of that node.
  template <class Fn>
  [[nodiscard]] auto sync(Fn resolver) const {
    static_assert(!has_sync, "pluv: sync was already defined for this procedure");
    check_resolver<Fn>();
    return Procedure<User, Value, In, Schema, Broadcast, Self, Fn>(
        schema_, broadcast_, self_, std::move(resolver), permission_);
  }

  // For the server: the parts, and what can come out.
  [[nodiscard]] const Schema& schema_part() const noexcept { return schema_; }
  [[nodiscard]] const Broadcast& broadcast_part() const noexcept { return broadcast_; }
  [[nodiscard]] const Self& self_part() const noexcept { return self_; }
  [[nodiscard]] const Sync& sync_part() const noexcept { return sync_; }
  [[nodiscard]] const std::string& permission_part() const noexcept { return permission_; }

  template <class Fn>
  using Traits = detail::HandlerTraits<Fn, In, Ctx, TaskCtx, has_input>;

 private:
  template <class Fn>
  static consteval auto outputs_of() {
    if constexpr (detail::kIsPresent<Fn>) {
      return typename Traits<Fn>::Outputs{};
    } else {
      return detail::TypeList<>{};
    }
  }
  template <class Fn>
  static consteval void check_resolver() {
    Traits<Fn>::check();
  }
  template <class Fn>
  static consteval bool waits_in() {
    if constexpr (detail::kIsPresent<Fn>) {
      return Traits<Fn>::is_task;
    } else {
      return false;
    }
  }

  template <class Fn>
  static consteval bool reads_input_in() {
    if constexpr (detail::kIsPresent<Fn>) {
      return Traits<Fn>::form == detail::Form::input ||
             Traits<Fn>::form == detail::Form::input_context;
    } else {
      return false;
    }
  }

  [[no_unique_address]] Schema schema_;
  [[no_unique_address]] Broadcast broadcast_;
  [[no_unique_address]] Self self_;
  [[no_unique_address]] Sync sync_;
  std::string permission_;

 public:
  // A list of Event types.
  using Outputs =
      typename detail::Concat<decltype(outputs_of<Broadcast>()), decltype(outputs_of<Self>()),
                              decltype(outputs_of<Sync>())>::type;
  // Data need not be read at all when no resolver looks at it.
  static constexpr bool reads_input =
      has_input || reads_input_in<Broadcast>() || reads_input_in<Self>() || reads_input_in<Sync>();
  // One of its resolvers is a coroutine.
  static constexpr bool waits = waits_in<Broadcast>() || waits_in<Self>() || waits_in<Sync>();
};

}  // namespace pluv
