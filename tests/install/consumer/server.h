// The program's server, from which its types are generated, too.
#pragma once

#include <pluv/pluv.h>

#include <string>

struct Message {
  std::string message;
};

inline auto make_server() {
  const auto io = pluv::create_io(pluv::platform_native());
  const auto say = io.procedure().input<Message>().broadcast(
      [](const Message& in) { return pluv::emit<"said">(in); });
  return io.server(pluv::ServerOptions{.router = io.router(pluv::on<"say">(say))});
}
