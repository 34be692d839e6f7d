// Coroutine handlers: what they wait for, on which thread they go on, and how they end.
#include "pluv/task.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "io/io_testing.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;
using testing::Bench;
using Strings = std::vector<std::string>;

struct Number {
  double value;
};
using Out = Event<"out", Number>;

template <class Handler>
auto serve(Handler handler) {
  const auto api = create_io(platform_native());
  return api.server(ServerOptions{
      .router = api.router(on<"go">(api.procedure().input<Number>().self(std::move(handler))),
                           on<"quick">(api.procedure().self([] { return emit<"quick">(); })))});
}

task<double> add_one(double value) { co_return value + 1; }
task<double> add_two(double value) {
  const double once = co_await add_one(value);
  co_return co_await add_one(once);
}

TEST(Task, AwaitsOtherTasksAndRepliesLater) {
  const auto server = serve([](const Number& in) -> task<Out> {
    co_return emit<"out">(Number{co_await add_two(in.value)});
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":1})");
  EXPECT_EQ(bench.take(a), Strings{}) << "never from inside the step";
  bench.host.drain();
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":3})"});
  EXPECT_EQ(server.core().runtime().frames(), 0u);
}

TEST(Task, SleepsWhileTheRoomGoesOnAndItsSessionsOrderIsKept) {
  const auto server = serve([](const Number& in) -> task<Out> {
    co_await sleep_for(100ms);
    co_return emit<"out">(in);
  });
  Bench bench(server);
  const auto a = bench.join();
  const auto b = bench.join();
  bench.send(a, "go", R"({"value":1})");
  bench.send(a, "quick", "{}");
  bench.send(b, "quick", "{}");
  EXPECT_EQ(bench.take(b), Strings{"quick {}"});
  bench.host.advance_ms(99);
  EXPECT_EQ(bench.take(a), Strings{});
  bench.host.advance_ms(1);
  EXPECT_EQ(bench.take(a), (Strings{R"(out {"value":1})", "quick {}"}));
}

TEST(Task, BlockingRunsElsewhereAndGoesOnOnTheRoomsThread) {
  const auto here = std::this_thread::get_id();
  std::atomic<bool> elsewhere = false;
  std::atomic<bool> back = false;
  const auto server = serve([&, here](const Number& in) -> task<Out> {
    const double got = co_await blocking([&elsewhere, here, in] {
      elsewhere = std::this_thread::get_id() != here;
      return in.value * 10;
    });
    back = std::this_thread::get_id() == here;
    co_return emit<"out">(Number{got});
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":4})");
  ASSERT_TRUE(bench.host.drain_when_posted());
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":40})"});
  EXPECT_TRUE(elsewhere);
  EXPECT_TRUE(back);
}

TEST(Task, ExceptionsOfBlockingWorkBecomeAnError) {
  const auto server = serve([](const Number&) -> task<void> {
    co_await blocking([] { throw std::runtime_error("no database"); });
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":4})");
  ASSERT_TRUE(bench.host.drain_when_posted());
  EXPECT_EQ(bench.take(a), Strings{R"($error {"message":"no database","stack":null})"});
}

TEST(Task, AnExceptionCanBeCaughtByTheTaskThatAwaits) {
  const auto server = serve([](const Number&) -> task<Out> {
    double value = 0;
    try {
      co_await [](int at) -> task<void> {
        if (at > 0) throw std::invalid_argument("inner");
        co_return;
      }(1);
    } catch (const std::invalid_argument&) {
      value = 5;
    }
    co_return emit<"out">(Number{value});
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":4})");
  bench.host.drain();
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":5})"});
}

TEST(Task, ResolversSettleAtOnceLaterOrFromAnotherThread) {
  std::optional<resolver<double>> kept;
  const auto server = serve([&kept](const Number& in) -> task<Out> {
    const double now = co_await from_callback<double>([&](resolver<double> r) {
      r.resolve(in.value);
      r.resolve(99.0);  // too late
    });
    const double later = co_await from_callback<double>([&](resolver<double> r) { kept = r; });
    co_return emit<"out">(Number{now + later});
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":1})");
  bench.host.drain();
  EXPECT_EQ(bench.take(a), Strings{});
  ASSERT_TRUE(kept);
  std::thread([&] { kept->resolve(41.0); }).join();
  bench.host.drain();
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":42})"});
}

TEST(Task, AResolverDroppedUnusedEndsTheWait) {
  const auto server =
      serve([](const Number&) -> task<void> { co_await from_callback([](resolver<void>) {}); });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":1})");
  bench.host.drain();
  const Strings got = bench.take(a);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find("dropped"), std::string::npos);
}

TEST(Task, InvalidInputNeverStartsTheTask) {
  bool started = false;
  const auto server = serve([&started](const Number&) -> task<void> {
    started = true;
    co_return;
  });
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "go", R"({"value":"x"})");
  bench.host.drain();
  EXPECT_EQ(
      bench.take(a),
      Strings{R"($error {"message":"value: expected number, received string","stack":null})"});
  EXPECT_FALSE(started);
}

TEST(Task, ContextOfACoroutineOutlivesTheStep) {
  const auto api = create_io(platform_native(NativeOptions{.context = std::string("own")}));
  using TaskCtx = decltype(api)::TaskCtx;
  const auto p = api.procedure().self([](TaskCtx& ctx) -> task<Out> {
    co_await sleep_for(10ms);
    ctx.garbage_collect();
    const bool same =
        ctx.room() == "room-1" && ctx.context() == "own" && ctx.session_id() && ctx.size() == 7;
    co_return emit<"out">(Number{same ? 1.0 : 0.0});
  });
  const auto server = api.server(ServerOptions{.router = api.router(on<"p">(p))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "p", "{}");
  bench.host.advance_ms(10);
  EXPECT_EQ(bench.take(a), Strings{R"(out {"value":1})"});
  EXPECT_EQ(bench.host.collections, 1);
}

TEST(Task, FramesThatNeverGoOnAreFreedWithTheServer) {
  const auto alive = std::make_shared<int>(1);
  {
    std::optional<resolver<void>> kept;
    const auto server = serve([&kept, alive](const Number&) -> task<void> {
      const auto local = alive;
      co_await from_callback([&](resolver<void> r) { kept = r; });
    });
    {
      Bench bench(server);
      const auto a = bench.join();
      bench.send(a, "go", R"({"value":1})");
      EXPECT_EQ(server.core().runtime().frames(), 1u);
    }
    EXPECT_EQ(server.core().runtime().frames(), 0u);
    kept->resolve();  // after the end: does nothing
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace pluv
