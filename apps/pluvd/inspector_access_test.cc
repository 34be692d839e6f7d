#include "apps/pluvd/inspector_access.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pluv::apps {
namespace {

constexpr const char* kToken = "an admin's token of some length";

net::Request request(const std::string& method, const std::string& fields,
                     const std::string& host = "localhost:3000") {
  const std::string head =
      method + " /api/inspector/server HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
  net::RequestParser parser;
  std::string_view view = head;
  EXPECT_EQ(parser.feed(view), net::HttpProgress::done) << head;
  return parser.take();
}

// 0: it may.
int status(const InspectorAccess& access, const net::Request& request) {
  const auto refusal = access.refuse(request);
  return refusal ? refusal->status() : 0;
}

TEST(InspectorAccess, DevelopmentModeAsksForNoToken) {
  const InspectorAccess access({.dev = true, .token = {}});
  EXPECT_EQ(status(access, request("GET", "")), 0);
  EXPECT_EQ(status(access, request("HEAD", "")), 0);
  for (const char* host : {"127.0.0.1", "127.0.0.1:3000", "[::1]:3000", "[::1]", "LOCALHOST"}) {
    const int expected = std::string(host) == "LOCALHOST" ? 403 : 0;
    EXPECT_EQ(status(access, request("GET", "", host)), expected) << host;
  }
}

TEST(InspectorAccess, DevelopmentModeRefusesANameThatPointsHere) {
  const InspectorAccess access({.dev = true, .token = {}});
  for (const char* host : {"evil.example", "evil.example:3000", "localhost.evil.example",
                           "127.0.0.1.evil.example", "10.0.0.1", "[2001:db8::1]:3000"}) {
    EXPECT_EQ(status(access, request("GET", "", host)), 403) << host;
  }
}

TEST(InspectorAccess, ElsewhereTheTokenIsAskedForAndNeverMissing) {
  const InspectorAccess access({.dev = false, .token = kToken});
  const std::string good = std::string("Authorization: Bearer ") + kToken + "\r\n";
  EXPECT_EQ(status(access, request("GET", good, "app.example.com")), 0);
  EXPECT_EQ(status(access, request("GET", std::string("authorization: bearer ") + kToken + "\r\n")),
            0);
  const std::string basic = std::string("Authorization: Basic ") + kToken + "\r\n";
  const std::string longer = std::string("Authorization: Bearer ") + kToken + "x\r\n";
  const std::string other = std::string("Authorization: Bearer x") + kToken + "\r\n";
  const std::vector<std::string> wrong = {
      "", "Authorization: Bearer\r\n", "Authorization: B\r\n", basic, longer, other};
  for (const std::string& fields : wrong) {
    EXPECT_EQ(status(access, request("GET", fields)), 401) << fields;
  }
  const InspectorAccess without({.dev = false, .token = {}});
  EXPECT_EQ(status(without, request("GET", "")), 401);
  EXPECT_EQ(status(without, request("GET", "Authorization: Bearer \r\n")), 401);
}

TEST(InspectorAccess, ANewTokenTakesThePlaceOfTheOldOne) {
  InspectorAccess access({.dev = false, .token = kToken});
  access.set_token("another one of some length");
  EXPECT_EQ(status(access, request("GET", std::string("Authorization: Bearer ") + kToken + "\r\n")),
            401);
  EXPECT_EQ(status(access, request("GET", "Authorization: Bearer another one of some length\r\n")),
            0);
}

TEST(InspectorAccess, PagesOfOtherSitesAreRefused) {
  const InspectorAccess access({.dev = true, .token = {}});
  EXPECT_EQ(status(access, request("GET", "Origin: http://localhost:3000\r\n")), 0);
  for (const char* origin :
       {"http://localhost:5173", "http://evil.example", "null", "localhost:3000",
        "http://localhost", "http://localhost:3000.evil.example"}) {
    EXPECT_EQ(status(access, request("GET", std::string("Origin: ") + origin + "\r\n")), 403)
        << origin;
  }
  const InspectorAccess guarded({.dev = false, .token = kToken});
  EXPECT_EQ(status(guarded, request("GET", std::string("Origin: http://evil.example\r\n") +
                                               "Authorization: Bearer " + kToken + "\r\n")),
            403);
}

TEST(InspectorAccess, WhatChangesSomethingNeedsItsHeaderAndJson) {
  const InspectorAccess access({.dev = true, .token = {}});
  const std::string header = "X-Pluv-Inspector: 1\r\n";
  const std::string json = "Content-Type: application/json\r\n";
  EXPECT_EQ(status(access, request("POST", header + json)), 0);
  EXPECT_EQ(status(access, request("POST", header + "Content-Type: application/json; "
                                                    "charset=utf-8\r\n")),
            0);
  EXPECT_EQ(status(access, request("POST", json)), 403);
  EXPECT_EQ(status(access, request("POST", json + "X-Pluv-Inspector: 0\r\n")), 403);
  EXPECT_EQ(status(access, request("POST", header)), 415);
  EXPECT_EQ(status(access, request("POST", header + "Content-Type: text/plain\r\n")), 415);
  EXPECT_EQ(status(access, request("POST", header + "Content-Type: application/jsonp\r\n")), 415);
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS"}) {
    EXPECT_EQ(status(access, request(method, header + json)), 405) << method;
  }
}

}  // namespace
}  // namespace pluv::apps
