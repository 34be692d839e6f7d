#include "net/http.h"

#include <gtest/gtest.h>

namespace pluv::net {
namespace {

// What a request gives, in one line: "done" or the status.
std::string outcome(RequestParser& parser, HttpProgress progress) {
  switch (progress) {
    case HttpProgress::need_more: return "need more";
    case HttpProgress::failed: return std::to_string(parser.problem().status);
    case HttpProgress::done: break;
  }
  const Request request = parser.take();
  return "done " + std::string(request.method()) + " " + std::string(request.path()) + " " +
         std::string(request.host()) + " " + std::to_string(request.body_size());
}

std::string outcome_in_pieces(std::string_view text, std::size_t first, std::size_t step,
                              const HttpLimits& limits = {}) {
  RequestParser parser(limits);
  HttpProgress progress = HttpProgress::need_more;
  std::size_t size = first;
  while (!text.empty() && progress == HttpProgress::need_more) {
    std::string_view piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    progress = parser.feed(piece);
    size = step;
  }
  return outcome(parser, progress);
}

std::string outcome_of(std::string_view text, const HttpLimits& limits = {}) {
  const std::string whole = outcome_in_pieces(text, text.size(), 1, limits);
  EXPECT_EQ(outcome_in_pieces(text, 1, 1, limits), whole) << text;
  if (text.size() < 500) {
    for (std::size_t split = 1; split < text.size(); ++split) {
      EXPECT_EQ(outcome_in_pieces(text, split, text.size(), limits), whole)
          << text << " at " << split;
    }
  }
  return whole;
}

Request read_request(std::string_view text) {
  RequestParser parser;
  EXPECT_EQ(parser.feed(text), HttpProgress::done) << parser.problem().message;
  return parser.take();
}

Request read_target(const std::string& target) {
  return read_request("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
}

struct Abuse {
  std::string text;
  int status;
};

std::string get(const std::string& rest) { return "GET / HTTP/1.1\r\nHost: h\r\n" + rest; }
std::string post(const std::string& rest) { return "POST / HTTP/1.1\r\nHost: h\r\n" + rest; }
std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}
std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost:" + host + "\r\n\r\n";
}
std::string nul() { return std::string(1, '\0'); }

std::vector<Abuse> abuses() {
  return {
      // Request line
      {"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},  // HTTP/0.9
      {"GET\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {"GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\rHost: h\r\n\r\n", 400},
      {"GET /" + nul() + " HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET: / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G\xc3\x89T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {std::string(33, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      // Versions
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/11\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1,1\r\nHost: h\r\n\r\n", 400},
      {"GET / ICAP/1.1\r\nHost: h\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      // Targets
      {with_target("path"), 400},
      {with_target("*"), 400},
      {with_target("/a#b"), 400},
      {with_target("/\x7f"), 400},
      {with_target("/\xc3\xa9"), 400},
      {with_target("/a\\b"), 400},
      {with_target("/%"), 400},
      {with_target("/%4"), 400},
      {with_target("/%zz"), 400},
      {with_target("/%00"), 400},
      {with_target("/a/../b"), 400},
      {with_target("/.."), 400},
      {with_target("/./a"), 400},
      {with_target("/a/%2e%2E/b"), 400},
      {with_target("/.%2e"), 400},
      {with_target("ftp://h/"), 400},
      {with_target("http:/h/"), 400},
      {with_target("http"), 400},
      {with_target("http:///"), 400},
      {with_target("http://"), 400},
      {with_target("http://user@h/"), 400},
      {with_target("http://other/"), 400},  // the Host field is h
      {with_target("h:80"), 400},
      // Fields
      {get("A b\r\n\r\n"), 400},
      {get("A : b\r\n\r\n"), 400},
      {get("A\t: b\r\n\r\n"), 400},
      {get(" A: b\r\n\r\n"), 400},
      {get("A: b\r\n c\r\n\r\n"), 400},  // folded
      {get("A: b\r\n\tc\r\n\r\n"), 400},
      {get(": b\r\n\r\n"), 400},
      {get("A: b\nC: d\r\n\r\n"), 400},
      {get("A: b\rC: d\r\n\r\n"), 400},
      {get("A: b\r\r\n\r\n"), 400},
      {get("A: b\r\n\n"), 400},
      {get("A: b\r\n\r\r\n"), 400},
      {get("A: b" + nul() + "\r\n\r\n"), 400},
      {get("A: \x01\r\n\r\n"), 400},
      {get("A: \x7f\r\n\r\n"), 400},
      {get("A" + nul() + ": b\r\n\r\n"), 400},
      {get("A[]: b\r\n\r\n"), 400},
      {get("\"A\": b\r\n\r\n"), 400},
      // Host
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get("Host: h\r\n\r\n"), 400},
      {get("hOST: other\r\n\r\n"), 400},
      {"GET http://h/ HTTP/1.1\r\n\r\n", 400},
      {with_host(""), 400},
      {with_host(" "), 400},
      {with_host(" a b"), 400},
      {with_host(" a,b"), 400},
      {with_host(" a/b"), 400},
      {with_host(" user@a"), 400},
      {with_host(" a:"), 400},
      {with_host(" a:port"), 400},
      {with_host(" a:123456"), 400},
      {with_host(" :80"), 400},
      {with_host(" [::1"), 400},
      {with_host(" []"), 400},
      {with_host(" [::1]80"), 400},
      {with_host(" [::g]"), 400},
      {with_host(" h\xc3\xa9"), 400},
      // Framing
      {post("Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400},
      {post("Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400},
      {post("Content-Length: 5, 5\r\n\r\n"), 400},
      {post("Content-Length: +5\r\n\r\n"), 400},
      {post("Content-Length: -5\r\n\r\n"), 400},
      {post("Content-Length: 0x5\r\n\r\n"), 400},
      {post("Content-Length: 5 5\r\n\r\n"), 400},
      {post("Content-Length: 5;\r\n\r\n"), 400},
      {post("Content-Length:\r\n\r\n"), 400},
      {post("Content-Length: 1e3\r\n\r\n"), 400},
      {post("Content-Length: 18446744073709551617\r\n\r\n"), 413},
      {post("Content-Length: 99999999999999999999999999\r\n\r\n"), 413},
      {post("Content-Length: 1048577\r\n\r\n"), 413},
      {post("Transfer-Encoding: chunked\r\n\r\n"), 501},
      {post("Transfer-Encoding: identity\r\n\r\n"), 501},
      {post("Transfer-Encoding: xchunked\r\n\r\n"), 501},
      {post("Transfer-Encoding:\r\n\r\n"), 501},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), 400},
      {post("Content-Length: 5\r\ntransfer-encoding: chunked\r\n\r\n"), 400},
      {post("Content-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"), 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {post("Transfer-Encoding : chunked\r\n\r\n"), 400},
      {post("Content-Length : 5\r\n\r\n"), 400},
      {post("Content_Length: 5\r\nContent-Length:\v5\r\n\r\n"), 400},
      // Sizes
      {with_target("/" + std::string(8192, 'a')), 414},
      {"GET /" + std::string(20'000, 'a'), 414},
      {std::string(9000, 'x'), 414},
      {get("A: " + std::string(17'000, 'a')), 431},
      {get("A: " + std::string(17'000, 'a') + "\r\n\r\n"), 431},
      {get(std::string(17'000, 'a')), 431},
  };
}

TEST(RequestParser, RefusesAbuseWithItsStatusAtEverySplit) {
  const std::vector<Abuse> table = abuses();
  EXPECT_GE(table.size(), 60u);
  for (const Abuse& abuse : table) {
    EXPECT_EQ(outcome_of(abuse.text), std::to_string(abuse.status)) << abuse.text.substr(0, 200);
  }
}

TEST(RequestParser, ReadsGoodRequestsAtEverySplit) {
  const std::pair<std::string, std::string> cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "done GET / h 0"},
      {"GET / HTTP/1.0\r\n\r\n", "done GET /  0"},
      {"GET / HTTP/1.0\r\nHost: h\r\n\r\n", "done GET / h 0"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "done OPTIONS * h 0"},
      {"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", "done GET / h 0"},
      {"GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n", "done GET / h 0"},
      {"GET HTTPS://H:1/x HTTP/1.1\r\nHost: h:1\r\n\r\n", "done GET /x H:1 0"},
      {"GET http://h/x HTTP/1.0\r\n\r\n", "done GET /x h 0"},
      {"GET /a/...b/.c HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n", "done GET /a/...b/.c [::1]:3000 0"},
      {"GET //a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "done GET //a 127.0.0.1 0"},
      {"M-SEARCH /%41 HTTP/1.1\r\nHost:h\r\nA:\r\n\r\n", "done M-SEARCH /%41 h 0"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "done POST / h 0"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0012\r\n\r\n", "done POST / h 12"},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n", "done POST / h 1048576"},
      {"GET /?a=%zz&/../\\ HTTP/1.1\r\nHost: h\r\n\r\n", "done GET / h 0"},
      {std::string(32, 'M') + " / HTTP/1.1\r\nHost: h\r\n\r\n",
       "done " + std::string(32, 'M') + " / h 0"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(outcome_of(text), expected) << text;
}

TEST(RequestParser, EveryBeginningOfAGoodRequestNeedsMore) {
  const std::string text = "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(outcome_in_pieces(text.substr(0, size), size, 1), "need more") << size;
  }
}

TEST(RequestParser, TargetBoundHoldsAtItsEdge) {
  HttpLimits limits;
  limits.target_bytes_max = 10;
  for (const std::size_t size : {9u, 10u, 11u}) {
    const std::string text = with_target("/" + std::string(size - 1, 'a'));
    EXPECT_EQ(outcome_of(text, limits).substr(0, 4), size <= 10 ? "done" : "414") << size;
  }
}

TEST(RequestParser, BodyBoundHoldsAtItsEdge) {
  for (const std::size_t bound : {0u, 9u, 10u, 99u, 105u}) {
    HttpLimits limits;
    limits.body_bytes_max = bound;
    for (std::size_t size = bound == 0 ? 0 : bound - 1; size <= bound + 1; ++size) {
      const std::string text = post("Content-Length: " + std::to_string(size) + "\r\n\r\n");
      EXPECT_EQ(outcome_of(text, limits).substr(0, 4), size <= bound ? "done" : "413") << size;
    }
  }
}

TEST(RequestParser, DefaultFieldCountBoundIsAHundred) {
  for (const int count : {99, 100, 101}) {
    std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < count; ++i) text += "A: b\r\n";
    EXPECT_EQ(outcome_of(text + "\r\n").substr(0, 4), count <= 100 ? "done" : "431") << count;
  }
}

TEST(RequestParser, LeavesTheBodyAndThePipelinedRequestToTheCaller) {
  RequestParser parser;
  std::string_view bytes =
      "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodyGET /two HTTP/1.1\r\nHost: "
      "h\r\n\r\n";
  ASSERT_EQ(parser.feed(bytes), HttpProgress::done);
  EXPECT_TRUE(bytes.starts_with("bodyGET"));
  EXPECT_EQ(parser.feed(bytes), HttpProgress::done);  // nothing more until it is taken
  EXPECT_TRUE(bytes.starts_with("bodyGET"));
  const Request one = parser.take();
  EXPECT_FALSE(parser.mid_head());
  bytes.remove_prefix(one.body_size());
  ASSERT_EQ(parser.feed(bytes), HttpProgress::done);
  EXPECT_EQ(parser.take().path(), "/two");
  EXPECT_EQ(one.path(), "/one");
  EXPECT_TRUE(bytes.empty());
}

TEST(RequestParser, ConsumesNothingAfterAFailure) {
  RequestParser parser;
  std::string_view bytes = "BAD\r\n\r\n";
  EXPECT_EQ(parser.feed(bytes), HttpProgress::failed);
  std::string_view more = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(parser.feed(more), HttpProgress::failed);
  EXPECT_EQ(more.size(), 27u);
  EXPECT_STRNE(parser.problem().message, "");
}

TEST(Request, SplitsItsTarget) {
  const Request request = read_target("/api/room/a%2Fb%20c/?x=1&y=a+b%26&x=2&empty=&bare&%78z=3");
  EXPECT_EQ(request.path(), "/api/room/a%2Fb%20c/");
  EXPECT_EQ(request.query(), "x=1&y=a+b%26&x=2&empty=&bare&%78z=3");
  EXPECT_EQ(request.path_segment(0), "api");
  EXPECT_EQ(request.path_segment(2), "a/b c");
  EXPECT_EQ(request.path_segment(3), "");
  EXPECT_EQ(request.path_segment(4), std::nullopt);
  EXPECT_EQ(request.query_get("x"), "1");
  EXPECT_EQ(request.query_get("y"), "a b&");
  EXPECT_EQ(request.query_get("empty"), "");
  EXPECT_EQ(request.query_get("bare"), "");
  EXPECT_EQ(request.query_get("xz"), "3");
  EXPECT_EQ(request.query_get("none"), std::nullopt);
  EXPECT_EQ(request.query_get(""), std::nullopt);
  EXPECT_EQ(read_target("/?&=v").query_get(""), "v");
  EXPECT_EQ(read_target("/?a=%g").query_get("a"), std::nullopt);
  EXPECT_EQ(read_target("/?a?b=c").query_get("a?b"), "c");
  EXPECT_EQ(read_target("/").path_segment(0), "");
  EXPECT_EQ(read_target("/").query(), "");
  EXPECT_EQ(read_target("/?").query(), "");
}

TEST(Request, SurvivesAMove) {
  Request request = read_target("/p?q=1");
  const Request moved = std::move(request);
  EXPECT_EQ(moved.path(), "/p");
  EXPECT_EQ(moved.query_get("q"), "1");
  EXPECT_EQ(moved.header("host"), "h");
  EXPECT_EQ(moved.host(), "h");
}

TEST(Request, KnowsWhetherTheConnectionIsKept) {
  const auto kept = [](const std::string& version, const std::string& connection) {
    return read_request("GET / HTTP/" + version + "\r\nHost: h\r\n" + connection + "\r\n")
        .keep_alive();
  };
  EXPECT_TRUE(kept("1.1", ""));
  EXPECT_TRUE(kept("1.1", "Connection: Upgrade\r\n"));
  EXPECT_FALSE(kept("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(kept("1.1", "Connection: x, CLOSE\r\n"));
  EXPECT_FALSE(kept("1.0", ""));
  EXPECT_TRUE(kept("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(kept("1.0", "Connection: keep-alive, close\r\n"));
}

TEST(PercentCode, DecodesAndEncodes) {
  EXPECT_EQ(percent_decode("a%20b+c%C3%a9"), "a b+c\xc3\xa9");
  EXPECT_EQ(percent_decode("a+b%2B", PlusSign::space), "a b+");
  EXPECT_EQ(percent_decode("%00"), nul());
  for (const char* text : {"%", "%1", "a%g0", "%0g", "%%41", "% 1"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
  std::string every;
  for (int c = 0; c < 256; ++c) every.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(every)), every);
  EXPECT_EQ(percent_encode("aZ9-._~ /%\xff"), "aZ9-._~%20%2F%25%FF");
}

TEST(Response, WritesHeadAndBody) {
  std::string out;
  append_response(out, Response(200).header("X-A", "b").body("text/plain", "hello"));
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
            "\r\nhello");
  out.clear();
  append_response(out, error_response(404, "no such room"), {.keep_alive = false});
  EXPECT_EQ(out,
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 13\r\nConnection: close\r\n\r\nno such room\n");
  out.clear();
  append_response(out, Response(200).body("text/plain", "hello"), {.head_only = true});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
  out.clear();
  append_response(out, Response(204));
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\n\r\n");
  out.clear();
  append_response(out, Response(202));
  EXPECT_EQ(out, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, NoValueAddsALine) {
  std::string out;
  append_response(out, Response(200).header("Location", "/a\r\nSet-Cookie: b" + nul() + "c"));
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nLocation: /a  Set-Cookie: b c\r\nContent-Length: 0\r\n\r\n");
}

TEST(Response, EveryStatusOfThisLayerHasItsReason) {
  for (const int status : {101, 200, 400, 405, 408, 413, 414, 426, 431, 501, 505}) {
    EXPECT_NE(status_reason(status), "Unknown") << status;
  }
  EXPECT_EQ(status_reason(299), "Unknown");
}

TEST(ResponseParser, ReadsWhatResponseWrites) {
  std::string out;
  append_response(out, Response(201).header("X-A", "b").body("text/plain", "hello"));
  ResponseParser parser;
  std::string_view bytes = out;
  ASSERT_EQ(parser.feed(bytes), HttpProgress::done);
  EXPECT_EQ(bytes, "hello");
  const ResponseHead response = parser.take();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.head.header("x-a"), "b");
}

TEST(ResponseParser, RefusesWhatIsNoStatusLine) {
  for (const std::string line :
       {"HTTP/1.1 200 OK", "HTTP/1.0 599 Any reason", "HTTP/1.1 101 ", "HTTP/1.1 404"}) {
    ResponseParser parser;
    const std::string text = line + "\r\n\r\n";
    std::string_view bytes = text;
    EXPECT_EQ(parser.feed(bytes), HttpProgress::done) << line;
  }
  for (const std::string line :
       {"HTTP/2.0 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1  200 OK", "HTTP/1.1 600",
        "HTTP/1.1 099 x", "HTTP/1.1", "200 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 200OK"}) {
    ResponseParser parser;
    const std::string text = line + "\r\n\r\n";
    std::string_view bytes = text;
    EXPECT_EQ(parser.feed(bytes), HttpProgress::failed) << line;
  }
  ResponseParser parser;
  const std::string text = "HTTP/1.1 200 " + std::string(2000, 'x');
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), HttpProgress::failed);
}

}  // namespace
}  // namespace pluv::net
