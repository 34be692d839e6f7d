// The room module behind the end-to-end suites on workerd. What waits or throws there is in
// TypeScript (conformance_worker.js).
#include <chrono>
#include <cstdlib>

#include "pluv/cloudflare.h"
#include "tests/e2e/conformance_router.h"

namespace {

auto make_server() {
  const auto io =
      pluv::create_io(pluv::platform_cloudflare(pluv::CloudflareOptions{.crdt = pluv::yjs()}));
  // A handler with a bug that ends the module.
  const auto break_module = io.procedure().self([] { std::abort(); });
  // Longer than an object is kept without a reason.
  // Longer than an object is kept without a reason.
  const auto nap =
      io.procedure().broadcast([]() -> pluv::task<pluv::Event<"woken", conformance::Message>> {
        co_await pluv::sleep_for(std::chrono::seconds(25));
        co_return pluv::emit<"woken">(conformance::Message{"well slept"});
      });
  return io.server(
      pluv::ServerOptions{.router = io.merge_routers(
                              conformance::make_router(io),
                              io.router(pluv::on<"break">(break_module), pluv::on<"nap">(nap)))});
}

}  // namespace

PLUV_CLOUDFLARE_MODULE(make_server)
