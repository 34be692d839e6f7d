// The smallest server: three events that anybody in a room may send. Run it, then connect a pluv
// client to ws://localhost:3000/api/pluv/room/<room>.
//
//   ./example_chat
#include <string>

#include "pluv/pluv.h"

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

int main() {
  const auto io = pluv::create_io(pluv::platform_native());

  // To everybody in the room, the sender included.
  const auto send_message =
      io.procedure()
          .input<SendMessage>(pluv::check(&SendMessage::message, pluv::max_length(4096)))
          .broadcast([](const SendMessage& in) {
            return pluv::emit<"receiveMessage">(ReceiveMessage{in.message});
          });

  // To the sender alone.
  const auto double_value = io.procedure().input<Value>().self(
      [](const Value& in) { return pluv::emit<"doubledValue">(Value{in.value * 2}); });

  // Without an input.
  const auto wave = io.procedure().broadcast(
      [] { return pluv::emit<"receiveMessage">(ReceiveMessage{"Hello world!"}); });

  const auto router = io.router(pluv::on<"sendMessage">(send_message),
                                pluv::on<"doubleValue">(double_value), pluv::on<"wave">(wave));

  const auto server = io.server(pluv::ServerOptions{.router = router});
  return server.listen({.port = 3000}).run();
}
