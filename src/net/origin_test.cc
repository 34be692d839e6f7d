#include "net/origin.h"

#include <gtest/gtest.h>

namespace pluv::net {
namespace {

bool allows(const std::vector<std::string>& patterns, std::string_view origin) {
  const Result<OriginList> list = OriginList::parse(patterns);
  EXPECT_TRUE(list.ok()) << patterns[0];
  return list.ok() && list.value().allows(origin);
}

TEST(OriginList, AnEmptyListAllowsNothing) {
  EXPECT_TRUE(OriginList().empty());
  EXPECT_FALSE(OriginList().allows("https://example.com"));
  EXPECT_FALSE(OriginList().allows(""));
  EXPECT_FALSE(OriginList().allows("null"));
}

TEST(OriginList, AStarAllowsEverything) {
  EXPECT_TRUE(allows({"*"}, "https://example.com"));
  EXPECT_TRUE(allows({"*"}, "null"));
  EXPECT_TRUE(allows({"https://a.com", "*"}, "http://b.com"));
}

TEST(OriginList, NullIsAllowedOnlyWhenListed) {
  EXPECT_TRUE(allows({"null"}, "null"));
  EXPECT_FALSE(allows({"https://null"}, "null"));
  EXPECT_FALSE(allows({"null"}, "https://example.com"));
  EXPECT_FALSE(allows({"null"}, "NULL"));
}

TEST(OriginList, ExactOriginsMatchSchemeHostAndPort) {
  EXPECT_TRUE(allows({"https://example.com"}, "https://example.com"));
  EXPECT_TRUE(allows({"https://Example.com"}, "HTTPS://eXample.com"));
  EXPECT_TRUE(allows({"https://example.com:443"}, "https://example.com"));
  EXPECT_TRUE(allows({"http://example.com"}, "http://example.com:80"));
  EXPECT_TRUE(allows({"http://localhost:3000"}, "http://localhost:3000"));
  EXPECT_TRUE(allows({"http://[::1]:3000"}, "http://[::1]:3000"));
  EXPECT_TRUE(allows({"app://tool"}, "app://tool"));
  EXPECT_TRUE(allows({"https://a.com", "https://b.com"}, "https://b.com"));
  for (const char* origin : {"http://example.com",
                             "https://example.com:8443",
                             "https://example.com:80",
                             "https://www.example.com",
                             "https://example.org",
                             "https://example.com.evil.org",
                             "https://evilexample.com",
                             "https://example.co",
                             "example.com",
                             "https://example.com/",
                             "https://example.com/path",
                             "https://user@example.com",
                             "https://example.com, https://x",
                             "https://example.com https://x",
                             "https://example.com:",
                             "https://example.com:0",
                             "https://example.com:65979",
                             "https://example.com:443x",
                             "https://",
                             "https:",
                             "",
                             "*",
                             "://example.com",
                             "https://example.com\\.evil.org",
                             "https://example.com."}) {
    EXPECT_FALSE(allows({"https://example.com"}, origin)) << origin;
  }
}

TEST(OriginList, AWildcardStandsForWholeLabels) {
  const std::vector<std::string> patterns = {"https://*.example.com"};
  EXPECT_TRUE(allows(patterns, "https://a.example.com"));
  EXPECT_TRUE(allows(patterns, "https://a.b.example.com"));
  EXPECT_TRUE(allows(patterns, "https://A.EXAMPLE.com:443"));
  for (const char* origin :
       {"https://example.com", "https://.example.com", "https://evilexample.com",
        "https://a.example.com.evil.org", "http://a.example.com", "https://a.example.com:8443",
        "https://a..example.com", "https://*.example.com", "https://evil.org/.example.com",
        "https://evil.org#.example.com", "https://evil.org?.example.com",
        "https://evil@a.example.com", "null"}) {
    EXPECT_FALSE(allows(patterns, origin)) << origin;
  }
  EXPECT_TRUE(allows({"http://*.localhost:3000"}, "http://a.localhost:3000"));
  EXPECT_FALSE(allows({"http://*.localhost:3000"}, "http://a.localhost"));
}

TEST(OriginList, RefusesMalformedPatterns) {
  for (const char* text : {"",
                           "example.com",
                           "https://",
                           "https://*",
                           "https://*.",
                           "https://a.*.com",
                           "https://*a.com",
                           "https://example.com/",
                           "https://example.com:",
                           "https://example.com:0",
                           "https://example.com:70000",
                           "https://exa mple.com",
                           "https://*.*.com",
                           "*.example.com",
                           "https://.example.com",
                           "https://*.[::1]",
                           "https://[::1",
                           "://a",
                           "https//a",
                           "https://a.com,https://b.com"}) {
    const std::vector<std::string> patterns = {text};
    EXPECT_FALSE(OriginList::parse(patterns).ok()) << text;
  }
}

}  // namespace
}  // namespace pluv::net
