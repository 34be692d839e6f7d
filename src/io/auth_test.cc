// Authorization and tokens of the public API.
#include "pluv/auth.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "io/clock.h"
#include "io/io_testing.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;

struct User {
  std::string id;
  std::string name;
};

auto make_io(AuthorizeOptions options = {.secret = "secret123"}) {
  return create_io(platform_native(NativeOptions{
      .authorize = authorize<User>(std::move(options), check(&User::name, min_length(1)))}));
}

detail::Authorizer make_authorizer(AuthorizeOptions options, const Limits& limits = {}) {
  auto made = authorize<User>(std::move(options), check(&User::name, min_length(1)));
  return detail::Authorizer(std::move(made.config), limits);
}

TEST(Authorize, ATokenAdmitsItsUserToItsRoomOnly) {
  const auto io = make_io();
  const std::string token = io.create_token({.room = "lobby", .user = {.id = "7", .name = "Ada"}});
  const auto authorizer = make_authorizer({.secret = "secret123"});
  const std::int64_t now = detail::unix_now_ms();
  const auto user = authorizer.authorize("lobby", token, Request(), now);
  ASSERT_TRUE(user.ok()) << user.error().message;
  EXPECT_EQ(user->id, "7");
  EXPECT_EQ(user->json, R"({"id":"7","name":"Ada"})");
  EXPECT_EQ(static_cast<const User*>(user->user.get())->name, "Ada");
  for (const auto& [room, text] : {std::pair<std::string, std::string>{"other", token},
                                   {"lobby", ""},
                                   {"lobby", "garbage"},
                                   {"lobby", token + "x"}}) {
    const auto refused = authorizer.authorize(room, text, Request(), now);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
  }
}

TEST(Authorize, TokensMayAllowOnlySomeThings) {
  const auto io = make_io();
  const auto authorizer = make_authorizer({.secret = "secret123"});
  const auto allowed = [&](std::optional<std::vector<std::string>> permissions) {
    const std::string token = io.create_token(
        {.room = "lobby", .user = {"7", "Ada"}, .permissions = std::move(permissions)});
    const auto user = authorizer.authorize("lobby", token, Request(), detail::unix_now_ms());
    return user.ok() ? user->permissions : user.error().message;
  };
  EXPECT_EQ(allowed(std::nullopt), "*");
  EXPECT_EQ(allowed(std::vector<std::string>{"read", "event:wave", "moderate"}),
            "event:wave moderate read");
  EXPECT_EQ(allowed(std::vector<std::string>{}), "the token's permissions do not allow to read");
  EXPECT_THROW((void)allowed(std::vector<std::string>{"no name"}), std::invalid_argument);
}

TEST(Authorize, TokensLiveAMinuteUnlessToldOtherwise) {
  const auto io = make_io();
  const auto authorizer = make_authorizer({.secret = "secret123"});
  const std::int64_t now = detail::unix_now_ms();
  const std::string usual = io.create_token({.room = "lobby", .user = {"7", "Ada"}});
  const std::string longer =
      io.create_token({.room = "lobby", .user = {"7", "Ada"}, .max_age = 1h});
  EXPECT_TRUE(authorizer.authorize("lobby", usual, Request(), now + 55'000).ok());
  EXPECT_FALSE(authorizer.authorize("lobby", usual, Request(), now + 80'000).ok());
  EXPECT_TRUE(authorizer.authorize("lobby", longer, Request(), now + 3'500'000).ok());
}

TEST(Authorize, SeveralSecretsReadAndTheFirstSigns) {
  const auto rotated = make_io({.secrets = {"new", "old"}});
  const auto old_only = make_authorizer({.secret = "old"});
  const auto new_only = make_authorizer({.secret = "new"});
  const auto both = make_authorizer({.secrets = {"new", "old"}});
  const std::int64_t now = detail::unix_now_ms();
  const std::string token = rotated.create_token({.room = "r", .user = {"1", "A"}});
  const std::string earlier =
      make_io({.secret = "old"}).create_token({.room = "r", .user = {"1", "A"}});
  EXPECT_TRUE(new_only.authorize("r", token, Request(), now).ok());
  EXPECT_FALSE(old_only.authorize("r", token, Request(), now).ok());
  EXPECT_TRUE(both.authorize("r", earlier, Request(), now).ok());
}

TEST(Authorize, UnusableSecretsAreRefusedAtTheStart) {
  EXPECT_THROW(make_io({}), std::invalid_argument);
  EXPECT_THROW(make_io({.secret = static_cast<const char*>(nullptr)}), std::invalid_argument);
  EXPECT_THROW(make_io({.secrets = {"good", ""}}), std::invalid_argument);
}

TEST(Authorize, OptionsMayDependOnTheRequest) {
  int asked = 0;
  const auto io = create_io(
      platform_native(NativeOptions{.authorize = authorize<User>([&asked](const Request& request) {
                                      ++asked;
                                      EXPECT_EQ(request.path(), "");
                                      return AuthorizeOptions{.secret = "of this request"};
                                    })}));
  const std::string token = io.create_token({.room = "r", .user = {"1", ""}});
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(make_authorizer({.secret = "of this request"})
                  .authorize("r", io.create_token({.room = "r", .user = {"1", "A"}}), Request(),
                             detail::unix_now_ms())
                  .ok());
}

TEST(Authorize, AFunctionThatThrowsMakesJoinsWait) {
  auto made = authorize<User>(
      [](const Request&) -> AuthorizeOptions { throw std::runtime_error("no vault"); });
  const detail::Authorizer authorizer(std::move(made.config), {});
  const auto refused = authorizer.authorize("r", "t", Request(), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_THROW(
      (void)authorizer.create_token("r", R"({"id":"1","name":"A"})", 60s, nullptr, std::nullopt),
      std::runtime_error);
}

TEST(Authorize, ACheckThatThrowsRefusesTheTokenAndEndsNothing) {
  const auto io = make_io();
  const std::string token = io.create_token({.room = "r", .user = {"1", "A"}});
  auto made = authorize<User>(
      AuthorizeOptions{.secret = "secret123"},
      check(&User::name, refine([](const std::string& name) { return std::stoi(name) > 0; }, "")));
  const detail::Authorizer authorizer(std::move(made.config), {});
  const auto refused = authorizer.authorize("r", token, Request(), detail::unix_now_ms());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthorized);
}

TEST(CreateToken, RefusesWhatItsReaderWouldRefuse) {
  const auto io = make_io();
  const auto create = [&](std::string room, User user, std::chrono::milliseconds age = 60s) {
    return io.create_token({.room = std::move(room), .user = std::move(user), .max_age = age});
  };
  EXPECT_THROW(create("-bad-", {"1", "A"}), std::invalid_argument);
  EXPECT_THROW(create("r", {"1", ""}), std::invalid_argument) << "fails its check";
  EXPECT_THROW(create("r", {"1", "A"}, 0s), std::invalid_argument);
  EXPECT_NO_THROW(create("r", {std::string(127, 'x'), "A"}));
  EXPECT_NO_THROW(create("r", {std::string(128, 'x'), "A"}));
  EXPECT_THROW(create("r", {std::string(129, 'x'), "A"}), std::invalid_argument);
  const std::size_t frame = std::string(R"({"id":"1","name":""})").size();
  EXPECT_NO_THROW(create("r", {"1", std::string(511 - frame, 'x')}));
  EXPECT_NO_THROW(create("r", {"1", std::string(512 - frame, 'x')}));
  EXPECT_THROW(create("r", {"1", std::string(513 - frame, 'x')}), std::invalid_argument);
}

TEST(Authorize, HandlersSeeTheTypedUserAndTheServerHasNone) {
  const auto io = make_io();
  using Ctx = decltype(io)::Ctx;
  const auto who = io.procedure().broadcast([](Ctx& ctx) {
    const std::string others = ctx.sessions().front().user->name;
    return emit<"is">(User{ctx.user() != nullptr ? ctx.user()->name : "server", others});
  });
  const auto server = io.server(ServerOptions{.router = io.router(on<"who">(who))});
  testing::Bench bench(server);
  const auto a = bench.join(
      {"7", R"({"id":"7","name":"Ada"})", std::make_shared<const User>(User{"7", "Ada"})});
  bench.send(a, "who", "{}");
  bench.step(room::ServerBroadcast{"who", "{}"});
  EXPECT_EQ(bench.take(a), (std::vector<std::string>{R"(is {"id":"Ada","name":"Ada"})",
                                                     R"(is {"id":"server","name":"Ada"})"}));
}

}  // namespace
}  // namespace pluv
