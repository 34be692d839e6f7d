// The public API as in a module: this program and the layer that it tests are compiled without
// exceptions. How calls fail, and that their frames are freed.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/io_testing.h"
#include "pluv/cloudflare.h"
#include "pluv/ycrdt.h"

#ifdef __cpp_exceptions
#error "to be compiled without exceptions"
#endif

namespace pluv {
namespace {

using namespace std::chrono_literals;
using testing::Bench;
using Strings = std::vector<std::string>;

struct Number {
  double value;
};
using Out = Event<"out", Number>;

// Counts how often what a frame holds was destroyed.
struct Guard {
  explicit Guard(int& counter) : count(&counter) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { ++*count; }
  int* count;
};

template <class Handler>
auto serve(Handler handler) {
  const auto api = create_io(platform_cloudflare(CloudflareOptions{.crdt = yjs()}));
  return api.server(ServerOptions{
      .router = api.router(on<"go">(api.procedure().input<Number>().self(std::move(handler))))});
}
using Io = decltype(create_io(platform_cloudflare(CloudflareOptions{.crdt = yjs()})));

Strings go(Bench& bench, room::SessionIndex session) {
  bench.send(session, "go", R"({"value":4})");
  bench.host.drain();
  return bench.take(session);
}

TEST(NoExceptions, TasksThatAwaitOthersGoOn) {
  const auto server = serve([](const Number& in) -> task<Out> {
    const auto add_one = [](double value) -> task<double> { co_return value + 1; };
    const double one = co_await add_one(in.value);
    const double same = co_await blocking([one] { return one; });
    co_await sleep_for(100ms);
    co_return emit<"out">(Number{same});
  });
  Bench bench(server);
  const auto a = bench.join();
  EXPECT_EQ(go(bench, a), Strings{});
  bench.host.advance_ms(100);
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":5})"});
  EXPECT_EQ(server.core().runtime().frames(), 0u);
}

TEST(NoExceptions, AResolverThatIsRejectedOrDroppedEndsTheWholeCall) {
  int freed = 0;
  int went_on = 0;
  std::optional<resolver<void>> kept;
  const auto server = serve([&](const Number& in) -> task<Out> {
    const Guard outer(freed);
    const auto inner = [&]() -> task<void> {
      const Guard guard(freed);
      co_await from_callback([&](resolver<void> own) { kept.emplace(std::move(own)); });
      ++went_on;
    };
    co_await inner();
    ++went_on;
    co_return emit<"out">(in);
  });
  Bench bench(server);
  const auto a = bench.join();
  EXPECT_EQ(go(bench, a), Strings{});
  kept->reject(Error{ErrorCode::unavailable, "no database"});
  EXPECT_EQ(freed, 0) << "not while the one who rejects may still be inside of a frame";
  bench.host.drain();
  EXPECT_EQ(bench.take(a), Strings{R"($error {"message":"no database","stack":null})"});
  EXPECT_EQ(freed, 2);

  EXPECT_EQ(go(bench, a), Strings{});
  kept.reset();
  bench.host.drain();
  EXPECT_EQ(
      bench.take(a),
      Strings{R"($error {"message":"The resolver was dropped without a result","stack":null})"});
  EXPECT_EQ(freed, 4);
  EXPECT_EQ(went_on, 0);
  EXPECT_EQ(server.core().runtime().frames(), 0u);
}

TEST(NoExceptions, AResolverThatIsRejectedAtOnceEndsTheCall) {
  int freed = 0;
  const auto server = serve([&](const Number& in) -> task<Out> {
    const Guard guard(freed);
    co_await from_callback([](const resolver<void>& own) {
      own.reject(Error{ErrorCode::unavailable, "never began"});
    });
    co_return emit<"out">(in);
  });
  Bench bench(server);
  const auto a = bench.join();
  EXPECT_EQ(go(bench, a), Strings{R"($error {"message":"never began","stack":null})"});
  EXPECT_EQ(freed, 1);
}

TEST(NoExceptions, AnEditThatIsRefusedEndsTheCall) {
  int freed = 0;
  const auto server = serve([&](const Number& in, Io::TaskCtx& ctx) -> task<Out> {
    const Guard guard(freed);
    co_await ctx.edit([](ycrdt::Doc&) {});
    co_return emit<"out">(in);
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.host.run_edit = [](const auto&, auto done) {
    done(Error{ErrorCode::unavailable, "The disk is full"});
  };
  EXPECT_EQ(go(bench, a), Strings{R"($error {"message":"The disk is full","stack":null})"});
  EXPECT_EQ(freed, 1);
  EXPECT_EQ(server.core().runtime().frames(), 0u);
}

TEST(NoExceptions, AServerThatEndsFreesWhatWaits) {
  int freed = 0;
  std::optional<resolver<void>> kept;
  {
    const auto server = serve([&](const Number& in) -> task<Out> {
      const Guard guard(freed);
      co_await from_callback([&](resolver<void> own) { kept.emplace(std::move(own)); });
      co_return emit<"out">(in);
    });
    Bench bench(server);
    EXPECT_EQ(go(bench, bench.join()), Strings{});
  }
  EXPECT_EQ(freed, 1);
  kept.reset();
}

TEST(NoExceptions, ADocumentThatIsAskedForInVainFailsTheCallAndChangesNothing) {
  const auto write = [](ycrdt::Doc& doc) { return doc.get_array("list").push({"x"}).ok(); };
  const auto api = create_io(platform_cloudflare());  // whose rooms have none
  const auto server =
      api.server(ServerOptions{.router = api.router(on<"go">(api.procedure().input<Number>().self(
                                   [&](const Number& in, decltype(api)::Ctx& ctx) {
                                     EXPECT_TRUE(write(ctx.doc()));
                                     EXPECT_TRUE(write(ctx.doc()));
                                     return emit<"out">(in);
                                   })))});
  Bench bench(server);
  const auto a = bench.join();
  EXPECT_EQ(go(bench, a), Strings{R"($error {"message":"The room has no document","stack":null})"});

  const auto waiting = serve([&](const Number& in, Io::TaskCtx& ctx) -> task<Out> {
    EXPECT_TRUE(write(ctx.doc()));
    co_return emit<"out">(in);
  });
  Bench other(waiting);
  const auto b = other.join();
  const std::string why = "A coroutine has no document: co_await ctx.edit(fn)";
  EXPECT_EQ(go(other, b), Strings{R"($error {"message":")" + why + R"(","stack":null})"});
}

struct User {
  std::string id;
};

TEST(NoExceptions, UsersAreReadWithoutASecret) {
  const auto api = create_io(platform_cloudflare(
      CloudflareOptions{.authorize = authorize<User>({}, check(&User::id, min_length(2)))}));
  const auto server = api.server();
  const std::shared_ptr<const detail::Authorizer> authorizer = server.core().authorizer();
  ASSERT_NE(authorizer, nullptr);
  const auto user = authorizer->parse_user(R"({"id":"ada","other":1})");
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->id, "ada");
  EXPECT_EQ(user->json, R"({"id":"ada"})");
  const auto bad = authorizer->parse_user(R"({"id":"a"})");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::unauthorized);
  EXPECT_FALSE(authorizer->authorize("room", "token", Request(), 0).ok());
}

TEST(NoExceptionsDeathTest, AModuleDoesNotListen) {
  const auto server = create_io(platform_cloudflare()).server();
  EXPECT_DEATH((void)server.listen(), "A module does not listen");
}

}  // namespace
}  // namespace pluv
