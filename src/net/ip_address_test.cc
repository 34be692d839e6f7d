#include "net/ip_address.h"

#include <gtest/gtest.h>

#include <random>

namespace pluv::net {
namespace {

std::string reprint(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->text() : "refused";
}

TEST(IpAddress, ReadsAndPrintsBothFamilies) {
  const std::pair<const char*, const char*> cases[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.0.2.1", "192.0.2.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:0:0:4:0:0:0:8", "1:0:0:4::8"},
      {"1:0:0:4:0:0:7:8", "1::4:0:0:7:8"},
      {"1:0:3:0:5:0:7:0", "1:0:3:0:5:0:7:0"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::ffff:c000:201", "192.0.2.1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"::1.2.3.4", "::102:304"},
  };
  for (const auto& [text, printed] : cases) EXPECT_EQ(reprint(text), printed) << text;
}

TEST(IpAddress, RefusesWhatIsMalformed) {
  for (const char* text : {"",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.04",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1..3.4",
                           ".1.2.3",
                           "1.2.3.",
                           "a.b.c.d",
                           "1.2.3.-4",
                           "1.2.3.+4",
                           "0x1.2.3.4",
                           "1.2.3.99999999999999999999",
                           ":",
                           ":::",
                           "1",
                           "1:",
                           ":1",
                           "1:2",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "1::2::3",
                           "1:::2",
                           "12345::",
                           "g::",
                           "::1%eth0",
                           "[::1]",
                           "::1:",
                           "1.2.3.4::",
                           "::1.2.3",
                           "::1.2.3.4:5",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3.256",
                           "fe80::1/64",
                           "localhost"}) {
    EXPECT_EQ(reprint(text), "refused") << text;
  }
}

TEST(IpAddress, PrintedAddressesReadBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    std::array<std::uint8_t, 16> bytes;
    for (std::size_t i = 0; i < 16; i += 2) {
      const bool zero = random() % 2 == 0;
      bytes[i] = zero ? 0 : static_cast<std::uint8_t>(random() % 3 == 0 ? 0 : random());
      bytes[i + 1] = zero ? 0 : static_cast<std::uint8_t>(random());
    }
    const IpAddress address = IpAddress::v6(bytes);
    ASSERT_EQ(IpAddress::parse(address.text()), address) << address.text();
  }
}

TEST(IpAddress, APortMayFollow) {
  const auto read = [](std::string_view text) {
    const auto address = IpAddress::parse_with_port(text);
    return address ? address->text() : "refused";
  };
  EXPECT_EQ(read("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(read("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(read("[2001:db8::1]:65535"), "2001:db8::1");
  EXPECT_EQ(read("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(read("2001:db8::1"), "2001:db8::1");
  for (const char* text :
       {"192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:x", "192.0.2.1:-1", "[::1", "[::1]x",
        "[::1]:", "[192.0.2.1]", "[]", "[::1]80", ":80", "unknown", "_hidden", ""}) {
    EXPECT_EQ(read(text), "refused") << text;
  }
}

TEST(IpAddress, MappedAddressesAreEqualToTheirIpv4) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), IpAddress::v4({10, 0, 0, 1}));
  EXPECT_TRUE(IpAddress::parse("::ffff:10.0.0.1")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::10.0.0.1")->is_v4());
}

bool inside(std::string_view network, std::string_view address) {
  const Result<Cidr> cidr = Cidr::parse(network);
  EXPECT_TRUE(cidr.ok()) << network;
  return cidr.ok() && cidr.value().contains(*IpAddress::parse(address));
}

TEST(Cidr, ContainsItsAddressesAndNoOthers) {
  EXPECT_TRUE(inside("10.0.0.0/8", "10.0.0.0"));
  EXPECT_TRUE(inside("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(inside("10.0.0.0/8", "9.255.255.255"));
  EXPECT_TRUE(inside("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(inside("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(inside("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(inside("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(inside("192.0.2.1/32", "::ffff:192.0.2.1"));
  EXPECT_TRUE(inside("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(inside("2001:db8::/33", "2001:db8:8000::"));
  EXPECT_TRUE(inside("::1", "::1"));
  EXPECT_FALSE(inside("::1", "::2"));
  // All of one family is none of the other, but ::/0 is everything.
  EXPECT_TRUE(inside("0.0.0.0/0", "255.255.255.255"));
  EXPECT_FALSE(inside("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(inside("::ffff:0:0/96", "10.0.0.1"));
  EXPECT_TRUE(inside("::/0", "10.0.0.1"));
  EXPECT_FALSE(inside("fe80::/10", "10.0.0.1"));
}

TEST(Cidr, RefusesWhatIsMalformedOrHasBitsBehindThePrefix) {
  for (const char* text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8",
        "10.0.0.0/8 ", "10.0.0.1/8", "10.0.0.0/0", "192.0.2.7/31", "::/129", "2001:db8::1/64",
        "::1/0", "10/8", "10.0.0.0/255.0.0.0", "host/8"}) {
    EXPECT_FALSE(Cidr::parse(text).ok()) << text;
  }
}

TEST(IpAddress, KnowsTheLoopback) {
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  }
  for (const char* text : {"0.0.0.0", "126.0.0.1", "128.0.0.1", "::", "::2", "1::1", "::101",
                           "::127.0.0.1", "::ffff:0.0.0.1"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
  }
}

}  // namespace
}  // namespace pluv::net
