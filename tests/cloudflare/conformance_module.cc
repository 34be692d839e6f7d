// The room module behind the end-to-end suites on workerd. What waits or throws there is in
// TypeScript (conformance_worker.js).
#include "pluv/cloudflare.h"
#include "tests/e2e/conformance_router.h"

namespace {

auto make_server() {
  const auto io = pluv::create_io(
      pluv::platform_cloudflare(pluv::CloudflareOptions{.crdt = pluv::yjs()}));
  return io.server(pluv::ServerOptions{.router = conformance::make_router(io)});
}

}  // namespace

PLUV_CLOUDFLARE_MODULE(make_server)
