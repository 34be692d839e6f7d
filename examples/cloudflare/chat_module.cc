// The rooms of examples/chat on Cloudflare: the same router, as a module that serves the room of
// one Durable Object.
//
//   scripts/build wasm chat_room   # build/wasm/bin/chat_room.wasm
#include "examples/chat/chat_router.h"
#include "pluv/cloudflare.h"

PLUV_CLOUDFLARE_MODULE([] {
  const auto io = pluv::create_io(pluv::platform_cloudflare());
  return io.server(pluv::ServerOptions{.router = make_chat_router(io)});
})
