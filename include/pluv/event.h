// Output events: what a procedure's resolver returns and what server code emits. A name is part of
// the type, so the router knows every event that can come out of it. Plain values; nothing here
// sends anything.
//
//   return pluv::emit<"receiveMessage">(ReceiveMessage{in.message});            // one event
//   return pluv::events(pluv::emit<"a">(A{}), pluv::emit<"b">(B{}));            // several
//   return pluv::when(in.urgent, pluv::emit<"alarm">(Alarm{}));                 // or none
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "pluv/schema.h"

namespace pluv {

// Bytes of an event's name at most; Limits::event_name_bytes_max may only be stricter.
inline constexpr std::size_t kEventNameBytesMax = 64;

// An event's name as a template argument: emit<"receiveMessage">. Compared by its text.
template <std::size_t N>
struct EventName {
  char text[N]{};

  consteval EventName(const char (&name)[N]) noexcept {  // NOLINT: implicit is its purpose
    for (std::size_t i = 0; i < N; ++i) text[i] = name[i];
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

namespace detail {

// The rules for names of custom events; the messages are what a user's compiler prints.
template <EventName kName>
consteval void check_event_name() {
  constexpr std::string_view name = kName.view();
  static_assert(!name.empty(), "pluv: an event's name must not be empty");
  static_assert(name.size() <= kEventNameBytesMax, "pluv: an event's name has at most 64 bytes");
  static_assert(name.find('$') == std::string_view::npos,
                "pluv: an event's name must not contain '$': such names are the server's own");
  static_assert(name.find('\0') == std::string_view::npos,
                "pluv: an event's name must not contain a NUL");
}

template <EventName kLeft, EventName kRight>
inline constexpr bool kSameName = kLeft.view() == kRight.view();

}  // namespace detail

// One output event. Payload reflects to a JSON object, or is Json holding one (checked when sent).
template <EventName kName, class Payload>
struct Event {
  static constexpr std::string_view name = kName.view();
  Payload payload;
};

// Several output events, sent in order.
template <class... Es>
struct Events {
  std::tuple<Es...> list;
};

// No output event.
struct None {};
inline constexpr None none{};

// An output event of that name. A name with '$', an empty or a too long one, and a payload that is
// no JSON object do not compile.
template <EventName kName, class Payload>
[[nodiscard]] constexpr Event<kName, std::remove_cvref_t<Payload>> emit(Payload&& payload) {
  detail::check_event_name<kName>();
  static_assert(kIsObject<std::remove_cvref_t<Payload>>,
                "pluv: an event's payload must be a JSON object: a plain struct, a map from "
                "strings or pluv::Json");
  return {std::forward<Payload>(payload)};
}

// An output event with the empty object as data.
template <EventName kName>
[[nodiscard]] constexpr Event<kName, Empty> emit() {
  detail::check_event_name<kName>();
  return {};
}

// Several output events of one resolver, sent in this order.
template <class... Es>
[[nodiscard]] constexpr Events<std::remove_cvref_t<Es>...> events(Es&&... list) {
  return {{std::forward<Es>(list)...}};
}

// The output if the condition holds, else nothing. (A lambda has one return type: this spares
// naming it.)
template <class Output>
[[nodiscard]] constexpr std::optional<std::remove_cvref_t<Output>> when(
    std::same_as<bool> auto holds, Output&& output) {
  if (!holds) return std::nullopt;
  return std::forward<Output>(output);
}

}  // namespace pluv
