// Rooms on Cloudflare Durable Objects: the same router as a native server's, compiled to a
// WebAssembly module that serves one room. A source file of the module's own says
//
//   #include "chat_router.h"   // what the native server includes, too
//   #include "pluv/cloudflare.h"
//
//   PLUV_CLOUDFLARE_MODULE([] {
//     const auto io = pluv::create_io(pluv::platform_cloudflare());
//     return io.server(pluv::ServerOptions{.router = make_chat_router(io)});
//   })
//
// Modules have no exceptions, threads and sockets: server.listen() and create_token() end the
// module, task.h says how coroutines fail, and a handler says that it failed by returning a Result.
// Compiled natively, an io of this platform is the native one without persistence, for tests.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "platform/cloudflare/module_core.h"
#include "pluv/io.h"

namespace pluv {

// The options of the platform, all of which may be left out; each as in NativeOptions. Documents
// (crdt = yjs()) are kept by the platform.
template <class AuthorizeType = NoAuthorize, class ContextType = NoContext, class Crdt = Noop>
struct CloudflareOptions {
  // authorize<User>({}): no secret, for the platform opens the tokens. The checks count.
  AuthorizeType authorize{};
  ContextType context{};
  Crdt crdt{};
  Limits limits{};
  bool debug = false;  // log all lines, not only warnings and errors
};

template <class Options>
struct CloudflarePlatform {
  Options options;
};

template <class A, class C, class K>
[[nodiscard]] CloudflarePlatform<CloudflareOptions<A, C, K>> platform_cloudflare(
    CloudflareOptions<A, C, K> options) {
  return {std::move(options)};
}
[[nodiscard]] inline CloudflarePlatform<CloudflareOptions<>> platform_cloudflare() { return {}; }

template <class A, class C, class K>
[[nodiscard]] auto create_io(CloudflarePlatform<CloudflareOptions<A, C, K>> platform) {
  auto& options = platform.options;
  if constexpr (!std::is_same_v<A, NoAuthorize>) options.authorize.config.needs_secret = false;
  return detail::make_io(std::move(options.authorize), options.context, options.crdt, Persistence(),
                         options.limits, options.debug);
}

namespace detail {

template <class User, class Value, class RouterType>
[[nodiscard]] std::shared_ptr<Core> keep_core(Server<User, Value, RouterType> server) {
  const auto kept = std::make_shared<Server<User, Value, RouterType>>(std::move(server));
  return {kept, &kept->core()};
}

}  // namespace detail
}  // namespace pluv

// Makes a source file a module's: its argument is a function of nothing, or a lambda, that returns
// io.server(...). Once a module, outside of namespaces.
#define PLUV_CLOUDFLARE_MODULE(...)                                     \
  std::shared_ptr<pluv::detail::Core> pluv::cloudflare::module_core() { \
    static const std::shared_ptr<pluv::detail::Core> core =             \
        pluv::detail::keep_core((__VA_ARGS__)());                       \
    return core;                                                        \
  }
