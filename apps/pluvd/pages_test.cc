#include "apps/pluvd/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace pluv::apps {
namespace {

constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr WebFile kFiles[] = {
    {"/assets/a-1b.js", kScript, "\"a1\"", "let a = 1;", "packed a"},
    {"/assets/b-2c.js", kScript, "\"b2\"", "b()", ""},
    {"/demo/index.html", kHtml, "\"d3\"", "the demo", "packed demo"},
    {"/inspector/index.html", kHtml, "\"i4\"", "the inspector", ""},
};

net::Request request_of(std::string_view target, std::string_view headers = "") {
  const std::string text = "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost:3000\r\n" +
                           std::string(headers) + "\r\n";
  net::RequestParser parser;
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), net::HttpProgress::done) << target;
  return parser.take();
}

class PagesTest : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    std::string body;
    std::string wire;

    [[nodiscard]] bool has(std::string_view line) const {
      return wire.find(std::string(line) + "\r\n") != std::string::npos;
    }
  };

  Answer ask(std::string_view target, std::string_view headers = "") const {
    const net::Response response = pages_.get(request_of(target, headers));
    Answer out{.status = response.status(), .body = std::string(response.body()), .wire = {}};
    net::append_response(out.wire, response);
    return out;
  }

  const Pages pages_{kFiles, {.demo = true, .inspector = true}};
};

TEST_F(PagesTest, ServeAPageForEveryPathBelowIt) {
  for (const char* path : {"/demo", "/demo/", "/demo/my-room", "/demo/my-room/x", "/demo?a=b"}) {
    EXPECT_EQ(ask(path).body, "the demo") << path;
  }
  for (const char* path : {"/inspector", "/inspector/", "/inspector/rooms/x"}) {
    EXPECT_EQ(ask(path).body, "the inspector") << path;
  }
}

TEST_F(PagesTest, ServeFilesByTheirExactPathOnly) {
  EXPECT_EQ(ask("/assets/a-1b.js").body, "let a = 1;");
  for (const char* path : {"/assets/", "/assets/a-1b.j", "/assets/a-1b.jss", "/assets/A-1b.js",
                           "/assets/a%2D1b.js", "/assets/%61-1b.js", "/assets//a-1b.js",
                           "/assets/a-1b.js/", "/assets/demo/index.html", "/assets/z"}) {
    const Answer answer = ask(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_TRUE(answer.has("Cache-Control: no-store")) << path;
  }
}

TEST_F(PagesTest, CoverWhatIsServedAndNothingElse) {
  for (const char* path : {"/demo", "/demo/x", "/inspector", "/inspector/x", "/assets/z"}) {
    EXPECT_TRUE(pages_.covers(path)) << path;
    EXPECT_FALSE(Pages(kFiles, {}).covers(path)) << path;
  }
  for (const char* path : {"/", "/demos", "/demo-x", "/inspectors", "/assets", "/index.html"}) {
    EXPECT_FALSE(pages_.covers(path)) << path;
  }
  const Pages inspector(kFiles, {.demo = false, .inspector = true});
  EXPECT_FALSE(inspector.covers("/demo"));
  EXPECT_TRUE(inspector.covers("/inspector"));
  EXPECT_TRUE(inspector.covers("/assets/a-1b.js"));
}

TEST_F(PagesTest, LetBrowsersKeepAssetsAndAskForPages) {
  EXPECT_TRUE(ask("/assets/a-1b.js").has("Cache-Control: public, max-age=31536000, immutable"));
  EXPECT_TRUE(ask("/demo").has("Cache-Control: no-cache"));
  EXPECT_TRUE(ask("/demo").has("ETag: W/\"d3\""));
}

TEST_F(PagesTest, AnswerWhoHasTheFileWithoutIt) {
  for (const char* tags :
       {"\"d3\"", "W/\"d3\"", "\"x\", W/\"d3\"", "*", "\"x\"\r\nIf-None-Match: \"d3\""}) {
    const Answer answer = ask("/demo", std::string("If-None-Match: ") + tags + "\r\n");
    EXPECT_EQ(answer.status, 304) << tags;
    EXPECT_EQ(answer.body, "") << tags;
    EXPECT_TRUE(answer.has("ETag: W/\"d3\"")) << tags;
  }
  for (const char* tags : {"\"d4\"", "d3", "\"d3", ""}) {
    EXPECT_EQ(ask("/demo", std::string("If-None-Match: ") + tags + "\r\n").status, 200) << tags;
  }
}

TEST_F(PagesTest, PackForWhoUnpacks) {
  for (const char* list : {"gzip", "br, gzip", "deflate, GZIP;q=0.5", "gzip ; q=1"}) {
    const Answer answer = ask("/demo", std::string("Accept-Encoding: ") + list + "\r\n");
    EXPECT_EQ(answer.body, "packed demo") << list;
    EXPECT_TRUE(answer.has("Content-Encoding: gzip")) << list;
    EXPECT_TRUE(answer.has("Vary: Accept-Encoding")) << list;
  }
  for (const char* list : {"", "br", "gzip;q=0", "gzip; q=0.000", "xgzip", "identity"}) {
    const Answer answer = ask("/demo", std::string("Accept-Encoding: ") + list + "\r\n");
    EXPECT_EQ(answer.body, "the demo") << list;
    EXPECT_TRUE(answer.has("Vary: Accept-Encoding")) << list;
  }
  EXPECT_EQ(ask("/assets/b-2c.js", "Accept-Encoding: gzip\r\n").body, "b()");
}

TEST_F(PagesTest, ConfineWhatPagesMayLoad) {
  const Answer page = ask("/inspector");
  EXPECT_NE(page.wire.find("Content-Security-Policy: default-src 'self'; "), std::string::npos);
  EXPECT_NE(page.wire.find("frame-ancestors 'none'; connect-src 'self'\r\n"), std::string::npos);
  EXPECT_NE(ask("/demo").wire.find("; connect-src 'self' ws: wss:\r\n"), std::string::npos);
  EXPECT_TRUE(page.has("X-Content-Type-Options: nosniff"));
  EXPECT_TRUE(ask("/assets/a-1b.js").has("X-Content-Type-Options: nosniff"));
}

TEST(PagesWithoutFiles, TellHowToBuildThem) {
  const Pages pages({}, {.demo = true, .inspector = false});
  for (const char* path : {"/demo", "/demo/x", "/assets/a-1b.js"}) {
    const net::Response response = pages.get(request_of(path));
    EXPECT_EQ(response.status(), 404);
    EXPECT_NE(response.body().find("npm ci --prefix web"), std::string_view::npos);
  }
}

TEST(WebFilesOfThisBuild, AreSortedAsPagesExpect) {
  EXPECT_TRUE(std::ranges::is_sorted(web_files(), {}, &WebFile::path));
}

}  // namespace
}  // namespace pluv::apps
