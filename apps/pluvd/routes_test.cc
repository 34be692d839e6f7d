#include "apps/pluvd/routes.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pluv::apps {
namespace {

net::Request request_of(std::string_view line, std::string_view headers = "") {
  const std::string text =
      std::string(line) + " HTTP/1.1\r\nHost: localhost:3000\r\n" + std::string(headers) + "\r\n";
  net::RequestParser parser;
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), net::HttpProgress::done) << line;
  return parser.take();
}

struct Answer {
  int status = 0;  // 0: none
  std::string wire;
  std::string body;

  [[nodiscard]] bool has(std::string_view line) const {
    return wire.find(std::string(line) + "\r\n") != std::string::npos;
  }
};

class RoutesTest : public testing::Test {
 protected:
  Answer ask(std::string_view line, std::string_view headers = "") {
    const Routes routes(
        options_, {
                      .make_token = [this](std::string_view room, std::string_view id,
                                           std::string_view name) -> Result<std::string> {
                        if (failure_) return *failure_;
                        return std::string(room) + "|" + std::string(id) + "|" + std::string(name);
                      },
                      .draining = [this] { return draining_; },
                      .metrics_text = [] { return std::string("pluv_x 1\n"); },
                  });
    const std::optional<net::Response> response = routes.answer(request_of(line, headers));
    if (!response) return {};
    Answer out;
    out.status = response->status();
    out.body = response->body();
    net::append_response(out.wire, *response);
    return out;
  }

  RouteOptions options_;
  bool draining_ = false;
  std::optional<Error> failure_;
};

class DevelopmentRoutesTest : public RoutesTest {
 protected:
  DevelopmentRoutesTest() {
    options_.dev = true;
    options_.cors_any = true;
  }
};

TEST_F(RoutesTest, TellWhetherTheServerLivesAndTakesWork) {
  EXPECT_EQ(ask("GET /healthz").status, 200);
  EXPECT_EQ(ask("GET /healthz").body, "ok\n");
  EXPECT_EQ(ask("GET /readyz").status, 200);
  draining_ = true;
  EXPECT_EQ(ask("GET /healthz").status, 200);
  EXPECT_EQ(ask("GET /readyz").status, 503);
  EXPECT_TRUE(ask("GET /readyz").has("Cache-Control: no-store"));
}

TEST_F(RoutesTest, LeaveTokensToTheBackEndOutsideDevelopment) {
  const Answer answer = ask("GET /api/pluv/authorize?room=my-room");
  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body.find("docs/tokens.md"), std::string::npos);
}

TEST_F(DevelopmentRoutesTest, MakeTokens) {
  const Answer answer = ask("GET /api/pluv/authorize?room=my-room");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "my-room||");
  EXPECT_TRUE(answer.has("Content-Type: text/plain; charset=utf-8"));
  EXPECT_EQ(ask("GET /api/pluv/authorize?room=r&id=u%2F1&name=Zo%C3%AB+X").body, "r|u/1|Zoë X");
}

TEST_F(DevelopmentRoutesTest, RefuseTokensForRoomsThatAreNone) {
  for (const char* query : {"", "?room=", "?room=-a", "?room=a%20b", "?rooms=a", "?room=%zz"}) {
    EXPECT_EQ(ask(std::string("GET /api/pluv/authorize") + query).status, 400) << query;
  }
  failure_ = Error{ErrorCode::limit, "the user is too large"};
  EXPECT_EQ(ask("GET /api/pluv/authorize?room=a").status, 400);
  EXPECT_EQ(ask("GET /api/pluv/authorize?room=a").body, "the user is too large.\n");
  failure_ = Error{ErrorCode::internal, "no memory"};
  EXPECT_EQ(ask("GET /api/pluv/authorize?room=a").status, 500);
}

TEST_F(RoutesTest, ServeMetricsUnlessTheyAreOff) {
  EXPECT_EQ(ask("GET /metrics").body, "pluv_x 1\n");
  EXPECT_TRUE(ask("GET /metrics").has("Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  options_.metrics = false;
  EXPECT_EQ(ask("GET /metrics").status, 0);
}

TEST_F(RoutesTest, AskForTheMetricsToken) {
  options_.metrics_token = "token";
  EXPECT_EQ(ask("GET /metrics").status, 401);
  EXPECT_TRUE(ask("GET /metrics").has("WWW-Authenticate: Bearer realm=\"pluvd metrics\""));
  for (const char* wrong : {"Bearer tokem", "Bearer toke", "Bearer tokens", "Bearer ", "Bearer",
                            "token", "Basic token", "B"}) {
    EXPECT_EQ(ask("GET /metrics", std::string("Authorization: ") + wrong + "\r\n").status, 401)
        << wrong;
  }
  EXPECT_EQ(ask("GET /metrics", "Authorization: Bearer token\r\n").status, 200);
  EXPECT_EQ(ask("GET /metrics", "Authorization: bearer token\r\n").status, 200);
}

TEST_F(RoutesTest, KnowNothingElse) {
  for (const char* path : {"/", "/api", "/api/pluv/authorize/", "/healthz/", "/favicon.ico"}) {
    EXPECT_EQ(ask(std::string("GET ") + path).status, 0) << path;
  }
}

TEST_F(RoutesTest, TellWhoOpensARoomWithoutAWebSocket) {
  const Answer answer = ask("GET /api/pluv/room/my-room");
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.body,
            "Rooms speak WebSocket: connect to /api/pluv/room/{room} with a WebSocket client.\n");
}

TEST_F(RoutesTest, AdvertiseRoomsThatCanBeEntered) {
  const std::string hosted =
      "Rooms speak WebSocket: connect to /api/room/{room}?public_key={key}&token={token} with a "
      "WebSocket client.\n";
  EXPECT_EQ(ask("GET /api/room/my-room").status, 0) << "there are no projects";
  options_.projects = true;
  EXPECT_EQ(ask("GET /api/room/my-room").status, 426);
  EXPECT_EQ(ask("GET /api/room/my-room").body, hosted);
  EXPECT_NE(ask("GET /api/pluv/room/my-room").body, hosted);
  options_.own_rooms = false;
  EXPECT_EQ(ask("GET /api/pluv/room/my-room").body, hosted);
}

TEST_F(RoutesTest, TakeReadingMethodsOnly) {
  EXPECT_EQ(ask("HEAD /healthz").status, 200);
  EXPECT_EQ(ask("OPTIONS /healthz").status, 204);
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH"}) {
    const Answer answer = ask(std::string(method) + " /healthz");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_TRUE(answer.has("Allow: GET, HEAD, OPTIONS"));
  }
}

TEST_F(DevelopmentRoutesTest, LetPagesOfAnyOriginRead) {
  EXPECT_TRUE(
      ask("GET /healthz", "Origin: https://a.example\r\n").has("Access-Control-Allow-Origin: *"));
  const Answer preflight =
      ask("OPTIONS /api/pluv/authorize",
          "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(preflight.has("Access-Control-Allow-Origin: *"));
  EXPECT_TRUE(preflight.has("Access-Control-Allow-Methods: GET, HEAD, OPTIONS"));
  EXPECT_FALSE(
      ask("GET /metrics", "Origin: https://a.example\r\n").has("Access-Control-Allow-Origin: *"));
}

TEST_F(RoutesTest, LetPagesOfNamedOriginsReadOnly) {
  const std::vector<std::string> origins = {"https://*.example.com"};
  EXPECT_FALSE(ask("GET /healthz", "Origin: https://a.example.com\r\n")
                   .has("Access-Control-Allow-Origin: https://a.example.com"));
  options_.cors_origins = net::OriginList::parse(origins).value();
  const Answer allowed = ask("GET /healthz", "Origin: https://a.example.com\r\n");
  EXPECT_TRUE(allowed.has("Access-Control-Allow-Origin: https://a.example.com"));
  EXPECT_TRUE(allowed.has("Vary: Origin"));
  const Answer refused = ask("GET /healthz", "Origin: https://evil.example\r\n");
  EXPECT_EQ(refused.wire.find("Access-Control-Allow-Origin"), std::string::npos);
  EXPECT_TRUE(refused.has("Vary: Origin"));
}

TEST_F(DevelopmentRoutesTest, ShowAStartPageThatTrustsNoHost) {
  const Answer page = ask("GET /");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("ws://localhost:3000/api/pluv/room/"), std::string::npos);
  EXPECT_EQ(page.body.find("{{"), std::string::npos);
  EXPECT_NE(page.wire.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
  const std::string hostile = start_page_html({.host = "<script>{{ws}}", .tls = true});
  EXPECT_EQ(hostile.find("<script>"), std::string::npos);
  EXPECT_NE(hostile.find("wss://&lt;script&gt;{{ws}}/api"), std::string::npos);
}

TEST_F(DevelopmentRoutesTest, LeadFromTheStartPageToThePages) {
  EXPECT_NE(ask("GET /").body.find("href=\"/demo\""), std::string::npos);
  EXPECT_EQ(ask("GET /").body.find("href=\"/inspector\""), std::string::npos);
  options_.inspector = true;
  EXPECT_NE(ask("GET /").body.find("href=\"/inspector\""), std::string::npos);
}

TEST_F(RoutesTest, ServeTheDemoInDevelopmentAndTheInspectorWhereItIsOn) {
  static constexpr WebFile kFiles[] = {
      {"/demo/index.html", "text/html", "\"1\"", "the demo", ""},
      {"/inspector/index.html", "text/html", "\"2\"", "the inspector", ""},
  };
  options_.web_files = kFiles;
  for (const char* path : {"/demo", "/demo/room", "/inspector", "/assets/a.js"}) {
    EXPECT_EQ(ask(std::string("GET ") + path).status, 0) << path;
  }
  options_.inspector = true;
  EXPECT_EQ(ask("GET /inspector").body, "the inspector");
  EXPECT_EQ(ask("GET /demo").status, 0);
  options_.dev = true;
  EXPECT_EQ(ask("GET /demo/room").body, "the demo");
  EXPECT_EQ(ask("HEAD /demo/room").status, 200);
  EXPECT_EQ(ask("POST /demo/room").status, 405);
  EXPECT_EQ(ask("GET /assets/a.js").status, 404);
}

TEST_F(DevelopmentRoutesTest, ShowTheTokenRouteToClientsThatNeedIt) {
  EXPECT_NE(start_page_html({.host = "h", .tokens_required = true}).find("authEndpoint"),
            std::string::npos);
  EXPECT_EQ(start_page_html({.host = "h", .tokens_required = false}).find("authEndpoint"),
            std::string::npos);
}

}  // namespace
}  // namespace pluv::apps
