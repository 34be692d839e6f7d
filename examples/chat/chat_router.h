// Three events that anybody in a room may send: what main.cc serves itself, and
// examples/cloudflare/chat_module.cc on Cloudflare.
#pragma once

#include <string>

#include "pluv/event.h"
#include "pluv/router.h"
#include "pluv/schema.h"

// What clients send, and what they receive. Plain structs are read and written as JSON objects.
struct SendMessage {
  std::string message;
};
struct ReceiveMessage {
  std::string message;
};
struct Value {
  double value;
};

// Io: of any platform, which is why C++ wants to read `.template` before `input`.
template <class Io>
auto make_chat_router(const Io& io) {
  // To everybody in the room, the sender included.
  const auto send_message =
      io.procedure()
          .template input<SendMessage>(pluv::check(&SendMessage::message, pluv::max_length(4096)))
          .broadcast([](const SendMessage& in) {
            return pluv::emit<"receiveMessage">(ReceiveMessage{in.message});
          });

  // To the sender alone.
  const auto double_value = io.procedure().template input<Value>().self(
      [](const Value& in) { return pluv::emit<"doubledValue">(Value{in.value * 2}); });

  // Without an input.
  const auto wave = io.procedure().broadcast(
      [] { return pluv::emit<"receiveMessage">(ReceiveMessage{"Hello world!"}); });

  return io.router(pluv::on<"sendMessage">(send_message), pluv::on<"doubleValue">(double_value),
                   pluv::on<"wave">(wave));
}
