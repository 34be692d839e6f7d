#include "apps/pluvd/demo.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "room/room.h"

namespace pluv::apps {
namespace {

struct Called {
  Result<void> result;
  std::string events;  // "audience name data" a line
};

class Demo : public testing::Test {
 protected:
  Demo() {
    add_demo_procedures(definition_);
    definition_.freeze();
  }

  Called call(std::string_view name, std::string_view data, bool broadcast_only = false) {
    const std::size_t at = definition_.find_procedure(name);
    if (at == definition_.procedures.size()) return {Error{ErrorCode::not_found, "none"}, ""};
    room::Room room("demo", definition_);
    room::EventSink sink;
    room::ProcedureCall procedure_call{
        .room = room, .data = data, .now = {}, .broadcast_only = broadcast_only, .events = sink};
    Called out{definition_.procedures[at].run(procedure_call), ""};
    for (const room::EventSink::Event& event : sink.events()) {
      out.events.append(event.audience == room::Audience::self ? "self " : "broadcast ")
          .append(sink.name(event))
          .append(" ")
          .append(sink.data(event))
          .append("\n");
    }
    return out;
  }

  room::Definition definition_;
};

TEST_F(Demo, SendsAMessageToEverybody) {
  const Called called = call("sendMessage", R"({"message":"a \"b\" \u00e9"})");
  EXPECT_TRUE(called.result.ok());
  EXPECT_EQ(called.events, "broadcast receiveMessage {\"message\":\"a \\\"b\\\" \u00e9\"}\n");
}

TEST_F(Demo, DoublesAValueForTheSender) {
  EXPECT_EQ(call("doubleValue", R"({"value":21})").events, "self doubledValue {\"value\":42}\n");
  EXPECT_EQ(call("doubleValue", R"({"value":0.1})").events, "self doubledValue {\"value\":0.2}\n");
  EXPECT_EQ(call("doubleValue", R"({"value":1,"value":-4.5e1})").events,
            "self doubledValue {\"value\":-90}\n");
  EXPECT_EQ(call("doubleValue", R"({"value":21})", true).events, "");
}

TEST_F(Demo, Waves) {
  EXPECT_EQ(call("wave", "{}").events, "broadcast receiveMessage {\"message\":\"Hello world!\"}\n");
}

TEST_F(Demo, ReactsWithAnEmojiInAPlaceOfThePage) {
  EXPECT_EQ(call("react", R"({"emoji":"\u2764","x":0.25,"y":1})").events,
            "broadcast reacted {\"emoji\":\"\u2764\",\"x\":0.25,\"y\":1}\n");
  const auto refused = [&](const char* data) { return call("react", data).result.error().message; };
  EXPECT_EQ(refused(R"({"emoji":"","x":0,"y":0})"),
            "emoji: expected at least 1 character, received 0");
  EXPECT_EQ(refused(R"({"emoji":"12345678901234567","x":0,"y":0})"),
            "emoji: expected at most 16 bytes");
  EXPECT_EQ(refused(R"({"emoji":"a","x":1.01,"y":0})"), "x: expected at most 1");
  EXPECT_EQ(refused(R"({"emoji":"a","x":0,"y":-0.1})"), "y: expected at least 0");
}

TEST_F(Demo, RefusesInputOfAnotherForm) {
  const std::pair<const char*, const char*> kCases[] = {
      {"{}", "message: required"},
      {R"({"message":1})", "message: expected string, received number"},
      {R"({"message":null})", "message: expected string, received null"},
      {"null", "expected object, received null"},
      {"[]", "expected object, received array"},
      {"", "Unexpected end at byte 0"},
  };
  for (const auto& [data, message] : kCases) {
    const Called called = call("sendMessage", data);
    ASSERT_FALSE(called.result.ok()) << data;
    EXPECT_EQ(called.result.error().code, ErrorCode::invalid);
    EXPECT_EQ(called.result.error().message, message);
    EXPECT_EQ(called.events, "");
  }
  EXPECT_EQ(call("doubleValue", R"({"value":"21"})").result.error().message,
            "value: expected number, received string");
}

}  // namespace
}  // namespace pluv::apps
