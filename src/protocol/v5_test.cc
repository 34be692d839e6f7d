#include "protocol/v5.h"

#include <gtest/gtest.h>

#include "json/value.h"

namespace pluv::protocol::v5 {
namespace {

const Sender kAnn{"p_11111111-1111-4111-8111-111111111111", R"({"id":"ua","name":"Ann"})"};

TEST(V5Decode, ReadsTypeAndDataInAnyOrder) {
  Decoder decoder;
  for (const char* text :
       {R"({"type":"sendMessage","data":{"message":"hello"}})",
        R"({"data":{"message":"hello"},"type":"sendMessage"})",
        " { \"data\" : {\"message\":\"hello\"} , \"type\" : \"sendMessage\" } "}) {
    const auto message = decoder.decode(text);
    ASSERT_TRUE(message.ok()) << text;
    EXPECT_EQ(message->kind, MessageKind::custom);
    EXPECT_EQ(message->type, "sendMessage");
    EXPECT_EQ(message->data, R"({"message":"hello"})");
  }
}

// Messages as clients write them are read in one pass, others in two.
TEST(V5Decode, TheOrderOfMembersChangesNothing) {
  constexpr std::string_view kTypes[] = {"$updatePresence", "$initializeSession", "$updateStorage",
                                         "$getOthers",      "$unknown",           "custom"};
  constexpr std::string_view kDatas[] = {
      R"({})",
      R"({"presence":{"x":1},"update":"AAA=","origin":"$initialized"})",
      R"({"presence":null,"update":null,"origin":null})",
      R"({ "update" : "A\u0041==" , "origin" : "a\nb" , "presence" : { "x" : [1, 2] } })",
      R"({"presence":{"x":1},"presence":null,"update":"AA==","update":null})",
      R"({"presence":null,"presence":{"x":1},"update":null,"update":"AA=="})",
      R"({"update":7})",
      R"({"origin":{}})",
      R"({"presence":[1,}})",
      R"({"presence":"x")",
      R"([])",
      R"("text")",
      R"(null)"};
  Decoder one;
  Decoder two;
  for (const std::string_view type : kTypes) {
    for (const std::string_view data : kDatas) {
      const std::string members =
          "\"type\":\"" + std::string(type) + "\",\"data\":" + std::string(data) + "}";
      const std::string in_order = "{" + members;
      const std::string otherwise = "{\"more\":{\"data\":1}," + members;
      const auto first = one.decode(in_order);
      const auto second = two.decode(otherwise);
      ASSERT_EQ(first.ok(), second.ok()) << in_order;
      if (!first.ok()) {
        EXPECT_EQ(first.error().message, second.error().message) << in_order;
        continue;
      }
      EXPECT_EQ(first->kind, second->kind) << in_order;
      EXPECT_EQ(first->type, second->type) << in_order;
      EXPECT_EQ(first->data, second->data) << in_order;
      EXPECT_EQ(first->presence, second->presence) << in_order;
      EXPECT_EQ(first->update, second->update) << in_order;
      EXPECT_EQ(first->origin, second->origin) << in_order;
    }
  }
}

TEST(V5Decode, IgnoresEveryOtherMember) {
  Decoder decoder;
  const auto message = decoder.decode(
      R"({"type":"x","connectionId":"p_other","user":{"id":"root"},"options":{"type":"self"},)"
      R"("room":"else","data":{}})");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->type, "x");
  EXPECT_EQ(message->data, "{}");
}

TEST(V5Decode, KnowsTheServersOwnMessages) {
  Decoder decoder;
  const std::pair<const char*, MessageKind> cases[] = {
      {R"({"type":"$ping","data":{}})", MessageKind::ping},
      {R"({"data":{},"type":"$ping"})", MessageKind::ping},
      {R"({"type":"$getOthers","data":{}})", MessageKind::get_others},
      {R"({"type":"$updatePresence","data":{"presence":{}}})", MessageKind::update_presence},
      {R"({"type":"$updateStorage","data":{"update":"AAA=","origin":null}})",
       MessageKind::update_storage},
      {R"({"type":"$initializeSession","data":{}})", MessageKind::initialize_session},
      {R"({"type":"$exit","data":{}})", MessageKind::unknown_internal},
      {R"({"type":"\u0024exit","data":{}})", MessageKind::unknown_internal},
      {R"({"type":"$","data":{}})", MessageKind::unknown_internal},
      {R"({"type":"a$b","data":{}})", MessageKind::custom},
  };
  for (const auto& [text, kind] : cases) {
    const auto message = decoder.decode(text);
    ASSERT_TRUE(message.ok()) << text;
    EXPECT_EQ(message->kind, kind) << text;
  }
}

TEST(V5Decode, ReadsInternalMembers) {
  Decoder decoder;
  auto message = decoder.decode(
      R"({"type":"$initializeSession","data":{"presence":{"count":0},"update":"AAA="}})");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->presence, R"({"count":0})");
  EXPECT_EQ(message->update, "AAA=");

  message = decoder.decode(
      R"({"type":"$updateStorage","data":{"origin":"$initialized","update":"A\/8="}})");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->origin, kInitializedOrigin);
  EXPECT_EQ(message->update, "A/8=");

  message =
      decoder.decode(R"({"type":"$initializeSession","data":{"presence":null,"update":null}})");
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->presence.empty());
  EXPECT_TRUE(message->update.empty());
}

TEST(V5Decode, RefusesWhatIsNoMessage) {
  Decoder decoder;
  for (const char* text : {"",
                           "null",
                           "[]",
                           "5",
                           "\"x\"",
                           "{",
                           "{}",
                           R"({"type":"x"})",
                           R"({"data":{}})",
                           R"({"type":5,"data":{}})",
                           R"({"type":null,"data":{}})",
                           R"({"type":"x","data":[]})",
                           R"({"type":"x","data":"s"})",
                           R"({"type":"x","data":null})",
                           R"({"type":"x","data":{}} x)",
                           R"({"type":"x","data":{},})",
                           R"({"type":"$updateStorage","data":{"update":5}})",
                           R"({"type":"$initializeSession","data":{"update":{}}})",
                           "\xff",
                           R"({"type":"$ping","data":{})"}) {
    EXPECT_FALSE(decoder.decode(text).ok()) << text;
  }
}

TEST(V5Decode, LeavesThePresencesKindToTheRoom) {
  Decoder decoder;
  const auto message = decoder.decode(R"({"type":"$updatePresence","data":{"presence":"s"}})");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->presence, "\"s\"");
}

TEST(V5Encode, WritesTheEnvelopeWithTheSender) {
  std::string out;
  append_event(out, kAnn, "room-1", "receiveMessage", R"({"message":"hi"})");
  EXPECT_EQ(out,
            R"({"connectionId":"p_11111111-1111-4111-8111-111111111111","data":{"message":"hi"},)"
            R"("room":"room-1","type":"receiveMessage","user":{"id":"ua","name":"Ann"}})");
}

TEST(V5Encode, ServerCodeHasNeitherConnectionNorUser) {
  std::string out;
  append_event(out, {}, "r", "x", "null");
  EXPECT_EQ(out, R"({"connectionId":null,"data":null,"room":"r","type":"x","user":null})");
}

TEST(V5Encode, EscapesEventNamesAndErrors) {
  std::string out;
  append_event(out, {}, "r", "a\"b\n", "{}");
  EXPECT_TRUE(json::Value::parse(out).ok()) << out;
  out.clear();
  append_error(out, kAnn, "r", "line\nbreak \"quoted\"");
  const auto value = json::Value::parse(out);
  ASSERT_TRUE(value.ok());
  EXPECT_NE(out.find(R"("stack":null)"), std::string::npos);
}

TEST(V5Encode, EveryMessageIsValidJson) {
  const Presence none;
  const Presence some{R"({"count":1})", 1795467862769};
  std::string out;
  const auto check = [&](std::string_view expected_part) {
    EXPECT_TRUE(json::Value::parse(out).ok()) << out;
    EXPECT_NE(out.find(expected_part), std::string::npos) << out;
    out.clear();
  };
  append_registered(out, kAnn, "r", none, "");
  check(R"("data":{"presence":null,"sessionId":"p_11111111-1111-4111-8111-111111111111",)"
        R"("state":null,"timers":{"presence":null}})");
  append_registered(out, kAnn, "r", some, "AAA=");
  check(R"("state":"AAA=","timers":{"presence":1795467862769}})");
  append_user_joined(out, kAnn, "r", some);
  check(R"("presence":{"count":1},"timers":{"presence":1795467862769},"user":{"id":"ua")");
  append_presence_updated(out, kAnn, "r", some);
  check(R"("data":{"presence":{"count":1},"timers":{"presence":1795467862769}})");
  append_storage_received(out, kAnn, "r", "empty", "");
  check(R"("data":{"changeKind":"empty","state":""})");
  append_exit(out, kAnn, "r");
  check(R"("data":{"sessionId":"p_11111111-1111-4111-8111-111111111111"})");
  append_pong(out, kAnn, "r");
  check(R"("type":"$pong")");
  out = "{";
  append_other(out, kAnn, "r", some);
  out += '}';
  check(R"("room":"r","timers":{"presence":1795467862769},"user":{"id":"ua","name":"Ann"}}})");
}

}  // namespace
}  // namespace pluv::protocol::v5
