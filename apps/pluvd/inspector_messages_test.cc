#include "apps/pluvd/inspector_messages.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::apps {
namespace {

class InspectorMessagesTest : public testing::Test {
 protected:
  void take(const std::string& text, const std::string& room = "room", bool inbound = true,
            const std::string& session = "s1") {
    messages.take({.inbound = inbound,
                   .room = room,
                   .session = session,
                   .user_id = {},
                   .text = text,
                   .bytes = text.size(),
                   .receivers = 1,
                   .unix_ms = 7});
  }
  static std::size_t count(const std::string& json) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = json.find("\"seq\":", at)) != std::string::npos; ++at) ++count;
    return count;
  }
  static bool has(const std::string& json, const std::string& part) {
    return json.find(part) != std::string::npos;
  }

  std::int64_t now_ms = 1'000;
  InspectorMessages messages{[this] { return now_ms; }};
};

TEST_F(InspectorMessagesTest, IsOffUntilSomebodyAsksAndAgainAfterAWhile) {
  EXPECT_FALSE(messages.is_on());
  EXPECT_EQ(messages.json({}), R"({"messages":[],"last":0,"dropped":0})");
  EXPECT_TRUE(messages.is_on());
  take(R"({"type":"wave","data":{"x":1}})");
  EXPECT_EQ(messages.json({}),
            R"({"messages":[{"seq":1,"at_unix_ms":7,"room":"room","session":"s1","user_id":null,)"
            R"("type":"wave","direction":"in","receivers":1,"bytes":30,"data":"{\"x\":1}",)"
            R"("cut":false}],"last":1,"dropped":0})");
  now_ms += 15'001;
  take(R"({"type":"late","data":{}})");
  EXPECT_FALSE(messages.is_on());
  EXPECT_EQ(count(messages.json({})), 1U);
}

TEST_F(InspectorMessagesTest, RecordsOnlyTheRoomsThatAreWatched) {
  MessageQuery one;
  one.room = "a";
  (void)messages.json(one);
  take(R"({"type":"x","data":{}})", "a");
  take(R"({"type":"x","data":{}})", "b");
  EXPECT_EQ(count(messages.json(one)), 1U);
  EXPECT_EQ(count(messages.json({})), 1U);
  take(R"({"type":"x","data":{}})", "b");
  EXPECT_EQ(count(messages.json({})), 2U);
}

TEST_F(InspectorMessagesTest, FiltersByTypeAndSession) {
  (void)messages.json({});
  take(R"({"type":"$ping","data":{}})");
  take(R"({"type":"wave","data":{}})", "room", true, "s2");
  take(R"({"data":{},"room":"room","type":"receiveMessage","user":null})", "room", false, "");
  const auto found = [&](const std::string& type, const std::string& session) {
    MessageQuery query;
    query.type = type;
    query.session = session;
    return count(messages.json(query));
  };
  EXPECT_EQ(found("wave", ""), 1U);
  EXPECT_EQ(found("$*", ""), 1U);
  EXPECT_EQ(found("!$", ""), 2U);
  EXPECT_EQ(found("", "s2"), 1U);
  EXPECT_EQ(found("wave", "s1"), 0U);
  EXPECT_TRUE(has(messages.json({}), R"("session":null)"));
}

TEST_F(InspectorMessagesTest, GoesOnBehindANumber) {
  (void)messages.json({});
  for (int i = 0; i < 5; ++i) take(R"({"type":"x","data":{}})");
  MessageQuery query;
  query.after = 1;
  query.limit = 2;
  const std::string json = messages.json(query);
  EXPECT_TRUE(has(json, R"("seq":2,)") && has(json, R"("seq":3,)") && has(json, R"("last":3,)"))
      << json;
  query.after = 3;
  query.limit = 200;
  EXPECT_TRUE(has(messages.json(query), R"("last":5,)"));
  query.after = 0;
  query.limit = 2;
  EXPECT_TRUE(has(messages.json(query), R"("seq":4,)"));
}

TEST_F(InspectorMessagesTest, LongDataIsCutBetweenCharacters) {
  (void)messages.json({});
  std::string text = R"({"type":"x","data":{"t":")";
  while (text.size() < 5'000) text += "\xc3\xa9";
  take(text + R"("}})");
  const std::string json = messages.json({});
  EXPECT_TRUE(has(json, R"("cut":true)"));
  EXPECT_FALSE(has(json, "\xef\xbf\xbd"));
  EXPECT_LT(json.size(), 2'400U);
}

TEST_F(InspectorMessagesTest, WhatIsNoMessageIsShownAsItCame) {
  (void)messages.json({});
  take("not json \xff");
  EXPECT_TRUE(has(messages.json({}), R"("type":"")"));
  EXPECT_TRUE(has(messages.json({}), "not json \xef\xbf\xbd"));
}

TEST_F(InspectorMessagesTest, TheRingIsBoundedAndSaysWhatWasLost) {
  (void)messages.json({});
  for (int i = 0; i < 5'000; ++i) take(R"({"type":"x","data":{}})");
  MessageQuery query;
  query.after = 4;
  EXPECT_TRUE(has(messages.json(query), R"("dropped":900)")) << messages.json(query).size();
  const std::string large = R"({"type":"x","data":{"t":")" + std::string(3'000, 'y') + R"("}})";
  for (int i = 0; i < 5'000; ++i) take(large);
  query.after = 0;
  query.limit = 10'000;
  EXPECT_LT(messages.json(query).size(), 12U * 1024 * 1024);
}

}  // namespace
}  // namespace pluv::apps
