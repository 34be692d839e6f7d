// A router: procedures under the names of the events that call them. Its type knows every event's
// input and output, which is what makes room.broadcast<"name">(...) and room.emit<"name">(...)
// checked by the compiler. A value; copying copies the procedures.
//
//   auto router = io.router(pluv::on<"sendMessage">(send_message), pluv::on<"wave">(wave));
//   auto all = io.merge_routers(router, admin_router);
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pluv/event.h"
#include "pluv/procedure.h"

namespace pluv {

// A procedure and its name.
template <EventName kName, class Proc>
struct On {
  using Procedure = Proc;
  static constexpr std::string_view name = kName.view();
  Proc procedure;
};

// Puts a procedure under a name. The name must be 1 to 64 bytes without '$'.
template <EventName kName, class Proc>
[[nodiscard]] constexpr On<kName, Proc> on(Proc procedure) {
  detail::check_event_name<kName>();
  static_assert(Proc::has_broadcast || Proc::has_self || Proc::has_sync,
                "pluv: this procedure has no resolver: add .broadcast(), .self() or .sync()");
  return {std::move(procedure)};
}

namespace detail {

// Found instead of an input or payload type when a name is unknown.
struct Unknown {};

template <EventName kName, class... Ons>
struct FindOn {
  using type = Unknown;
};
template <EventName kName, class First, class... Rest>
struct FindOn<kName, First, Rest...> {
  using type = typename std::conditional_t<First::name == kName.view(), std::type_identity<First>,
                                           FindOn<kName, Rest...>>::type;
};

// The first payload type of an output name.
template <EventName kName, class List>
struct FindPayload {
  using type = Unknown;
};
template <EventName kName, EventName kFirst, class Payload, class... Rest>
struct FindPayload<kName, TypeList<Event<kFirst, Payload>, Rest...>> {
  using type = typename std::conditional_t<kSameName<kName, kFirst>, std::type_identity<Payload>,
                                           FindPayload<kName, TypeList<Rest...>>>::type;
};

// Whether an output of that name and payload type is in the list.
template <EventName kName, class Payload, class List>
inline constexpr bool kHasPayload = false;
template <EventName kName, class Payload, EventName... kNames, class... Payloads>
inline constexpr bool kHasPayload<kName, Payload, TypeList<Event<kNames, Payloads>...>> =
    ((kSameName<kName, kNames> && std::is_same_v<Payload, Payloads>) || ...);

template <class... Ons>
consteval bool has_duplicates() {
  const std::string_view names[] = {Ons::name..., std::string_view()};
  for (std::size_t i = 0; i < sizeof...(Ons); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return true;
    }
  }
  return false;
}

}  // namespace detail

template <class... Ons>
class Router {
 public:
  static_assert(!detail::has_duplicates<Ons...>(),
                "pluv: a router has two procedures for one event name");

  // Every output event of every procedure, as Event types.
  using Outputs = typename detail::Concat<typename Ons::Procedure::Outputs...>::type;

  Router() = default;
  explicit Router(std::tuple<Ons...> ons) : ons_(std::move(ons)) {}

  [[nodiscard]] const std::tuple<Ons...>& procedures() const noexcept { return ons_; }

  // The On of a name, or detail::Unknown.
  template <EventName kName>
  using Find = typename detail::FindOn<kName, Ons...>::type;
  template <EventName kName>
  static constexpr bool has = !std::is_same_v<Find<kName>, detail::Unknown>;

 private:
  std::tuple<Ons...> ons_;
};

namespace detail {

template <class First, class... Later>
consteval bool overridden() {
  return ((First::name == Later::name) || ...);
}

// The procedures of a that b does not replace, then those of b.
template <class... As, class... Bs>
auto merge(const Router<As...>& a, const Router<Bs...>& b) {
  const auto keep = []<class One>(const One& one) {
    if constexpr (overridden<One, Bs...>()) {
      return std::tuple<>();
    } else {
      return std::tuple<One>(one);
    }
  };
  auto all =
      std::apply([&](const As&... ons) { return std::tuple_cat(keep(ons)..., b.procedures()); },
                 a.procedures());
  return
      [&]<class... Ons>(std::tuple<Ons...>& list) { return Router<Ons...>(std::move(list)); }(all);
}

template <class A>
A merge_all(A a) {
  return a;
}
template <class A, class B, class... Rest>
auto merge_all(const A& a, const B& b, const Rest&... rest) {
  return merge_all(merge(a, b), rest...);
}

}  // namespace detail
}  // namespace pluv
