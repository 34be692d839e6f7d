// Procedures and routers of the public API, run by real rooms.
#include <gtest/gtest.h>

#include <stdexcept>

#include "io/io_testing.h"

namespace pluv {
namespace {

using testing::Bench;
using Strings = std::vector<std::string>;

struct Text {
  std::string message;
};
struct Number {
  double value;
};
struct Here {
  std::string room;
  bool called_by_session;
  double sessions;
  double now_ms;
};
struct App {
  int calls = 0;
};

const auto io = [] { return create_io(platform_native()); };

TEST(Procedure, BroadcastReachesEverybodyAndTheSender) {
  const auto api = io();
  const auto send = api.procedure().input<Text>().broadcast(
      [](const Text& in) { return emit<"receiveMessage">(Text{in.message + "!"}); });
  const auto server = api.server(ServerOptions{.router = api.router(on<"sendMessage">(send))});
  Bench bench(server);
  const auto a = bench.join();
  const auto b = bench.join();
  bench.send(a, "sendMessage", R"({"message":"hi"})");
  EXPECT_EQ(bench.take(a), Strings{R"(receiveMessage {"message":"hi!"})"});
  EXPECT_EQ(bench.take(b), Strings{R"(receiveMessage {"message":"hi!"})"});
}

TEST(Procedure, SelfReachesTheSenderAlone) {
  const auto api = io();
  const auto twice = api.procedure().input<Number>().self(
      [](const Number& in) { return emit<"doubledValue">(Number{in.value * 2}); });
  const auto server = api.server(ServerOptions{.router = api.router(on<"doubleValue">(twice))});
  Bench bench(server);
  const auto a = bench.join();
  const auto b = bench.join();
  bench.send(a, "doubleValue", R"({"value":21})");
  EXPECT_EQ(bench.take(a), Strings{R"(doubledValue {"value":42})"});
  EXPECT_EQ(bench.take(b), Strings{});
}

TEST(Procedure, MayAskForAPermission) {
  const auto api = io();
  const auto kick =
      api.procedure().permission("moderate").input<Text>().broadcast([](const Text& in) {
        return emit<"kicked">(in);
      });
  const auto server = api.server(ServerOptions{.router = api.router(on<"kick">(kick))});
  Bench bench(server);
  const auto owner = bench.join();
  const auto moderator =
      bench.join({.id = "m", .json = {}, .user = {}, .permissions = "read event:kick moderate"});
  const auto guest =
      bench.join({.id = "g", .json = {}, .user = {}, .permissions = "read event:kick"});
  bench.send(guest, "kick", R"({"message":"x"})");
  EXPECT_EQ(bench.take(guest),
            Strings{R"($error {"message":"Not permitted: moderate","stack":null})"});
  EXPECT_EQ(bench.take(owner), Strings{});
  for (const auto sender : {moderator, owner}) {
    bench.send(sender, "kick", R"({"message":"x"})");
    EXPECT_EQ(bench.take(guest), Strings{R"(kicked {"message":"x"})"});
  }
  EXPECT_THROW((void)api.procedure().permission("no name"), std::invalid_argument);
}

TEST(Procedure, IsToldWhatItsCallerMayDo) {
  const auto api = io();
  using Ctx = decltype(api)::Ctx;
  const auto ask = api.procedure().self([](Ctx& ctx) {
    return emit<"answer">(
        Number{(ctx.permitted("read") ? 1.0 : 0.0) + (ctx.permitted("moderate") ? 2.0 : 0.0)});
  });
  const auto server = api.server(ServerOptions{.router = api.router(on<"ask">(ask))});
  Bench bench(server);
  const auto owner = bench.join();
  const auto guest =
      bench.join({.id = "g", .json = {}, .user = {}, .permissions = "read event:ask"});
  bench.send(guest, "ask", "{}");
  EXPECT_EQ(bench.take(guest), Strings{R"(answer {"value":1})"});
  bench.send(owner, "ask", "{}");
  EXPECT_EQ(bench.take(owner), Strings{R"(answer {"value":3})"});
}

TEST(Procedure, RunsAllThreeResolversInOrder) {
  const auto api = io();
  const auto all = api.procedure()
                       .broadcast([] { return emit<"b">(Empty{}); })
                       .self([] { return emit<"s">(); })
                       .sync([](const Json& in) { return emit<"y">(in); });
  const auto server = api.server(ServerOptions{.router = api.router(on<"all">(all))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "all", R"({"k":[1,null]})");
  EXPECT_EQ(bench.take(a), (Strings{"b {}", "s {}", R"(y {"k":[1,null]})"}));
}

TEST(Procedure, InvalidInputIsAnErrorToTheSenderOnly) {
  const auto api = io();
  const auto send = api.procedure()
                        .input<Text>(check(&Text::message, max_length(3)))
                        .broadcast([](const Text& in) { return emit<"out">(in); });
  const auto server = api.server(ServerOptions{.router = api.router(on<"send">(send))});
  Bench bench(server);
  const auto a = bench.join();
  const auto b = bench.join();
  bench.send(a, "send", R"({"message":7})");
  EXPECT_EQ(
      bench.take(a),
      Strings{R"($error {"message":"message: expected string, received number","stack":null})"});
  bench.send(a, "send", R"({"message":"1234"})");
  ASSERT_EQ(bench.take(a).size(), 1u);
  EXPECT_EQ(bench.take(b), Strings{});
  bench.send(a, "send", R"({"message":"123"})");
  EXPECT_EQ(bench.take(b), Strings{R"(out {"message":"123"})"});
}

TEST(Procedure, AnExceptionIsAnErrorAndNothingElseIsSent) {
  const auto api = io();
  const auto boom = api.procedure().broadcast([] { return emit<"before">(); }).self([] {
    throw std::runtime_error("kaboom");
  });
  const auto odd = api.procedure().self([] { throw 7; });
  const auto server =
      api.server(ServerOptions{.router = api.router(on<"boom">(boom), on<"odd">(odd))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "boom", "{}");
  EXPECT_EQ(bench.take(a), Strings{R"($error {"message":"kaboom","stack":null})"});
  bench.send(a, "odd", "{}");
  EXPECT_EQ(bench.take(a), Strings{R"($error {"message":"Unknown exception","stack":null})"});
}

TEST(Procedure, AResultThatFailedIsAnErrorAndNothingElseIsSent) {
  const auto api = io();
  const auto half = [](const Number& in) -> Result<Event<"half", Number>> {
    if (in.value < 0) return Error{ErrorCode::invalid, "A negative number"};
    return emit<"half">(Number{in.value / 2});
  };
  const auto plain = api.procedure().input<Number>().broadcast(half).self(
      [](const Number&) -> Result<void> { return {}; });
  const auto waiting =
      api.procedure().input<Number>().self([half](const Number& in)
                                               -> task<Result<Event<"half", Number>>> {
        co_return half(in);
      });
  const auto server =
      api.server(ServerOptions{.router = api.router(on<"plain">(plain), on<"waiting">(waiting))});
  Bench bench(server);
  const auto a = bench.join();
  const auto b = bench.join();
  for (const char* name : {"plain", "waiting"}) {
    bench.send(a, name, R"({"value":4})");
    bench.host.drain();
    EXPECT_EQ(bench.take(a), Strings{R"(half {"value":2})"}) << name;
    bench.take(b);
    bench.send(a, name, R"({"value":-4})");
    bench.host.drain();
    EXPECT_EQ(bench.take(a), Strings{R"($error {"message":"A negative number","stack":null})"});
    EXPECT_EQ(bench.take(b), Strings{}) << name;
  }
}

TEST(Procedure, OutputsMayBeSeveralConditionalOrNone) {
  const auto api = io();
  using Either = std::variant<Event<"left", Number>, Event<"right", Number>, None>;
  const auto p = api.procedure().input<Number>().self([](const Number& in) {
    return events(emit<"a">(in), when(in.value > 1, emit<"big">(Number{1})));
  });
  const auto q = api.procedure().input<Number>().self([](const Number& in) -> Either {
    if (in.value < 0) return emit<"left">(in);
    if (in.value > 0) return emit<"right">(in);
    return none;
  });
  const auto server = api.server(ServerOptions{.router = api.router(on<"p">(p), on<"q">(q))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "p", R"({"value":1})");
  EXPECT_EQ(bench.take(a), Strings{R"(a {"value":1})"});
  bench.send(a, "p", R"({"value":2})");
  EXPECT_EQ(bench.take(a), (Strings{R"(a {"value":2})", R"(big {"value":1})"}));
  bench.send(a, "q", R"({"value":-1})");
  bench.send(a, "q", R"({"value":0})");
  bench.send(a, "q", R"({"value":1})");
  EXPECT_EQ(bench.take(a), (Strings{R"(left {"value":-1})", R"(right {"value":1})"}));
}

TEST(Procedure, AJsonPayloadThatIsNoObjectIsAnError) {
  const auto api = io();
  const auto p = api.procedure().self([] { return emit<"out">(Json("text")); });
  const auto server = api.server(ServerOptions{.router = api.router(on<"p">(p))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "p", "{}");
  EXPECT_EQ(bench.take(a),
            Strings{R"($error {"message":"expected object, received string","stack":null})"});
}

TEST(Procedure, ContextTellsRoomSessionSessionsAndTime) {
  const auto api = create_io(platform_native(NativeOptions{.context = App{.calls = 40}}));
  using Ctx = decltype(api)::Ctx;
  const auto p = api.procedure().broadcast([](Ctx& ctx) {
    ctx.context().calls += 1;
    ctx.garbage_collect();
    return events(emit<"here">(Here{std::string(ctx.room()), ctx.session_id().has_value(),
                                    static_cast<double>(ctx.sessions().size() + ctx.size()),
                                    static_cast<double>(ctx.now().time_since_epoch().count())}),
                  emit<"calls">(Number{static_cast<double>(ctx.context().calls)}));
  });
  const auto server = api.server(ServerOptions{.router = api.router(on<"p">(p))});
  Bench bench(server);
  const auto a = bench.join();
  bench.join();
  bench.clock_ms = 5;
  bench.send(a, "p", "{}");
  EXPECT_EQ(bench.take(a),
            (Strings{R"(here {"room":"room-1","called_by_session":true,"sessions":4,)"
                     R"("now_ms":1795467862005})",
                     R"(calls {"value":41})"}));
  bench.step(room::ServerBroadcast{"p", "{}"});
  const Strings called = bench.take(a);
  ASSERT_EQ(called.size(), 2u);
  EXPECT_NE(called[0].find(R"("called_by_session":false)"), std::string::npos);
  EXPECT_EQ(called[1], R"(calls {"value":42})");
}

TEST(Procedure, AHalfBuiltProcedureIsSharedAndNotChanged) {
  const auto api = io();
  const auto base = api.procedure().input<Number>();
  const auto plus = base.self([](const Number& in) { return emit<"out">(Number{in.value + 1}); });
  const auto minus = base.self([](const Number& in) { return emit<"out">(Number{in.value - 1}); });
  const auto server =
      api.server(ServerOptions{.router = api.router(on<"plus">(plus), on<"minus">(minus))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "plus", R"({"value":1})");
  bench.send(a, "minus", R"({"value":1})");
  EXPECT_EQ(bench.take(a), (Strings{R"(out {"value":2})", R"(out {"value":0})"}));
}

TEST(Router, OfMergedRoutersTheLastProcedureOfAnEqualNameCounts) {
  const auto api = io();
  const auto first = api.procedure().self([] { return emit<"first">(); });
  const auto second = api.procedure().self([] { return emit<"second">(); });
  const auto merged =
      api.merge_routers(api.router(on<"x">(first), on<"only">(first)), api.router(on<"x">(second)));
  const auto server = api.server(ServerOptions{.router = merged});
  EXPECT_EQ(server.core().definition().procedures.size(), 2u);
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "x", "{}");
  bench.send(a, "only", "{}");
  EXPECT_EQ(bench.take(a), (Strings{"second {}", "first {}"}));
}

TEST(Router, KnowsInputsAndOutputs) {
  const auto api = io();
  const auto send =
      api.procedure().input<Text>().broadcast([](const Text& in) { return emit<"receive">(in); });
  using R = decltype(api.router(on<"send">(send)));
  static_assert(R::has<"send"> && !R::has<"receive">);
  static_assert(std::is_same_v<R::Find<"send">::Procedure::Input, Text>);
  static_assert(std::is_same_v<R::Outputs, detail::TypeList<Event<"receive", Text>>>);
}

TEST(Server, StrictRefusesUnknownEventsAndElseTheyAreForwarded) {
  const auto api = io();
  for (const bool strict_mode : {false, true}) {
    const auto server = api.server(ServerOptions{.strict = strict_mode});
    Bench bench(server);
    const auto a = bench.join();
    bench.send(a, "anything", R"({"k":1})");
    EXPECT_EQ(bench.take(a), strict_mode
                                 ? Strings{R"($error {"message":"Unknown event","stack":null})"}
                                 : Strings{R"(anything {"k":1})"});
  }
}

}  // namespace
}  // namespace pluv
