#include "base/permissions.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace pluv {
namespace {

Permissions parsed(std::string_view text) {
  Result<Permissions> permissions = Permissions::parse(text);
  EXPECT_TRUE(permissions.ok()) << text;
  return permissions.ok() ? std::move(*permissions) : Permissions();
}

TEST(Permissions, OfNothingAllowNothing) {
  for (const Permissions& none : {Permissions(), parsed("")}) {
    EXPECT_FALSE(none.may_read());
    EXPECT_FALSE(none.may_write());
    EXPECT_FALSE(none.may_show_presence());
    EXPECT_FALSE(none.may_send("wave"));
    EXPECT_FALSE(none.has("moderate"));
    EXPECT_FALSE(none.has_everything());
    EXPECT_EQ(none.text(), "");
  }
}

TEST(Permissions, AStarAllowsEverything) {
  for (const Permissions& all :
       {Permissions::everything(), parsed("*"), parsed("read * moderate event:wave")}) {
    for (const char* name : {"read", "write", "presence", "event:wave", "event:*", "x", "*"}) {
      EXPECT_TRUE(all.has(name)) << name;
    }
    EXPECT_TRUE(all.has_everything());
    EXPECT_TRUE(all.may_send("any name \xc3\xa9"));
    EXPECT_EQ(all.text(), "*");
  }
}

TEST(Permissions, EachNameAllowsItselfAlone) {
  const char* names[] = {"read", "presence", "event:wave", "moderate", "a:b.c-d_E9"};
  for (const char* name : names) {
    const Permissions one = parsed(name);
    for (const char* other : names) EXPECT_EQ(one.has(other), name == other) << name << other;
    EXPECT_FALSE(one.may_write());
    EXPECT_FALSE(one.has("event:*"));
    EXPECT_FALSE(one.has("*"));
    EXPECT_EQ(one.text(), name);
  }
}

TEST(Permissions, WhoMayWriteMayRead) {
  const Permissions write = parsed("write");
  EXPECT_TRUE(write.may_write());
  EXPECT_TRUE(write.may_read());
  EXPECT_FALSE(write.may_show_presence());
  EXPECT_EQ(write.text(), "read write");
}

TEST(Permissions, EventsAreAllowedByNameOrAllTogether) {
  const Permissions some = parsed("event:b event:a read event:a:b");
  EXPECT_TRUE(some.may_send("a"));
  EXPECT_TRUE(some.may_send("b"));
  EXPECT_TRUE(some.may_send("a:b"));
  EXPECT_FALSE(some.may_send("c"));
  EXPECT_FALSE(some.may_send(""));
  EXPECT_FALSE(some.may_send("event:a"));
  EXPECT_EQ(some.text(), "event:a event:a:b event:b read");
  const Permissions any = parsed("event:a event:* read");
  EXPECT_TRUE(any.may_send("a b c"));
  EXPECT_TRUE(any.has("event:x"));
  EXPECT_FALSE(any.has("x"));
  EXPECT_EQ(any.text(), "event:* read");
}

TEST(Permissions, TextIsSortedAndHasEachOnce) {
  EXPECT_EQ(parsed("zoo read read alpha zoo").text(), "alpha read zoo");
  EXPECT_EQ(parsed("a b"), parsed("b a b"));
  EXPECT_NE(parsed("a b"), parsed("a"));
}

TEST(Permissions, WhatIsNoNameIsRefused) {
  for (const char* text : {" ", "read ", " read", "read  write", "event:", "event:a*", "a*", "**",
                           "r\xc3\xa9", "read\twrite", "a/b", "a,b", "event:a b*", "\"read\""}) {
    EXPECT_EQ(Permissions::parse(text).error().code, ErrorCode::invalid) << text;
  }
}

TEST(Permissions, ANamesLengthIsBounded) {
  const std::string longest(kPermissionNameBytesMax, 'a');
  EXPECT_TRUE(Permissions::parse(longest.substr(1)).ok());
  EXPECT_TRUE(parsed(longest).has(longest));
  EXPECT_TRUE(parsed("event:" + longest).may_send(longest));
  EXPECT_FALSE(Permissions::parse(longest + "a").ok());
  EXPECT_FALSE(Permissions::parse("event:" + longest + "a").ok());
}

TEST(Permissions, TheirNumberIsBounded) {
  std::string text = "n0";
  for (std::size_t n = 1; n < kPermissionsMax - 1; ++n) text += " n" + std::to_string(n);
  EXPECT_TRUE(Permissions::parse(text).ok());
  text += " read";
  EXPECT_TRUE(Permissions::parse(text).ok());
  EXPECT_EQ(Permissions::parse(text + " one").error().code, ErrorCode::limit);
}

TEST(Permissions, TheirLengthIsBounded) {
  const std::string name(kPermissionNameBytesMax, 'a');
  std::string text;
  while (text.size() + name.size() + 1 <= kPermissionsBytesMax) text += name + ' ';
  text += std::string(kPermissionsBytesMax - text.size(), 'b');
  ASSERT_EQ(text.size(), kPermissionsBytesMax);
  EXPECT_TRUE(Permissions::parse(text.substr(0, text.size() - 1)).ok());
  EXPECT_TRUE(Permissions::parse(text).ok());
  EXPECT_EQ(Permissions::parse(text + "b").error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace pluv
