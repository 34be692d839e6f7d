// Who is let in, and how those who are not are told: HTTP answers, refusals for good and for now.
#include <gtest/gtest.h>

#include "net/http.h"
#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

room::Definition quick_pacing(std::int64_t pacing_ms = 100) {
  room::Definition definition;
  definition.limits.pacing_ms_min = pacing_ms;
  definition.limits.pacing_ms_max = pacing_ms + 50;
  definition.limits.close_ms_max = 300;
  return definition;
}

std::uint64_t refused(const RunningServer& running, const char* reason) {
  return running.server->metrics().connections_refused_total[reason];
}

// The connection was upgraded, is told nothing for the pacing time, then 1013.
void expect_paced(Client& client) {
  EXPECT_EQ(client.next(50).kind, net::EventKind::need_more);
  EXPECT_EQ(client.close_code(), 1013);
}

// The original's client asks again for ever after an HTTP answer, and browsers do not show it.
TEST(Admission, RoomNameOutsideThePatternIsRefusedForGoodOnTheSocket) {
  RunningServer running({}, quick_pacing());
  for (const char* name : {"", "-a", "a-", "a%2Fb", "a/b", "%20"}) {
    Client client(connect_to(running.port()));
    ASSERT_TRUE(client.upgrade(std::string("/api/pluv/room/") + name)) << name;
    const std::string told = client.next_of_type("$error");
    EXPECT_NE(told.find("The room's name is not allowed"), std::string::npos) << told;
    EXPECT_NE(told.find(R"("room":"")"), std::string::npos) << "the name does not come back";
    EXPECT_EQ(client.close_code(), 1008) << name;
  }
  Client no_target(connect_to(running.port()));
  EXPECT_FALSE(no_target.upgrade("/api/pluv/room/a%"));
  EXPECT_TRUE(no_target.ended());
  EXPECT_EQ(running.server->metrics().rooms, 0U);
  EXPECT_EQ(refused(running, "bad_room"), 6U);
  Client client(connect_to(running.port()));
  EXPECT_TRUE(client.upgrade("/api/pluv/room/a%2D%62"));
  EXPECT_NE(client.next_of_type("$registered").find("\"room\":\"a-b\""), std::string::npos);
}

// The original's client asks again at once, whatever the HTTP answer is.
TEST(Admission, AnHttpAnswerToAWebSocketRequestIsHeld) {
  RunningServer running({}, quick_pacing());
  for (const char* target : {"/api/pluv/other/a", "/elsewhere"}) {
    Client client(connect_to(running.port()));
    client.send_raw(std::string("GET ") + target +
                    " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_FALSE(client.ended(50)) << target;
    EXPECT_TRUE(client.request("").starts_with("HTTP/1.1 40")) << target;
    EXPECT_TRUE(client.ended()) << target;
  }
}

TEST(Admission, BadUpgradeIsAnsweredAndClosed) {
  RunningServer running;
  Client client(connect_to(running.port()));
  EXPECT_TRUE(client
                  .request("GET /api/pluv/room/a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                  .starts_with("HTTP/1.1 426 "));
  EXPECT_TRUE(client.ended());
}

TEST(Admission, OriginThatIsNotAllowedIsToldAndStaysAway) {
  ServerConfig config;
  config.origins = {"https://*.example.com"};
  RunningServer running(std::move(config));
  Client other(connect_to(running.port()));
  ASSERT_TRUE(other.upgrade("/api/pluv/room/room", "Origin: https://evil.com\r\n"));
  EXPECT_NE(other.next_of_type("$error").find("Origin not allowed"), std::string::npos);
  EXPECT_EQ(other.close_code(), 1008);
  Client own(connect_to(running.port()));
  ASSERT_TRUE(own.upgrade("/api/pluv/room/room", "Origin: https://app.example.com\r\n"));
  EXPECT_FALSE(own.next_of_type("$registered").empty());
  Client none(connect_to(running.port()));
  ASSERT_TRUE(none.upgrade("/api/pluv/room/room"));
  EXPECT_FALSE(none.next_of_type("$registered").empty());
}

TEST(Admission, AuthorizerDecidesAndSeesTheRequest) {
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest& request) -> Result<AuthorizedUser> {
    EXPECT_NE(request.http, nullptr);
    EXPECT_EQ(request.client_address, "127.0.0.1");
    if (request.token == "later") return Error{ErrorCode::unavailable, "Later"};
    if (request.token != "a b") return Error{ErrorCode::unauthorized, "No"};
    return AuthorizedUser{.id = "u1", .json = R"({"id":"u1"})", .user = nullptr};
  };
  RunningServer running({}, quick_pacing(), std::move(hooks));
  Client good(connect_to(running.port()));
  ASSERT_TRUE(good.upgrade("/api/pluv/room/room?token=a%20b"));
  EXPECT_NE(good.next_of_type("$registered").find(R"("user":{"id":"u1"})"), std::string::npos);
  Client bad(connect_to(running.port()));
  ASSERT_TRUE(bad.upgrade("/api/pluv/room/room?token=x"));
  EXPECT_NE(bad.next_of_type("$error").find("Not authorized"), std::string::npos);
  const Client::Event close = bad.next();
  EXPECT_EQ(close.close_code, 3000);
  EXPECT_EQ(close.payload, "WebSocket unauthorized.");
  bad.send_close(3000);
  EXPECT_TRUE(bad.ended());
  Client later(connect_to(running.port()));
  ASSERT_TRUE(later.upgrade("/api/pluv/room/room?token=later"));
  expect_paced(later);
  EXPECT_EQ(running.server->size("room"), 1U);
}

TEST(Admission, BrokenFramesOfAnUnauthorizedSocketEndItAlone) {
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest&) -> Result<AuthorizedUser> {
    return Error{ErrorCode::unauthorized, "No"};
  };
  RunningServer running({}, quick_pacing(), std::move(hooks));
  Client client(connect_to(running.port()));
  ASSERT_TRUE(client.upgrade("/api/pluv/room/room?token=x"));
  client.send_raw("\xff\xff\xff");
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 0; }));
}

TEST(Admission, ConnectionsOverTheLimitAreHeldThenRefused) {
  room::Definition definition = quick_pacing();
  definition.limits.connections_max = 2;
  RunningServer running({}, std::move(definition));
  const auto a = Client::join(running.port(), "room");
  const auto b = Client::join(running.port(), "room");
  ASSERT_FALSE(a->next_of_type("$registered").empty());
  ASSERT_FALSE(b->next_of_type("$registered").empty());
  Client third(connect_to(running.port()));
  ASSERT_TRUE(third.upgrade("/api/pluv/room/room"));
  expect_paced(third);
  EXPECT_EQ(refused(running, "connections_max"), 1U);
}

TEST(Admission, ConnectionsOfOneAddressAreBoundedBehindAProxyToo) {
  room::Definition definition = quick_pacing();
  definition.limits.connections_per_address_max = 1;
  ServerConfig config;
  config.trusted_proxies = {"127.0.0.0/8"};
  RunningServer running(std::move(config), std::move(definition));
  const auto join = [&](const char* address) {
    auto client = std::make_unique<Client>(connect_to(running.port()));
    EXPECT_TRUE(client->upgrade("/api/pluv/room/room",
                                "X-Forwarded-For: " + std::string(address) + "\r\n"));
    return client;
  };
  auto first = join("203.0.113.1");
  EXPECT_FALSE(first->next_of_type("$registered").empty());
  const auto other = join("203.0.113.2");
  EXPECT_FALSE(other->next_of_type("$registered").empty());
  const auto second = join("203.0.113.1");
  expect_paced(*second);
  const auto six = join("2001:db8::1");
  EXPECT_FALSE(six->next_of_type("$registered").empty());
  const auto same_network = join("2001:db8::2");
  expect_paced(*same_network);
  EXPECT_EQ(refused(running, "address_max"), 2U);
  first->close();
  second->close();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 3; }));
  const auto again = join("203.0.113.1");
  EXPECT_FALSE(again->next_of_type("$registered").empty());
}

TEST(Admission, AddressThatHoldsTwiceItsConnectionsGetsNoMore) {
  room::Definition definition = quick_pacing(60'000);
  definition.limits.connections_per_address_max = 2;
  definition.limits.handshake_ms_max = 60'000;
  RunningServer running({}, std::move(definition));
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 4; ++i) {
    silent.push_back(std::make_unique<Client>(connect_to(running.port())));
  }
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 4; }));
  for (int i = 0; i < 3; ++i) {
    Client more(connect_to(running.port()));
    EXPECT_TRUE(more.ended());
  }
  EXPECT_EQ(running.server->metrics().connections, 4U);
  EXPECT_EQ(refused(running, "address_max"), 3U);
  silent.pop_back();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 3; }));
  Client held(connect_to(running.port()));
  EXPECT_TRUE(held.upgrade("/api/pluv/room/room"));
}

// The user's id is the token.
ServerHooks users_by_token() {
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest& request) -> Result<AuthorizedUser> {
    const std::string id(request.token);
    return AuthorizedUser{.id = id, .json = R"({"id":")" + id + "\"}", .user = nullptr};
  };
  return hooks;
}

// Over all rooms and loops, and only for as long as they are open.
TEST(Admission, ConnectionsOfOneUserAreBounded) {
  room::Definition definition = quick_pacing();
  definition.limits.connections_per_user_max = 3;
  RunningServer running({}, std::move(definition), users_by_token());
  const auto join = [&](const std::string& room, const char* user) {
    auto client = std::make_unique<Client>(connect_to(running.port()));
    EXPECT_TRUE(client->upgrade("/api/pluv/room/" + room + "?token=" + user));
    return client;
  };
  std::vector<std::unique_ptr<Client>> tabs(3);
  for (std::size_t i = 0; i < tabs.size(); ++i) {
    tabs[i] = join("room" + std::to_string(i), "ann");
    EXPECT_FALSE(tabs[i]->next_of_type("$registered").empty()) << i;
  }
  const auto fourth = join("room3", "ann");
  expect_paced(*fourth);
  const auto other = join("room3", "bob");
  EXPECT_FALSE(other->next_of_type("$registered").empty());
  EXPECT_EQ(refused(running, "user_max"), 1U);
  tabs.front()->close();
  EXPECT_TRUE(eventually([&] { return running.server->size("room0") == 0; }));
  const auto again = join("room0", "ann");
  EXPECT_FALSE(again->next_of_type("$registered").empty());
}

TEST(Admission, ConnectionsOfAUserMayBeUnlimited) {
  room::Definition definition = quick_pacing();
  definition.limits.connections_per_user_max = 0;
  RunningServer running({}, std::move(definition), users_by_token());
  std::vector<std::unique_ptr<Client>> tabs(300);
  for (std::unique_ptr<Client>& tab : tabs) {
    tab = std::make_unique<Client>(connect_to(running.port()));
    ASSERT_TRUE(tab->upgrade("/api/pluv/room/room?token=ann"));
  }
  EXPECT_TRUE(eventually([&] { return running.server->size("room") == tabs.size(); }));
}

TEST(Admission, OverlongTokenIsRefusedForGood) {
  ServerHooks hooks;
  hooks.authorize = [](const JoinRequest& request) -> Result<AuthorizedUser> {
    return Error{ErrorCode::unauthorized, std::to_string(request.token.size())};
  };
  RunningServer running({}, {}, std::move(hooks));
  for (const std::size_t size : {8'200U, 12'000U, 16'000U}) {
    Client client(connect_to(running.port()));
    ASSERT_TRUE(client.upgrade("/api/pluv/room/room?token=" + std::string(size, 'x'))) << size;
    EXPECT_EQ(client.close_code(), 3000) << size;
  }
  Client endless(connect_to(running.port()));
  EXPECT_FALSE(endless.upgrade("/api/pluv/room/room?token=" + std::string(17'000, 'x')));
}

TEST(Admission, FullRoomHoldsTheJoinThenRefusesIt) {
  room::Definition definition = quick_pacing();
  definition.limits.sessions_per_room_max = 1;
  RunningServer running({}, std::move(definition));
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->next_of_type("$registered").empty());
  const auto b = Client::join(running.port(), "room");
  EXPECT_EQ(b->close_code(), 1013);
  EXPECT_EQ(running.server->size("room"), 1U);
}

TEST(Admission, HttpRequestsGoToTheHook) {
  ServerHooks hooks;
  hooks.http = [](const net::Request& request,
                  std::string_view address) -> std::optional<net::Response> {
    if (request.path() != "/hello") return std::nullopt;
    return net::Response(200).body("text/plain", "hi " + std::string(address));
  };
  RunningServer running({}, {}, std::move(hooks));
  Client client(connect_to(running.port()));
  EXPECT_TRUE(client.request("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("hi 127.0.0.1"));
  // Kept alive; the body of a request is skipped.
  EXPECT_TRUE(client
                  .request("POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345"
                           "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(client.request("").ends_with("hi 127.0.0.1"));
  EXPECT_TRUE(client.ended());
  Client head(connect_to(running.port()));
  EXPECT_TRUE(head.request("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("\r\n\r\n"));
  Client broken(connect_to(running.port()));
  EXPECT_TRUE(broken.request("GET\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(broken.ended());
}

TEST(Admission, PipelinedRequestsAreAnsweredUpToANumber) {
  std::atomic<int> asked = 0;
  ServerHooks hooks;
  hooks.http = [&](const net::Request&, std::string_view) {
    ++asked;
    return std::optional(net::Response(200).body("text/plain", "hi"));
  };
  RunningServer running({}, {}, std::move(hooks));
  const std::string request = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto ask = [&](Client& client, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += request;
    std::string answer = client.request(all);
    for (int i = 1; i < std::min(count, 8); ++i) {
      EXPECT_EQ(answer.find("Connection: close"), std::string::npos) << i;
      answer = client.request("");
    }
    return answer;
  };
  Client few(connect_to(running.port()));
  EXPECT_EQ(ask(few, 7).find("Connection: close"), std::string::npos);
  EXPECT_EQ(ask(few, 7).find("Connection: close"), std::string::npos);
  Client many(connect_to(running.port()));
  EXPECT_NE(ask(many, 500).find("Connection: close"), std::string::npos);
  EXPECT_TRUE(many.ended());
  EXPECT_EQ(asked, 7 + 7 + 8);
}

TEST(Admission, RequestInPiecesBehindWhichFramesComeIsOne) {
  RunningServer running;
  Client client(connect_to(running.port()));
  const std::string head =
      "GET /api/pluv/room/pieces HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
      "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  client.send_raw(head.substr(0, 30));
  ::poll(nullptr, 0, 20);
  std::string rest = head.substr(30);
  net::append_frame(rest, net::Opcode::text, R"({"type":"$ping","data":{}})",
                    net::MaskKey{1, 2, 3, 4});
  EXPECT_TRUE(client.request(rest).starts_with("HTTP/1.1 101 "));
  EXPECT_FALSE(client.next_of_type("$pong").empty());
}

TEST(Admission, ConfigurationMistakesAreToldByListen) {
  const auto listen = [](auto change) {
    ServerConfig config;
    config.port = 0;
    change(config);
    Server server(std::move(config), {}, {});
    return server.listen();
  };
  EXPECT_TRUE(listen([](ServerConfig&) {}));
  EXPECT_FALSE(listen([](ServerConfig& config) { config.origins = {"not an origin"}; }));
  EXPECT_FALSE(listen([](ServerConfig& config) { config.trusted_proxies = {"10.0.0.1/8"}; }));
  EXPECT_FALSE(listen([](ServerConfig& config) { config.host = "no.such.host.invalid"; }));
  EXPECT_FALSE(listen([](ServerConfig& config) {
    config.tls = TlsConfig{"/nonexistent.pem", "/nonexistent.pem"};
  }));
  RunningServer running;
  EXPECT_FALSE(listen([&](ServerConfig& config) { config.port = running.port(); }));
}

}  // namespace
}  // namespace pluv::native
