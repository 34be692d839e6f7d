// The room module behind the end-to-end suites on workerd. What waits or throws there is in
// TypeScript (conformance_worker.js).
#include <cstdlib>

#include "pluv/cloudflare.h"
#include "tests/e2e/conformance_router.h"

namespace {

auto make_server() {
  const auto io =
      pluv::create_io(pluv::platform_cloudflare(pluv::CloudflareOptions{.crdt = pluv::yjs()}));
  // A handler with a bug that ends the module.
  const auto break_module = io.procedure().self([] { std::abort(); });
  return io.server(
      pluv::ServerOptions{.router = io.merge_routers(conformance::make_router(io),
                                                     io.router(pluv::on<"break">(break_module)))});
}

}  // namespace

PLUV_CLOUDFLARE_MODULE(make_server)
