// The demo's events, written as any program's are: structs, and a function that makes the router.
// pluvd's rooms run its procedures (demo.cc), and web/generated/demo_events.d.ts is written from it
// when pluvd is built, so a change here that the page does not follow breaks the page's build.
//
//   sendMessage {message}   -> receiveMessage {message} to everybody
//   doubleValue {value}     -> doubledValue {value: 2 * value} to the sender
//   wave                    -> receiveMessage {message: "Hello world!"} to everybody
//   react {emoji, x, y}     -> reacted {emoji, x, y} to everybody; x and y are parts of the page
#pragma once

#include <string>

#include "pluv/pluv.h"

namespace pluv::apps::demo {

// What pluvd makes of a visitor, or of the user in a token.
struct User {
  std::string id;
  std::string name;
};

struct SendMessage {
  std::string message;
};
struct ReceiveMessage {
  std::string message;
};

struct Value {
  double value;
};

struct React {
  std::string emoji;
  double x;
  double y;
};
struct Reacted {
  std::string emoji;
  double x;
  double y;
};

// An emoji is up to 16 bytes of UTF-8: a family of several people is longer and is refused.
inline constexpr std::size_t kEmojiBytesMax = 16;

// The events of any io; handlers need nothing of their context.
template <class Io>
[[nodiscard]] auto demo_router(const Io& io) {
  const auto send_message = io.procedure().template input<SendMessage>().broadcast(
      [](const SendMessage& in) { return emit<"receiveMessage">(ReceiveMessage{in.message}); });
  const auto double_value = io.procedure().template input<Value>().self(
      [](const Value& in) { return emit<"doubledValue">(Value{in.value * 2}); });
  const auto wave = io.procedure().broadcast(
      [] { return emit<"receiveMessage">(ReceiveMessage{"Hello world!"}); });
  const auto react =
      io.procedure()
          .template input<React>(
              check(&React::emoji, min_length(1),
                    refine([](const std::string& emoji) { return emoji.size() <= kEmojiBytesMax; },
                           "expected at most 16 bytes")),
              check(&React::x, minimum(0), maximum(1)), check(&React::y, minimum(0), maximum(1)))
          .broadcast(
              [](const React& in) { return emit<"reacted">(Reacted{in.emoji, in.x, in.y}); });
  return io.router(on<"sendMessage">(send_message), on<"doubleValue">(double_value),
                   on<"wave">(wave), on<"react">(react));
}

// A server that does not listen, to describe what pluvd's demo says and hears. (The secret never
// meets a token: pluvd reads those.)
[[nodiscard]] inline auto demo_server() {
  const auto io = create_io(platform_native(NativeOptions{
      .authorize = authorize<User>({.secret = "describes types only"}), .crdt = yjs()}));
  return io.server(ServerOptions{.router = demo_router(io)});
}

}  // namespace pluv::apps::demo
