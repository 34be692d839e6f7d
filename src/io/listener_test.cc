// Listeners and the room's own value.
#include <gtest/gtest.h>

#include <stdexcept>

#include "io/io_testing.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;
using testing::Bench;
using Strings = std::vector<std::string>;

struct App {
  int count = 0;
};

TEST(Listener, HearsOfUsersMessagesAndTheEnd) {
  Strings heard;
  const auto io = create_io(platform_native(
      NativeOptions{.context = [](const RoomContext& room) { return std::string(room.room); }}));
  const auto server = io.server(ServerOptions{
      .on_room_destroyed =
          [&](const auto& event) { heard.push_back("destroyed " + event.context + event.room); },
      .on_room_deleted =
          [&](const auto& event) {
            heard.push_back(event.encoded_state ? "deleted with" : "deleted without state");
          },
      .on_room_message =
          [&](const decltype(io)::RoomMessageEvent& event) {
            heard.push_back("message " + event.message.type + event.message.data);
          },
      .on_user_connected =
          [&](const auto& event) {
            heard.push_back("connected " + std::string(event.session_id.text()));
          },
      .on_user_disconnected =
          [&](const auto& event) {
            heard.push_back(event.user == nullptr ? "disconnected" : "somebody");
          }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "ping", R"({"k":1})");
  bench.leave(a);
  bench.host.drain();
  EXPECT_EQ(heard,
            (Strings{"connected " + std::string(Bench::id_of(a).text()), R"(message ping{"k":1})",
                     "disconnected", "destroyed room-1room-1", "deleted without state"}));
  EXPECT_TRUE(bench.room().finished());
}

TEST(Listener, AJoinWaitsForTheCoroutineThatEndsTheRoom) {
  const auto io = create_io(platform_native(NativeOptions{.context = App{}}));
  int ended = 0;
  const auto server =
      io.server(ServerOptions{.on_room_destroyed = [&ended](const auto& event) -> task<void> {
        co_await sleep_for(50ms);
        ended = ++event.context.count;
      }});
  Bench bench(server);
  const auto a = bench.join();
  bench.leave(a);
  const room::SessionIndex b = bench.join();
  EXPECT_TRUE(bench.mail[room::raw(b)].empty());
  bench.host.advance_ms(49);
  EXPECT_TRUE(bench.mail[room::raw(b)].empty());
  bench.host.advance_ms(1);
  EXPECT_EQ(ended, 1);
  const Strings got = bench.take(b);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].substr(0, 11), "$registered");
}

TEST(Listener, AnExceptionIsLoggedAndHarmsNothing) {
  const auto io = create_io(platform_native());
  const auto server = io.server(
      ServerOptions{.on_room_destroyed = [](const auto&) -> task<void> {
                      throw std::runtime_error("later");
                      co_return;
                    },
                    .on_user_connected = [](const auto&) { throw std::runtime_error("at once"); }});
  Bench bench(server);
  const auto a = bench.join();
  bench.leave(a);
  bench.host.drain();
  EXPECT_EQ(bench.log, (Strings{R"(on_user_connected_failed {"message":"at once"})",
                                R"(on_room_destroyed_failed {"message":"later"})"}));
  EXPECT_TRUE(bench.room().finished());
}

// Says when it ends, and whether what it was made from was still there then.
struct Witness {
  explicit Witness(bool& alive) : alive_(&alive) { *alive_ = true; }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { *alive_ = false; }
  bool* alive_;
};

TEST(Listener, TheEventOutlivesTheLocalsOfACoroutineThatIsCutOff) {
  static bool alive = false;
  bool alive_at_end = false;
  struct AtEnd {
    bool* out;
    ~AtEnd() { *out = alive; }
  };
  const auto io = create_io(
      platform_native(NativeOptions{.context = [] { return std::make_shared<Witness>(alive); }}));
  std::optional<resolver<void>> kept;
  const auto server =
      io.server(ServerOptions{.on_user_disconnected = [&](const auto&) -> task<void> {
        const AtEnd at_end{&alive_at_end};
        co_await from_callback([&](resolver<void> r) { kept = r; });
      }});
  {
    Bench bench(server);
    bench.leave(bench.join());
    EXPECT_TRUE(alive) << "the event keeps the room's value";
  }
  EXPECT_FALSE(alive);
  EXPECT_TRUE(alive_at_end);
}

TEST(Context, AValueIsCopiedForEachRoomAndAFunctionIsAsked) {
  const auto io = create_io(platform_native(NativeOptions{.context = App{3}}));
  const auto server = io.server();
  const auto& make = server.core().definition().make_context;
  const auto first = make("a");
  const auto second = make("b");
  ASSERT_TRUE(first.ok() && second.ok());
  static_cast<App*>(first->get())->count = 9;
  EXPECT_EQ(static_cast<App*>(second->get())->count, 3);

  const auto plain = create_io(platform_native(NativeOptions{.context = [] { return App{5}; }}));
  static_assert(std::is_same_v<decltype(plain)::Context, App>);
  EXPECT_EQ(create_io(platform_native()).server().core().definition().make_context, nullptr);
}

TEST(Context, AnExceptionRefusesTheJoinForNow) {
  const auto io = create_io(platform_native(
      NativeOptions{.context = [](const RoomContext&) -> App { throw std::runtime_error("db"); }}));
  const auto made = io.server().core().definition().make_context("a");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace pluv
