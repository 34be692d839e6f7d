// Every way of breaking RFC 6455 that a peer can choose, with the close code it gets. Each case is
// read whole, byte by byte and with every split in two.
#include <gtest/gtest.h>

#include <set>

#include "net/websocket_test_kit.h"

namespace pluv::net {
namespace {

struct Malformed {
  std::string name;
  std::string bytes;
  std::uint16_t close_code;
  // Whole messages and control frames that come before the error.
  std::size_t good_events = 0;
  FrameReaderOptions options = {};
};

using Cases = std::vector<Malformed>;

std::string hex(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof(text), "%02x", value);
  return text;
}

FrameReaderOptions with_compression() {
  FrameReaderOptions options;
  options.compression = true;
  return options;
}

FrameReaderOptions as_client() {
  FrameReaderOptions options;
  options.role = Role::client;
  return options;
}

void add_first_bytes(Cases& cases) {
  for (const unsigned rsv : {0x10u, 0x20u, 0x30u, 0x40u, 0x50u, 0x60u, 0x70u}) {
    for (const unsigned opcode : {0x1u, 0x2u, 0x8u, 0x9u, 0xau}) {
      const auto first = static_cast<std::uint8_t>(0x80 | rsv | opcode);
      cases.push_back({"reserved bits, first byte " + hex(first), raw_frame(first, ""), 1002});
    }
  }
  for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 0xbu, 0xcu, 0xdu, 0xeu, 0xfu}) {
    for (const unsigned fin : {0u, 0x80u}) {
      const auto first = static_cast<std::uint8_t>(fin | opcode);
      cases.push_back({"reserved opcode, first byte " + hex(first), raw_frame(first, "x"), 1002});
    }
  }
  for (const unsigned opcode : {8u, 9u, 0xau}) {
    cases.push_back({"fragmented control frame " + hex(opcode),
                     raw_frame(static_cast<std::uint8_t>(opcode), ""), 1002});
  }
  for (const unsigned rsv : {0x10u, 0x20u, 0x30u, 0x50u, 0x60u, 0x70u}) {
    const auto first = static_cast<std::uint8_t>(0x81 | rsv);
    cases.push_back({"RSV2 or RSV3 with compression, first byte " + hex(first),
                     raw_frame(first, "x"), 1002, 0, with_compression()});
  }
  for (const unsigned opcode : {8u, 9u, 0xau}) {
    const auto first = static_cast<std::uint8_t>(0xc0 | opcode);
    cases.push_back({"compressed control frame " + hex(first), raw_frame(first, ""), 1002, 0,
                     with_compression()});
  }
  cases.push_back({"RSV1 on a continuation", raw_frame(0x41, "a") + raw_frame(0xc0, "b"), 1002, 0,
                   with_compression()});
  cases.push_back({"RSV1 on a continuation of a plain message",
                   raw_frame(0x01, "a") + raw_frame(0xc0, "b"), 1002, 0, with_compression()});
}

void add_masks(Cases& cases) {
  for (const unsigned opcode : {1u, 2u, 8u, 9u, 0xau}) {
    const auto first = static_cast<std::uint8_t>(0x80 | opcode);
    cases.push_back(
        {"a client's frame without mask " + hex(opcode), raw_frame(first, "", std::nullopt), 1002});
    cases.push_back(
        {"a server's frame with mask " + hex(opcode), raw_frame(first, ""), 1002, 0, as_client()});
  }
  cases.push_back({"the second frame without mask",
                   raw_frame(0x81, "a") + raw_frame(0x81, "b", std::nullopt), 1002, 1});
  cases.push_back({"a continuation without mask",
                   raw_frame(0x01, "a") + raw_frame(0x80, "b", std::nullopt), 1002});
}

void add_lengths(Cases& cases) {
  for (const unsigned opcode : {8u, 9u, 0xau}) {
    const auto first = static_cast<std::uint8_t>(0x80 | opcode);
    cases.push_back({"control frame of 126 bytes " + hex(opcode),
                     raw_frame(first, std::string(126, 'x')), 1002});
    cases.push_back({"control frame of 65536 bytes " + hex(opcode),
                     raw_frame(first, std::string(65536, 'x')), 1002});
    cases.push_back({"control frame with a 16-bit length of 5 " + hex(opcode),
                     raw_length_frame(first, 2, 5, "12345"), 1002});
    cases.push_back({"control frame with a 64-bit length of 5 " + hex(opcode),
                     raw_length_frame(first, 8, 5, "12345"), 1002});
  }
  for (const std::uint64_t length : {0u, 1u, 100u, 125u}) {
    cases.push_back({"16-bit length of " + std::to_string(length),
                     raw_length_frame(0x82, 2, length, std::string(length, 'x')), 1002});
  }
  for (const std::uint64_t length : {0u, 1u, 125u, 126u, 1000u, 65535u}) {
    cases.push_back({"64-bit length of " + std::to_string(length),
                     raw_length_frame(0x82, 8, length, std::string(length, 'x')), 1002});
  }
  for (const std::uint64_t length :
       {std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1, ~std::uint64_t{0},
        std::uint64_t{0xff} << 56, (std::uint64_t{1} << 63) | 5}) {
    cases.push_back({"most significant bit of a length " + std::to_string(length),
                     raw_length_frame(0x82, 8, length), 1002});
  }
  for (const std::uint64_t length :
       {std::uint64_t{65537}, std::uint64_t{1} << 31, std::uint64_t{1} << 32,
        (std::uint64_t{1} << 32) + 1, std::uint64_t{1} << 60, (std::uint64_t{1} << 63) - 1}) {
    cases.push_back({"declared length over the bound " + std::to_string(length),
                     raw_length_frame(0x82, 8, length), 1009});
    cases.push_back({"declared length over the bound, first fragment " + std::to_string(length),
                     raw_length_frame(0x02, 8, length), 1009});
    cases.push_back({"declared length over the bound, continuation " + std::to_string(length),
                     raw_frame(0x02, "a") + raw_length_frame(0x00, 8, length), 1009});
  }
  FrameReaderOptions small;
  small.message_bytes_max = 10;
  cases.push_back({"11 of 10 bytes", raw_frame(0x82, std::string(11, 'x')), 1009, 0, small});
  cases.push_back({"6 and 5 of 10 bytes", raw_frame(0x02, "123456") + raw_frame(0x80, "12345"),
                   1009, 0, small});
  cases.push_back({"10 and 1 of 10 bytes", raw_frame(0x02, "1234567890") + raw_frame(0x00, "1"),
                   1009, 0, small});
  cases.push_back({"5 and 2^60 of 10 bytes",
                   raw_frame(0x02, "12345") + raw_length_frame(0x80, 8, std::uint64_t{1} << 60),
                   1009, 0, small});
  small.message_bytes_max = 0;
  cases.push_back({"1 of 0 bytes", raw_frame(0x82, "x"), 1009, 0, small});
  FrameReaderOptions few;
  few.fragments_max = 3;
  cases.push_back(
      {"4 of 3 fragments",
       raw_frame(0x02, "a") + raw_frame(0x00, "b") + raw_frame(0x00, "c") + raw_frame(0x80, "d"),
       1009, 0, few});
  cases.push_back(
      {"4 of 3 empty fragments",
       raw_frame(0x01, "") + raw_frame(0x00, "") + raw_frame(0x00, "") + raw_frame(0x00, ""), 1009,
       0, few});
}

void add_fragments(Cases& cases) {
  cases.push_back({"a continuation of nothing", raw_frame(0x80, "x"), 1002});
  cases.push_back({"an unfinished continuation of nothing", raw_frame(0x00, "x"), 1002});
  cases.push_back({"a continuation after a whole message",
                   raw_frame(0x81, "a") + raw_frame(0x80, "b"), 1002, 1});
  cases.push_back({"a continuation after a fragmented message",
                   raw_frame(0x01, "a") + raw_frame(0x80, "b") + raw_frame(0x80, "c"), 1002, 1});
  cases.push_back(
      {"a continuation after a ping", raw_frame(0x89, "") + raw_frame(0x80, "c"), 1002, 1});
  for (const unsigned first : {0x01u, 0x02u, 0x81u, 0x82u}) {
    for (const unsigned outer : {0x01u, 0x02u}) {
      cases.push_back({"message " + hex(first) + " inside message " + hex(outer),
                       raw_frame(static_cast<std::uint8_t>(outer), "a") +
                           raw_frame(static_cast<std::uint8_t>(first), "b"),
                       1002});
    }
  }
  cases.push_back({"a message after a ping inside a message",
                   raw_frame(0x01, "a") + raw_frame(0x89, "p") + raw_frame(0x81, "b"), 1002, 1});
  cases.push_back(
      {"a fragmented ping inside a message", raw_frame(0x01, "a") + raw_frame(0x09, "p"), 1002});
  cases.push_back({"a long ping inside a message",
                   raw_frame(0x01, "a") + raw_frame(0x89, std::string(126, 'p')), 1002});
}

void add_text(Cases& cases) {
  const std::string bad[] = {
      "\x80",  // a continuation byte first
      "\xbf",
      "a\x80z",
      "\xc0\x80",  // overlong NUL
      "\xc1\xbf",
      "\xc0\xaf",  // overlong slash
      "\xe0\x80\xaf",
      "\xe0\x9f\xbf",
      "\xf0\x80\x80\xaf",
      "\xf0\x8f\xbf\xbf",
      "\xed\xa0\x80",  // surrogates
      "\xed\xad\xbf",
      "\xed\xbf\xbf",
      "\xed\xa0\xbd\xed\xb8\x80",
      "\xf4\x90\x80\x80",  // above U+10FFFF
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",
      "\xfc\x84\x80\x80\x80\x80",
      "\xfe",
      "\xff",
      "\xc3(",  // a character cut by another
      "\xe2\x82(",
      "\xe2(\xac",
      "\xf0\x9f\x98(",
      "\xf0\x9f(\x80",
      "\xc3",  // a character cut by the end
      "\xe2",
      "\xe2\x82",
      "\xf0",
      "\xf0\x9f",
      "\xf0\x9f\x98",
      "12345678\xe2\x82",  // behind a run of ASCII
      "1234567890\xff"
      "1234567890",
      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
      "edited",
  };
  int number = 0;
  for (const std::string& text : bad) {
    const std::string name = " " + std::to_string(number++);
    cases.push_back({"text that is not UTF-8" + name, raw_frame(0x81, text), 1007});
    cases.push_back({"close reason that is not UTF-8" + name,
                     raw_frame(0x88, close_payload(1000, text)), 1007});
    cases.push_back({"text that is not UTF-8, to a client" + name,
                     raw_frame(0x81, text, std::nullopt), 1007, 0, as_client()});
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      cases.push_back({"fragmented text that is not UTF-8" + name + ", cut " + std::to_string(cut),
                       raw_frame(0x01, text.substr(0, cut)) + raw_frame(0x80, text.substr(cut)),
                       1007});
    }
    cases.push_back(
        {"text that is not UTF-8 around a ping" + name,
         raw_frame(0x01, text.substr(0, 1)) + raw_frame(0x89, "") + raw_frame(0x80, text.substr(1)),
         1007});
  }
}

void add_closes(Cases& cases) {
  for (const unsigned code :
       {0u,    1u,    2u,    100u,  999u,  1004u, 1005u, 1006u,        1015u,  1016u, 1100u,
        1999u, 2000u, 2998u, 2999u, 5000u, 5001u, 9999u, 0x3ffu - 100, 32768u, 65535u}) {
    cases.push_back({"close code " + std::to_string(code),
                     raw_frame(0x88, close_payload(static_cast<std::uint16_t>(code))), 1002});
  }
  cases.push_back({"close with half a code", raw_frame(0x88, "\x03"), 1002});
  cases.push_back({"close with half a code inside a message",
                   raw_frame(0x01, "abc") + raw_frame(0x88, "\x03"), 1002});
  cases.push_back({"close with a wrong code inside a message",
                   raw_frame(0x01, "abc") + raw_frame(0x88, close_payload(1005, "x")), 1002});
  cases.push_back({"close with a code over 125 bytes",
                   raw_frame(0x88, close_payload(1000, std::string(124, 'r'))), 1002});
}

Cases all_cases() {
  Cases cases;
  add_first_bytes(cases);
  add_masks(cases);
  add_lengths(cases);
  add_fragments(cases);
  add_text(cases);
  add_closes(cases);
  return cases;
}

// Events of good kinds, then the error, then nothing although more bytes follow.
void expect_refused(const Malformed& malformed, const std::vector<Seen>& seen) {
  // A ping between the fragments of a bad text may come before the error or behind it.
  std::size_t good = 0;
  while (good < seen.size() && seen[good].kind != EventKind::error) ++good;
  ASSERT_LT(good, seen.size()) << malformed.name << ": not refused";
  EXPECT_EQ(seen[good].close_code, malformed.close_code) << malformed.name;
  EXPECT_EQ(seen.size(), good + 1) << malformed.name << ": events after the error";
  if (malformed.name.find("around a ping") == std::string::npos) {
    EXPECT_EQ(good, malformed.good_events) << malformed.name;
  }
}

TEST(MalformedFrames, TheTableIsLargeAndItsNamesAreUnique) {
  const Cases cases = all_cases();
  std::set<std::string> names;
  for (const Malformed& malformed : cases) names.insert(malformed.name);
  EXPECT_EQ(names.size(), cases.size());
  EXPECT_GE(cases.size(), 150u);
}

TEST(MalformedFrames, AreRefusedWithTheirCloseCodeWhenReadWhole) {
  const std::string more = raw_frame(0x81, "more");
  for (const Malformed& malformed : all_cases()) {
    expect_refused(malformed, read_in_pieces(malformed.options, malformed.bytes + more, 0));
  }
}

TEST(MalformedFrames, AreRefusedWithTheirCloseCodeWhenReadByteByByte) {
  for (const Malformed& malformed : all_cases()) {
    if (malformed.bytes.size() > 1000) continue;  // the same as shorter ones, and slow
    expect_refused(malformed, read_in_pieces(malformed.options, malformed.bytes, 1));
  }
}

TEST(MalformedFrames, AreRefusedAlikeAtEverySplit) {
  for (const Malformed& malformed : all_cases()) {
    if (malformed.bytes.size() > 200) continue;
    const auto whole = read_in_pieces(malformed.options, malformed.bytes, 0);
    for (std::size_t split = 0; split <= malformed.bytes.size(); ++split) {
      EXPECT_EQ(read_split(malformed.options, malformed.bytes, split), whole)
          << malformed.name << " at " << split;
    }
  }
}

TEST(MalformedFrames, BadTextIsRefusedAtItsFirstImpossibleByte) {
  // "ab" and an overlong form; the frame declares far more than ever comes.
  const std::string frame = raw_frame(0x81, "ab\xc0" + std::string(1000, 'x'));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const auto seen = read_in_pieces({}, frame.substr(0, size), 0);
    if (size < 8 + 3) {  // a header of 8 bytes (16-bit length, mask), two good bytes
      EXPECT_TRUE(seen.empty()) << size;
    } else {
      ASSERT_EQ(seen.size(), 1u) << size;
      EXPECT_EQ(seen[0].close_code, kCloseInvalidData);
    }
  }
}

TEST(MalformedFrames, AHeaderIsRefusedAtItsFirstWrongByte) {
  EXPECT_EQ(read_in_pieces({}, "\x83", 0).size(), 1u);      // opcode
  EXPECT_EQ(read_in_pieces({}, "\x81\x01", 0).size(), 1u);  // not masked
  EXPECT_EQ(read_in_pieces({}, "\x89\xfe", 0).size(), 1u);  // long ping
  const std::string huge = raw_length_frame(0x82, 8, std::uint64_t{1} << 60);
  EXPECT_EQ(read_in_pieces({}, huge.substr(0, 9), 0).size(), 0u);
  EXPECT_EQ(read_in_pieces({}, huge.substr(0, 10), 0).size(), 1u);  // before the mask
}

}  // namespace
}  // namespace pluv::net
