// Compressed messages that inflate to megabytes: they wait for each other, nobody waits for them,
// and what comes behind one of them comes after it.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "net/permessage_deflate.h"
#include "platform/native/server.h"
#include "platform/native/test_kit.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

constexpr std::size_t kLarge = 8 * 1024 * 1024;

ServerConfig compressing() {
  ServerConfig config;
  config.deflate = true;
  config.threads = 1;
  return config;
}

// Who compresses what it says. What it is told is compressed as well, and nobody reads that here.
std::unique_ptr<Client> compressing_client(const RunningServer& running) {
  auto client = std::make_unique<Client>(connect_to(running.port()));
  EXPECT_TRUE(
      client->upgrade("/api/pluv/room/room", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  return client;
}

// Who sees what the others do.
std::unique_ptr<Client> watcher_of(const RunningServer& running) {
  auto client = Client::join(running.port(), "room");
  EXPECT_FALSE(client->initialize().empty());
  return client;
}

// The first message of a session, with so many bytes of nothing in it, as a frame.
std::string first_message(std::size_t bytes) {
  const std::string text = R"({"type":"$initializeSession","data":{"presence":{},"x":")" +
                           std::string(bytes, 'x') + R"(","update":null}})";
  net::Deflater deflater(net::DeflaterOptions{.window_bits = net::kDeflateWindowBitsMax,
                                              .takeover = net::ContextTakeover::no});
  std::string deflated;
  EXPECT_TRUE(deflater.compress(text, deflated).ok());
  std::string frame;
  net::append_frame_header(frame, {.opcode = net::Opcode::text,
                                   .payload_size = deflated.size(),
                                   .rsv1 = true,
                                   .mask = net::MaskKey{0, 0, 0, 0}});
  return frame + deflated;
}

std::string event_frame(std::string_view type) {
  std::string frame;
  net::append_frame(frame, net::Opcode::text,
                    R"({"type":")" + std::string(type) + R"(","data":{}})",
                    net::MaskKey{1, 2, 3, 4});
  return frame;
}

TEST(Aside, LargeMessagesOfManyAreHandledAndWhatCameBehindThem) {
  RunningServer running(compressing());
  const auto watcher = watcher_of(running);
  const std::string message = first_message(kLarge) + event_frame("behind");
  std::vector<std::unique_ptr<Client>> clients(6);
  for (auto& client : clients) client = compressing_client(running);
  for (const auto& client : clients) client->send_raw(message);
  std::size_t joined = 0;
  for (std::size_t behind = 0; behind < clients.size();) {
    const Client::Event event = watcher->next();
    ASSERT_EQ(event.kind, net::EventKind::text);
    if (event.payload.find("\"$userJoined\"") != std::string::npos) ++joined;
    if (event.payload.find("\"behind\"") == std::string::npos) continue;
    EXPECT_GE(joined, ++behind) << "its first message comes first";
  }
}

TEST(Aside, WhoLeavesWhileItsMessageWaitsIsGone) {
  RunningServer running(compressing());
  const auto watcher = watcher_of(running);
  const std::string message = first_message(kLarge);
  std::vector<std::unique_ptr<Client>> clients(6);
  for (auto& client : clients) client = compressing_client(running);
  for (const auto& client : clients) client->send_raw(message);
  for (const auto& client : clients) client->close();
  EXPECT_TRUE(eventually([&] { return running.server->metrics().connections == 1; }));
  const auto next = compressing_client(running);
  next->send_raw(message + event_frame("behind"));
  EXPECT_FALSE(watcher->next_of_type("behind").empty());
  EXPECT_EQ(running.server->size("room"), 2U);
}

TEST(Aside, WhenMemoryIsFullItIsNotInflated) {
  std::atomic<std::size_t> bytes = 0;
  room::Definition definition;
  definition.limits.memory_bytes_max = 1000;
  ServerHooks hooks;
  hooks.memory_bytes = [&] { return bytes.load(); };
  RunningServer running(compressing(), std::move(definition), std::move(hooks));
  const auto watcher = watcher_of(running);
  const auto large = compressing_client(running);
  ASSERT_TRUE(eventually([&] { return running.server->size("room") == 2; }));
  bytes = 800;
  ASSERT_TRUE(eventually([&] { return running.server->metrics().memory_pressure == 2; }));
  large->send_raw(first_message(kLarge) + event_frame("behind"));
  EXPECT_TRUE(eventually([&] { return running.server->metrics().closes_total[1013] == 1; }));
  EXPECT_TRUE(eventually([&] { return running.server->size("room") == 1; }));
  watcher->send_text(R"({"type":"still","data":{}})");
  EXPECT_FALSE(watcher->next_of_type("still").empty());
  EXPECT_EQ(running.server->metrics().memory_closes_total, 1U);
}

}  // namespace
}  // namespace pluv::native
