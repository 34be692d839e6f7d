#include "net/permessage_deflate.h"

#include <gtest/gtest.h>

#include <random>

#include "net/websocket_test_kit.h"

namespace pluv::net {
namespace {

constexpr std::size_t kPlenty = 16 * 1024 * 1024;

std::string compressed(Deflater& deflater, std::string_view message) {
  std::string out;
  EXPECT_TRUE(deflater.compress(message, out).ok());
  return out;
}

// The message, or the error's code.
std::string expanded(Inflater& inflater, std::string_view bytes, std::size_t max = kPlenty) {
  std::string out;
  const Result<void> result = inflater.expand(bytes, max, out);
  EXPECT_LE(out.size(), max);
  return result.ok() ? out : "error: " + std::string(error_code_name(result.error().code));
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

std::string random_message(std::mt19937& random, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    switch (random() % 3) {
      case 0: out += "{\"type\":\"$updateStorage\",\"data\":{\"origin\":null,\"update\":\""; break;
      case 1: out += std::string(random() % 200, 'a'); break;
      default:
        for (int i = 0; i < 50; ++i) out.push_back(static_cast<char>(random()));
    }
  }
  out.resize(size);
  return out;
}

TEST(Deflate, ExpandsTheExamplesOfRfc7692) {
  Inflater inflater({});
  const std::string hello = bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  EXPECT_EQ(expanded(inflater, hello), "Hello");
  // The second message of the sliding window (section 7.2.3.2).
  EXPECT_EQ(expanded(inflater, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello");
  // A stored block (7.2.3.3), a block with BFINAL (7.2.3.4), two blocks (7.2.3.5).
  EXPECT_EQ(expanded(inflater,
                     bytes_of({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})),
            "Hello");
  EXPECT_EQ(expanded(inflater, bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})),
            "Hello");
  EXPECT_EQ(expanded(inflater, bytes_of({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9,
                                         0xc9, 0x07, 0x00})),
            "Hello");
  // The window outlives a block with BFINAL.
  EXPECT_EQ(expanded(inflater, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello");
  EXPECT_EQ(expanded(inflater, bytes_of({0x00})), "");
}

TEST(Deflate, AMessageMayEndWithItsFinalBlock) {
  Inflater inflater({});
  EXPECT_EQ(expanded(inflater, bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
  EXPECT_EQ(expanded(inflater, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello");
}

TEST(Deflate, RoundTripsWithEveryWindowAndTakeover) {
  std::mt19937 random(11);
  for (int bits = kDeflateWindowBitsMin; bits <= kDeflateWindowBitsMax; ++bits) {
    for (const auto takeover : {ContextTakeover::no, ContextTakeover::yes}) {
      for (const int level : {1, 6}) {
        Deflater deflater({.window_bits = bits, .level = level, .takeover = takeover});
        Inflater inflater({.window_bits = bits, .takeover = takeover});
        for (const std::size_t size : {0u, 1u, 5u, 0u, 0u, 300u, 2000u, 70'000u, 0u, 600'000u}) {
          const std::string message = random_message(random, size);
          ASSERT_EQ(expanded(inflater, compressed(deflater, message)), message)
              << bits << " " << size;
        }
      }
    }
  }
}

TEST(Deflate, TakeoverMakesRepeatedMessagesSmallAndItsLackMakesThemEqual) {
  const std::string message = "{\"type\":\"$updatePresence\",\"data\":{\"presence\":{\"x\":1}}}";
  Deflater with({});
  const std::string first = compressed(with, message);
  EXPECT_LT(compressed(with, message).size(), 16u);
  Deflater without({.takeover = ContextTakeover::no});
  EXPECT_EQ(compressed(without, message), first);
  EXPECT_EQ(compressed(without, message), first);
}

TEST(Deflate, AppendsToWhatIsThere) {
  Deflater deflater({});
  std::string out = "before ";
  ASSERT_TRUE(deflater.compress("Hello", out).ok());
  Inflater inflater({});
  std::string text = "there: ";
  ASSERT_TRUE(inflater.expand(std::string_view(out).substr(7), 5, text).ok());
  EXPECT_EQ(text, "there: Hello");
}

TEST(Deflate, OutputBoundHoldsAtItsEdge) {
  for (const std::size_t size : {1u, 64u, 79u, 1000u, 300'000u}) {
    Deflater deflater({});
    const std::string message(size, 'x');
    const std::string bytes = compressed(deflater, message);
    for (const std::size_t bound : {size - 1, size, size + 1}) {
      Inflater inflater({});
      EXPECT_EQ(expanded(inflater, bytes, bound), bound >= size ? message : "error: limit")
          << size << " of " << bound;
    }
  }
  Inflater inflater({});
  EXPECT_EQ(expanded(inflater, bytes_of({0x00}), 0), "");
}

TEST(Deflate, ABombStopsAtTheBound) {
  std::string bomb;
  {
    Deflater deflater({.window_bits = 15, .memory_level = 9, .level = 9});
    const std::string zeros(64 * 1024 * 1024, '\0');
    bomb = compressed(deflater, zeros);
    EXPECT_LT(bomb.size(), 100'000u);
  }
  Inflater inflater({});
  std::string out;
  const Result<void> result = inflater.expand(bomb, 65'536, out);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::limit);
  EXPECT_LE(out.capacity(), 2u * 65'536u + 64u);
}

TEST(Deflate, GarbageAndCutMessagesAreInvalid) {
  for (const std::string& bytes :
       {bytes_of({0xff}), bytes_of({0x06}), bytes_of({0x07, 0x00}),  // reserved block type
        bytes_of({0x00, 0x05, 0x00, 0x00, 0x00}),  // a stored length and its complement
        bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00}),  // refers to before the beginning
        std::string()}) {
    Inflater inflater({});
    EXPECT_EQ(expanded(inflater, bytes), "error: invalid");
  }
  Deflater deflater({});
  std::mt19937 random(5);
  const std::string message = random_message(random, 400);
  const std::string bytes = compressed(deflater, message);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Inflater inflater({});
    EXPECT_NE(expanded(inflater, bytes.substr(0, size)), message) << size;
  }
}

TEST(Deflate, RandomBytesNeverPassTheBound) {
  std::mt19937 random(99);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(random() % 60, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    Inflater inflater({.takeover = random() % 2 == 0 ? ContextTakeover::no : ContextTakeover::yes});
    (void)expanded(inflater, bytes, random() % 300);
  }
}

TEST(Deflate, AFailureEndsAStreamWithTakeoverOnly) {
  const std::string hello = bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  Inflater with({.takeover = ContextTakeover::yes});
  EXPECT_EQ(expanded(with, bytes_of({0xff})), "error: invalid");
  EXPECT_EQ(expanded(with, hello), "error: invalid");
  Inflater too_big({.takeover = ContextTakeover::yes});
  // A stored block alone, behind which zlib by itself would go on as if nothing were wrong.
  const std::string stored = bytes_of({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f});
  EXPECT_EQ(expanded(too_big, stored, 4), "error: limit");
  EXPECT_EQ(expanded(too_big, hello), "error: invalid");
  Inflater without({.takeover = ContextTakeover::no});
  EXPECT_EQ(expanded(without, bytes_of({0xff})), "error: invalid");
  EXPECT_EQ(expanded(without, hello, 4), "error: limit");
  EXPECT_EQ(expanded(without, hello), "Hello");
}

TEST(Deflate, HalvesKeepTheirWindowWhenMoved) {
  Deflater deflater({});
  Inflater inflater({});
  EXPECT_EQ(expanded(inflater, compressed(deflater, "some message")), "some message");
  Deflater moved_deflater = std::move(deflater);
  Inflater moved_inflater = std::move(inflater);
  const std::string bytes = compressed(moved_deflater, "some message");
  EXPECT_LT(bytes.size(), 8u);
  EXPECT_EQ(expanded(moved_inflater, bytes), "some message");
  Deflater other({});
  other = std::move(moved_deflater);
  EXPECT_EQ(expanded(moved_inflater, compressed(other, "some message")), "some message");
}

// --- With frames

TEST(InflateMessage, GivesTheExpandedEvent) {
  Deflater deflater({});
  Inflater inflater({});
  FrameReader reader({.compression = true});
  const std::string payloads[] = {"caf\xc3\xa9", std::string(5000, 'z'), "", "caf\xc3\xa9"};
  std::string bytes;
  for (const std::string& payload : payloads)
    bytes += raw_frame(0xc1, compressed(deflater, payload));
  bytes += raw_frame(0xc2, compressed(deflater, "\xff")) + raw_frame(0x81, "plain") +
           raw_frame(0x89, "ping");
  std::vector<Seen> seen;
  std::string out;
  for (char& c : bytes) {
    std::span<char> piece(&c, 1);
    for (;;) {
      FrameEvent event = reader.next(piece);
      if (event.kind == EventKind::need_more) break;
      event = inflate_message(event, inflater, 10'000, out);
      seen.push_back({event.kind, event.close_code, std::string(event.payload), event.compressed});
    }
  }
  std::vector<Seen> expected;
  for (const std::string& payload : payloads)
    expected.push_back({EventKind::text, 0, payload, false});
  expected.push_back({EventKind::binary, 0, "\xff", false});
  expected.push_back({EventKind::text, 0, "plain", false});
  expected.push_back({EventKind::ping, 0, "ping", false});
  EXPECT_EQ(seen, expected);
}

TEST(InflateMessage, FailuresNameTheirCloseCode) {
  const auto code_of = [](const std::string& payload, EventKind kind, std::size_t max) {
    FrameEvent event;
    event.kind = kind;
    event.compressed = true;
    event.payload = payload;
    Inflater inflater({});
    std::string out;
    const FrameEvent whole = inflate_message(event, inflater, max, out);
    return whole.kind == EventKind::error ? whole.close_code : 0;
  };
  Deflater deflater({.takeover = ContextTakeover::no});
  const std::string bad_text = compressed(deflater, "ab\xc3");
  EXPECT_EQ(code_of(bad_text, EventKind::text, 100), kCloseInvalidData);
  EXPECT_EQ(code_of(bad_text, EventKind::binary, 100), 0);
  EXPECT_EQ(code_of(bad_text, EventKind::binary, 3), 0);
  EXPECT_EQ(code_of(bad_text, EventKind::binary, 2), kCloseTooBig);
  EXPECT_EQ(code_of("\xff", EventKind::binary, 100), kCloseInvalidData);
}

}  // namespace
}  // namespace pluv::net
