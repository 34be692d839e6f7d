#include "platform/hosted/webhook_event.h"

#include <gtest/gtest.h>

namespace pluv::hosted {
namespace {

TEST(WebhookEvent, IsWrittenInItsStableForm) {
  EXPECT_EQ(write_webhook(InitialStorage{"a"}).value(),
            R"({"data":{"room":"a"},"event":"initial-storage"})");
  EXPECT_EQ(write_webhook(RoomDestroyed{"a"}).value(),
            R"({"data":{"room":"a"},"event":"room-destroyed"})");
  EXPECT_EQ(write_webhook(StorageDestroyed{"a", "AAA="}).value(),
            R"({"data":{"room":"a","storage":"AAA="},"event":"storage-destroyed"})");
  EXPECT_EQ(write_webhook(StorageDestroyed{"a", std::nullopt}).value(),
            R"({"data":{"room":"a","storage":null},"event":"storage-destroyed"})");
  EXPECT_EQ(write_webhook(UserConnected{"a", "", R"({"name":"Ada", "id":"1"})", "1"}).value(),
            R"({"data":{"room":"a","storage":"","user":{"id":"1","name":"Ada"}},)"
            R"("event":"user-connected"})");
  EXPECT_EQ(
      write_webhook(UserDisconnected{"a", std::nullopt, R"({"id":"1"})", "1"}).value(),
      R"({"data":{"room":"a","storage":null,"user":{"id":"1"}},"event":"user-disconnected"})");
}

TEST(WebhookEvent, ReadsWhatIsWritten) {
  const WebhookEvent events[] = {
      InitialStorage{"room-1"},
      RoomDestroyed{"room-1"},
      StorageDestroyed{"room-1", "AAA="},
      StorageDestroyed{"room-1", std::nullopt},
      UserConnected{"room-1", "AAA=", R"({"id":"1","name":"Ada"})", "1"},
      UserDisconnected{"room-1", std::nullopt, R"({"id":"1","name":"Ada"})", "1"},
  };
  for (const WebhookEvent& event : events) {
    const std::string text = write_webhook(event).value();
    const Result<WebhookEvent> read = read_webhook(text);
    ASSERT_TRUE(read.ok()) << text << ": " << read.error().message;
    EXPECT_EQ(*read, event) << text;
    EXPECT_EQ(room_of(*read), "room-1");
    EXPECT_NE(text.find(name_of(*read)), text.npos);
  }
}

TEST(WebhookEvent, PassesOverWhatItDoesNotKnow) {
  const Result<WebhookEvent> read = read_webhook(
      R"( {"at":[1,{"room":2}],"data":{"x":null,"room":"b","storage":3,"r\u006fom":"a"},)"
      R"("event":1,"event":"room-destroyed"} )");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, WebhookEvent(RoomDestroyed{"a"}));
}

TEST(WebhookEvent, RefusesPayloadsThatTheOriginalRefuses) {
  for (const char* text : {
           "",
           "null",
           "[]",
           "\"a\"",
           "{}",
           "{\"event\":\"initial-storage\"}",
           R"({"event":"initial-storage","data":{}})",
           R"({"event":"initial-storage","data":null})",
           R"({"event":"initial-storage","data":"room"})",
           R"({"event":"initial-storage","data":{"room":1}})",
           R"({"event":1,"data":{"room":"a"}})",
           R"({"data":{"room":"a"}})",
           R"({"event":"room-created","data":{"room":"a"}})",
           R"({"event":"storage-destroyed","data":{"room":"a"}})",
           R"({"event":"storage-destroyed","data":{"room":"a","storage":1}})",
           R"({"event":"user-connected","data":{"room":"a","storage":null}})",
           R"({"event":"user-connected","data":{"room":"a","storage":null,"user":null}})",
           R"({"event":"user-connected","data":{"room":"a","storage":null,"user":{}}})",
           R"({"event":"user-connected","data":{"room":"a","storage":null,"user":{"id":1}}})",
           R"({"event":"user-connected","data":{"room":"a","user":{"id":"1"}}})",
           R"({"event":"user-disconnected","data":{"room":"a","storage":null,"user":["id"]}})",
           R"({"event":"room-destroyed","data":{"room":"a"}} x)",
       }) {
    const Result<WebhookEvent> read = read_webhook(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().code, ErrorCode::invalid) << text;
  }
}

TEST(WebhookEvent, RefusesWhatIsNoRoom) {
  for (const char* room : {"", "../a", "a/b", "-a", "a b", "a\\u0000", "\\ud800"}) {
    const std::string text =
        R"({"event":"room-destroyed","data":{"room":")" + std::string(room) + R"("}})";
    EXPECT_FALSE(read_webhook(text).ok()) << text;
  }
}

TEST(WebhookEvent, IsNotWrittenWithoutAUser) {
  for (const char* user : {"", "null", "{}", "[]", R"({"id":1})", R"({"id":"1")"}) {
    EXPECT_FALSE(write_webhook(UserConnected{"a", std::nullopt, user, ""}).ok()) << user;
  }
}

}  // namespace
}  // namespace pluv::hosted
