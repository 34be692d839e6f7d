// Serves until its input ends; the first line of its output is the port.
#include <iostream>

#include "server.h"

int main() {
  const auto server = make_server();
  auto listening = server.listen({.port = 0});
  listening.start();
  std::cout << listening.port() << std::endl;
  std::cin.get();
  listening.drain();
  return listening.join();
}
