// The claim "permissions": what it allows, in which rooms, and the forms of it that are refused.
#include "auth/token_permissions.h"

#include <gtest/gtest.h>

#include "auth/token_test_support.h"
#include "base/ids.h"
#include "base/limits.h"

namespace pluv::auth {
namespace {

using testing_support::keys_of;
using testing_support::kNowMs;
using testing_support::kNowS;
using testing_support::refusal;
using testing_support::request;
using testing_support::sealed;

// What a token with these claims allows in the room, or why it is refused.
std::string allowed(std::string_view room_claim, std::string_view permissions,
                    std::string_view room) {
  std::string claims = R"({"room":")" + std::string(room_claim) + R"(","sub":")" +
                       std::string(room_claim) + R"(|u","user":{"id":"u"},"permissions":)" +
                       std::string(permissions) + R"(,"exp":)" + std::to_string(kNowS + 60) + "}";
  const Result<TokenClaims> read = decode_token(keys_of(), sealed(keys_of(), claims), room, kNowMs);
  if (!read.ok()) return refusal(read);
  EXPECT_EQ(read->room, room);
  EXPECT_EQ(read->user_id, "u");
  return read->permissions;
}

constexpr const char* kNone = "the token has no permissions for this room";
constexpr const char* kOther = "the token is for another room";
constexpr const char* kNoRead = "the token's permissions do not allow to read";

TEST(TokenPermissions, without_the_claim_are_all) {
  const std::string token = encode_token(keys_of(), request()).value();
  EXPECT_EQ(decode_token(keys_of(), token, "my-room", kNowMs)->permissions, "*");
}

TEST(TokenPermissions, of_a_list_hold_for_the_room_of_the_token) {
  EXPECT_EQ(allowed("a", R"(["read","event:wave"])", "a"), "event:wave read");
  EXPECT_EQ(allowed("a", R"([ "write" , "write" ])", "a"), "read write");
  EXPECT_EQ(allowed("a", R"(["*"])", "a"), "*");
  EXPECT_EQ(allowed("a", R"(["r\u0065ad"])", "a"), "read");
  EXPECT_EQ(allowed("a", R"(["read"])", "b"), kOther);
  EXPECT_EQ(allowed("a-*", R"(["read"])", "a-1"), kOther);
  EXPECT_EQ(allowed("*", R"(["read"])", "a"), kOther);
}

TEST(TokenPermissions, without_read_open_no_room) {
  EXPECT_EQ(allowed("a", "[]", "a"), kNoRead);
  EXPECT_EQ(allowed("a", R"(["presence","event:*","moderate"])", "a"), kNoRead);
  EXPECT_EQ(allowed("a", R"({"a":[],"*":["*"]})", "a"), kNoRead);
}

TEST(TokenPermissions, of_patterns_are_those_of_the_one_that_fits_best) {
  constexpr std::string_view kClaim =
      R"({"*":["read"],"des*":["read","x"],"design-*":["write"],"design-1":["read","presence"]})";
  EXPECT_EQ(allowed("*", kClaim, "other"), "read");
  EXPECT_EQ(allowed("*", kClaim, "desk"), "read x");
  EXPECT_EQ(allowed("*", kClaim, "des"), "read x");
  EXPECT_EQ(allowed("*", kClaim, "design-2"), "read write");
  EXPECT_EQ(allowed("*", kClaim, "design-1"), "presence read");
  EXPECT_EQ(allowed("*", kClaim, "design-12"), "read write");
  // Also in another order.
  EXPECT_EQ(allowed("*", R"({"ab":["read"],"a*":["write"],"*":["*"]})", "ab"), "read");
  EXPECT_EQ(allowed("*", R"({"ab*":["read"],"ab":["write"],"a*":["*"]})", "ab"), "read write");
}

TEST(TokenPermissions, of_equal_patterns_are_the_last_ones) {
  EXPECT_EQ(allowed("*", R"({"a*":["*"],"a*":["read"]})", "ab"), "read");
}

TEST(TokenPermissions, without_a_pattern_that_fits_open_no_room) {
  EXPECT_EQ(allowed("*", "{}", "a"), kNone);
  EXPECT_EQ(allowed("*", R"({"b":["read"],"aa*":["read"],"A":["*"]})", "a"), kNone);
}

TEST(TokenPermissions, of_patterns_hold_in_rooms_of_the_token_alone) {
  constexpr std::string_view kAll = R"({"*":["read"]})";
  EXPECT_EQ(allowed("design-*", kAll, "design-1"), "read");
  EXPECT_EQ(allowed("design-*", kAll, "design"), kOther);
  EXPECT_EQ(allowed("design", kAll, "design-1"), kOther);
  EXPECT_EQ(allowed("design", kAll, "design"), "read");
  EXPECT_EQ(allowed("design-*", R"({"design-1":["write"]})", "design-1"), "read write");
  EXPECT_EQ(allowed("design-*", R"({"design-1":["write"]})", "design-2"), kNone);
  for (const char* room : {"a/*", "-*", "a**", "*a", "a*b", "a.*", ""}) {
    EXPECT_EQ(allowed(room, kAll, "a"), kOther) << room;
  }
}

// In every room, also where they would not count.
TEST(TokenPermissions, of_another_form_are_refused) {
  for (const char* claim : {"null",
                            "true",
                            "1",
                            "\"read\"",
                            "\"*\"",
                            "[1]",
                            "[null]",
                            R"([["read"]])",
                            R"([{}])",
                            R"([""])",
                            R"(["read "])",
                            R"([" read"])",
                            R"(["read write"])",
                            R"(["event:"])",
                            R"(["event:a*"])",
                            R"(["rea*"])",
                            R"(["read",1])",
                            R"(["r\u00e9"])",
                            R"(["a\u0000"])",
                            R"({"a":"read"})",
                            R"({"a":null})",
                            R"({"a":{"a":["read"]}})",
                            R"({"a":["read"],"b":1})",
                            R"({"a":["read"],"b":[1]})",
                            R"({"a":["read"],"":["read"]})",
                            R"({"a":["read"],"b/c":["read"]})",
                            R"({"a":["read"],"**":["read"]})",
                            R"({"a":["read"],"*b":["read"]})",
                            R"({"a":["read"],"b*c":["read"]})",
                            R"({"a":["read"],"-*":["read"]})",
                            R"({"a":["read"],"b-":["read"]})",
                            R"({"a":["read"],"b.*":["read"]})",
                            R"({"a":["read"],"b":["a b"]})"}) {
    const std::string why = allowed("a", claim, "a");
    EXPECT_NE(why, "read") << claim;
    EXPECT_TRUE(why.find("permission") != std::string::npos) << claim << ": " << why;
  }
}

TEST(TokenPermissions, are_bounded_in_number_and_length) {
  const auto list_of = [](std::size_t count, std::string_view name) {
    std::string list = R"(["read")";
    for (std::size_t n = 1; n < count; ++n) list += ",\"" + std::string(name) + "\"";
    return list + "]";
  };
  EXPECT_EQ(allowed("a", list_of(kPermissionsMax - 1, "x"), "a"), "read x");
  EXPECT_EQ(allowed("a", list_of(kPermissionsMax, "x"), "a"), "read x");
  EXPECT_EQ(allowed("a", list_of(kPermissionsMax + 1, "x"), "a"), "there are too many permissions");
  const std::string name(kPermissionNameBytesMax, 'x');
  EXPECT_EQ(allowed("a", list_of(2, name), "a"), "read " + name);
  EXPECT_EQ(allowed("a", list_of(2, name + "x"), "a"), "a permission's name is not allowed");
  EXPECT_EQ(allowed("a", list_of(kPermissionsBytesMax / 65 + 2, name), "a"),
            "the permissions are too long");
  const auto patterns = [](std::size_t count) {
    std::string claim = R"({"a":["read"])";
    for (std::size_t n = 1; n < count; ++n) claim += ",\"b" + std::to_string(n) + "\":[]";
    return claim + "}";
  };
  EXPECT_EQ(allowed("a", patterns(kPermissionPatternsMax - 1), "a"), "read");
  EXPECT_EQ(allowed("a", patterns(kPermissionPatternsMax), "a"), "read");
  EXPECT_EQ(allowed("a", patterns(kPermissionPatternsMax + 1), "a"),
            "there are too many patterns of permissions");
}

TEST(TokenPermissions, are_written_without_white_space) {
  TokenRequest wanted = request();
  wanted.permissions = R"([ "read", "event:wave" ])";
  const std::string token = encode_token(keys_of(), wanted).value();
  const std::string claims = jwe_open(keys_of(), token).value();
  EXPECT_NE(claims.find(R"(,"permissions":["read","event:wave"],"iat")"), std::string::npos);
  EXPECT_EQ(decode_token(keys_of(), token, "my-room", kNowMs)->permissions, "event:wave read");
}

TEST(TokenPermissions, of_patterns_are_written_with_a_pattern_of_rooms) {
  TokenRequest wanted = request();
  wanted.room = "design-*";
  wanted.permissions = R"({"design-1":["write"],"*":["read"]})";
  const std::string token = encode_token(keys_of(), wanted).value();
  EXPECT_EQ(decode_token(keys_of(), token, "design-1", kNowMs)->permissions, "read write");
  EXPECT_EQ(decode_token(keys_of(), token, "design-2", kNowMs)->permissions, "read");
  EXPECT_EQ(refusal(decode_token(keys_of(), token, "other", kNowMs)), kOther);
}

TEST(TokenPermissions, that_no_reader_would_take_are_not_written) {
  const auto code_of = [](std::string_view room, std::string_view permissions) {
    TokenRequest wanted = request();
    wanted.room = room;
    wanted.permissions = permissions;
    return encode_token(keys_of(), wanted).error().code;
  };
  EXPECT_EQ(code_of("a-*", R"(["read"])"), ErrorCode::invalid);
  EXPECT_EQ(code_of("a-*", ""), ErrorCode::invalid);
  EXPECT_EQ(code_of("a.*", R"({"*":["read"]})"), ErrorCode::invalid);
  for (const char* claim : {"null", "[", R"(["a b"])", R"({"a b":["read"]})", "[] []"}) {
    EXPECT_EQ(code_of("a", claim), ErrorCode::invalid) << claim;
  }
  EXPECT_EQ(code_of("a", "[\"" + std::string(kPermissionNameBytesMax + 1, 'x') + "\"]"),
            ErrorCode::invalid);
}

TEST(TokenPermissions, a_room_that_is_none_is_told_the_rule) {
  const auto told = [](std::string_view room, std::string_view permissions) {
    TokenRequest wanted = request();
    wanted.room = room;
    wanted.permissions = permissions;
    return encode_token(keys_of(), wanted).error().message;
  };
  const std::string rule =
      "the room id is not valid: it has letters, digits, '-' and '_', begins and ends with a "
      "letter or digit, and has at most 256 characters";
  EXPECT_EQ(told("a b", ""), rule);
  EXPECT_EQ(told("a b*", R"(["read"])"), rule);
  EXPECT_EQ(told("a b", R"({"*":["read"]})"),
            rule + "; or it is how one begins and '*', or '*' alone");
  for (const char* permissions : {"", R"(["read"])"}) {
    EXPECT_EQ(told("design-*", permissions),
              "the room is a pattern, which needs permissions as an object: "
              R"({"design-*": ["read"]})");
  }
}

TEST(TokenPermissions, that_open_nothing_are_told) {
  const auto opens = [](std::string_view room, std::string_view claim) {
    return check_entry(claim, room).ok();
  };
  for (const char* claim : {R"(["read"])", R"(["write"])", R"(["*"])", R"(["moderate","read"])",
                            R"({"*":["read"]})", R"({"a":["read"],"*":[]})"}) {
    EXPECT_TRUE(opens("a", claim)) << claim;
  }
  for (const char* claim : {"[]", R"(["reed"])", R"(["presence","event:*"])", R"({"x":["read"]})",
                            R"({"a":[],"*":["read"]})", "{}", "null", "[7]"}) {
    EXPECT_FALSE(opens("a", claim)) << claim;
  }
  for (const char* claim : {R"({"a-*":["read"]})", R"({"a-b*":["read"],"a-*":[]})",
                            R"({"*":["read"]})", R"({"a-1":["read"]})"}) {
    EXPECT_TRUE(opens("a-*", claim)) << claim;
  }
  for (const char* claim : {R"({"a-*":["reed"]})", R"({"b-*":["read"]})", R"({"a":["read"]})"}) {
    EXPECT_FALSE(opens("a-*", claim)) << claim;
  }
}

TEST(RoomPattern, is_a_room_or_the_beginning_of_one) {
  for (const char* pattern : {"a", "*", "a*", "a-*", "a_*", "design-1"}) {
    EXPECT_TRUE(is_room_pattern(pattern)) << pattern;
  }
  for (const char* pattern : {"", "**", "*a", "-*", "_*", "a-", "a/*", "a b*", "a.*", "a*b"}) {
    EXPECT_FALSE(is_room_pattern(pattern)) << pattern;
  }
  EXPECT_TRUE(is_room_pattern(std::string(kRoomIdSizeMax - 1, 'a') + "*"));
  EXPECT_FALSE(is_room_pattern(std::string(kRoomIdSizeMax, 'a') + "*"));
}

}  // namespace
}  // namespace pluv::auth
