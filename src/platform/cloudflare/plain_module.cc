// The module of rooms without C++ procedures: events are forwarded, or the object's TypeScript has
// procedures for them.
#include "pluv/cloudflare.h"

namespace {

auto make_server() {
  const auto io =
      pluv::create_io(pluv::platform_cloudflare(pluv::CloudflareOptions{.crdt = pluv::yjs()}));
  return io.server();
}

}  // namespace

PLUV_CLOUDFLARE_MODULE(make_server)
