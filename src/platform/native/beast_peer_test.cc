// Boost.Beast as the other end: an independent implementation of RFC 6455 and RFC 7692. One unit,
// for it takes long to compile.
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using test::RunningServer;

constexpr const char* kPing = R"({"type":"$ping","data":{}})";

class BeastPeer {
 public:
  explicit BeastPeer(std::uint16_t port, websocket::permessage_deflate deflate = {}) {
    stream.set_option(deflate);
    stream.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream.handshake(response, "localhost", "/api/pluv/room/room");
  }
  std::string read() {
    beast::flat_buffer buffer;
    stream.read(buffer, error);
    return beast::buffers_to_string(buffer.data());
  }
  std::string read_type(const std::string& type) {
    for (;;) {
      std::string message = read();
      if (error || message.find("\"type\":\"" + type + "\"") != std::string::npos) return message;
    }
  }
  void write(const std::string& text) { stream.write(asio::buffer(text)); }

  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> stream{io};
  websocket::response_type response;
  beast::error_code error;
};

TEST(BeastPeer, TextBinaryAndFragmentsAreUnderstood) {
  RunningServer running;
  BeastPeer peer(running.port());
  EXPECT_FALSE(peer.read_type("$registered").empty());
  peer.write(kPing);
  EXPECT_FALSE(peer.read_type("$pong").empty());
  EXPECT_TRUE(peer.stream.got_text());
  peer.stream.binary(true);
  peer.write(kPing);
  EXPECT_FALSE(peer.read_type("$pong").empty());
  peer.stream.text(true);
  const std::string text = R"({"type":"x","data":{"a":"äöü"}})";
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    peer.stream.write_some(false, asio::buffer(text.data() + i, 1));
  }
  peer.stream.write_some(true, asio::buffer(text.data() + text.size() - 1, 1));
  EXPECT_NE(peer.read_type("x").find("äöü"), std::string::npos);
  EXPECT_FALSE(peer.error);
}

TEST(BeastPeer, PingIsAnsweredWithItsPayload) {
  RunningServer running;
  BeastPeer peer(running.port());
  std::string pong;
  peer.stream.control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    if (kind == websocket::frame_type::pong) pong = std::string(payload);
  });
  peer.stream.ping("are you there");
  peer.write(kPing);
  EXPECT_FALSE(peer.read_type("$pong").empty());
  EXPECT_EQ(pong, "are you there");
}

TEST(BeastPeer, ServersPingKeepsAPeerThatSaysNothing) {
  room::Definition definition;
  definition.limits.ping_after_ms = 50;
  definition.limits.silence_ms_max = 300;
  RunningServer running({}, std::move(definition));
  BeastPeer peer(running.port());
  int pings = 0;
  peer.stream.control_callback([&](websocket::frame_type kind, beast::string_view) {
    if (kind == websocket::frame_type::ping) ++pings;
  });
  // Beast answers pings while it reads; the event comes long after the silence would have ended it.
  running.server->post_after(std::chrono::milliseconds(1'000),
                             [&] { running.server->emit("room", "still", "{}"); });
  EXPECT_FALSE(peer.read_type("still").empty());
  EXPECT_FALSE(peer.error);
  EXPECT_GE(pings, 3);
}

TEST(BeastPeer, CloseHandshakesEndCleanlyFromBothSides) {
  RunningServer running;
  BeastPeer ours(running.port());
  EXPECT_FALSE(ours.read_type("$registered").empty());
  ours.stream.close({websocket::close_code(4321), "bye"}, ours.error);
  EXPECT_FALSE(ours.error) << ours.error.message();
  EXPECT_EQ(ours.stream.reason().code, 4321);

  BeastPeer theirs(running.port());
  EXPECT_FALSE(theirs.read_type("$registered").empty());
  running.server->evict_all("room");
  while (!theirs.error) static_cast<void>(theirs.read());
  EXPECT_EQ(theirs.error, websocket::error::closed) << theirs.error.message();
  EXPECT_EQ(theirs.stream.reason().code, 4001);
  EXPECT_TRUE(test::eventually([&] { return running.server->metrics().connections == 0; }));
}

TEST(BeastPeer, LargeMessagesOfAllHeaderSizesPass) {
  room::Definition definition;
  definition.limits.message_bytes_max = 1024 * 1024;
  RunningServer running({}, std::move(definition));
  BeastPeer peer(running.port());
  EXPECT_FALSE(peer.read_type("$registered").empty());
  peer.write(R"({"type":"$initializeSession","data":{"presence":{},"update":null}})");
  EXPECT_FALSE(peer.read_type("$storageReceived").empty());
  for (const std::size_t size : {1U, 100U, 125U, 126U, 65'000U, 65'536U, 900'000U}) {
    peer.write("{\"type\":\"x\",\"data\":{\"a\":\"" + std::string(size, 'z') + "\"}}");
    EXPECT_NE(peer.read_type("x").find(std::string(size, 'z')), std::string::npos) << size;
  }
}

TEST(BeastPeer, CompressionWorksBothWays) {
  ServerConfig config;
  config.deflate = true;
  RunningServer running(std::move(config));
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  BeastPeer peer(running.port(), deflate);
  BeastPeer plain(running.port());
  EXPECT_FALSE(peer.response["Sec-WebSocket-Extensions"].empty());
  EXPECT_FALSE(peer.read_type("$registered").empty());
  EXPECT_FALSE(plain.read_type("$registered").empty());
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    const std::string body(static_cast<std::size_t>(i) * 100, 'z');
    peer.write("{\"type\":\"x" + number + "-\",\"data\":{\"a\":\"" + body + "\"}}");
    EXPECT_NE(peer.read_type("x" + number + "-").find("\"" + body + "\""), std::string::npos);
    EXPECT_NE(plain.read_type("x" + number + "-").find("\"" + body + "\""), std::string::npos);
  }
}

}  // namespace
}  // namespace pluv::native
