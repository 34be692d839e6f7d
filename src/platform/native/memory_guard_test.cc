// The ceiling on memory: where each pressure begins and ends, and what a server does at each. What
// the process takes is told by the test.
#include "platform/native/memory_guard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/memory_store.h"
#include "base/base64.h"
#include "platform/native/server.h"
#include "platform/native/test_kit.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"

namespace pluv::native {
namespace {

using test::Client;
using test::connect_to;
using test::eventually;
using test::RunningServer;

using enum MemoryPressure;

TEST(MemoryGauge, PressuresBeginAtTheirShareOfTheCeiling) {
  for (const auto& [begin, pressure, below] :
       {std::tuple{650U, high, none}, {800U, full, high}, {950U, over, full}}) {
    MemoryGauge gauge(1000);
    EXPECT_EQ(gauge.update(begin - 1), below);
    EXPECT_EQ(gauge.update(begin), pressure);
    EXPECT_EQ(gauge.update(begin + 1), pressure);
  }
}

TEST(MemoryGauge, PressuresEndATwentiethBelow) {
  for (const auto& [end, pressure, below] :
       {std::tuple{600U, high, none}, {750U, full, high}, {900U, over, full}}) {
    MemoryGauge gauge(1000);
    EXPECT_EQ(gauge.update(end + 50), pressure);
    EXPECT_EQ(gauge.update(end + 1), pressure);
    EXPECT_EQ(gauge.update(end), pressure);
    EXPECT_EQ(gauge.update(end - 1), below);
  }
}

TEST(MemoryGauge, MemoryMayJump) {
  MemoryGauge gauge(1000);
  EXPECT_EQ(gauge.update(5'000), over);
  EXPECT_EQ(gauge.update(10), none);
}

TEST(MemoryGauge, NoCeilingIsNoPressure) {
  MemoryGauge gauge(0);
  EXPECT_EQ(gauge.update(std::size_t{1} << 60), none);
}

// A server with a ceiling of 1,000 bytes, of a process that takes what the test says.
class Ceiling : public testing::Test {
 protected:
  room::Definition definition() {
    room::Definition definition;
    definition.limits.memory_bytes_max = 1000;
    definition.limits.pacing_ms_min = 50;
    definition.limits.pacing_ms_max = 100;
    definition.limits.close_ms_max = 300;
    return definition;
  }

  RunningServer& start(room::Definition definition, ServerHooks hooks = {}) {
    hooks.memory_bytes = [this] { return bytes_.load(); };
    hooks.log = [this](std::string_view level, std::string_view event, std::string_view fields) {
      if (event != "memory_pressure") return;
      const std::lock_guard lock(mutex_);
      log_.append(level).append(" ").append(fields).append("\n");
    };
    running_.emplace(ServerConfig{}, std::move(definition), std::move(hooks));
    return *running_;
  }

  void take(std::size_t bytes, MemoryPressure pressure) {
    bytes_ = bytes;
    EXPECT_TRUE(eventually([&] {
      return running_->server->metrics().memory_pressure == static_cast<std::uint64_t>(pressure);
    }));
  }

  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::atomic<std::size_t> bytes_ = 0;
  std::mutex mutex_;
  std::string log_;
  std::optional<RunningServer> running_;
};

TEST_F(Ceiling, FullRefusesJoinsForNowAndServesThoseWhoAreIn) {
  RunningServer& running = start(definition());
  const auto inside = Client::join(running.port(), "room");
  ASSERT_FALSE(inside->initialize().empty());
  take(799, high);
  const auto last = Client::join(running.port(), "room");
  ASSERT_FALSE(last->initialize().empty());
  take(800, full);
  for (const char* room : {"/api/pluv/room/room", "/api/pluv/room/other"}) {
    Client refused(connect_to(running.port()));
    ASSERT_TRUE(refused.upgrade(room));
    EXPECT_EQ(refused.next(30).kind, net::EventKind::need_more);
    EXPECT_EQ(refused.close_code(), 1013);
  }
  EXPECT_EQ(running.server->metrics().connections_refused_total["memory"], 2U);
  inside->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(last->next_of_type("hello").empty());
  take(749, high);
  const auto again = Client::join(running.port(), "room");
  EXPECT_FALSE(again->initialize().empty());
  EXPECT_EQ(running.server->size("room"), 3U);
}

TEST_F(Ceiling, OverTheCeilingConnectionsAreClosedAsTheyCome) {
  RunningServer& running = start(definition());
  const auto inside = Client::join(running.port(), "room");
  ASSERT_FALSE(inside->initialize().empty());
  take(950, over);
  Client refused(connect_to(running.port()));
  EXPECT_TRUE(refused.ended());
  inside->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(inside->next_of_type("hello").empty());
  take(0, none);
  const auto again = Client::join(running.port(), "room");
  EXPECT_FALSE(again->initialize().empty());
}

TEST_F(Ceiling, ItsBeginAndEndAreLogged) {
  start(definition());
  take(850, full);
  take(10, none);
  const std::string text = log();
  EXPECT_NE(text.find(R"(warn {"pressure":"full","before":"none","bytes":850,"ceiling":1000})"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(info {"pressure":"none","before":"full","bytes":10,"ceiling":1000})"),
            std::string::npos)
      << text;
}

// Of two that have begun a message, the one that has sent more of it.
TEST_F(Ceiling, WhoHoldsTheMostIsClosedFirst) {
  room::Definition large = definition();
  large.limits.memory_bytes_max = 100'000'000;
  large.limits.message_bytes_max = 8 * 1024 * 1024;
  RunningServer& running = start(std::move(large));
  const auto begin_message = [&](std::size_t bytes) {
    auto client = Client::join(running.port(), "room");
    EXPECT_FALSE(client->initialize().empty());
    std::string begun;
    net::append_frame_header(
        begun,
        {.opcode = net::Opcode::text, .payload_size = bytes + 1, .mask = net::MaskKey{0, 0, 0, 0}});
    client->send_raw(begun + std::string(bytes, 'x'));
    return client;
  };
  const auto quiet = Client::join(running.port(), "room");
  ASSERT_FALSE(quiet->initialize().empty());
  const auto small = begin_message(200'000);
  const auto large_one = begin_message(4'000'000);
  ASSERT_TRUE(eventually([&] { return running.server->metrics().bytes_in_total > 4'200'000; }));
  take(75'000'001, high);
  EXPECT_EQ(running.server->metrics().memory_closes_total, 0U);
  bytes_ = 80'000'000;  // five million too many: one or both
  EXPECT_EQ(large_one->close_code(), 1013);
  bytes_ = 0;
  take(0, none);
  quiet->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(quiet->next_of_type("hello").empty());
}

TEST_F(Ceiling, WhoHoldsLittleStays) {
  RunningServer& running = start(definition());
  const auto a = Client::join(running.port(), "room");
  ASSERT_FALSE(a->initialize().empty());
  take(5'000, over);
  a->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(a->next_of_type("hello").empty());
  EXPECT_EQ(a->next(1'500).kind, net::EventKind::need_more);  // also not for its room's document
  EXPECT_EQ(running.server->metrics().memory_closes_total, 0U);
}

ServerHooks with_store() {
  ServerHooks hooks;
  hooks.store = std::make_shared<adapters::MemoryStore>();
  return hooks;
}

// A client of a room whose document has a text of so many bytes, which the store has.
std::unique_ptr<Client> with_document(const RunningServer& running, std::string_view room,
                                      std::size_t bytes) {
  ycrdt::Doc doc({.client_id = 1});
  EXPECT_TRUE(doc.get_text("t").insert(0, std::string(bytes, 'x')).ok());
  auto client = Client::join(running.port(), room);
  EXPECT_FALSE(client->initialize().empty());
  client->send_text(R"({"type":"$updateStorage","data":{"origin":"$initialized","update":")" +
                    base64_encode(doc.encode_state_as_update()) + "\"}}");
  // The second exchange shows what the store has.
  client->send_text(R"({"type":"$initializeSession","data":{"presence":{},"update":null}})");
  EXPECT_GT(client->next_of_type("$storageReceived").size(), bytes);
  return client;
}

room::Definition with_documents(room::Definition definition) {
  definition.storage = room::yjs_storage();
  return definition;
}

TEST_F(Ceiling, HighForgetsDocumentsThatNobodyUses) {
  RunningServer& running = start(with_documents(definition()), with_store());
  with_document(running, "left", 100'000)->close();
  const auto stays = with_document(running, "used", 100'000);
  ASSERT_TRUE(eventually([&] { return running.server->size("left") == 0; }));
  EXPECT_EQ(running.server->metrics().rooms, 2U);
  take(650, high);
  EXPECT_TRUE(eventually([&] { return running.server->metrics().rooms == 1; }));
  stays->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(stays->next_of_type("hello").empty());
}

TEST_F(Ceiling, FullForLongSendsTheRoomWithTheLargestDocumentAway) {
  RunningServer& running = start(with_documents(definition()), with_store());
  const auto large = with_document(running, "large", 1'000'000);
  const auto small = with_document(running, "small", 10'000);
  take(850, full);
  EXPECT_EQ(large->close_code(), 1013);
  EXPECT_TRUE(eventually([&] { return running.server->metrics().rooms == 1; }));  // forgotten, too
  small->send_text(R"({"type":"hello","data":{}})");
  EXPECT_FALSE(small->next_of_type("hello").empty());
  take(0, none);
  const auto back = Client::join(running.port(), "large");
  EXPECT_FALSE(back->initialize().empty());
}

}  // namespace
}  // namespace pluv::native
