// Serves until its input ends; the first line of its output is the port.
#include <pluv/pluv.h>

#include <iostream>

struct Message {
  std::string message;
};

int main() {
  const auto io = pluv::create_io(pluv::platform_native());
  const auto say = io.procedure().input<Message>().broadcast(
      [](const Message& in) { return pluv::emit<"said">(in); });
  const auto server = io.server(pluv::ServerOptions{.router = io.router(pluv::on<"say">(say))});
  auto listening = server.listen({.port = 0});
  listening.start();
  std::cout << listening.port() << std::endl;
  std::cin.get();
  listening.drain();
  return listening.join();
}
