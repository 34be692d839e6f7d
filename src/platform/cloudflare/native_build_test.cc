// An io of platform_cloudflare in a native program, where it is the native one without persistence.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/io_testing.h"
#include "pluv/cloudflare.h"

namespace pluv {
namespace {

using Strings = std::vector<std::string>;

struct User {
  std::string id;
};
struct App {
  int calls = 0;
};
struct Count {
  int calls;
};

TEST(NativeBuild, ServesTheSameRouter) {
  const auto io = create_io(platform_cloudflare(
      CloudflareOptions{.authorize = authorize<User>({}), .context = App{}, .crdt = yjs()}));
  const auto count = io.procedure().self(
      [](decltype(io)::Ctx& ctx) { return emit<"counted">(Count{++ctx.context().calls}); });
  const auto server = io.server(ServerOptions{.router = io.router(on<"count">(count))});
  testing::Bench bench(server);
  const auto user = server.core().authorizer()->parse_user(R"({"id":"ada"})");
  ASSERT_TRUE(user.ok());
  const auto a = bench.join(*user);
  bench.send(a, "count", "{}");
  bench.send(a, "count", "{}");
  EXPECT_EQ(bench.take(a), (Strings{R"(counted {"calls":1})", R"(counted {"calls":2})"}));
}

TEST(NativeBuild, TokensNeedASecretOnlyWhenTheyAreOpened) {
  const auto io =
      create_io(platform_cloudflare(CloudflareOptions{.authorize = authorize<User>({})}));
  const auto server = io.server();
  const auto refused = server.core().authorizer()->authorize("room", "token", Request(), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_THROW((void)io.create_token({.room = "room", .user = {.id = "ada"}}), std::runtime_error);

  const auto with_secret = create_io(platform_cloudflare(
      CloudflareOptions{.authorize = authorize<User>({.secret = "a secret that is long enough"})}));
  EXPECT_NE(with_secret.create_token({.room = "room", .user = {.id = "ada"}}), "");
}

}  // namespace
}  // namespace pluv
