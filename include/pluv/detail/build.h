// Turns typed procedures and listeners into the type-erased ones of a room::Definition: the only
// place where user types meet the core. What a user's code throws ends here. Internal to the public
// headers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pluv/detail/core.h"
#include "pluv/detail/exceptions.h"
#include "pluv/detail/handler.h"
#include "pluv/procedure.h"
#include "room/definition.h"

namespace pluv::detail {

[[nodiscard]] std::string_view id_of(const room::Room& room) noexcept;

// The input of a call. Where no resolver looks at it, data is not read: the room passes objects
// only.
template <class Proc>
Result<typename Proc::Input> read_call(const Proc& proc, std::string_view data) {
  using In = typename Proc::Input;
  if constexpr (Proc::reads_input) {
    return read_input<In>(data, proc.schema_part());
  } else {
    return In{};
  }
}

// Calls one resolver and writes its output.
template <class Traits, class Fn, class In, class Ctx>
Result<void> run_resolver(const Fn& fn, const In& input, Ctx& context, room::EventSink& events,
                          room::Audience audience) {
  if constexpr (std::is_void_v<typename Traits::Result>) {
    Traits::call(fn, input, context);
    return context.document_missed();
  } else {
    const auto output = Traits::call(fn, input, context);
    Result<void> missed = context.document_missed();
    return missed.ok() ? write_output(events, audience, output) : std::move(missed);
  }
}

template <class Proc>
Result<void> call_procedure(const Proc& proc, Runtime& runtime, room::ProcedureCall& call) {
  using In = typename Proc::Input;
  Result<In> input = read_call(proc, call.data);
  if (!input.ok()) return std::move(input).error();
  const room::SessionView* session = call.session;
  typename Proc::Ctx context(
      {.room = id_of(call.room),
       .session = session != nullptr ? std::optional(session->id) : std::nullopt,
       .presence_json = session != nullptr ? session->presence_json : std::string_view(),
       .user = session != nullptr ? session->user : nullptr,
       .context = call.context,
       .now = call.now,
       .runtime = &runtime,
       .live_room = &call.room,
       .permissions = session != nullptr && session->permissions != nullptr
                          ? *session->permissions
                          : Permissions::everything()});
  Result<void> result;
  const auto step = [&]<class Fn>(const Fn& fn, room::Audience audience) {
    if constexpr (kIsPresent<Fn>) {
      if (!result.ok()) return;
      result = run_resolver<typename Proc::template Traits<Fn>>(fn, *input, context, call.events,
                                                                audience);
    }
  };
  step(proc.broadcast_part(), room::Audience::broadcast);
  if (call.broadcast_only) return result;
  step(proc.self_part(), room::Audience::self);
  step(proc.sync_part(), room::Audience::sync);
  return result;
}

template <class Proc>
Result<void> run_procedure(const Proc& proc, Runtime& runtime, room::ProcedureCall& call) {
  return guarded([&] { return call_procedure(proc, runtime, call); },
                 [](Error error) { return error; });
}

// A call of a procedure that waits: all that its resolvers refer to.
template <class Proc>
struct WaitingCall {
  WaitingCall(room::ProcedureStart started, typename Proc::Input parsed, Runtime& runtime)
      : start(std::move(started)),
        input(std::move(parsed)),
        context(
            {.room = start.room,
             .session = start.has_session ? std::optional(start.session) : std::nullopt,
             .presence_json = start.presence_json,
             .user = start.user.get(),
             .context = start.context.get(),
             .now = start.now,
             .runtime = &runtime,
             .live_room = nullptr,
             .permissions = start.has_session ? start.permissions : Permissions::everything()}) {}
  WaitingCall(const WaitingCall&) = delete;
  WaitingCall& operator=(const WaitingCall&) = delete;

  room::ProcedureStart start;
  typename Proc::Input input;
  typename Proc::TaskCtx context;
  room::EventSink events;
};

template <class Traits, class Fn, class Call>
task<void> wait_for_resolver(const Fn& fn, Call& call, room::Audience audience) {
  Result<void> written;
  if constexpr (!Traits::is_task) {
    written = run_resolver<Traits>(fn, call.input, call.context, call.events, audience);
  } else if constexpr (std::is_void_v<typename TaskValue<typename Traits::Result>::type>) {
    co_await Traits::call(fn, call.input, call.context);
  } else {
    auto output = co_await Traits::call(fn, call.input, call.context);
    written = write_output(call.events, audience, output);
  }
  if (written.ok()) written = call.context.document_missed();
  if (!written.ok()) {
    Fail failed(std::move(written).error());
    co_await failed;
  }
  co_return;
}

template <class Proc>
task<void> wait_for_procedure(std::shared_ptr<const Proc> proc,
                              std::shared_ptr<WaitingCall<Proc>> call) {
  if constexpr (Proc::has_broadcast) {
    using Fn = std::remove_cvref_t<decltype(proc->broadcast_part())>;
    co_await wait_for_resolver<typename Proc::template Traits<Fn>>(proc->broadcast_part(), *call,
                                                                   room::Audience::broadcast);
  }
  if (call->start.broadcast_only) co_return;
  if constexpr (Proc::has_self) {
    using Fn = std::remove_cvref_t<decltype(proc->self_part())>;
    co_await wait_for_resolver<typename Proc::template Traits<Fn>>(proc->self_part(), *call,
                                                                   room::Audience::self);
  }
  if constexpr (Proc::has_sync) {
    using Fn = std::remove_cvref_t<decltype(proc->sync_part())>;
    co_await wait_for_resolver<typename Proc::template Traits<Fn>>(proc->sync_part(), *call,
                                                                   room::Audience::sync);
  }
}

template <class Proc>
void start_procedure(const std::shared_ptr<const Proc>& proc, Runtime& runtime,
                     room::ProcedureStart start, room::ProcedureDone done) {
  const std::shared_ptr<Executor> executor = runtime.executor(start.room);
  using In = typename Proc::Input;
  const Result<void> started = guarded(
      [&]() -> Result<void> {
        Result<In> input = read_call(*proc, start.data);
        if (!input.ok()) return std::move(input).error();
        auto call = std::make_shared<WaitingCall<Proc>>(std::move(start), std::move(input).value(),
                                                        runtime);
        task<void> work = wait_for_procedure<Proc>(proc, call);
        spawn(executor, std::move(work), [call, done](const Failure& failure) {
          if (failure) {
            done(error_of(failure));
          } else {
            done(std::move(call->events));
          }
        });
        return {};
      },
      [](Error error) { return error; });
  if (!started.ok()) executor->post([done, error = started.error()] { done(error); });
}

template <class Proc>
ProcedureEntry make_entry(std::string_view name, const Proc& procedure,
                          const std::shared_ptr<Runtime>& runtime) {
  const auto proc = std::make_shared<const Proc>(procedure);
  ProcedureEntry entry;
  entry.procedure.name = std::string(name);
  entry.procedure.permission = procedure.permission_part();
  entry.has_broadcast = Proc::has_broadcast;
  if constexpr (Proc::waits) {
    entry.procedure.start = [proc, runtime](room::ProcedureStart start, room::ProcedureDone done) {
      start_procedure<Proc>(proc, *runtime, std::move(start), std::move(done));
    };
  } else {
    entry.procedure.run = [proc, runtime](room::ProcedureCall& call) {
      return run_procedure(*proc, *runtime, call);
    };
  }
  entry.check_input = [proc](std::string_view data) -> Result<void> {
    return guarded(
        [&]() -> Result<void> {
          const auto input = read_input<typename Proc::Input>(data, proc->schema_part());
          if (!input.ok()) return input.error();
          return {};
        },
        [](Error error) { return error; });
  };
  return entry;
}

// Calls a listener, plain or a coroutine, with an event that lives until it is done. done (or null)
// is called then in any case, later and on the room's loop.
template <class Fn, class Event>
void call_listener(const std::shared_ptr<const Fn>& fn, std::shared_ptr<Event> event,
                   const std::shared_ptr<Runtime>& runtime, const char* name,
                   std::function<void()> done) {
  using Returned = std::invoke_result_t<const Fn&, const Event&>;
  static_assert(std::is_void_v<Returned> || std::is_same_v<Returned, task<void>>,
                "pluv: a listener returns nothing or pluv::task<void>");
  const std::shared_ptr<Executor> executor = runtime->executor(event->room);
  const bool waits = guarded(
      [&] {
        if constexpr (std::is_void_v<Returned>) {
          (*fn)(*event);
          return false;
        } else {
          task<void> work = (*fn)(*event);
          spawn(executor, std::move(work),
                [fn, event, name, done, weak = runtime->weak_from_this()](const Failure& failure) {
                  if (failure) {
                    if (const auto alive = weak.lock()) alive->log_failure(name, error_of(failure));
                  }
                  if (done) done();
                });
          return true;
        }
      },
      [&](const Error& error) {
        runtime->log_failure(name, error);
        return false;
      });
  if (done && !waits) executor->post(std::move(done));
}

}  // namespace pluv::detail
