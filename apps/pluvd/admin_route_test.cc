#include "apps/pluvd/admin_route.h"

#include <gtest/gtest.h>

#include <string>

namespace pluv::apps {
namespace {

net::Request request_of(std::string_view method, std::string_view target,
                        std::string_view headers = "") {
  const std::string text = std::string(method) + " /api/v1" + std::string(target) +
                           " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
  net::RequestParser parser(net::HttpLimits{
      .target_bytes_max = net::HttpLimits{}.head_bytes_max});  // as the server has it
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), net::HttpProgress::done) << target;
  return parser.take();
}

struct Read {
  int status = 0;  // 0: it was taken
  std::string body;
  AdminRequest request;
};

Read read(const net::Request& request) {
  auto route = admin_route_of(request);
  if (auto* refusal = std::get_if<net::Response>(&route)) {
    return {refusal->status(), std::string(refusal->body()), {}};
  }
  auto taken = admin_request_of(*std::get<const AdminRoute*>(route), request,
                                {.document_bytes_max = 1000, .other_bytes_max = 100});
  if (auto* refusal = std::get_if<net::Response>(&taken)) {
    return {refusal->status(), std::string(refusal->body()), {}};
  }
  return {0, "", std::get<AdminRequest>(std::move(taken))};
}
Read read(std::string_view method, std::string_view target, std::string_view headers = "") {
  return read(request_of(method, target, headers));
}

// A path with something in the place of each parameter.
std::string example_of(const AdminRoute& route) {
  std::string path;
  for (std::size_t at = 0; at < route.path.size(); ++at) {
    if (route.path[at] != '{') {
      path += route.path[at];
      continue;
    }
    const std::size_t end = route.path.find('}', at);
    const std::string_view name = route.path.substr(at + 1, end - at - 1);
    path += admin_path_parameter(name).value == AdminValue::number ? "7" : "x";
    at = end;
  }
  return path;
}

TEST(AdminRoute, EveryRouteOfTheTableIsFound) {
  for (const AdminRoute& route : admin_routes()) {
    const auto found = admin_route_of(request_of(route.method, example_of(route)));
    ASSERT_TRUE(std::holds_alternative<const AdminRoute*>(found)) << route.path;
    EXPECT_EQ(std::get<const AdminRoute*>(found)->id, route.id) << route.path;
  }
}

TEST(AdminRoute, HeadIsGet) {
  EXPECT_EQ(read("HEAD", "/rooms").status, 0);
  EXPECT_EQ(read("HEAD", "/tokens").status, 405);
}

TEST(AdminRoute, WhatIsNoRoute) {
  for (const char* target : {"", "/", "/room", "/rooms/", "/rooms//document", "/rooms/a/",
                             "//rooms", "/rooms/a/document/", "/rooms/a/b", "/Rooms"}) {
    const int status = read("GET", target).status;
    EXPECT_TRUE(status == 404 || status == 400) << target << " " << status;
  }
}

TEST(AdminRoute, OtherMethodsAreToldWhichThereAre) {
  const auto refused = admin_route_of(request_of("POST", "/rooms/a/document"));
  ASSERT_TRUE(std::holds_alternative<net::Response>(refused));
  std::string text;
  net::append_response(text, std::get<net::Response>(refused));
  EXPECT_NE(text.find("405 Method Not Allowed"), std::string::npos);
  EXPECT_NE(text.find("Allow: GET, HEAD, PATCH\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("application/problem+json"), std::string::npos);
  for (const char* method : {"OPTIONS", "TRACE", "BREW", "get"}) {
    EXPECT_EQ(read(method, "/rooms").status, 405) << method;
  }
}

TEST(AdminRoute, NamesInPathsAreDecodedAndJudged) {
  EXPECT_EQ(read("GET", "/rooms/%61b").request.room, "ab");
  for (const char* room : {"a%2Fb", "..%2fb", "%C3%A9", "a%20b", "-a", "a.", "%FF", "a:b"}) {
    EXPECT_EQ(read("GET", std::string("/rooms/") + room).status, 400) << room;
  }
  const Read user = read("DELETE", "/rooms/a/users/tom%2F%C3%A9%20x");
  EXPECT_EQ(user.status, 0);
  EXPECT_EQ(user.request.user, "tom/\xc3\xa9 x");
  EXPECT_EQ(read("DELETE", "/rooms/a/users/%FF").status, 400);
  EXPECT_EQ(read("GET", "/rooms/a/versions/x").status, 400);
  EXPECT_EQ(read("GET", "/rooms/a/versions/-1").status, 400);
  EXPECT_EQ(read("GET", "/rooms/a/versions/9007199254740992").status, 400);
  EXPECT_EQ(read("GET", "/rooms/a/versions/12").request.number, 12U);
}

TEST(AdminRoute, UnknownAndRepeatedParametersAreRefused) {
  EXPECT_EQ(read("GET", "/rooms?limit=3&after=b&search=x+y&live=true").status, 0);
  for (const char* query : {"?x=1", "?limit=3&limit=3", "?limit=0", "?limit=201", "?limit=",
                            "?limit=3x", "?live=1", "?after=%FF", "?after=%2", "?%6=1", "?limit"}) {
    EXPECT_EQ(read("GET", std::string("/rooms") + query).status, 400) << query;
  }
  EXPECT_EQ(read("GET", "/rooms?limit=200&&").request.limit, 200U);
  EXPECT_EQ(read("GET", "/usage?limit=1").status, 400);
  const Read found = read("GET", "/rooms?search=x+y%2B&live=false");
  EXPECT_EQ(found.request.search, "x y+");
  EXPECT_EQ(found.request.live, false);
}

TEST(AdminRoute, TheFormatIsAskedForByTheQueryOrTheHeader) {
  const auto format = [](std::string_view query, std::string_view accept) {
    const Read got = read("GET", "/rooms/a/document" + std::string(query), accept);
    if (got.status != 0) return std::to_string(got.status);
    return std::string(got.request.format == DocumentFormat::json ? "json" : "update");
  };
  EXPECT_EQ(format("", ""), "json");
  EXPECT_EQ(format("?format=update", ""), "update");
  EXPECT_EQ(format("?format=json", "Accept: application/octet-stream\r\n"), "json");
  EXPECT_EQ(format("", "Accept: application/octet-stream\r\n"), "update");
  EXPECT_EQ(format("", "Accept: text/html, application/octet-stream;q=0.5\r\n"), "update");
  EXPECT_EQ(format("", "Accept: text/html,*/*\r\n"), "json");
  EXPECT_EQ(format("", "Accept: text/html\r\n"), "406");
  EXPECT_EQ(format("?format=xml", ""), "400");
  EXPECT_EQ(format("?since=AQID", ""), "update");
  EXPECT_EQ(format("?since=AQID&format=json", ""), "400");
  EXPECT_EQ(format("?since=AQI", ""), "400");
  EXPECT_EQ(read("GET", "/rooms/a/document?since=%2B+%2f/").request.since,
            read("GET", "/rooms/a/document?since=++//").request.since);
}

TEST(AdminRoute, UnknownParametersAreNamed) {
  EXPECT_NE(read("GET", "/rooms?limit=5&li%22mit=1")
                .body.find(R"("detail":"li\"mit: the parameter is not known here.")"),
            std::string::npos);
  const Read cut = read("GET", "/rooms?" + std::string(1'000, 'x'));
  EXPECT_EQ(cut.status, 400);
  EXPECT_NE(cut.body.find(std::string(64, 'x') + ": the"), std::string::npos);
  EXPECT_EQ(read("GET", "/rooms?%FF=1").status, 400);
}

TEST(AdminRoute, BodiesAreOfAKnownTypeAndSize) {
  const auto post = [](std::string_view headers) { return read("POST", "/rooms", headers).status; };
  EXPECT_EQ(post("Content-Type: application/json\r\nContent-Length: 1000\r\n"), 0);
  EXPECT_EQ(post("Content-Type: application/json; charset=utf-8\r\nContent-Length: 9\r\n"), 0);
  EXPECT_EQ(post("Content-Type: application/json\r\nContent-Length: 1001\r\n"), 413);
  EXPECT_EQ(post("Content-Type: application/jsonx\r\nContent-Length: 9\r\n"), 415);
  EXPECT_EQ(post("Content-Length: 9\r\n"), 415);
  EXPECT_EQ(post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
                 "Content-Length: 9\r\n"),
            415);
  EXPECT_EQ(post("Content-Type: application/json\r\nContent-Length: 0\r\n"), 400);
  EXPECT_EQ(
      read("POST", "/tokens", "Content-Type: application/json\r\nContent-Length: 101\r\n").status,
      413);
  EXPECT_EQ(read("DELETE", "/rooms/a", "Content-Length: 1\r\n").status, 400);
  const Read endless =
      read("PATCH", "/rooms/a/document", "Content-Type: application/json-patch+json\r\n");
  EXPECT_EQ(endless.status, 411);
  EXPECT_NE(endless.body.find(R"("instance":"/api/v1/rooms/a/document")"), std::string::npos);
  EXPECT_EQ(read("POST", "/rooms/a/users/ann/revoke").status, 0);
  EXPECT_EQ(read("POST", "/rooms/a/document/update",
                 "Content-Type: application/octet-stream\r\nContent-Length: 9\r\n")
                .request.media_type,
            0U);
  EXPECT_EQ(read("POST", "/rooms/a/document/update",
                 "Content-Type: application/json\r\nContent-Length: 9\r\n")
                .request.media_type,
            1U);
}

TEST(BearerOf, ReadsTheSchemeWhateverItsCase) {
  const auto bearer = [](std::string_view header) {
    const net::Request request = request_of("GET", "/rooms", header);
    const auto found = bearer_of(request);
    return found ? std::string(*found) : "none";
  };
  EXPECT_EQ(bearer("Authorization: Bearer abc\r\n"), "abc");
  EXPECT_EQ(bearer("authorization: BEARER a b\r\n"), "a b");
  EXPECT_EQ(bearer("Authorization: Basic abc\r\n"), "none");
  EXPECT_EQ(bearer("Authorization: Bearer\r\n"), "none");
  EXPECT_EQ(bearer(""), "none");
}

TEST(AdminRoute, WhoeverMayBeInARoomCanBeNamed) {
  std::string id;
  for (int i = 0; i < 1'200; ++i) id += "\xe2\x82\xac";
  std::string path = "/users/";
  for (int i = 0; i < 1'200; ++i) path += "%E2%82%AC";
  const Read taken = read("POST", path + "/revoke", "Content-Length: 0\r\n");
  ASSERT_EQ(taken.status, 0) << taken.body;
  EXPECT_EQ(taken.request.user, id);
  EXPECT_EQ(read("POST", "/users/" + std::string(12'288, 'x') + "/revoke").status, 0);
  EXPECT_EQ(read("POST", "/users/" + std::string(12'289, 'x') + "/revoke").status, 400);
  EXPECT_EQ(read("POST", "/users//revoke").status, 400);
}

}  // namespace
}  // namespace pluv::apps
