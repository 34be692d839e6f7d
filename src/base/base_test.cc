#include <gtest/gtest.h>

#include "base/ids.h"
#include "base/result.h"
#include "base/utf8.h"

namespace pluv {
namespace {

TEST(Ids, SessionIdIsPrefixedUuidV4) {
  std::array<std::uint8_t, 16> random;
  random.fill(0xff);
  const SessionId id = SessionId::from_random(random);
  EXPECT_EQ(id.text(), "p_ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(SessionId::parse(id.text()), id);
}

TEST(Ids, SessionIdOfAnotherFormIsRefused) {
  for (const char* text :
       {"", "p_", "q_ffffffff-ffff-4fff-bfff-ffffffffffff",
        "p_fffffffff-fff-4fff-bfff-ffffffffffff", "p_FFFFFFFF-ffff-4fff-bfff-ffffffffffff"}) {
    EXPECT_EQ(SessionId::parse(text), std::nullopt) << text;
  }
}

TEST(Ids, RoomIdFollowsTheProtocolsPattern) {
  for (const char* text : {"a", "A9", "my-example_room", "0", "a--b"}) {
    EXPECT_TRUE(is_room_id(text)) << text;
  }
  for (const char* text : {"", "-a", "a-", "_a", "a b", "a/b", "a.b", "\xc3\xa9", "a%20b", ".."}) {
    EXPECT_FALSE(is_room_id(text)) << text;
  }
}

TEST(Ids, RoomIdLengthIsBounded) {
  EXPECT_TRUE(is_room_id(std::string(kRoomIdSizeMax - 1, 'a')));
  EXPECT_TRUE(is_room_id(std::string(kRoomIdSizeMax, 'a')));
  EXPECT_FALSE(is_room_id(std::string(kRoomIdSizeMax + 1, 'a')));
}

TEST(Utf8, AcceptsEveryLengthAndRefusesMalformedForms) {
  EXPECT_TRUE(is_utf8("plain ascii, longer than eight bytes"));
  EXPECT_TRUE(is_utf8("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf"));
  for (const char* bytes :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xff"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

TEST(Utf8, ValidatorGivesTheSameAnswerAtEverySplit) {
  const std::string good = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  const std::string bad = "a\xc3\xa9\xed\xa0\x80z";
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(std::string_view(good).substr(0, cut)));
    EXPECT_TRUE(validator.feed(std::string_view(good).substr(cut)));
    EXPECT_TRUE(validator.complete());
  }
  for (std::size_t cut = 0; cut <= bad.size(); ++cut) {
    Utf8Validator validator;
    const bool first = validator.feed(std::string_view(bad).substr(0, cut));
    EXPECT_FALSE(first && validator.feed(std::string_view(bad).substr(cut)));
  }
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 5;
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 5);
  const Result<int> bad = Error{ErrorCode::limit, "Too large"};
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().message, "Too large");
  EXPECT_STREQ(error_code_name(bad.error().code), "limit");
  EXPECT_TRUE(Result<void>().ok());
}

}  // namespace
}  // namespace pluv
