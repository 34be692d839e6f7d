// The smallest server: three events (chat_router.h) that anybody in a room may send. Run it, then
// connect a pluv client to ws://localhost:3000/api/pluv/room/<room>.
//
//   ./example_chat
#include "examples/chat/chat_router.h"
#include "pluv/pluv.h"

int main() {
  const auto io = pluv::create_io(pluv::platform_native());
  const auto server = io.server(pluv::ServerOptions{.router = make_chat_router(io)});
  return server.listen({.port = 3000}).run();
}
