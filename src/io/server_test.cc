// Rooms' handles, and the whole server over real sockets.
#include "pluv/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

#include "pluv/pluv.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;

struct Text {
  std::string message;
};

auto make_server() {
  const auto io = create_io(platform_native());
  const auto send = io.procedure()
                        .input<Text>(check(&Text::message, max_length(3)))
                        .broadcast([](const Text& in) { return emit<"receive">(in); });
  const auto own = io.procedure().self([] { return emit<"own">(); });
  const auto wave = io.procedure().broadcast([] { return emit<"receive">(Text{"wave"}); });
  return io.server(
      ServerOptions{.router = io.router(on<"send">(send), on<"own">(own), on<"wave">(wave))});
}

TEST(Room, TakesRoomNamesOnly) {
  const auto server = make_server();
  EXPECT_EQ(server.create_room("a-1_b").id(), "a-1_b");
  for (const char* name : {"", "-a", "a-", "a b", "a/b"}) {
    EXPECT_THROW((void)server.create_room(name), std::invalid_argument) << name;
  }
}

TEST(Room, ChecksBroadcastsThatAreNamedAtRunTime) {
  const auto room = make_server().create_room("r");
  const auto code = [&](std::string_view name, std::string_view data) {
    const auto result = room.broadcast(name, data);
    return result.ok() ? std::string("ok") : error_code_name(result.error().code);
  };
  EXPECT_EQ(code("send", R"({"message":"hi"})"), "ok");
  EXPECT_EQ(code("other", R"({"any":1})"), "ok");
  EXPECT_EQ(code("other", "null"), "ok");
  EXPECT_EQ(code("send", R"({"message":1})"), "invalid");
  EXPECT_EQ(code("send", R"({"message":"long"})"), "invalid");
  EXPECT_EQ(code("send", "null"), "invalid");
  EXPECT_EQ(code("other", "[1]"), "invalid");
  EXPECT_EQ(code("other", "{"), "invalid");
  EXPECT_EQ(code("$exit", "{}"), "invalid");
  EXPECT_EQ(code("", "{}"), "invalid");
  EXPECT_EQ(code(std::string(64, 'n'), "{}"), "ok");
  EXPECT_EQ(code(std::string(65, 'n'), "{}"), "limit");
  EXPECT_EQ(code("own", "{}"), "conflict");
  EXPECT_TRUE(room.broadcast("other", Json(Json::Object{})).ok());
}

TEST(Room, TypedBroadcastsThrowWhenTheInputFailsItsChecks) {
  const auto room = make_server().create_room("r");
  EXPECT_NO_THROW(room.broadcast<"send">({.message = "abc"}));
  EXPECT_THROW(room.broadcast<"send">({.message = "abcd"}), std::invalid_argument);
  EXPECT_NO_THROW(room.broadcast<"wave">());
  EXPECT_NO_THROW(room.emit<"receive">({.message = "abcd"}));
}

TEST(Room, BeforeListeningThereIsNobody) {
  const auto server = make_server();
  const auto room = server.create_room("r");
  room.evict("p_x");
  room.evict_user("ann");
  room.revoke("ann");
  room.set_permissions("ann", {"read"});
  room.evict_all();
  room.garbage_collect();
  EXPECT_EQ(room.get_size(), 0u);
  EXPECT_EQ(server.metrics_text(), "");
  const int fd = ::dup(0);
  const auto result = room.register_socket(fd);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::conflict);
  EXPECT_EQ(::write(fd, "", 0), -1) << "taken in any case";
}

// One blocking client connection.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval wait{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  void send_text(std::string_view text) {  // under 126 bytes; a mask of zeros changes nothing
    std::string frame = {'\x81', static_cast<char>(0x80 | text.size()), 0, 0, 0, 0};
    frame.append(text);
    send(frame);
  }
  // Reads until the bytes hold `wanted`; what was read so far, empty at a timeout.
  std::string read_until(std::string_view wanted) {
    while (seen_.find(wanted) == std::string::npos) {
      char buffer[4096];
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      seen_.append(buffer, static_cast<std::size_t>(got));
    }
    return std::exchange(seen_, {});
  }
  void upgrade(std::string_view path) {
    send("GET " + std::string(path) +
         " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }

 private:
  int fd_;
  bool connected_ = false;
  std::string seen_;
};

TEST(Server, ServesRoomsRoutesAndServerCode) {
  const auto server = make_server();
  auto listening = server.listen(
      {.port = 0,
       .routes = {get("/hello",
                      [](const Request& request) {
                        return Response::text(201, "hello " + request.query("name").value_or("?"));
                      }),
                  get("/bad",
                      [](const Request&) -> Response {
                        throw std::runtime_error("secret reason");
                      })},
       .threads = 2,
       .log = [](std::string_view, std::string_view, std::string_view) {}});
  EXPECT_THROW(server.listen({.port = 0}), std::logic_error);
  listening.start();
  {
    Client http(listening.port());
    ASSERT_TRUE(http.connected());
    http.send("GET /hello?name=Ada HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(http.read_until("hello Ada").find("201 Created"), std::string::npos);
    http.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(http.read_until("ok\n").find("200 OK"), std::string::npos);
    http.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(http.read_until("ok\n").find("200 OK"), std::string::npos);
    http.send("GET /bad HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string bad = http.read_until("Internal server error");
    EXPECT_NE(bad.find("500"), std::string::npos);
    EXPECT_EQ(bad.find("secret"), std::string::npos);
  }

  Client a(listening.port());
  a.upgrade("/api/pluv/room/r");
  EXPECT_NE(a.read_until("$registered").find("101"), std::string::npos);
  a.send_text(R"({"type":"send","data":{"message":"abc"}})");
  EXPECT_NE(a.read_until(R"("message":"abc")").find("receive"), std::string::npos);

  const auto room = server.create_room("r");
  room.broadcast<"send">({.message = "srv"});
  EXPECT_NE(a.read_until(R"("message":"srv")").find(R"("connectionId":null)"), std::string::npos);
  room.emit<"receive">({.message = "emitted"});
  EXPECT_NE(a.read_until("emitted"), "");
  EXPECT_EQ(room.get_size(), 1u);
  EXPECT_NE(server.metrics_text().find("pluv_"), std::string::npos);
  room.evict_all();
  EXPECT_NE(a.read_until("\x0f\xa1"), "") << "close code 4001";
  listening.stop();
  EXPECT_EQ(listening.join(), 0);
}

struct Person {
  std::string id;
};

TEST(Room, ChangesWhatItsUsersMayDoAndSendsThemAway) {
  const auto io = create_io(
      platform_native(NativeOptions{.authorize = authorize<Person>({.secret = "secret123"})}));
  const auto server = io.server();
  auto listening = server.listen(
      {.port = 0, .threads = 1, .log = [](std::string_view, std::string_view, std::string_view) {
       }});
  listening.start();
  const auto enter = [&](std::string_view id, std::optional<std::vector<std::string>> permissions) {
    auto client = std::make_unique<Client>(listening.port());
    client->upgrade(
        "/api/pluv/room/r?token=" +
        io.create_token(
            {.room = "r", .user = {std::string(id)}, .permissions = std::move(permissions)}));
    EXPECT_NE(client->read_until("$registered"), "") << id;
    return client;
  };
  const auto ann = enter("ann", std::vector<std::string>{"read"});
  const auto bob = enter("bob", std::nullopt);
  const auto cleo = enter("cleo", std::nullopt);
  const auto dan = enter("dan", std::nullopt);
  const auto room = server.create_room("r");

  ann->send_text(R"({"type":"wave","data":{}})");
  EXPECT_NE(ann->read_until("Not permitted: event:wave"), "");
  room.set_permissions("ann", {"read", "event:wave"});
  room.set_permissions("bob", {"write", "presence"});
  ASSERT_TRUE(room.broadcast("changed", Json(Json::Object{})).ok());  // in the order of the calls
  EXPECT_NE(ann->read_until("changed"), "");
  EXPECT_NE(bob->read_until("changed"), "");
  ann->send_text(R"({"type":"wave","data":{}})");
  EXPECT_NE(bob->read_until(R"("type":"wave")"), "");
  bob->send_text(R"({"type":"wave","data":{}})");
  EXPECT_NE(bob->read_until("Not permitted: event:wave"), "");

  EXPECT_THROW(room.set_permissions("ann", {"no name"}), std::invalid_argument);
  EXPECT_THROW(room.set_permissions("ann", {"read", ""}), std::invalid_argument);
  EXPECT_THROW(room.set_permissions("ann", std::vector<std::string>(65, "read")),
               std::invalid_argument);
  ann->send_text(R"({"type":"wave","data":{"still":1}})");
  EXPECT_NE(bob->read_until("still"), "") << "what throws changes nothing";

  room.evict_user("ann");
  EXPECT_NE(ann->read_until("\x0f\xa1"), "") << "close code 4001";
  room.revoke("bob");
  const std::string farewell = bob->read_until("\x0b\xb8");  // close code 3000
  EXPECT_NE(farewell.find("Not authorized"), std::string::npos) << farewell;
  room.set_permissions("cleo", {"presence"});
  EXPECT_NE(cleo->read_until("\x0b\xb8"), "") << "who may not read is not in the room";
  ASSERT_TRUE(room.broadcast("news", Json(Json::Object{})).ok());
  EXPECT_NE(dan->read_until("news"), "") << "the others stay";
  listening.stop();
  EXPECT_EQ(listening.join(), 0);
}

TEST(Server, RoutesThatMayBlockGetTheWholeBody) {
  const auto server = make_server();
  std::atomic<int> inside = 0;
  const auto both_inside = [&inside](const Request&) {
    // Only one loop, and yet two of them are at work at once.
    ++inside;
    for (int i = 0; i < 5'000 && inside < 2; ++i) std::this_thread::sleep_for(1ms);
    return Response::text(200, inside >= 2 ? "together" : "alone");
  };
  auto listening = server.listen(
      {.port = 0,
       .routes = {post(
                      "/echo",
                      [](const Request& request) {
                        return Response::text(200, std::string(request.method()) + " of " +
                                                       std::string(request.body()));
                      },
                      2'000'000),
                  get("/echo", [](const Request&) { return Response::text(200, "no body"); }),
                  post("/bad",
                       [](const Request&) -> Response {
                         throw std::runtime_error("secret reason");
                       }),
                  blocking_get("/wait", both_inside)},
       .threads = 1,
       .log = [](std::string_view, std::string_view, std::string_view) {}});
  listening.start();
  const auto ask = [&](std::string_view head, std::string_view body, std::string_view until) {
    Client http(listening.port());
    http.send(std::string(head) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return http.read_until(until);
  };
  EXPECT_NE(ask("POST /echo", "abc", "POST of abc").find("200 OK"), std::string::npos);
  const std::string large(2'000'000, 'x');
  EXPECT_NE(ask("POST /echo", large, large).find("200 OK"), std::string::npos);
  EXPECT_NE(ask("POST /echo", large + "x", "too big").find("413 "), std::string::npos);
  EXPECT_NE(ask("GET /echo", "", "no body").find("200 OK"), std::string::npos);
  EXPECT_NE(ask("PUT /echo", "", "not allowed").find("Allow: POST, GET, HEAD"), std::string::npos);
  EXPECT_NE(ask("GET /bad", "", "not allowed").find("Allow: POST"), std::string::npos);
  const std::string bad = ask("POST /bad", "", "Internal server error");
  EXPECT_NE(bad.find("500 "), std::string::npos);
  EXPECT_EQ(bad.find("secret"), std::string::npos);
  Client first(listening.port());
  first.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(ask("GET /wait", "", "together"), "");
  EXPECT_NE(first.read_until("together"), "");
  listening.stop();
  EXPECT_EQ(listening.join(), 0);
}

TEST(Server, RefusesRoutesThatCannotBe) {
  const auto handler = [](const Request&) { return Response(); };
  const auto listen = [&](Route route) {
    const auto listening = make_server().listen({.port = 0, .routes = {std::move(route)}});
  };
  EXPECT_THROW(listen({.path = "/a", .handler = handler, .method = "PUT"}), std::invalid_argument);
  EXPECT_THROW(listen(post("/a", handler, (std::size_t{1} << 30) + 1)), std::invalid_argument);
  EXPECT_NO_THROW(listen(post("/a", handler, std::size_t{1} << 30)));
}

TEST(Server, RunsInsideAHostProgramsLoop) {
  const auto server = make_server();
  auto listening = server.listen(
      {.port = 0, .manual = true, .log = [](std::string_view, std::string_view, std::string_view) {
       }});
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const auto room = server.create_room("r");
  ASSERT_TRUE(room.register_socket(ends[0]).ok());
  std::string seen;
  for (int i = 0; i < 500 && seen.find("$registered") == std::string::npos; ++i) {
    listening.poll(10ms);
    char buffer[4096];
    const ssize_t got = ::recv(ends[1], buffer, sizeof buffer, 0);
    if (got > 0) seen.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_NE(seen.find("$registered"), std::string::npos);
  EXPECT_EQ(room.get_size(), 1u);
  ::close(ends[1]);
}

TEST(Server, EndsWithAHandleThatAHandlerDropsLast) {
  const auto alive = std::make_shared<int>(0);  // one copy in the server
  std::function<std::shared_ptr<void>()> take_room;
  std::atomic<bool> holding = false;
  std::atomic<bool> let_go = false;
  for (const bool on_the_pool : {false, true}) {
    const auto io = create_io(platform_native());
    const auto hold = io.procedure().self([&, alive, on_the_pool]() -> task<void> {
      std::shared_ptr<void> room = take_room();
      holding = true;
      while (!let_go) co_await sleep_for(1ms);
      if (on_the_pool) {
        co_await blocking([last = std::move(room)]() mutable { last.reset(); });
      }
    });
    std::optional<Client> client;
    holding = false;
    let_go = false;
    {
      const auto server = io.server(ServerOptions{.router = io.router(on<"hold">(hold))});
      auto listening =
          server.listen({.port = 0,
                         .threads = 1,
                         .log = [](std::string_view, std::string_view, std::string_view) {}});
      take_room = [room = std::make_shared<decltype(server.create_room("r"))>(
                       server.create_room("r"))] { return std::shared_ptr<void>(room); };
      listening.start();
      client.emplace(listening.port());
      client->upgrade("/api/pluv/room/r");
      ASSERT_NE(client->read_until("$registered"), "");
      client->send_text(R"({"type":"hold","data":{}})");
      for (int i = 0; i < 5'000 && !holding; ++i) std::this_thread::sleep_for(1ms);
      ASSERT_TRUE(holding);
      take_room = nullptr;
    }
    EXPECT_GT(alive.use_count(), 2) << "the handler's handle keeps it";
    let_go = true;
    EXPECT_EQ(client->read_until("never"), "") << "the connection ends";
    for (int i = 0; i < 5'000 && alive.use_count() > 2; ++i) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(alive.use_count(), 2) << "the one in the procedure is left";
  }
}

TEST(Server, ListensAfterAFailedAttemptAsIfItWereTheFirst) {
  const auto io = create_io(platform_native());
  const auto slow = io.procedure().self([]() -> task<Event<"done", Text>> {
    const std::string text = co_await blocking([] { return std::string("worked"); });
    co_return emit<"done">(Text{text});
  });
  const auto server = io.server(ServerOptions{.router = io.router(on<"slow">(slow))});
  EXPECT_THROW(server.listen({.port = 0, .host = "no address"}), std::runtime_error);
  auto listening = server.listen(
      {.port = 0, .threads = 1, .log = [](std::string_view, std::string_view, std::string_view) {
       }});
  listening.start();
  Client client(listening.port());
  client.upgrade("/api/pluv/room/r");
  ASSERT_NE(client.read_until("$registered"), "");
  client.send_text(R"({"type":"slow","data":{}})");
  const std::string answer = client.read_until(R"("user":null)");
  EXPECT_NE(answer.find("worked"), std::string::npos) << answer;
  listening.stop();
  listening.join();
}

TEST(Server, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(make_server().listen({.port = 0, .room_path = "rooms"}), std::invalid_argument);
  EXPECT_THROW(make_server().listen({.port = 0, .routes = {get("x", nullptr)}}),
               std::invalid_argument);
  EXPECT_THROW(make_server().listen({.port = 0, .host = "no address"}), std::runtime_error);
}

}  // namespace
}  // namespace pluv
