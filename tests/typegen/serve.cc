// A program that serves, for `pluv typegen`. It talks before it listens, and writes a file named by
// its argument when it would serve, which must not be seen.
#include <fstream>
#include <iostream>

#include "tests/typegen/router.h"

int main(int argc, char** argv) {
  std::cout << "a line that is no type" << std::endl;
  const auto server = chat::make_server();
  if (argc > 2) return 3;  // ends before it listens
  const auto listening = server.listen({.port = 0});
  if (argc > 1) std::ofstream(argv[1]) << listening.port();
  return 0;
}
