// How a handler may be called and what may come out of it, worked out at compile time, and the code
// that calls it and writes its output events. Internal to the public headers.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/result.h"
#include "pluv/context.h"
#include "pluv/event.h"
#include "pluv/task.h"
#include "room/event_sink.h"

namespace pluv::detail {

// No resolver of a kind.
struct Absent {};
template <class T>
inline constexpr bool kIsPresent = !std::is_same_v<T, Absent>;

template <class... Ts>
struct TypeList {};

template <class... Lists>
struct Concat;
template <>
struct Concat<> {
  using type = TypeList<>;
};
template <class... Ts>
struct Concat<TypeList<Ts...>> {
  using type = TypeList<Ts...>;
};
template <class... As, class... Bs, class... Rest>
struct Concat<TypeList<As...>, TypeList<Bs...>, Rest...> {
  using type = typename Concat<TypeList<As..., Bs...>, Rest...>::type;
};

template <class T>
inline constexpr bool kIsTask = false;
template <class T>
inline constexpr bool kIsTask<task<T>> = true;
template <class T>
struct TaskValue {
  using type = T;
};
template <class T>
struct TaskValue<task<T>> {
  using type = T;
};

// The Event types in a resolver's result.
template <class T>
struct OutputsOf {
  static constexpr bool valid = false;
  using type = TypeList<>;
};
template <>
struct OutputsOf<void> {
  static constexpr bool valid = true;
  using type = TypeList<>;
};
template <>
struct OutputsOf<None> : OutputsOf<void> {};
template <EventName kName, class Payload>
struct OutputsOf<Event<kName, Payload>> {
  static constexpr bool valid = true;
  using type = TypeList<Event<kName, Payload>>;
};
template <class T>
struct OutputsOf<std::optional<T>> : OutputsOf<T> {};
template <class T>
struct OutputsOf<Result<T>> : OutputsOf<T> {};
template <class T>
struct OutputsOf<task<T>> : OutputsOf<T> {};
template <class... Ts>
struct OutputsOf<Events<Ts...>> {
  static constexpr bool valid = (OutputsOf<Ts>::valid && ...);
  using type = typename Concat<typename OutputsOf<Ts>::type...>::type;
};
template <class... Ts>
struct OutputsOf<std::variant<Ts...>> : OutputsOf<Events<Ts...>> {};

// The arguments that a handler takes.
enum class Form { input_context, input, context, nothing };

// The way to call Fn; a handler of a procedure without .input() is tried with the context first.
template <class Fn, class In, class Ctx, class TaskCtx, bool kHasInput>
struct HandlerTraits {
  static consteval Form find_form() {
    if constexpr (!kHasInput && std::is_invocable_v<const Fn&, Ctx&>) {
      return Form::context;
    } else if constexpr (std::is_invocable_v<const Fn&, const In&, Ctx&>) {
      return Form::input_context;
    } else if constexpr (std::is_invocable_v<const Fn&, const In&>) {
      return Form::input;
    } else if constexpr (std::is_invocable_v<const Fn&, Ctx&>) {
      return Form::context;
    } else {
      static_assert(std::is_invocable_v<const Fn&>,
                    "pluv: a resolver takes (const Input&, Ctx&), (const Input&), (Ctx&) or "
                    "nothing, and is const (handlers of different rooms run at the same time)");
      return Form::nothing;
    }
  }
  static constexpr Form form = find_form();

  template <class C>
  static decltype(auto) call(const Fn& fn, const In& input, C& context) {
    if constexpr (form == Form::input_context) {
      return fn(input, context);
    } else if constexpr (form == Form::input) {
      return fn(input);
    } else if constexpr (form == Form::context) {
      return fn(context);
    } else {
      return fn();
    }
  }
  static consteval auto find_result() {
    if constexpr (form == Form::input_context) {
      return std::type_identity<std::invoke_result_t<const Fn&, const In&, Ctx&>>{};
    } else if constexpr (form == Form::input) {
      return std::type_identity<std::invoke_result_t<const Fn&, const In&>>{};
    } else if constexpr (form == Form::context) {
      return std::type_identity<std::invoke_result_t<const Fn&, Ctx&>>{};
    } else {
      return std::type_identity<std::invoke_result_t<const Fn&>>{};
    }
  }
  using Result = std::remove_cvref_t<typename decltype(find_result())::type>;
  using Outputs = typename OutputsOf<Result>::type;
  static constexpr bool is_task = kIsTask<Result>;

  static consteval void check() {
    static_assert(
        OutputsOf<Result>::valid,
        "pluv: a resolver returns emit<\"name\">(payload), events(...), none, an optional, "
        "a variant or a Result of these, nothing, or a task of them");
    if constexpr (is_task && form == Form::input_context) {
      static_assert(std::is_invocable_v<const Fn&, const In&, TaskCtx&>,
                    "pluv: a coroutine's context is decltype(io)::TaskCtx&");
    } else if constexpr (is_task && form == Form::context) {
      static_assert(std::is_invocable_v<const Fn&, TaskCtx&>,
                    "pluv: a coroutine's context is decltype(io)::TaskCtx&");
    }
  }
};

template <EventName kName, class Payload>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const Event<kName, Payload>& event) {
  sink.begin(audience, kName.view());
  Result<void> written = write_payload(event.payload, sink.bytes());
  sink.end();
  return written;
}
inline Result<void> write_output(room::EventSink&, room::Audience, const None&) { return {}; }
template <class T>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const std::optional<T>& output);
template <class... Ts>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const std::variant<Ts...>& output);
template <class T>
Result<void> write_output(room::EventSink& sink, room::Audience audience, const Result<T>& output);
template <class... Ts>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const Events<Ts...>& outputs) {
  Result<void> result;
  std::apply(
      [&](const Ts&... list) {
        (void)(((result = write_output(sink, audience, list)).ok()) && ...);
      },
      outputs.list);
  return result;
}
template <class T>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const std::optional<T>& output) {
  return output ? write_output(sink, audience, *output) : Result<void>();
}
template <class... Ts>
Result<void> write_output(room::EventSink& sink, room::Audience audience,
                          const std::variant<Ts...>& output) {
  return std::visit([&](const auto& one) { return write_output(sink, audience, one); }, output);
}
template <class T>
Result<void> write_output(room::EventSink& sink, room::Audience audience, const Result<T>& output) {
  if (!output.ok()) return output.error();
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return write_output(sink, audience, *output);
  }
}

}  // namespace pluv::detail
