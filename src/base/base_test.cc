#include <gtest/gtest.h>

#include "base/ids.h"
#include "base/result.h"

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

TEST(Ids, ProjectIdIsAShortRoomId) {
  EXPECT_TRUE(is_project_id(std::string(kProjectIdSizeMax, 'a')));
  EXPECT_FALSE(is_project_id(std::string(kProjectIdSizeMax + 1, 'a')));
  EXPECT_FALSE(is_project_id(""));
  EXPECT_FALSE(is_project_id("a/b"));
}

TEST(Ids, RoomKeyIsARoomOrAProjectsRoom) {
  EXPECT_EQ(room_key("", "note"), "note");
  EXPECT_EQ(room_key("acme", "note"), "acme/note");
  for (const char* text : {"note", "acme/note", "a/b"}) EXPECT_TRUE(is_room_key(text)) << text;
  for (const char* text : {"", "/", "/note", "acme/", "a/b/c", "a//b", "-a/b", "a/b-", "a /b"}) {
    EXPECT_FALSE(is_room_key(text)) << text;
  }
  const std::string longest =
      room_key(std::string(kProjectIdSizeMax, 'p'), std::string(kRoomIdSizeMax, 'r'));
  EXPECT_EQ(longest.size(), kRoomKeySizeMax);
  EXPECT_TRUE(is_room_key(longest));
  EXPECT_FALSE(is_room_key("p" + longest));
  EXPECT_FALSE(is_room_key(longest + "r"));
}

TEST(Ids, RoomKeyHasAProjectAndAName) {
  EXPECT_EQ(room_name_of("note"), "note");
  EXPECT_EQ(project_of("note"), "");
  EXPECT_EQ(room_name_of("acme/note"), "note");
  EXPECT_EQ(project_of("acme/note"), "acme");
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
