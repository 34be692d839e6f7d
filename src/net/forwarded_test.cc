#include "net/forwarded.h"

#include <gtest/gtest.h>

namespace pluv::net {
namespace {

const std::vector<std::string> kProxies = {"10.0.0.0/8", "2001:db8:ffff::/48"};

// The client as "address scheme".
std::string client_of(ForwardedHeader header, std::string_view peer, const std::string& fields) {
  const Result<TrustedProxies> proxies = TrustedProxies::parse(kProxies, header);
  EXPECT_TRUE(proxies.ok());
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  RequestParser parser;
  std::string_view bytes = text;
  EXPECT_EQ(parser.feed(bytes), HttpProgress::done) << fields;
  const ForwardedClient client = proxies.value().client(*IpAddress::parse(peer), parser.take());
  const char* const schemes[] = {"unknown", "http", "https"};
  return client.address.text() + " " + schemes[static_cast<std::size_t>(client.scheme)];
}

std::string by_x(std::string_view peer, const std::string& addresses,
                 const std::string& more = "") {
  return client_of(ForwardedHeader::x_forwarded_for, peer,
                   "X-Forwarded-For: " + addresses + "\r\n" + more);
}

std::string by_forwarded(std::string_view peer, const std::string& value) {
  return client_of(ForwardedHeader::forwarded, peer, "Forwarded: " + value + "\r\n");
}

TEST(Forwarded, AnUntrustedPeerIsTheClient) {
  EXPECT_EQ(by_x("192.0.2.9", "1.2.3.4", "X-Forwarded-Proto: https\r\n"), "192.0.2.9 unknown");
  EXPECT_EQ(by_forwarded("192.0.2.9", "for=1.2.3.4;proto=https"), "192.0.2.9 unknown");
}

TEST(Forwarded, NobodyIsTrustedByDefault) {
  RequestParser parser;
  std::string_view bytes = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n";
  ASSERT_EQ(parser.feed(bytes), HttpProgress::done);
  EXPECT_EQ(TrustedProxies().client(*IpAddress::parse("10.0.0.1"), parser.take()).address.text(),
            "10.0.0.1");
}

TEST(XForwardedFor, TheRightmostUntrustedAddressIsTheClient) {
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4"), "1.2.3.4 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "6.6.6.6, 1.2.3.4"), "1.2.3.4 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2"), "1.2.3.4 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "6.6.6.6", "X-Forwarded-For: 1.2.3.4 ,10.0.0.2\r\n"),
            "1.2.3.4 unknown");
  EXPECT_EQ(by_x("::ffff:10.0.0.1", "1.2.3.4"), "1.2.3.4 unknown");
  EXPECT_EQ(by_x("2001:db8:ffff::1", "2001:db8::5"), "2001:db8::5 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4:5678"), "1.2.3.4 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "[2001:db8::5]:5678"), "2001:db8::5 unknown");
}

TEST(XForwardedFor, AChainOfProxiesAloneEndsAtItsLeftmost) {
  EXPECT_EQ(by_x("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3 unknown");
}

TEST(XForwardedFor, TheWalkEndsAtWhatIsNoAddress) {
  EXPECT_EQ(by_x("10.0.0.1", ""), "10.0.0.1 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "unknown"), "10.0.0.1 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4, garbage, 10.0.0.2"), "10.0.0.2 unknown");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4, , 10.0.0.2"), "1.2.3.4 unknown");
}

TEST(XForwardedFor, SchemeIsTheClientsHopOrTheNearestProxys) {
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4", "X-Forwarded-Proto: https\r\n"), "1.2.3.4 https");
  EXPECT_EQ(by_x("10.0.0.1", "6.6.6.6, 1.2.3.4", "X-Forwarded-Proto: HTTPS\r\n"), "1.2.3.4 https");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4, 10.0.0.2", "X-Forwarded-Proto: https, http\r\n"),
            "1.2.3.4 https");
  EXPECT_EQ(by_x("10.0.0.1", "6.6.6.6, 1.2.3.4", "X-Forwarded-Proto: https, http\r\n"),
            "1.2.3.4 http");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4", "X-Forwarded-Proto: https, http\r\n"), "1.2.3.4 http");
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4", "X-Forwarded-Proto: gopher\r\n"), "1.2.3.4 unknown");
  EXPECT_EQ(client_of(ForwardedHeader::x_forwarded_for, "10.0.0.1", "X-Forwarded-Proto: wss\r\n"),
            "10.0.0.1 https");
}

TEST(ForwardedField, ReadsTheFormsOfRfc7239) {
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=1.2.3.4"), "1.2.3.4 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "For=\"[2001:db8:cafe::17]:4711\";Proto=\"https\""),
            "2001:db8:cafe::17 https");
  EXPECT_EQ(by_forwarded("10.0.0.1",
                         "for=6.6.6.6;proto=http, for=1.2.3.4;proto=https;by=10.0.0.2,"
                         " for=10.0.0.2;proto=http"),
            "1.2.3.4 https");
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=1.2.3.4, for=unknown"), "10.0.0.1 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=1.2.3.4, for=_hidden, for=10.0.0.2"), "10.0.0.2 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "proto=https"), "10.0.0.1 https");
  EXPECT_EQ(by_forwarded("10.0.0.1", "x=\"a,b;c\\\"d\";for=1.2.3.4"), "1.2.3.4 unknown");
}

TEST(ForwardedField, AClientCannotHideWhatProxiesAppend) {
  // An open quote that would swallow the element behind it.
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=6.6.6.6;x=\", for=1.2.3.4"), "10.0.0.1 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=6.6.6.6;x=\", for=\"[2001:db8::1]\""),
            "10.0.0.1 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=6.6.6.6;x=\"a\\\", for=1.2.3.4"), "10.0.0.1 unknown");
  EXPECT_EQ(by_forwarded("10.0.0.1", "for=6.6.6.6;for=1.2.3.4"), "10.0.0.1 unknown");
}

TEST(Forwarded, TheHeaderThatIsNotConfiguredIsIgnored) {
  EXPECT_EQ(by_x("10.0.0.1", "1.2.3.4", "Forwarded: for=6.6.6.6\r\n"), "1.2.3.4 unknown");
  EXPECT_EQ(client_of(ForwardedHeader::forwarded, "10.0.0.1",
                      "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n"),
            "10.0.0.1 unknown");
}

TEST(Forwarded, RefusesMalformedNetworks) {
  const std::vector<std::string> networks = {"10.0.0.0/8", "proxy.local"};
  EXPECT_FALSE(TrustedProxies::parse(networks).ok());
}

}  // namespace
}  // namespace pluv::net
