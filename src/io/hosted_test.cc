// The hosted platform: tokens that a service makes, webhooks that it sends.
#include "pluv/hosted.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/base64.h"
#include "json/value.h"
#include "platform/hosted/http_client.h"
#include "platform/hosted/signature.h"
#include "platform/hosted/webhook_event.h"
#include "pluv/pluv.h"

namespace pluv {
namespace {

using namespace std::chrono_literals;

struct User {
  std::string id;
  std::string name;
};
struct Place {
  std::string room;
};

constexpr const char* kSecret = "whsec";

auto options_for(std::string base_url = "http://127.0.0.1:9") {
  return HostedOptions{
      .base_url = std::move(base_url),
      .base_path = "/webhook",
      .public_key = "pk",
      .secret_key = "sk",
      .webhook_secret = kSecret,
      .authorize = authorize<User>({}, check(&User::name, min_length(1))),
      .context = [](const RoomContext& room) { return Place{std::string(room.room)}; }};
}

auto make_hosted_io() { return create_io(platform_hosted(options_for())); }

// As the service would send it.
template <class Server>
WebhookResponse deliver(const Server& server, const std::string& body,
                        std::string_view secret = kSecret) {
  const std::string stable = hosted::stable_json(body).value();
  return server.webhook({.signature = hosted::sign_webhook(secret, stable).value(), .body = body});
}

template <class Server>
WebhookResponse deliver(const Server& server, const hosted::WebhookEvent& event) {
  return deliver(server, hosted::write_webhook(event).value());
}

std::string header_of(const WebhookResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "none";
}

constexpr std::string_view kAda = R"({"id":"1","name":"Ada"})";

TEST(HostedWebhook, TellsListenersWhatHappened) {
  std::vector<std::string> log;
  const auto io = make_hosted_io();
  const auto user_line = [&log](const char* what) {
    return [&log, what](const auto& event) {
      log.push_back(std::string(what) + " " + event.context.room + " " + event.room + " " +
                    event.user->name + " " + event.encoded_state.base64());
    };
  };
  const auto server = io.server(ServerOptions{
      .on_room_destroyed =
          [&](const decltype(io)::RoomDestroyedEvent& event) {
            log.push_back("room " + event.room);
          },
      .on_storage_destroyed =
          [&](const decltype(io)::StorageEvent& event) {
            log.push_back("storage " + event.room + " " +
                          (event.encoded_state.exists() ? base64_encode(event.encoded_state.bytes())
                                                        : "none"));
          },
      .on_user_connected = user_line("connected"),
      .on_user_disconnected = user_line("disconnected")});
  const std::string ada(kAda);
  const WebhookResponse answer =
      deliver(server, hosted::UserConnected{"r", std::nullopt, ada, "1"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"ok":true,"data":{"event":"user-connected","room":"r"}})");
  EXPECT_EQ(header_of(answer, "x-pluv-event"), "user-connected");
  EXPECT_EQ(header_of(answer, "content-type"), "application/json");
  EXPECT_EQ(deliver(server, hosted::UserDisconnected{"r", "AAA=", ada, "1"}).status, 200);
  EXPECT_EQ(deliver(server, hosted::StorageDestroyed{"r", "AAA="}).status, 200);
  EXPECT_EQ(deliver(server, hosted::StorageDestroyed{"r", std::nullopt}).status, 200);
  EXPECT_EQ(deliver(server, hosted::RoomDestroyed{"r"}).status, 200);
  EXPECT_EQ(log, (std::vector<std::string>{"connected r r Ada ", "disconnected r r Ada AAA=",
                                           "storage r AAA=", "storage r none", "room r"}));
}

TEST(HostedWebhook, AnswersWithTheInitialStorage) {
  const auto answer_of = [](auto listener) {
    const auto server =
        make_hosted_io().server(ServerOptions{.get_initial_storage = std::move(listener)});
    return deliver(server, hosted::InitialStorage{"r"}).body;
  };
  const std::string begin = R"({"ok":true,"data":{"event":"initial-storage","room":"r","storage":)";
  EXPECT_EQ(answer_of([](const auto&) { return std::string("AAA="); }), begin + R"("AAA="}})");
  EXPECT_EQ(answer_of([](const auto&) { return std::string("\0\0", 2); }), begin + R"("AAA="}})");
  EXPECT_EQ(answer_of([](const auto&) { return std::string(); }), begin + "null}}");
  EXPECT_EQ(answer_of([](const auto&) { return std::optional<std::string>(); }), begin + "null}}");
  EXPECT_EQ(answer_of([](const InitialStorageEvent<Place>& event) -> task<std::string> {
              co_await sleep_for(1ms);
              const std::string found = co_await blocking([] { return std::string("AAA="); });
              co_return event.context.room == "r" ? found : "";
            }),
            begin + R"("AAA="}})");
  const auto server = make_hosted_io().server();
  EXPECT_EQ(deliver(server, hosted::InitialStorage{"r"}).body, begin + "null}}");
}

TEST(HostedWebhook, RunsATaskUntilItIsDone) {
  std::atomic<int> done = 0;
  std::thread other;
  const auto here = std::this_thread::get_id();
  const auto server =
      make_hosted_io().server(ServerOptions{.on_room_destroyed = [&](const auto&) -> task<> {
        co_await sleep_for(2ms);
        const int value = co_await from_callback<int>(
            [&](resolver<int> answer) { other = std::thread([answer] { answer.resolve(7); }); });
        EXPECT_EQ(std::this_thread::get_id(), here);
        done = value;
      }});
  EXPECT_EQ(deliver(server, hosted::RoomDestroyed{"r"}).status, 200);
  EXPECT_EQ(done, 7);
  other.join();
}

TEST(HostedWebhook, BelievesNobodyWithoutTheSecret) {
  int calls = 0;
  const auto count = [&calls](const auto&) { ++calls; };
  const auto server = make_hosted_io().server(ServerOptions{.on_room_destroyed = count});
  const std::string body = hosted::write_webhook(hosted::RoomDestroyed{"r"}).value();
  const std::string good = hosted::sign_webhook(kSecret, body).value();
  const std::string unauthorized = R"({"ok":false,"error":{"message":"Unauthorized"}})";
  for (const WebhookRequest& request :
       {WebhookRequest{"", body}, WebhookRequest{"sha256=", body},
        WebhookRequest{std::string_view(good).substr(7), body},
        WebhookRequest{std::string_view(good).substr(0, good.size() - 1), body},
        WebhookRequest{std::string_view(good).substr(0, good.size() - 1), "{"},  // it is not read
        WebhookRequest{good, R"({"data":{"room":"s"},"event":"room-destroyed"})"},
        WebhookRequest{good, "{}"}}) {
    const WebhookResponse answer = server.webhook(request);
    EXPECT_EQ(answer.status, 401) << request.signature << request.body;
    EXPECT_EQ(answer.body, unauthorized);
    EXPECT_EQ(header_of(answer, "x-pluv-event"), "unknown");
  }
  EXPECT_EQ(deliver(server, body, "other secret").status, 401);
  auto none = options_for();
  none.webhook_secret = Secret();
  EXPECT_EQ(deliver(create_io(platform_hosted(std::move(none))).server(), body).status, 401);
  EXPECT_EQ(calls, 0);
  // Spelled in another way it is the same payload.
  EXPECT_EQ(server
                .webhook({.signature = good,
                          .body = R"( {"event": "room-destroyed", "data": {"room": "r"}} )"})
                .status,
            200);
  EXPECT_EQ(calls, 1);
}

TEST(HostedWebhook, BelievesABodyThatIsSignedAsItIs) {
  int calls = 0;
  const auto count = [&calls](const auto& event) {
    EXPECT_EQ(event.room, "r");
    ++calls;
  };
  const auto server = make_hosted_io().server(ServerOptions{.on_room_destroyed = count});
  const std::string body = R"( {"event": "room-destroyed", "data": {"room": "r"}} )";
  const std::string signature = hosted::sign_webhook(kSecret, body).value();
  EXPECT_EQ(server.webhook({.signature = signature, .body = body}).status, 200);
  EXPECT_EQ(calls, 1);
  const std::string broken = R"({"event":"room-destroyed","data":{"room":"r"}})"
                             "}";
  EXPECT_EQ(
      server.webhook({.signature = hosted::sign_webhook(kSecret, broken).value(), .body = broken})
          .status,
      400);
  EXPECT_EQ(calls, 1);
}

TEST(HostedWebhook, SpellsDocumentsAnewAndNothingElseThatIsLarge) {
  int calls = 0;
  const auto count = [&calls](const auto&) { ++calls; };
  const auto server = make_hosted_io().server(ServerOptions{.on_storage_destroyed = count});
  const std::string large = std::string(std::size_t{2} * 1024 * 1024, 'A');
  const std::string event = R"({"event":"storage-destroyed","data":{"room":"r","storage":")";
  EXPECT_EQ(deliver(server, event + large + "\"}}").status, 200);
  EXPECT_EQ(calls, 1);
  const std::string more = event + "AAAA\"},\"more\":\"" + large + "\"}";
  EXPECT_EQ(deliver(server, more).status, 400);
  EXPECT_EQ(deliver(server, "[\"" + large + "\"]", "other secret").status, 400);
  EXPECT_EQ(calls, 1);
  // Signed as it is, it is nobody's but the service's.
  const std::string signature = hosted::sign_webhook(kSecret, more).value();
  EXPECT_EQ(server.webhook({.signature = signature, .body = more}).status, 200);
  EXPECT_EQ(calls, 2);
}

TEST(HostedWebhook, BelievesEachOfItsSecrets) {
  auto options = options_for();
  options.webhook_secrets = {"new", "newer"};
  const auto server = create_io(platform_hosted(std::move(options))).server();
  const std::string body = hosted::write_webhook(hosted::RoomDestroyed{"r"}).value();
  for (const char* secret : {kSecret, "new", "newer"}) {
    EXPECT_EQ(deliver(server, body, secret).status, 200) << secret;
  }
  EXPECT_EQ(deliver(server, body, "newest").status, 401);
}

TEST(HostedWebhook, RefusesWhatIsNoEvent) {
  const auto server = make_hosted_io().server();
  for (const char* body : {
           "{}",
           R"({"event":"room-created","data":{"room":"r"}})",
           R"({"event":"room-destroyed","data":{"room":"../r"}})",
           R"({"event":"storage-destroyed","data":{"room":"r","storage":"!"}})",
           R"({"event":"user-connected","data":{"room":"r","storage":null,"user":{"id":"1"}}})",
           R"({"event":"user-connected","data":{"room":"r","storage":null,)"
           R"("user":{"id":"1","name":""}}})",
       }) {
    const WebhookResponse answer = deliver(server, std::string(body));
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(answer.body.starts_with(R"({"ok":false,"error":{"message":"Invalid request)"));
  }
  const std::string other = hosted::sign_webhook("other secret", "{").value();
  EXPECT_EQ(server.webhook({.signature = other, .body = "{"}).status, 400);
  auto small = options_for();
  small.webhook_bytes_max = 10;
  const auto strict = create_io(platform_hosted(std::move(small))).server();
  EXPECT_EQ(strict.webhook({.signature = other, .body = "0123456789a"}).status, 413);
  EXPECT_EQ(strict.webhook({.signature = other, .body = "\"12345678\""}).status, 401);
}

TEST(HostedWebhook, SaysThatAListenerFailed) {
  const auto status_of = [](auto listener) {
    const auto server =
        make_hosted_io().server(ServerOptions{.on_room_destroyed = std::move(listener)});
    const WebhookResponse answer = deliver(server, hosted::RoomDestroyed{"r"});
    EXPECT_EQ(answer.body, R"({"ok":false,"error":{"message":"no database"}})");
    return answer.status;
  };
  EXPECT_EQ(status_of([](const auto&) { throw std::runtime_error("no database"); }), 500);
  EXPECT_EQ(status_of([](const auto&) -> task<> {
              co_await sleep_for(1ms);
              throw std::runtime_error("no database");
            }),
            500);
  const auto server =
      make_hosted_io().server(ServerOptions{.get_initial_storage = [](const auto&) -> std::string {
        throw std::runtime_error("no database");
      }});
  EXPECT_EQ(deliver(server, hosted::InitialStorage{"r"}).status, 500);
}

// A service that makes tokens of what it is asked.
class Service {
 public:
  Service() : listening_(create_io(platform_native()).server().listen(options())) {
    listening_.start();
  }
  ~Service() {
    listening_.stop();
    listening_.join();
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listening_.port());
  }
  std::string body() {
    const std::lock_guard lock(mutex_);
    return body_;
  }
  void answer(Response response) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(response);
  }

 private:
  ListenOptions options() {
    return {.port = 0,
            .routes = {post("/api/room/token",
                            [this](const Request& request) {
                              const std::lock_guard lock(mutex_);
                              body_ = request.body();
                              const bool is_json =
                                  request.header("Content-Type") == "application/json";
                              return is_json ? answer_ : Response::text(415, "");
                            }),
                       post("/api/v1/rooms/r/events",
                            [](const Request& request) {
                              const std::string key(request.header("Authorization").value_or(""));
                              return Response::json(202, key + std::string(request.body()));
                            }),
                       get("/api/v1/rooms",
                           [](const Request& request) {
                             const bool has_type = request.header("Content-Type").has_value();
                             return Response::text(has_type ? 400 : 200, "[]");
                           })},
            .room_path = "",
            .threads = 1};
  }
  std::mutex mutex_;
  std::string body_;
  Response answer_ = Response::text(200, "a.token");
  Listening listening_;
};

TEST(HostedToken, IsMadeByTheService) {
  Service service;
  const auto io = create_io(platform_hosted(options_for(service.url() + "/")));
  EXPECT_EQ(io.create_token({.room = "r", .user = {"1", "Ada"}}), "a.token");
  EXPECT_EQ(service.body(), R"({"maxAge":60000,"publicKey":"pk","room":"r","secretKey":"sk",)"
                            R"("user":{"id":"1","name":"Ada"}})");
  EXPECT_EQ(io.server().create_token({.room = "r",
                                      .user = {"1", "Ada"},
                                      .max_age = 1h,
                                      .permissions = std::vector<std::string>{"read", "event:x"}}),
            "a.token");
  const auto asked = json::Value::parse(service.body());
  EXPECT_EQ(asked->find("maxAge")->to_text(), "3600000");
  EXPECT_EQ(asked->find("permissions")->to_text(), R"(["read","event:x"])");
}

template <class Fn>
std::string failure_of(const Fn& fn) {
  try {
    fn();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(HostedToken, FailsWithTheServicesReason) {
  Service service;
  const auto io = create_io(platform_hosted(options_for(service.url())));
  const auto failure = [&](Response response) {
    service.answer(std::move(response));
    return failure_of([&] { (void)io.create_token({.room = "r", .user = {"1", "Ada"}}); });
  };
  EXPECT_EQ(failure(Response::text(401, "The keys are not those of a project.\n")),
            "Authorization failed: status 401, The keys are not those of a project");
  EXPECT_EQ(failure(Response::json(403, R"({"title":"Forbidden","detail":"Not today"})")),
            "Authorization failed: status 403, Not today");
  EXPECT_EQ(failure(Response::json(400, R"({"ok":false,"error":{"message":"No room"}})")),
            "Authorization failed: status 400, No room");
  EXPECT_EQ(failure(Response::json(500, "")), "Authorization failed: status 500");
  EXPECT_EQ(failure(Response::text(200, "")),
            "Authorization failed: the service's answer is empty");
  const auto nobody = make_hosted_io();
  EXPECT_TRUE(failure_of([&] {
                (void)nobody.create_token({.room = "r", .user = {"1", "Ada"}});
              }).starts_with("Authorization failed: "));
}

TEST(HostedToken, IsNotAskedForWithWrongArguments) {
  Service service;
  const auto io = create_io(platform_hosted(options_for(service.url())));
  EXPECT_THROW((void)io.create_token({.room = "../r", .user = {"1", "Ada"}}),
               std::invalid_argument);
  EXPECT_THROW((void)io.create_token({.room = "r", .user = {"1", ""}}), std::invalid_argument);
  EXPECT_THROW((void)io.create_token({.room = "r", .user = {"1", "Ada"}, .max_age = 999ms}),
               std::invalid_argument);
  EXPECT_EQ(service.body(), "");
}

TEST(HostedToken, IsWaitedForByTasks) {
  Service service;
  auto io = create_io(platform_hosted(options_for(service.url())));
  std::string token;
  const auto server =
      io.server(ServerOptions{.on_room_destroyed = [&](const auto& event) -> task<> {
        HostedTokenOptions<User> wanted{.room = event.room, .user = {"1", "Ada"}};
        token = co_await io.create_token_later(std::move(wanted));
      }});
  EXPECT_EQ(deliver(server, hosted::RoomDestroyed{"r"}).status, 200);
  EXPECT_EQ(token, "a.token");
  service.answer(Response::text(401, "No"));
  const WebhookResponse failed = deliver(server, hosted::RoomDestroyed{"r"});
  EXPECT_EQ(failed.status, 500);
  EXPECT_NE(failed.body.find("Authorization failed: status 401, No"), std::string::npos);
}

TEST(HostedAdmin, CallsTheServiceWithTheSecretKey) {
  Service service;
  const auto io = create_io(platform_hosted(options_for(service.url())));
  const AdminAnswer sent = io.admin("POST", "/rooms/r/events", R"({"event":"e"})");
  EXPECT_EQ(sent.status, 202);
  EXPECT_EQ(sent.body, R"(Bearer sk{"event":"e"})");
  const AdminAnswer rooms = io.admin("GET", "/rooms");
  EXPECT_EQ(rooms.status, 200);
  EXPECT_EQ(rooms.body, "[]");
  EXPECT_EQ(io.admin("GET", "/nothing").status, 404);
  EXPECT_THROW((void)make_hosted_io().admin("GET", "/rooms"), std::runtime_error);
}

TEST(HostedPlatform, RefusesOptionsThatCannotBe) {
  const auto make = [](auto change) {
    auto options = options_for();
    change(options);
    (void)create_io(platform_hosted(std::move(options)));
  };
  EXPECT_THROW(make([](auto& options) { options.base_url = "rooms.example.com"; }),
               std::invalid_argument);
  EXPECT_THROW(make([](auto& options) { options.public_key.clear(); }), std::invalid_argument);
  EXPECT_THROW(make([](auto& options) { options.secret_key = Secret(nullptr); }),
               std::invalid_argument);
  EXPECT_THROW(make([](auto& options) { options.timeout = 0ms; }), std::invalid_argument);
}

TEST(HostedPlatform, ListensForWebhooksAndHasNoRooms) {
  std::atomic<int> calls = 0;
  const auto server =
      make_hosted_io().server(ServerOptions{.on_storage_destroyed = [&](const auto& event) {
        calls += static_cast<int>(event.encoded_state.bytes().size());
      }});
  auto listening = server.listen({.port = 0, .threads = 1});
  listening.start();
  const std::string url = "http://127.0.0.1:" + std::to_string(listening.port());
  hosted::HttpClient client;
  // More than any other request may have.
  const std::string body =
      hosted::write_webhook(
          hosted::StorageDestroyed{"r", base64_encode(std::string(3'000'000, 'x'))})
          .value();
  const auto send = [&](std::string signature) {
    hosted::HttpCall call;
    call.url = url + "/webhook";
    call.headers = {{std::string(hosted::kSignatureHeader), std::move(signature)}};
    call.body = body;
    return client.run(std::move(call));
  };
  const auto good = send(hosted::sign_webhook(kSecret, body).value());
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->status, 200);
  EXPECT_EQ(good->body, R"({"ok":true,"data":{"event":"storage-destroyed","room":"r"}})");
  EXPECT_EQ(good->header("x-pluv-event"), "storage-destroyed");
  EXPECT_EQ(good->header("content-type"), "application/json");
  EXPECT_EQ(calls, 3'000'000);
  EXPECT_EQ(send("sha256=00")->status, 401);
  hosted::HttpCall room;
  room.method = "GET";
  room.url = url + "/api/pluv/room/r";
  EXPECT_EQ(client.run(room)->status, 404);
  listening.stop();
  EXPECT_EQ(listening.join(), 0);
}

}  // namespace
}  // namespace pluv
