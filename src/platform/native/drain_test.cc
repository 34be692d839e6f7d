// The end of a server's life: draining, and handing the listening socket to a successor.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"
#include "room/yjs_document.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

ServerConfig draining_config(std::int64_t window_ms, std::int64_t deadline_ms) {
  ServerConfig config;
  config.drain_window_ms = window_ms;
  config.drain_deadline_ms = deadline_ms;
  return config;
}

TEST(Drain, ClosesSpreadOverTheWindowAndEndsWhenAllAreGone) {
  RunningServer running(draining_config(600, 10'000));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(Client::join(running.port(), "room" + std::to_string(i % 4)));
    ASSERT_FALSE(clients.back()->initialize().empty());
  }
  Client idle(connect_to(running.port()));
  ASSERT_FALSE(idle.request("GET / HTTP/1.1\r\nHost: x\r\n\r\n").empty());
  const auto began = std::chrono::steady_clock::now();
  running.server->drain();
  EXPECT_TRUE(running.server->draining());
  EXPECT_TRUE(idle.ended());
  // Not all at once: with 20 sessions in 600 ms most are still there after a third.
  ::poll(nullptr, 0, 100);
  EXPECT_GE(running.server->metrics().sessions, 5U);
  for (const auto& client : clients) {
    EXPECT_EQ(client->close_code(), 1012);
    client->send_close(1012);
    EXPECT_TRUE(client->ended());
    client->close();
  }
  EXPECT_EQ(running.server->join(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(9));
}

TEST(Drain, DeadlineCutsWhatIsLeft) {
  ServerConfig config = draining_config(10, 300);
  room::Definition definition;
  definition.limits.close_ms_max = 60'000;
  RunningServer running(std::move(config), std::move(definition));
  const auto deaf = Client::join(running.port(), "room");
  ASSERT_FALSE(deaf->initialize().empty());
  running.server->drain();
  EXPECT_EQ(running.server->join(), 1);  // it never answered the close frame
}

// Refusals are held for a while, so that a client without backoff does not come back at once. This
// one would come back to another process, and that process waits for the end of this one.
TEST(Drain, WhoIsRefusedIsHeldNoLongerThanItsWindow) {
  room::Definition definition;
  definition.limits.pacing_ms_min = 60'000;
  definition.limits.pacing_ms_max = 60'000;
  definition.limits.connections_max = 2;
  RunningServer running(draining_config(100, 20'000), std::move(definition));
  Client before(connect_to(running.port()));
  Client bad(connect_to(running.port()));
  ASSERT_TRUE(eventually([&] { return running.server->metrics().connections == 2; }));
  const auto held = Client::join(running.port(), "room");  // one too many
  running.server->drain();
  EXPECT_EQ(held->close_code(), 1013);
  ASSERT_TRUE(before.upgrade("/api/pluv/room/room"));
  EXPECT_EQ(before.close_code(), 1013);
  EXPECT_FALSE(bad.request("GET /api/pluv/room/%00 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\n\r\n")
                   .empty());
  for (Client* client : {held.get(), &before, &bad}) client->close();
  EXPECT_EQ(running.server->join(), 0);
}

TEST(Drain, ServerWithoutConnectionsEndsAtOnce) {
  RunningServer running(draining_config(5'000, 60'000));
  running.server->drain();
  EXPECT_EQ(running.server->join(), 0);
}

TEST(Drain, RoomsListenersAreAwaited) {
  room::Definition definition;
  Server* server = nullptr;
  std::atomic<bool> saved = false;
  definition.listeners.on_room_destroyed = [&](const room::ListenerEvent&,
                                               room::ListenerDone done) {
    server->post_after(std::chrono::milliseconds(200), [&saved, done = std::move(done)] {
      saved = true;
      done();
    });
  };
  RunningServer running(draining_config(10, 10'000), std::move(definition));
  server = running.server.get();
  auto client = Client::join(running.port(), "room");
  ASSERT_FALSE(client->initialize().empty());
  running.server->drain();
  EXPECT_EQ(client->close_code(), 1012);
  client->close();
  EXPECT_EQ(running.server->join(), 0);
  EXPECT_TRUE(saved);
}

// Nobody in the room could have changed anything yet.
TEST(Drain, AnApplicationThatDoesNotSayWhatItHasIsNotAwaited) {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  std::atomic<bool> asked = false;
  room::InitialStorageDone never;
  definition.listeners.get_initial_storage = [&](const room::ListenerEvent&,
                                                 room::InitialStorageDone done) {
    never = std::move(done);
    asked = true;
  };
  RunningServer running(draining_config(10, 60'000), std::move(definition));
  auto client = Client::join(running.port(), "room");
  ASSERT_TRUE(eventually([&] { return asked.load(); }));
  const auto began = std::chrono::steady_clock::now();
  running.server->drain();
  EXPECT_EQ(client->close_code(), 1012);
  client->close();
  EXPECT_EQ(running.server->join(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
  never(std::string());  // of a room that is gone
}

TEST(Drain, RoomsThatAreNotDoneByTheDeadlineAreNoGoodEnd) {
  room::Definition definition;
  room::ListenerDone never;
  definition.listeners.on_room_destroyed =
      [&](const room::ListenerEvent&, room::ListenerDone done) { never = std::move(done); };
  RunningServer running(draining_config(10, 300), std::move(definition));
  auto client = Client::join(running.port(), "room");
  ASSERT_FALSE(client->initialize().empty());
  running.server->drain();
  EXPECT_EQ(client->close_code(), 1012);
  client->close();
  EXPECT_EQ(running.server->join(), 1);
}

TEST(Drain, SignalDrainsAndASecondOneStops) {
  ServerConfig config = draining_config(60'000, 120'000);
  config.port = 0;
  config.threads = 1;
  config.handle_signals = true;
  Server server(std::move(config), {}, {});
  ASSERT_TRUE(server.listen());
  int code = -1;
  std::thread thread([&] { code = server.run(); });
  const auto client = Client::join(server.port(), "room");
  ASSERT_FALSE(client->initialize().empty());
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(eventually([&] { return server.draining(); }));
  ::kill(::getpid(), SIGTERM);
  thread.join();
  EXPECT_EQ(code, 1);
}

TEST(Handover, SuccessorAcceptsBeforeTheFirstCloseAndNothingIsRefused) {
  const std::string path = test::temporary_path("handover");
  ServerConfig config = draining_config(200, 10'000);
  config.handover_path = path;
  auto old_server = std::make_unique<RunningServer>(config);
  const std::uint16_t port = old_server->port();
  ASSERT_TRUE(eventually([&] { return ::access(path.c_str(), F_OK) == 0; }));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  auto client = Client::join(port, "room");
  ASSERT_FALSE(client->initialize().empty());

  RunningServer successor(config);
  EXPECT_EQ(successor.port(), port);
  EXPECT_EQ(client->close_code(), 1012);
  client->close();
  // Its client comes back at once, and finds the successor.
  const auto again = Client::join(port, "room");
  EXPECT_FALSE(again->initialize().empty());
  EXPECT_EQ(successor.server->size("room"), 1U);
  EXPECT_EQ(old_server->server->join(), 0);
  old_server.reset();
  // The path is the successor's now.
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  const auto late = Client::join(port, "room");
  EXPECT_FALSE(late->initialize().empty());
  // And a third generation goes the same way.
  RunningServer third(config);
  EXPECT_EQ(third.port(), port);
  EXPECT_EQ(again->close_code(), 1012);
}

TEST(Handover, LoopbackOnlyServerTakesNoSocketThatOthersReach) {
  const std::string path = test::temporary_path("exposed");
  ServerConfig config = draining_config(200, 10'000);
  config.handover_path = path;
  config.host = "0.0.0.0";
  RunningServer exposed(config);
  ServerConfig inner = config;
  inner.host = "127.0.0.1";
  inner.port = 0;
  inner.loopback_only = true;
  Server refused(inner, {}, {});
  const Result<void> listening = refused.listen();
  ASSERT_FALSE(listening.ok());
  EXPECT_EQ(listening.error().code, ErrorCode::forbidden);
  EXPECT_NE(listening.error().message.find("0.0.0.0"), std::string::npos);
  // Nothing has happened to the one that serves.
  EXPECT_FALSE(Client::join(exposed.port(), "room")->initialize().empty());
  EXPECT_FALSE(exposed.server->draining());
  // Who may, takes it, and says where it is.
  ServerConfig open = config;
  open.host = "127.0.0.1";
  RunningServer successor(open);
  EXPECT_EQ(successor.port(), exposed.port());
  EXPECT_EQ(successor.server->address().text(), "0.0.0.0");
}

TEST(Handover, LoopbackSocketMayBeTakenByALoopbackOnlyServer) {
  ServerConfig config = draining_config(200, 10'000);
  config.handover_path = test::temporary_path("inner");
  config.loopback_only = true;
  RunningServer first(config);
  RunningServer second(config);
  EXPECT_EQ(second.port(), first.port());
  EXPECT_EQ(first.server->join(), 0);
}

TEST(Handover, OneSuccessorAtATime) {
  ServerConfig config = draining_config(200, 10'000);
  config.handover_path = test::temporary_path("one");
  RunningServer running(config);
  config.port = running.port();
  {
    const Result<Listening> starting = open_listening(config);
    ASSERT_TRUE(starting);
    EXPECT_EQ(starting->source, ListeningSource::predecessor);
    const Result<Listening> second = open_listening(config);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::unavailable);  // the address is in use
  }
  // The first has died before it served: the next one may.
  const Result<Listening> third = open_listening(config);
  ASSERT_TRUE(third);
  EXPECT_EQ(third->source, ListeningSource::predecessor);
  EXPECT_FALSE(running.server->draining());
  // It serves: from now on its own path is asked, and the old server gives nothing any more.
  ASSERT_EQ(::send(third->predecessor.get(), &kHandoverDrain, 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(eventually([&] { return running.server->draining(); }));
  const Result<Listening> late = open_listening(config);
  EXPECT_TRUE(!late.ok() || late->source == ListeningSource::bound);
}

TEST(SocketActivation, ListeningSocketOfSystemdIsUsed) {
  ServerConfig config;
  config.port = 0;
  const Result<Listening> bound = open_listening(config);
  ASSERT_TRUE(bound);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(bound.value().socket.get(), 3);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    const Result<Listening> inherited = open_listening(config);
    const bool right = inherited.ok() && inherited.value().port == bound.value().port &&
                       inherited.value().source == ListeningSource::systemd;
    ::setenv("LISTEN_PID", "1", 1);  // meant for another process
    const Result<Listening> fresh = open_listening(config);
    const bool ignored = fresh.ok() && fresh.value().source == ListeningSource::bound;
    ::_exit(right && ignored ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Handover, AServerKnowsThatASuccessorMayHaveItsSocket) {
  ServerConfig config = draining_config(60'000, 120'000);
  config.handover_path = test::temporary_path("known");
  Server* server = nullptr;
  std::atomic<int> told = 0;
  std::atomic<int> known_then = 0;
  ServerHooks hooks;
  hooks.on_handing_over = [&] {
    if (server->handing_over()) ++known_then;
    ++told;
  };
  Server owned(config, {}, std::move(hooks));
  server = &owned;
  ASSERT_TRUE(owned.listen());
  owned.start();
  config.port = owned.port();
  const auto client = Client::join(owned.port(), "room");
  ASSERT_FALSE(client->initialize().empty());
  EXPECT_FALSE(owned.handing_over());
  {
    const Result<Listening> starting = open_listening(config);
    ASSERT_TRUE(starting);
    ASSERT_EQ(starting->source, ListeningSource::predecessor);
    // By the time that the successor has it.
    EXPECT_TRUE(owned.handing_over());
    EXPECT_FALSE(owned.draining());
    EXPECT_EQ(told, 1);
    EXPECT_EQ(known_then, 1);
  }
  // It has died before it accepted.
  EXPECT_TRUE(eventually([&] { return !owned.handing_over(); }));
  const Result<Listening> next = open_listening(config);
  ASSERT_TRUE(next);
  EXPECT_TRUE(owned.handing_over());
  EXPECT_EQ(told, 2);
  ASSERT_EQ(::send(next->predecessor.get(), &kHandoverDrain, 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(eventually([&] { return owned.draining(); }));
  EXPECT_TRUE(owned.handing_over());
}

// It dies between offering a hand-over of its own and telling its predecessor to drain.
TEST(Handover, SuccessorThatDiesBeforeItAcceptsTakesNoPathAway) {
  ServerConfig config = draining_config(200, 10'000);
  config.handover_path = test::temporary_path("dead");
  RunningServer running(config);
  config.port = running.port();
  {
    const Result<Listening> starting = open_listening(config);
    ASSERT_TRUE(starting);
    ASSERT_EQ(starting->source, ListeningSource::predecessor);
    ASSERT_TRUE(bind_handover(config.handover_path));
  }
  EXPECT_TRUE(eventually([&] {
    const Result<Listening> next = open_listening(config);
    return next.ok() && next->source == ListeningSource::predecessor;
  }));
  EXPECT_FALSE(running.server->draining());
}

TEST(Handover, DeadPathIsReplacedAndRemovedAtTheEnd) {
  const std::string path = test::temporary_path("stale");
  {
    const auto unused = bind_handover(path);
  }
  ASSERT_EQ(::access(path.c_str(), F_OK), 0);  // a socket that nobody listens on any more
  ServerConfig config;
  config.handover_path = path;
  {
    RunningServer running(config);
    EXPECT_FALSE(Client::join(running.port(), "room")->initialize().empty());
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace pluv::native
