// Documents through the public API: loading, saving, editing, and the listeners about them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "base/base64.h"
#include "io/io_testing.h"
#include "pluv/ycrdt.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;
using testing::Bench;
using Strings = std::vector<std::string>;

constexpr const char* kInitialize = R"({"presence":{},"update":""})";

std::string document(std::string_view text, ycrdt::ClientId client = 7) {
  ycrdt::Doc doc({.client_id = client});
  EXPECT_TRUE(doc.get_text("t").insert(0, text).ok());
  return doc.encode_state_as_update();
}

std::string text_of(std::string_view update) {
  ycrdt::Doc doc({.client_id = 1});
  EXPECT_TRUE(doc.apply_update(update).ok());
  return doc.get_text("t").to_string();
}

std::string update_storage(std::string_view update) {
  return R"({"origin":"$initialized","update":")" + base64_encode(update) + "\"}";
}

auto yjs_io() { return create_io(platform_native(NativeOptions{.crdt = yjs()})); }

TEST(Storage, BeginsWithWhatTheApplicationGives) {
  for (const bool base64 : {false, true}) {
    std::string asked;
    const auto server =
        yjs_io().server(ServerOptions{.get_initial_storage = [&](const auto& event) {
          asked += event.room;
          return base64 ? base64_encode(document("saved")) : document("saved");
        }});
    Bench bench(server);
    const auto a = bench.join();
    bench.send(a, "$initializeSession", kInitialize);
    bench.host.drain();
    const Strings got = bench.take(a);
    ASSERT_EQ(got.size(), 2u);  // $userJoined, $storageReceived
    EXPECT_NE(got[1].find("unchanged"), got[1].npos);
    EXPECT_NE(got[1].find(base64_encode(document("saved"))), got[1].npos);
    EXPECT_EQ(asked, "room-1");
  }
}

TEST(Storage, AnOptionalOrATaskMayGiveNothing) {
  const auto server = yjs_io().server(
      ServerOptions{.get_initial_storage = [](const auto&) -> task<std::optional<std::string>> {
        co_await sleep_for(10ms);
        co_return std::nullopt;
      }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$initializeSession", kInitialize);
  EXPECT_EQ(bench.take(a).size(), 1u);
  bench.host.advance_ms(10);
  bench.host.drain();
  const Strings got = bench.take(a);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find("empty"), got[0].npos);
}

TEST(Storage, AFailingLoaderSendsTheJoinAway) {
  const auto server =
      yjs_io().server(ServerOptions{.get_initial_storage = [](const auto&) -> std::string {
        throw std::runtime_error("no db");
      }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$initializeSession", kInitialize);
  bench.host.drain();
  const Strings got = bench.take(a);
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.back().substr(0, 6), "$error");
  EXPECT_EQ(bench.room().size(), 0u);
  ASSERT_FALSE(bench.log.empty());
  EXPECT_NE(bench.log[0].find("no db"), bench.log[0].npos);
}

TEST(Storage, ItsEndIsToldBeforeTheRoomsWithTheLastState) {
  Strings heard;
  const auto server = yjs_io().server(ServerOptions{
      .on_room_destroyed = [&](const auto&) { heard.push_back("room"); },
      .on_room_deleted =
          [&](const auto& event) { heard.push_back("deleted " + text_of(*event.encoded_state)); },
      .on_storage_destroyed =
          [&](const auto& event) {
            heard.push_back("storage " + text_of(event.encoded_state.bytes()));
          },
      .on_user_disconnected =
          [&](const auto& event) {
            heard.push_back("user " + text_of(*base64_decode(event.encoded_state.base64())));
          }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$initializeSession", kInitialize);
  bench.send(a, "$updateStorage", update_storage(document("last")));
  bench.leave(a);
  bench.host.drain();
  EXPECT_EQ(heard, (Strings{"user last", "storage last", "room", "deleted last"}));
}

TEST(Storage, ARoomWithoutADocumentHasNoneToEnd) {
  int ended = 0;
  const auto server =
      yjs_io().server(ServerOptions{.on_storage_destroyed = [&](const auto&) { ++ended; }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$initializeSession", kInitialize);
  bench.leave(a);
  bench.host.drain();
  EXPECT_EQ(ended, 0);
  EXPECT_TRUE(bench.room().finished());
}

TEST(Storage, AJoinDuringItsEndFindsWhatTheListenerSaved) {
  std::string database;
  const auto server =
      yjs_io().server(ServerOptions{.get_initial_storage = [&](const auto&) { return database; },
                                    .on_storage_destroyed = [&](const auto& event) -> task<void> {
                                      const std::string state = event.encoded_state.bytes();
                                      co_await sleep_for(50ms);
                                      database = state;
                                    }});
  Bench bench(server);
  const auto a = bench.join();
  bench.host.drain();
  bench.send(a, "$initializeSession", kInitialize);
  bench.send(a, "$updateStorage", update_storage(document("kept")));
  bench.leave(a);
  const auto b = bench.join();
  bench.send(b, "$initializeSession", kInitialize);
  bench.host.advance_ms(50);
  bench.host.drain();
  const Strings got = bench.take(b);
  ASSERT_FALSE(got.empty());
  EXPECT_NE(got.back().find(base64_encode(document("kept"))), got.back().npos);
}

TEST(Storage, AChangeIsToldWithWhoMadeItAndAnEncodedStateOnRequest) {
  Strings heard;
  const auto server = yjs_io().server(ServerOptions{.on_storage_updated = [&](const auto& event) {
    heard.push_back(std::string(event.session_id->text()) + " " +
                    text_of(event.encoded_state.bytes()));
  }});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$updateStorage", update_storage(document("one")));
  bench.send(a, "$updateStorage", update_storage(document("one")));  // nothing new
  bench.host.drain();
  EXPECT_EQ(heard, (Strings{std::string(Bench::id_of(a).text()) + " one"}));
}

TEST(Storage, AThrottledListenerRunsAtOnceAndThenOnceATime) {
  Strings heard;
  const auto server =
      yjs_io().server(ServerOptions{.on_storage_updated = throttle(5s, [&](const auto& event) {
                                      heard.push_back(text_of(event.encoded_state.bytes()));
                                    })});
  Bench bench(server);
  const auto a = bench.join();
  ycrdt::Doc doc({.client_id = 7});
  const auto type = [&](std::string_view text) {
    ASSERT_TRUE(doc.get_text("t").insert(doc.get_text("t").length(), text).ok());
    bench.send(a, "$updateStorage", update_storage(doc.encode_state_as_update()));
    bench.host.drain();
  };
  type("a");
  type("b");
  type("c");
  EXPECT_EQ(heard, Strings{"a"});
  bench.host.advance_ms(4'999);
  EXPECT_EQ(heard, Strings{"a"});
  bench.host.advance_ms(1);
  EXPECT_EQ(heard, (Strings{"a", "abc"}));
  type("d");
  EXPECT_EQ(heard.size(), 2u);
  bench.host.advance_ms(5'000);
  EXPECT_EQ(heard.back(), "abcd");
  bench.host.advance_ms(5'000);  // nothing more, and nothing is due
  EXPECT_EQ(heard.size(), 3u);
  type("e");
  EXPECT_EQ(heard.back(), "abcde");
  type("f");
  bench.leave(a);  // what waits is not lost
  bench.host.drain();
  EXPECT_EQ(heard.back(), "abcdef");
  EXPECT_TRUE(bench.room().finished());
  bench.host.advance_ms(10'000);
  EXPECT_EQ(heard.size(), 5u);
}

// A save that takes longer than its interval, and is under way when the room ends.
TEST(Storage, RunsOfAThrottledCoroutineNeverOverlap) {
  Strings saved;
  int running = 0;
  const auto server = yjs_io().server(
      ServerOptions{.on_storage_destroyed =
                        [&](const auto& event) {
                          EXPECT_EQ(running, 0);
                          saved.push_back("last " + text_of(event.encoded_state.bytes()));
                        },
                    .on_storage_updated = throttle(1s, [&](const auto& event) -> task<void> {
                      const std::string text = text_of(event.encoded_state.bytes());
                      EXPECT_EQ(++running, 1);
                      co_await sleep_for(3s);
                      --running;
                      saved.push_back(text);
                    })});
  Bench bench(server);
  const auto a = bench.join();
  ycrdt::Doc doc({.client_id = 7});
  const auto type = [&](std::string_view text) {
    ASSERT_TRUE(doc.get_text("t").insert(doc.get_text("t").length(), text).ok());
    bench.send(a, "$updateStorage", update_storage(doc.encode_state_as_update()));
    bench.host.drain();
  };
  const auto wait = [&](int ms) {
    bench.host.advance_ms(ms);
    bench.host.drain();
  };
  type("a");
  type("b");
  wait(1'000);
  wait(1'000);
  EXPECT_TRUE(saved.empty());
  wait(1'000);
  EXPECT_EQ(saved, Strings{"a"});  // and "ab" is under way
  type("c");
  bench.leave(a);
  wait(2'000);
  EXPECT_EQ(saved.size(), 1u);
  wait(1'000);
  EXPECT_EQ(saved, (Strings{"a", "ab"}));  // and "abc" is under way
  wait(3'000);
  EXPECT_EQ(saved, (Strings{"a", "ab", "abc", "last abc"}));
  EXPECT_TRUE(bench.room().finished());
}

TEST(Storage, AHandlerReadsAndChangesTheDocument) {
  const auto io = yjs_io();
  using Ctx = decltype(io)::Ctx;
  const auto write = io.procedure().broadcast([](Ctx& ctx) {
    auto text = ctx.doc().get_text("t");
    if (!text.insert(text.length(), "!").ok()) throw std::runtime_error("no");
    return emit<"wrote">(Empty{});
  });
  const auto server =
      io.server(ServerOptions{.router = io.router(on<"write">(write)),
                              .get_initial_storage = [](const auto&) { return document("hi"); }});
  Bench bench(server);
  const auto a = bench.join();
  bench.host.drain();
  bench.send(a, "$updateStorage", R"({"origin":"$initialized","update":""})");
  bench.take(a);
  bench.send(a, "write", "{}");
  bench.send(a, "write", "{}");
  const Strings got = bench.take(a);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0].substr(0, 15), "$storageUpdated");
  EXPECT_EQ(got[1], "wrote {}");
  const auto b = bench.join();
  bench.send(b, "$initializeSession", kInitialize);
  const Strings joined = bench.take(b);
  const auto received = Json::parse(joined.back().substr(joined.back().find(' ')));
  EXPECT_EQ(text_of(*base64_decode(*received->find("state")->as_string())), "hi!!");
}

TEST(Storage, ACoroutineEditsAfterItHasWaited) {
  const auto io = yjs_io();
  using Ctx = decltype(io)::TaskCtx;
  const auto write = io.procedure().broadcast([](Ctx & ctx) -> task<Event<"wrote", Empty>> {
    co_await sleep_for(10ms);
    std::uint32_t length = 0;
    co_await ctx.edit([&](ycrdt::Doc& doc) {
      ycrdt::Text text = doc.get_text("t");
      if (!text.insert(0, "late").ok()) throw std::runtime_error("refused");
      length = text.length();
    });
    EXPECT_EQ(length, 5u);
    co_return emit<"wrote">(Empty{});
  });
  const auto fail = io.procedure().broadcast([](Ctx & ctx) -> task<Event<"wrote", Empty>> {
    co_await ctx.edit([](ycrdt::Doc&) { throw std::runtime_error("on purpose"); });
    co_return emit<"wrote">(Empty{});
  });
  const auto server =
      io.server(ServerOptions{.router = io.router(on<"write">(write), on<"fail">(fail))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "$initializeSession", kInitialize);
  bench.host.drain();
  bench.send(a, "$updateStorage", update_storage(document("!")));
  (void)bench.take(a);
  bench.send(a, "write", "{}");
  EXPECT_TRUE(bench.take(a).empty());
  bench.host.advance_ms(10);
  bench.host.drain();
  Strings got = bench.take(a);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].substr(0, 15), "$storageUpdated");
  EXPECT_EQ(got[1], "wrote {}");
  bench.send(a, "fail", "{}");
  bench.host.drain();
  got = bench.take(a);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find("on purpose"), got[0].npos);
}

TEST(Storage, WithoutYjsThereIsNoDocument) {
  const auto io = create_io(platform_native());
  using Ctx = decltype(io)::Ctx;
  const auto read = io.procedure().self([](Ctx& ctx) { (void)ctx.doc().get_text("t").length(); });
  const auto server = io.server(ServerOptions{.router = io.router(on<"read">(read))});
  Bench bench(server);
  const auto a = bench.join();
  bench.send(a, "read", "{}");
  const Strings got = bench.take(a);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find("The room has no document"), got[0].npos);
}

// On a real server: an edit comes from any thread and answers on the room's loop.
TEST(Storage, ServerCodeEditsFromOutside) {
  std::string saved;
  const auto server = yjs_io().server(ServerOptions{.on_storage_destroyed = [&](const auto& event) {
    saved = text_of(event.encoded_state.bytes());
  }});
  Result<void> early;
  server.edit("room-1", [](ycrdt::Doc&) {}, [&](Result<void> done) { early = std::move(done); });
  EXPECT_EQ(early.error().code, ErrorCode::conflict);
  auto listening = server.listen({.port = 0, .manual = true});
  std::vector<Result<void>> done;
  const auto keep = [&](Result<void> result) { done.push_back(std::move(result)); };
  server.edit(
      "room-1", [](ycrdt::Doc& doc) { EXPECT_TRUE(doc.get_text("t").insert(0, "typed").ok()); },
      keep);
  server.edit("room-1", [](ycrdt::Doc&) { throw std::runtime_error("on purpose"); }, keep);
  server.edit("$", [](ycrdt::Doc&) {}, keep);
  for (int turns = 0; turns < 100 && (done.size() < 3 || saved.empty()); ++turns) {
    listening.poll(10ms);
  }
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[0].error().code, ErrorCode::invalid);  // answered at once
  EXPECT_TRUE(done[1].ok());
  EXPECT_EQ(done[2].error().message, "on purpose");
  EXPECT_EQ(saved, "typed");
}

std::string edit_once(const Persistence& persistence, const char* text) {
  const auto io =
      create_io(platform_native(NativeOptions{.crdt = yjs(), .persistence = persistence}));
  const auto server = io.server();
  auto listening = server.listen({.port = 0, .manual = true});
  std::string after;
  bool done = false;
  server.edit(
      "room-1",
      [&](ycrdt::Doc& doc) {
        EXPECT_TRUE(doc.get_text("t").insert(0, text).ok());
        after = doc.get_text("t").to_string();
      },
      [&](Result<void> result) { done = result.ok(); });
  for (int turns = 0; turns < 500 && !done; ++turns) listening.poll(10ms);
  EXPECT_TRUE(done);
  return after;
}

TEST(Storage, APersistentDocumentOutlivesItsServer) {
  std::string pattern = ::testing::TempDir() + "pluv-storage-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const Persistence persistence = sqlite({.path = pattern + "/documents.sqlite"});
  EXPECT_EQ(edit_once(persistence, "one"), "one");
  EXPECT_EQ(edit_once(persistence, "two "), "two one");
  std::filesystem::remove_all(pattern);
}

std::string why_it_does_not_listen(const auto& io) {
  const auto server = io.server();
  try {
    (void)server.listen({.port = 0, .manual = true});
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "it listens";
}

TEST(Storage, OptionsThatCannotWorkFailToListen) {
  const auto without_documents =
      create_io(platform_native(NativeOptions{.persistence = sqlite({.path = "/nowhere/at/all"})}));
  EXPECT_NE(why_it_does_not_listen(without_documents).find("crdt = yjs()"), std::string::npos);
  const auto too_large = create_io(platform_native(
      NativeOptions{.crdt = yjs(), .limits = {.document_bytes_max = 40 * 1024 * 1024}}));
  EXPECT_NE(why_it_does_not_listen(too_large).find("storage_first_bytes_max"), std::string::npos);
}

TEST(Storage, AFileThatCannotBeOpenedFailsToListen) {
  const auto io = create_io(platform_native(
      NativeOptions{.crdt = yjs(), .persistence = sqlite({.path = "/nowhere/documents.sqlite"})}));
  const auto server = io.server();
  try {
    (void)server.listen({.port = 0, .manual = true});
    FAIL() << "it listens";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/documents.sqlite"), std::string::npos);
  }
}

}  // namespace
}  // namespace pluv
