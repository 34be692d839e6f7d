#include "apps/pluvd/members_once.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::apps {
namespace {

std::string said_of(std::string_view json) {
  const Result<void> once = members_once(json);
  return once.ok() ? "" : once.error().message;
}

TEST(MembersOnce, EqualNamesInOneObjectAreTold) {
  EXPECT_EQ(said_of(R"({"room":"a","room":"b"})"), "room: the member is there twice");
  EXPECT_EQ(said_of(R"({"a":[0,{"b":{"c":1,"d":[],"c":{}}}]})"),
            "a[1].b.c: the member is there twice");
  EXPECT_EQ(said_of(R"({"":1,"":2})"), "the member is there twice");
}

TEST(MembersOnce, NamesAreWhatTheyStandFor) {
  EXPECT_EQ(said_of(R"({"room":"a","\u0072oom":"b"})"), "room: the member is there twice");
  EXPECT_EQ(said_of(R"({"\u0061":1,"\u0062":2,"\u0061":3})"), "a: the member is there twice");
}

TEST(MembersOnce, EqualNamesInDifferentObjectsAreNothing) {
  EXPECT_EQ(said_of(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}],"c":"a"})"), "");
  for (const char* json : {"{}", "[]", "1", "\"a\"", "", "{", R"({"a":1,"a")", R"([{"a":1},)"}) {
    EXPECT_EQ(said_of(json), "") << json;
  }
}

}  // namespace
}  // namespace pluv::apps
