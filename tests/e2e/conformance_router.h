// Events of the end-to-end suites that need no threads and throw nothing: the same source in the
// native server and in the WebAssembly module.
#pragma once

#include <optional>
#include <string>

#include "pluv/event.h"
#include "pluv/router.h"

namespace conformance {

struct Message {
  std::string message;
};
struct Value {
  double value;
};
struct Note {
  std::optional<std::string> note;
};

template <class Io>
auto make_router(const Io& io) {
  const auto send_message = io.procedure().template input<Message>().broadcast(
      [](const Message& in) { return pluv::emit<"receiveMessage">(in); });
  const auto double_value = io.procedure().template input<Value>().self(
      [](const Value& in) { return pluv::emit<"doubledValue">(Value{in.value * 2}); });
  const auto sync_note = io.procedure().template input<Note>().sync(
      [](const Note& in) { return pluv::emit<"noteSynced">(in); });
  return io.router(pluv::on<"sendMessage">(send_message), pluv::on<"doubleValue">(double_value),
                   pluv::on<"syncNote">(sync_note));
}

}  // namespace conformance
