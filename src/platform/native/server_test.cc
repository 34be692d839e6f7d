#include "platform/native/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::Client;
using test::eventually;
using test::kQuietMs;
using test::RunningServer;

ServerConfig one_loop() {
  ServerConfig config;
  config.threads = 1;
  return config;
}

constexpr std::string_view kPing = R"({"type":"$ping","data":{}})";

TEST(Server, RegistersAnswersPingsAndRelaysEvents) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room-1");
  const auto b = Client::join(running.port(), "room-1");
  EXPECT_NE(a->initialize().find("\"sessionId\":\"p_"), std::string::npos);
  EXPECT_FALSE(b->initialize().empty());
  a->send_text(kPing);
  EXPECT_FALSE(a->next_of_type("$pong").empty());
  a->send_text(R"({"type":"hello","data":{"n":1}})");
  EXPECT_NE(a->next_of_type("hello").find("\"data\":{\"n\":1}"), std::string::npos);
  EXPECT_NE(b->next_of_type("hello").find("\"data\":{\"n\":1}"), std::string::npos);
  EXPECT_EQ(running.server->size("room-1"), 2U);
}

TEST(Server, BinaryFramesOfJsonAreMessagesToo) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room");
  a->send_frame(net::Opcode::binary, kPing);
  EXPECT_FALSE(a->next_of_type("$pong").empty());
}

TEST(Server, RoomsOfManyNamesSpreadOverTheLoopsAndStayApart) {
  RunningServer running;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(Client::join(running.port(), "room-" + std::to_string(i / 2)));
  }
  for (const auto& client : clients) ASSERT_FALSE(client->initialize().empty());
  clients[0]->send_text(R"({"type":"only","data":{}})");
  EXPECT_FALSE(clients[1]->next_of_type("only").empty());
  EXPECT_TRUE(clients[2]->next_of_type("only", kQuietMs).empty());
  EXPECT_EQ(running.server->metrics().rooms, 20U);
  EXPECT_EQ(running.server->metrics().sessions, 40U);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().rooms == 0; }));
  EXPECT_EQ(running.server->metrics().connections, 0U);
  EXPECT_EQ(running.server->size("room-0"), 0U);
}

TEST(Server, ClientThatVanishesLeaves) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room");
  auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  ASSERT_FALSE(b->initialize().empty());
  b->close();
  EXPECT_FALSE(a->next_of_type("$exit").empty());
  EXPECT_TRUE(eventually([&] { return running.server->size("room") == 1; }));
}

TEST(Server, CloseHandshakeOfTheClientIsAnswered) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  a->send_close(1000);
  EXPECT_EQ(a->close_code(), 1000);
  EXPECT_TRUE(a->ended());
}

TEST(Server, BrokenFrameEndsThatSocketAlone) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room");
  const auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(b->initialize().empty());
  a->send_raw("\x83\x80");  // a reserved opcode
  EXPECT_EQ(a->close_code(), 1002);
  EXPECT_TRUE(a->ended());
  const auto c = Client::join(running.port(), "room");
  c->send_frame(net::Opcode::text, "\xff\xfe");
  EXPECT_EQ(c->close_code(), 1007);
  b->send_text(kPing);
  EXPECT_FALSE(b->next_of_type("$pong").empty());
}

TEST(Server, MessageOverTheLimitClosesWithTooBig) {
  room::Definition definition;
  definition.limits.message_bytes_max = 1000;
  definition.limits.storage_update_bytes_max = 1000;
  definition.limits.storage_first_bytes_max = 1000;
  RunningServer running({}, std::move(definition));
  const auto message = [](std::size_t size) {
    std::string text = R"({"type":"x","data":{"a":""}})";
    text.insert(text.size() - 3, size - text.size(), 'y');
    return text;
  };
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  a->send_text(message(999));
  EXPECT_FALSE(a->next_of_type("x").empty());
  a->send_text(message(1000));
  EXPECT_FALSE(a->next_of_type("x").empty());
  a->send_text(message(1001));
  EXPECT_EQ(a->close_code(), 1009);
  const auto reason = static_cast<std::size_t>(room::RefusalReason::message_too_large);
  EXPECT_EQ(running.server->metrics().refused_total[reason], 1u);
}

TEST(Server, ServerCallsReachTheRoom) {
  RunningServer running;
  const auto a = Client::join(running.port(), "room");
  const std::string registered = a->initialize();
  running.server->broadcast("room", "news", R"({"n":2})");
  EXPECT_NE(a->next_of_type("news").find("\"connectionId\":null"), std::string::npos);
  running.server->emit("room", "more", "null");
  EXPECT_FALSE(a->next_of_type("more").empty());
  const std::size_t at = registered.find("p_");
  running.server->evict("room", registered.substr(at, kSessionIdSize));
  EXPECT_EQ(a->close_code(), 4001);
  const auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(b->initialize().empty());
  running.server->evict_all("room");
  EXPECT_EQ(b->close_code(), 4001);
}

TEST(Server, HandlersMayCallTheServerAndListenersAreToldInOrder) {
  room::Definition definition;
  Server* server = nullptr;
  std::atomic<int> connected = 0;
  std::atomic<int> disconnected = 0;
  std::atomic<int> destroyed = 0;
  definition.listeners.on_user_connected = [&](const room::ListenerEvent& event) {
    ++connected;
    server->broadcast(event.room, "welcome", "{}");
  };
  definition.listeners.on_user_disconnected = [&](const room::ListenerEvent&) { ++disconnected; };
  definition.listeners.on_room_destroyed = [&](const room::ListenerEvent& event,
                                               room::ListenerDone done) {
    EXPECT_EQ(disconnected.load(), 1);
    ++destroyed;
    server->post(event.room, std::move(done));
  };
  RunningServer running(one_loop(), std::move(definition));
  server = running.server.get();
  auto a = Client::join(running.port(), "room");
  EXPECT_FALSE(a->next_of_type("welcome").empty());
  EXPECT_EQ(connected.load(), 1);
  a->close();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().rooms == 0; }));
  EXPECT_EQ(destroyed.load(), 1);
}

TEST(Server, JoinThatWaitedForATeardownMaySendItsDocument) {
  room::Definition definition;
  std::mutex mutex;
  room::ListenerDone end;
  definition.listeners.on_room_destroyed = [&](const room::ListenerEvent&,
                                               room::ListenerDone done) {
    const std::lock_guard lock(mutex);
    end = std::move(done);
  };
  RunningServer running(one_loop(), std::move(definition));
  Client::join(running.port(), "room")->close();
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return end != nullptr;
  }));
  auto late = Client::join(running.port(), "room");
  EXPECT_EQ(late->next(kQuietMs).kind, net::EventKind::need_more) << "it waits";
  std::exchange(end, nullptr)();
  EXPECT_FALSE(late->next_of_type("$registered").empty());
  late->send_text(R"({"type":"$initializeSession","data":{"presence":{},"update":")" +
                  std::string(100'000, 'A') + R"("}})");
  EXPECT_FALSE(late->next_of_type("$storageReceived").empty());
}

TEST(Server, ProcedureThatWaitsIsAnsweredLaterOrAtOnceOrFromAnotherThread) {
  room::Definition definition;
  Server* server = nullptr;
  std::vector<std::thread> threads;
  const auto answer = [](const std::string& name) {
    room::EventSink sink;
    sink.emit(room::Audience::self, name, "{}");
    return sink;
  };
  definition.procedures.push_back(
      {.name = "atOnce", .run = {}, .start = [&](room::ProcedureStart, room::ProcedureDone done) {
         done(answer("didAtOnce"));
       }});
  definition.procedures.push_back(
      {.name = "later", .run = {}, .start = [&](room::ProcedureStart, room::ProcedureDone done) {
         server->post_after(std::chrono::milliseconds(5), [=] { done(answer("didLater")); });
       }});
  definition.procedures.push_back({.name = "elsewhere",
                                   .run = {},
                                   .start = [&](room::ProcedureStart, room::ProcedureDone done) {
                                     threads.emplace_back([=] { done(answer("didElsewhere")); });
                                   }});
  RunningServer running(one_loop(), std::move(definition));
  server = running.server.get();
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  for (const std::string name : {"atOnce", "later", "elsewhere"}) {
    a->send_text("{\"type\":\"" + name + "\",\"data\":{}}");
  }
  EXPECT_FALSE(a->next_of_type("didAtOnce").empty());
  EXPECT_FALSE(a->next_of_type("didLater").empty());
  EXPECT_FALSE(a->next_of_type("didElsewhere").empty());
  for (std::thread& thread : threads) thread.join();
}

TEST(Server, SeveralMessagesForAReceiverAreOneSend) {
  RunningServer running(one_loop());
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  const std::uint64_t before = running.server->metrics().sends_total;
  // One segment with all frames: one turn.
  std::string frames;
  for (int i = 0; i < 50; ++i) {
    net::append_frame(frames, net::Opcode::text, R"({"type":"x","data":{}})",
                      net::MaskKey{1, 2, 3, 4});
  }
  a->send_raw(frames);
  for (int i = 0; i < 50; ++i) ASSERT_FALSE(a->next_of_type("x").empty());
  EXPECT_LE(running.server->metrics().sends_total - before, 3U);
  EXPECT_EQ(running.server->metrics().messages_out_total, 53U);
}

TEST(Server, AnswersToThePingsOfOneReadShareTheirSends) {
  RunningServer running(one_loop());
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  const std::uint64_t before = running.server->metrics().sends_total;
  std::string frames;
  for (int i = 0; i < 500; ++i) {
    net::append_frame(frames, net::Opcode::ping, std::to_string(i), net::MaskKey{1, 2, 3, 4});
    net::append_frame(frames, net::Opcode::text, kPing, net::MaskKey{1, 2, 3, 4});
  }
  a->send_raw(frames);
  for (int i = 0; i < 500; ++i) {
    const Client::Event pong = a->next();
    ASSERT_EQ(pong.kind, net::EventKind::pong);
    ASSERT_EQ(pong.payload, std::to_string(i));  // in their order
    ASSERT_FALSE(a->next_of_type("$pong").empty());
  }
  EXPECT_LE(running.server->metrics().sends_total - before, 40U);  // of 1,000 answers
}

TEST(Server, BusyRoomWritesOnceAnInterval) {  // a room of two never waits
  room::Definition definition;
  definition.limits.flush_interval_ms = 200;
  definition.limits.flush_us_per_session = 1'000'000;
  RunningServer running(one_loop(), std::move(definition));
  const auto a = Client::join(running.port(), "room");
  const auto b = Client::join(running.port(), "room");
  const auto c = Client::join(running.port(), "room");
  for (const auto& client : {a.get(), b.get(), c.get()}) {
    ASSERT_FALSE(client->initialize().empty());
  }
  ::poll(nullptr, 0, 300);  // joining is a conversation, which is written at once
  const std::uint64_t before = running.server->metrics().sends_total;
  for (int i = 0; i < 20; ++i) {
    running.server->emit("room", "tick", "{}");
    ::poll(nullptr, 0, 2);
  }
  running.server->emit("room", "last", "{}");
  EXPECT_FALSE(b->next_of_type("last").empty());
  EXPECT_FALSE(a->next_of_type("last").empty());
  EXPECT_LE(running.server->metrics().sends_total - before, 20U);  // of 63 deliveries
}

TEST(Server, SlowReaderIsClosedAndTheOthersGoOn) {
  room::Definition definition;
  definition.limits.queue_bytes_max = 64 * 1024;
  definition.limits.queue_stall_ms = 200;
  RunningServer running(one_loop(), std::move(definition));
  const auto slow = Client::join(running.port(), "room", 4096);
  const auto fast = Client::join(running.port(), "room");
  ASSERT_FALSE(slow->initialize().empty());
  ASSERT_FALSE(fast->initialize().empty());
  const std::string data = "{\"a\":\"" + std::string(50'000, 'x') + "\"}";
  std::uint64_t closed = 0;
  for (int i = 0; i < 2000 && closed == 0; ++i) {
    running.server->emit("room", "big", data);
    ASSERT_FALSE(fast->next_of_type("big").empty());
    closed = running.server->metrics().closes_total[1013];
    if (i > 200) ::poll(nullptr, 0, 5);
  }
  EXPECT_EQ(closed, 1U);
  EXPECT_TRUE(eventually([&] { return running.server->size("room") == 1; }));
}

TEST(Server, FloodOfPingsOfOneWhoReadsNothingIsBounded) {
  room::Definition definition;
  definition.limits.queue_bytes_max = 64 * 1024;
  definition.limits.queue_stall_ms = 100;
  RunningServer running(one_loop(), std::move(definition));
  const auto flooder = Client::join(running.port(), "room", 4096);
  const auto other = Client::join(running.port(), "room");
  ASSERT_FALSE(other->initialize().empty());
  const std::string payload(125, 'p');
  std::string frames;
  for (int i = 0; i < 500; ++i) {
    net::append_frame(frames, net::Opcode::ping, payload, net::MaskKey{1, 2, 3, 4});
  }
  std::uint64_t closed = 0;
  for (int i = 0; i < 2000 && closed == 0; ++i) {
    flooder->send_raw(frames);
    closed = running.server->metrics().closes_total[1013];
  }
  EXPECT_EQ(closed, 1U);
  other->send_text(kPing);
  EXPECT_FALSE(other->next_of_type("$pong").empty());
}

TEST(Server, HalfOpenSessionIsFoundAndEnded) {
  room::Definition definition;
  definition.limits.ping_after_ms = 100;
  definition.limits.silence_ms_max = 400;
  definition.limits.close_ms_max = 100;
  RunningServer running({}, std::move(definition));
  const auto gone = Client::join(running.port(), "room");
  ASSERT_FALSE(gone->initialize().empty());
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 0; }));
  EXPECT_EQ(running.server->metrics().rooms, 0U);
}

TEST(Server, AcceptingGoesOnAfterDescriptorsRanOut) {
  std::atomic<int> failures = 0;
  ServerHooks hooks;
  hooks.log = [&](std::string_view, std::string_view event, std::string_view) {
    if (event == "accept_failed") ++failures;
  };
  RunningServer running(one_loop(), {}, std::move(hooks));
  Client warm(test::connect_to(running.port()));
  ASSERT_FALSE(warm.request("GET / HTTP/1.1\r\nHost: x\r\n\r\n").empty());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(warm.fd()) + 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  OwnedFd waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::vector<OwnedFd> filling;
  for (;;) {
    OwnedFd copy(::dup(warm.fd()));
    if (!copy) break;
    filling.push_back(std::move(copy));
  }
  Client client(test::connect_with(std::move(waiting), running.port()));
  EXPECT_TRUE(eventually([&] { return failures.load() >= 2; }));
  filling.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(client.upgrade("/api/pluv/room/room"));
  EXPECT_LE(failures.load(), 100);  // paused, not spun
}

TEST(Server, QueueOverTheHardLimitClosesAtOnce) {
  room::Definition definition;
  definition.limits.queue_bytes_hard_max = 1024 * 1024;
  definition.limits.queue_stall_ms = 600'000;
  RunningServer running(one_loop(), std::move(definition));
  const auto slow = Client::join(running.port(), "room", 4096);
  ASSERT_FALSE(slow->initialize().empty());
  const std::string data = "{\"a\":\"" + std::string(100'000, 'x') + "\"}";
  for (int i = 0; i < 200; ++i) running.server->emit("room", "big", data);
  EXPECT_TRUE(eventually([&] { return running.server->metrics().closes_total[1013] == 1; }));
}

TEST(Server, HandshakeFloodOfHalfHeadsTimesOut) {
  room::Definition definition;
  definition.limits.handshake_ms_max = 100;
  RunningServer running({}, std::move(definition));
  Client silent(test::connect_to(running.port()));
  Client slow(test::connect_to(running.port()));
  slow.send_raw("GET / HTTP/1.1\r\nHost: x\r\n");
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(slow.request("").starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 1; }));
}

TEST(Server, ManualModeRunsInTheCallersThread) {
  ServerConfig config;
  config.port = 0;
  config.manual = true;
  Server server(std::move(config), {}, {});
  ASSERT_TRUE(server.listen());
  OwnedFd fd = test::connect_to(server.port());
  Client client(std::move(fd));
  client.send_raw("GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 100 && server.metrics().bytes_out_total == 0; ++i) {
    server.poll(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(client.request("").starts_with("HTTP/1.1 404 "));
  int ran = 0;
  server.post("", [&] { ++ran; });
  server.post_after(std::chrono::milliseconds(1), [&] { ++ran; });
  for (int i = 0; i < 100 && ran < 2; ++i) server.poll(std::chrono::milliseconds(10));
  EXPECT_EQ(ran, 2);
}

TEST(Server, HostsOwnSocketsAreTakenOver) {
  RunningServer running;
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Client client{OwnedFd(pair[0])};
  std::string received;
  net::append_frame(received, net::Opcode::text, kPing, net::MaskKey{1, 2, 3, 4});
  ASSERT_TRUE(running.server->register_socket(
      {.fd = pair[1], .room = "room", .token = "", .received = received}));
  EXPECT_FALSE(client.next_of_type("$pong").empty());  // overtakes what was queued before it
  EXPECT_FALSE(client.next_of_type("$registered").empty());

  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Client refused{OwnedFd(pair[0])};
  EXPECT_FALSE(running.server->register_socket(
      {.fd = pair[1], .room = "-bad-", .token = "", .received = ""}));
  EXPECT_TRUE(refused.ended());

  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  Client fresh{OwnedFd(pair[0])};
  ASSERT_TRUE(running.server->register_connection(pair[1]));
  EXPECT_TRUE(fresh.upgrade("/api/pluv/room/room"));
  EXPECT_FALSE(fresh.next_of_type("$registered").empty());
}

TEST(Server, DeflateIsNegotiatedAndMixesWithPlainReceivers) {
  ServerConfig config = one_loop();
  config.deflate = true;
  RunningServer running(std::move(config));
  const auto plain = Client::join(running.port(), "room");
  Client deflating(test::connect_to(running.port()));
  const std::string answer = deflating.request(
      "GET /api/pluv/room/room HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  EXPECT_NE(answer.find("permessage-deflate"), std::string::npos);
  EXPECT_NE(answer.find("server_no_context_takeover"), std::string::npos);
  running.server->emit("room", "text", "{\"a\":\"" + std::string(500, 'x') + "\"}");
  EXPECT_GT(plain->next_of_type("text").size(), 500U);
}

}  // namespace
}  // namespace pluv::native
