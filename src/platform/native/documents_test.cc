// Rooms with documents on the native platform: a store answers from threads of its own, late or
// with errors.
#include <gtest/gtest.h>

#include <filesystem>

#include "adapters/faulty_store.h"
#include "adapters/memory_store.h"
#include "adapters/sqlite_store.h"
#include "base/base64.h"
#include "platform/native/test_kit.h"
#include "room/room.h"
#include "room/yjs_document.h"
#include "ycrdt/doc.h"

namespace pluv::native::test {
namespace {

room::Definition documents(std::size_t idle_bytes_max = 1 << 20) {
  room::Definition definition;
  definition.storage = room::yjs_storage();
  definition.limits.idle_documents_bytes_max = idle_bytes_max;
  definition.limits.pacing_ms_min = 1;
  definition.limits.pacing_ms_max = 20;
  definition.limits.store_retry_ms = 200;
  return definition;
}

ServerHooks hooks_with(std::shared_ptr<adapters::Store> store) {
  ServerHooks hooks;
  hooks.store = std::move(store);
  return hooks;
}

// $updateStorage of a document with this text.
std::string typing(std::string_view text, ycrdt::ClientId client) {
  ycrdt::Doc doc({.client_id = client});
  EXPECT_TRUE(doc.get_text("t").insert(0, text).ok());
  return R"({"type":"$updateStorage","data":{"origin":"$initialized","update":")" +
         base64_encode(doc.encode_state_as_update()) + "\"}}";
}

// The text in the state of a message; "" when there is none.
std::string text_in(std::string_view message) {
  constexpr std::string_view kKey = R"("state":")";
  const std::size_t key = message.find(kKey);
  if (key == message.npos) return {};
  const std::size_t begin = key + kKey.size();
  const auto state = base64_decode(message.substr(begin, message.find('"', begin) - begin));
  ycrdt::Doc doc({.client_id = 1});
  EXPECT_TRUE(doc.apply_update(*state).ok());
  return doc.get_text("t").to_string();
}

// The $storageReceived with which the client's storage exchange begins.
std::string received_by(Client& client) {
  client.send_text(R"({"type":"$initializeSession","data":{"presence":{},"update":null}})");
  return client.next_of_type("$storageReceived");
}

TEST(Documents, AnEditReachesOthersAndOutlivesTheServer) {
  const std::string path = temporary_path("documents.sqlite");
  std::filesystem::remove(path);
  for (const bool again : {false, true}) {
    adapters::SqliteOptions options;
    options.path = path;
    auto store = adapters::SqliteStore::open(options);
    ASSERT_TRUE(store.ok()) << store.error().message;
    RunningServer running({}, documents(), hooks_with(std::move(*store)));
    const auto ann = Client::join(running.port(), "room-1");
    EXPECT_EQ(text_in(received_by(*ann)), again ? "hello" : "");
    if (again) continue;
    const auto bob = Client::join(running.port(), "room-1");
    (void)bob->initialize();
    bob->send_text(R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})");
    ann->send_text(typing("hello", 7));
    EXPECT_EQ(text_in(bob->next_of_type("$storageUpdated")), "hello");
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + suffix);
}

TEST(Documents, NothingIsShownWhileTheStoreHoldsIt) {
  adapters::MemoryStore memory;
  const auto store = std::make_shared<adapters::FaultyStore>(memory);
  RunningServer running({}, documents(), hooks_with(store));
  const auto ann = Client::join(running.port(), "room-1");
  (void)ann->initialize();
  const auto bob = Client::join(running.port(), "room-1");
  (void)bob->initialize();
  bob->send_text(R"({"type":"$updateStorage","data":{"origin":"$initialized","update":""}})");
  store->hold();
  ann->send_text(typing("held", 7));
  EXPECT_EQ(bob->next_of_type("$storageUpdated", kQuietMs), "");
  store->release_all();
  EXPECT_EQ(text_in(bob->next_of_type("$storageUpdated")), "held");
}

TEST(Documents, AFailedLoadIsToldAndHeldBeforeTheClose) {
  adapters::MemoryStore memory;
  const auto store = std::make_shared<adapters::FaultyStore>(memory);
  store->fail(adapters::FaultyStore::Method::load, 1,
              Error{ErrorCode::unavailable, "The disk is away"});
  RunningServer running({}, documents(), hooks_with(store));
  const auto ann = Client::join(running.port(), "room-1");
  EXPECT_NE(ann->next_of_type("$error").find("could not be loaded"), std::string::npos);
  EXPECT_EQ(ann->close_code(), room::kCloseBroken);
  const auto bob = Client::join(running.port(), "room-1");
  EXPECT_NE(received_by(*bob).find("empty"), std::string::npos);
}

TEST(Documents, AStoreThatKeepsFailingSendsEveryoneAwayAndKeepsWhatItHad) {
  adapters::MemoryStore memory;
  const auto store = std::make_shared<adapters::FaultyStore>(memory);
  RunningServer running({}, documents(), hooks_with(store));
  const auto ann = Client::join(running.port(), "room-1");
  (void)ann->initialize();
  ann->send_text(typing("kept", 7));
  const auto bob = Client::join(running.port(), "room-1");
  ASSERT_TRUE(eventually([&] {
    const auto probe = Client::join(running.port(), "room-1");
    return text_in(received_by(*probe)) == "kept";
  }));
  store->fail(adapters::FaultyStore::Method::append, 1'000,
              Error{ErrorCode::unavailable, "The disk is full"});
  ann->send_text(typing("not kept", 8));
  EXPECT_EQ(ann->close_code(), room::kCloseOverloaded);
  EXPECT_EQ(bob->close_code(), room::kCloseOverloaded);
  const auto eve = Client::join(running.port(), "room-1");
  EXPECT_EQ(text_in(received_by(*eve)), "kept");
}

TEST(Documents, AnIdleRoomLingersWithinTheBudget) {
  for (const bool room_for_it : {true, false}) {
    const auto store = std::make_shared<adapters::MemoryStore>();
    RunningServer running({}, documents(room_for_it ? 1 << 20 : 0), hooks_with(store));
    auto ann = Client::join(running.port(), "room-1");
    (void)ann->initialize();
    ann->send_text(typing("some text", 7));
    ann->send_text(R"({"type":"$getOthers","data":{}})");
    (void)ann->next_of_type("$othersReceived");
    ann->close();
    if (room_for_it) {
      ASSERT_TRUE(eventually([&] { return running.server->metrics().sessions == 0; }));
      ::poll(nullptr, 0, kQuietMs);
      EXPECT_EQ(running.server->metrics().rooms, 1u);
    } else {
      EXPECT_TRUE(eventually([&] { return running.server->metrics().rooms == 0; }));
    }
    // What was dropped is loaded again.
    const auto bob = Client::join(running.port(), "room-1");
    EXPECT_EQ(text_in(received_by(*bob)), "some text");
  }
}

TEST(Documents, TheBudgetOfIdleRoomsIsThatOfAllLoops) {
  constexpr std::size_t kBudget = 500'000;
  constexpr std::size_t kTextBytes = 10'000;
  constexpr int kRooms = 150;
  ServerConfig config;
  config.threads = 4;
  RunningServer running(config, documents(kBudget),
                        hooks_with(std::make_shared<adapters::MemoryStore>()));
  for (int i = 0; i < kRooms; ++i) {
    auto ann = Client::join(running.port(), "room-" + std::to_string(i));
    (void)ann->initialize();
    ann->send_text(typing(std::string(kTextBytes, 'x'), 7));
    ann->send_text(R"({"type":"$getOthers","data":{}})");
    (void)ann->next_of_type("$othersReceived");
    ann->close();
  }
  const auto rooms = [&] { return running.server->metrics().rooms; };
  EXPECT_TRUE(eventually([&] {
    return running.server->metrics().sessions == 0 && rooms() * kTextBytes <= kBudget;
  })) << rooms();
  EXPECT_GT(rooms(), 10u);
}

TEST(Documents, ADrainDoesNotWaitForIdleRooms) {
  ServerConfig config;
  config.drain_window_ms = 1;
  RunningServer running(config, documents(), hooks_with(std::make_shared<adapters::MemoryStore>()));
  auto ann = Client::join(running.port(), "room-1");
  (void)ann->initialize();
  ann->send_text(typing("some text", 7));
  ann->close();
  ASSERT_TRUE(eventually([&] { return running.server->metrics().sessions == 0; }));
  const auto begin = std::chrono::steady_clock::now();
  running.server->drain();
  EXPECT_EQ(running.server->join(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace pluv::native::test
