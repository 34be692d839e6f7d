#include "net/upgrade.h"

#include <gtest/gtest.h>

#include "net/sha1.h"

namespace pluv::net {
namespace {

std::string hex(const std::array<std::uint8_t, 20>& digest) {
  std::string out;
  for (const std::uint8_t byte : digest) {
    char text[3];
    std::snprintf(text, sizeof(text), "%02x", byte);
    out += text;
  }
  return out;
}

Request read_request(std::string_view text) {
  RequestParser parser;
  EXPECT_EQ(parser.feed(text), HttpProgress::done) << parser.problem().message;
  return parser.take();
}

ResponseHead read_response(std::string_view text) {
  ResponseParser parser;
  EXPECT_EQ(parser.feed(text), HttpProgress::done) << parser.problem();
  return parser.take();
}

const char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";
const char kAccept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

TEST(Sha1, GivesTheVectorsOfRfc3174) {
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(sha1(std::string(1'000'000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  std::string text;
  for (int i = 0; i < 80; ++i) text += "01234567";
  EXPECT_EQ(hex(sha1(text)), "dea356a2cddd90c7a7ecedc5ebb563934f460452");
  EXPECT_EQ(hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Sha1, PadsAtTheEdgesOfABlock) {
  const std::pair<std::size_t, const char*> cases[] = {
      {55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
      {56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
      {63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
      {64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
      {65, "11655326c708d70319be2610e8a57d9a5b959d3b"}};
  for (const auto& [size, digest] : cases) EXPECT_EQ(hex(sha1(std::string(size, 'a'))), digest);
}

TEST(Upgrade, AcceptsTheExampleOfRfc6455) {
  const Request request = read_request(
      "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Origin: http://example.com\r\nSec-WebSocket-Protocol: chat, superchat\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n");
  EXPECT_TRUE(wants_websocket(request));
  const UpgradeCheck check = check_upgrade(request);
  EXPECT_TRUE(check.ok());
  EXPECT_EQ(check.accept, kAccept);
  std::string out;
  append_upgrade_answer(out, {.accept = check.accept, .protocol = "chat"});
  EXPECT_EQ(out,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: chat\r\n\r\n");
}

struct Fields {
  std::string line = "GET / HTTP/1.1";
  std::string upgrade = "Upgrade: websocket\r\n";
  std::string connection = "Connection: Upgrade\r\n";
  std::string version = "Sec-WebSocket-Version: 13\r\n";
  std::string key = std::string("Sec-WebSocket-Key: ") + kKey + "\r\n";
};

int status_of(const Fields& fields) {
  return check_upgrade(read_request(fields.line + "\r\nHost: h\r\n" + fields.upgrade +
                                    fields.connection + fields.version + fields.key + "\r\n"))
      .status;
}

TEST(Upgrade, TakesTokensWithoutCaseAndInLists) {
  EXPECT_EQ(status_of({}), 101);
  EXPECT_EQ(status_of({.upgrade = "upgrade: h2c, WebSocket\r\n"}), 101);
  EXPECT_EQ(status_of({.upgrade = "Upgrade: h2c\r\nUpgrade: websocket\r\n"}), 101);
  EXPECT_EQ(status_of({.connection = "connection: keep-alive, UPGRADE\r\n"}), 101);
}

TEST(Upgrade, RefusesEachBrokenRequirement) {
  EXPECT_EQ(status_of({.line = "POST / HTTP/1.1"}), 405);
  EXPECT_EQ(status_of({.line = "HEAD / HTTP/1.1"}), 405);
  EXPECT_EQ(status_of({.line = "get / HTTP/1.1"}), 405);
  EXPECT_EQ(status_of({.line = "GET / HTTP/1.0"}), 400);
  EXPECT_EQ(status_of({.connection = "Connection: Upgrade\r\nContent-Length: 1\r\n"}), 400);
  EXPECT_EQ(status_of({.upgrade = ""}), 426);
  EXPECT_EQ(status_of({.upgrade = "Upgrade: websockets\r\n"}), 426);
  EXPECT_EQ(status_of({.connection = ""}), 400);
  EXPECT_EQ(status_of({.connection = "Connection: keep-alive\r\n"}), 400);
  EXPECT_EQ(status_of({.connection = "Connection: upgraded\r\n"}), 400);
  EXPECT_EQ(status_of({.version = ""}), 426);
  for (const char* version : {"8", "12", "14", "013", "13, 8", "", "13 8"}) {
    EXPECT_EQ(status_of({.version = std::string("Sec-WebSocket-Version: ") + version + "\r\n"}),
              426)
        << version;
  }
  EXPECT_EQ(status_of({.version = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"}),
            426);
  EXPECT_EQ(status_of({.key = ""}), 400);
  for (const char* key :
       {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZXM=", "dGhlIHNhbXBsZSBub25jZXNz",
        "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub2-jZQ==", "dGhlIHNhbXBsZSBub25jZQ==="}) {
    EXPECT_EQ(status_of({.key = std::string("Sec-WebSocket-Key: ") + key + "\r\n"}), 400) << key;
  }
  const std::string line = std::string("Sec-WebSocket-Key: ") + kKey + "\r\n";
  EXPECT_EQ(status_of({.key = line + line}), 400);
  const std::string origin = "Origin: https://app.example.com\r\n";
  EXPECT_EQ(status_of({.key = line + origin}), 101);
  EXPECT_EQ(status_of({.key = line + origin + origin}), 400);
}

TEST(Upgrade, RefusalNamesTheVersion) {
  const UpgradeCheck check = check_upgrade(read_request("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  std::string out;
  append_response(out, upgrade_refusal(check), {.keep_alive = false});
  const ResponseHead response = read_response(out);
  EXPECT_EQ(response.status, 426);
  EXPECT_EQ(response.head.header("Sec-WebSocket-Version"), "13");
  EXPECT_TRUE(response.head.has_token("Upgrade", "websocket"));
  EXPECT_TRUE(response.head.has_token("Connection", "close"));
  const UpgradeCheck post = check_upgrade(read_request("POST / HTTP/1.1\r\nHost: h\r\n\r\n"));
  out.clear();
  append_response(out, upgrade_refusal(post));
  EXPECT_EQ(read_response(out).head.header("Allow"), "GET");
}

TEST(UpgradeClient, CompletesAHandshakeWithTheServer) {
  std::array<std::uint8_t, 16> random{};
  for (std::size_t i = 0; i < random.size(); ++i) random[i] = static_cast<std::uint8_t>(i * 37);
  const std::string key = websocket_key(random);
  std::string sent;
  ASSERT_TRUE(append_upgrade_request(sent, {.host = "h:3000",
                                            .target = "/room?token=1",
                                            .key = key,
                                            .origin = "https://a",
                                            .extensions = "permessage-deflate",
                                            .protocol = {},
                                            .headers = {{"X-A", "b"}}})
                  .ok());
  const Request request = read_request(sent);
  EXPECT_EQ(request.query_get("token"), "1");
  EXPECT_EQ(request.host(), "h:3000");
  EXPECT_EQ(request.header("x-a"), "b");
  EXPECT_EQ(request.header("Origin"), "https://a");
  EXPECT_EQ(request.header("Sec-WebSocket-Protocol"), std::nullopt);
  const UpgradeCheck check = check_upgrade(request);
  ASSERT_TRUE(check.ok());
  std::string answer;
  append_upgrade_answer(answer, {.accept = check.accept, .extensions = "permessage-deflate"});
  const ResponseHead response = read_response(answer);
  EXPECT_TRUE(check_upgrade_answer(response, key).ok());
  EXPECT_EQ(response.head.header_list("Sec-WebSocket-Extensions"), "permessage-deflate");
  EXPECT_FALSE(check_upgrade_answer(response, kKey).ok());  // of another key
}

TEST(UpgradeClient, RefusesAnswersThatDoNotComplete) {
  const auto code = [](const std::string& text) {
    const Result<void> result = check_upgrade_answer(read_response(text + "\r\n"), kKey);
    return result.ok() ? "ok" : error_code_name(result.error().code);
  };
  const std::string ok = "HTTP/1.1 101 x\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n";
  const std::string accept = std::string("Sec-WebSocket-Accept: ") + kAccept + "\r\n";
  EXPECT_STREQ(code(ok + accept), "ok");
  EXPECT_STREQ(code(ok), "invalid");
  EXPECT_STREQ(code(ok + accept + accept), "invalid");
  EXPECT_STREQ(code(ok + "Sec-WebSocket-Accept: x\r\n"), "invalid");
  EXPECT_STREQ(code("HTTP/1.1 101 x\r\nConnection: upgrade\r\n" + accept), "invalid");
  EXPECT_STREQ(code("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n" + accept), "invalid");
  EXPECT_STREQ(code("HTTP/1.1 200 x\r\n" + accept), "invalid");
  EXPECT_STREQ(code("HTTP/1.1 401 x\r\n"), "unauthorized");
  EXPECT_STREQ(code("HTTP/1.1 403 x\r\n"), "forbidden");
  EXPECT_STREQ(code("HTTP/1.1 503 x\r\n"), "unavailable");
}

TEST(UpgradeClient, RefusesToWriteWhatBreaksItsLines) {
  const auto written = [](const UpgradeRequest& request) {
    std::string out;
    const bool ok = append_upgrade_request(out, request).ok();
    EXPECT_EQ(out.empty(), !ok);
    return ok;
  };
  const UpgradeRequest good{.host = "h",
                            .target = "/",
                            .key = kKey,
                            .origin = {},
                            .extensions = {},
                            .protocol = {},
                            .headers = {}};
  EXPECT_TRUE(written(good));
  for (const char* target : {"", "room", "/a b", "/a\r\nX: y", "/\xc3\xa9"}) {
    UpgradeRequest bad = good;
    bad.target = target;
    EXPECT_FALSE(written(bad)) << target;
  }
  UpgradeRequest bad = good;
  bad.host = "";
  EXPECT_FALSE(written(bad));
  bad = good;
  bad.host = "h\r\nX: y";
  EXPECT_FALSE(written(bad));
  bad = good;
  bad.origin = "a\nb";
  EXPECT_FALSE(written(bad));
  bad = good;
  bad.headers = {{"X A", "b"}};
  EXPECT_FALSE(written(bad));
  bad.headers = {{"X-A", "b\r\nc"}};
  EXPECT_FALSE(written(bad));
}

}  // namespace
}  // namespace pluv::net
