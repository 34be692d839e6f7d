#include "net/websocket_frame.h"

#include <gtest/gtest.h>

#include <random>

#include "net/websocket_test_kit.h"

namespace pluv::net {
namespace {

Seen text_seen(std::string payload) { return {EventKind::text, 0, std::move(payload), false}; }
Seen binary_seen(std::string payload) { return {EventKind::binary, 0, std::move(payload), false}; }

// --- Writing

TEST(FrameWriter, WritesTheExamplesOfRfc6455) {
  std::string out;
  append_frame(out, Opcode::text, "Hello");
  EXPECT_EQ(out, "\x81\x05Hello");
  out.clear();
  append_frame(out, Opcode::text, "Hello", kTestMask);
  EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  out.clear();
  append_frame_header(out, {.opcode = Opcode::text, .payload_size = 3, .fin = false});
  EXPECT_EQ(out, "\x01\x03");
  out.clear();
  append_frame_header(out, {.opcode = Opcode::continuation, .payload_size = 2});
  EXPECT_EQ(out, "\x80\x02");
  out.clear();
  append_frame(out, Opcode::ping, "Hello");
  EXPECT_EQ(out, "\x89\x05Hello");
  out.clear();
  append_frame_header(out, {.opcode = Opcode::binary, .payload_size = 256});
  EXPECT_EQ(out, std::string("\x82\x7e\x01\x00", 4));
  out.clear();
  append_frame_header(out, {.opcode = Opcode::binary, .payload_size = 65536});
  EXPECT_EQ(out, std::string("\x82\x7f\0\0\0\0\0\x01\0\0", 10));
  out.clear();
  append_frame_header(out, {.opcode = Opcode::text, .payload_size = 7, .rsv1 = true});
  EXPECT_EQ(out, "\xc1\x07");
}

TEST(FrameWriter, HeaderSizeIsWhatIsWritten) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{127},
        std::uint64_t{65535}, std::uint64_t{65536}, (std::uint64_t{1} << 63) - 1}) {
    std::string plain;
    append_frame_header(plain, {.payload_size = size});
    EXPECT_EQ(plain.size(), frame_header_size(size)) << size;
    std::string masked;
    append_frame_header(masked, {.payload_size = size, .mask = kTestMask});
    EXPECT_EQ(masked.size(), frame_header_size(size, Masking::masked)) << size;
    EXPECT_EQ(masked.substr(masked.size() - 4), "\x37\xfa\x21\x3d");
  }
  EXPECT_EQ(frame_header_size(125), 2u);
  EXPECT_EQ(frame_header_size(126), 4u);
  EXPECT_EQ(frame_header_size(65535), 4u);
  EXPECT_EQ(frame_header_size(65536), 10u);
}

TEST(FrameWriter, CloseReasonIsCutBetweenCharacters) {
  for (std::size_t before = 120; before <= 125; ++before) {
    std::string out;
    append_close(out, 1011, std::string(before, 'r') + "\xe2\x82\xac\xe2\x82\xac");
    const auto seen = read_in_pieces({.role = Role::client}, out, 0);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].kind, EventKind::close);
    EXPECT_EQ(seen[0].close_code, 1011);
    EXPECT_EQ(seen[0].payload.size(), before == 120 ? 123 : std::min<std::size_t>(before, 123));
  }
  std::string out;
  append_close(out, 4001, std::string(124, '\x80'));  // no character begins anywhere
  EXPECT_EQ(out, std::string("\x88\x02\x0f\xa1", 4));
}

TEST(FrameWriter, CloseWithoutStatusIsEmpty) {
  std::string out;
  append_close(out, kCloseNoStatus, "ignored");
  EXPECT_EQ(out, std::string("\x88\x00", 2));
}

TEST(Mask, IsTheXorOfTheKeyAtEverySizePhaseAndAlignment) {
  std::string storage(200, '\0');
  for (std::size_t i = 0; i < storage.size(); ++i) storage[i] = static_cast<char>(i * 7);
  for (std::size_t align = 0; align < 8; ++align) {
    for (std::size_t size = 0; size < 140; ++size) {
      for (std::size_t phase = 0; phase < 4; ++phase) {
        std::string bytes = storage;
        apply_mask(std::span<char>(bytes).subspan(align, size), kTestMask, phase);
        for (std::size_t i = 0; i < storage.size(); ++i) {
          const bool inside = i >= align && i < align + size;
          const std::uint8_t key = inside ? kTestMask[(i - align + phase) % 4] : 0;
          ASSERT_EQ(bytes[i], static_cast<char>(storage[i] ^ key)) << align << " " << size;
        }
      }
    }
  }
}

TEST(CloseCode, OnlyTheRegisteredAndPrivateOnesMayBeSent) {
  for (std::uint32_t code = 0; code <= 0xffff; ++code) {
    const bool registered = (code >= 1000 && code <= 1014) && !(code >= 1004 && code <= 1006);
    const bool open = code >= 3000 && code <= 4999;
    EXPECT_EQ(is_close_code_on_wire(static_cast<std::uint16_t>(code)), registered || open) << code;
  }
}

// --- Reading

TEST(FrameReader, IsSmallWhileIdle) {
  EXPECT_LE(sizeof(FrameReader), 96u);
  FrameReader reader;
  EXPECT_EQ(reader.memory_bytes(), 0u);
  EXPECT_FALSE(reader.mid_message());
}

TEST(FrameReader, GivesTheSameEventsAtEverySplit) {
  const std::string close = close_payload(4001, "bye \xe2\x82\xac");
  const std::string bytes =
      raw_frame(0x81, "hello \xe2\x82\xac") + raw_frame(0x82, std::string(300, '\xff')) +
      raw_frame(0x81, "") + raw_frame(0x01, "frag \xe2") + raw_frame(0x89, "ping1") +
      raw_frame(0x00, "\x82") + raw_frame(0x8a, "") + raw_frame(0x00, "") +
      raw_frame(0x80, "\xac end") + raw_frame(0x02, "") + raw_frame(0x80, "") +
      raw_frame(0x89, std::string(125, 'p')) + raw_frame(0x88, close);
  const std::vector<Seen> expected = {text_seen("hello \xe2\x82\xac"),
                                      binary_seen(std::string(300, '\xff')),
                                      text_seen(""),
                                      {EventKind::ping, 0, "ping1", false},
                                      {EventKind::pong, 0, "", false},
                                      text_seen("frag \xe2\x82\xac end"),
                                      binary_seen(""),
                                      {EventKind::ping, 0, std::string(125, 'p'), false},
                                      {EventKind::close, 4001, "bye \xe2\x82\xac", false}};
  EXPECT_EQ(read_in_pieces({}, bytes, 0), expected);
  for (std::size_t size = 1; size < 40; ++size) {
    EXPECT_EQ(read_in_pieces({}, bytes, size), expected) << size;
  }
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    EXPECT_EQ(read_split({}, bytes, split), expected) << split;
  }
}

TEST(FrameReader, AsClientReadsUnmaskedFrames) {
  std::string bytes;
  append_frame(bytes, Opcode::text, "from the server");
  append_frame(bytes, Opcode::ping, "");
  append_close(bytes, 1000);
  const std::vector<Seen> expected = {text_seen("from the server"),
                                      {EventKind::ping, 0, "", false},
                                      {EventKind::close, 1000, "", false}};
  for (std::size_t size = 0; size < 8; ++size) {
    EXPECT_EQ(read_in_pieces({.role = Role::client}, bytes, size), expected) << size;
  }
}

TEST(FrameReader, EveryCloseCodeThatMayBeSentIsRead) {
  const std::uint16_t codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
  for (const std::uint16_t code : codes) {
    const auto seen = read_in_pieces({}, raw_frame(0x88, close_payload(code, "why")), 1);
    EXPECT_EQ(seen, (std::vector<Seen>{{EventKind::close, code, "why", false}})) << code;
  }
  const auto seen = read_in_pieces({}, raw_frame(0x88, ""), 1);
  EXPECT_EQ(seen, (std::vector<Seen>{{EventKind::close, kCloseNoStatus, "", false}}));
}

TEST(FrameReader, IgnoresWhatFollowsAClose) {
  const std::string bytes = raw_frame(0x01, std::string(1000, 'u')) + raw_frame(0x88, "") +
                            raw_frame(0x81, "late") + "garbage";
  FrameReader reader;
  std::vector<Seen> seen;
  feed_piece(reader, bytes, seen);
  feed_piece(reader, raw_frame(0x81, "later"), seen);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_TRUE(reader.finished());
  EXPECT_FALSE(reader.mid_message());
  EXPECT_EQ(reader.memory_bytes(), 0u);
}

TEST(FrameReader, UnmasksWholeMessagesWhereTheyLie) {
  FrameReader reader;
  std::string bytes =
      raw_frame(0x81, "first message, longer than a small string") + raw_frame(0x82, "second");
  std::span<char> rest(bytes);
  const FrameEvent first = reader.next(rest);
  EXPECT_EQ(first.payload, "first message, longer than a small string");
  EXPECT_EQ(first.payload.data(), bytes.data() + 6);
  EXPECT_EQ(rest.size(), 6u + 6u);
  const FrameEvent second = reader.next(rest);
  EXPECT_EQ(second.payload.data(), bytes.data() + bytes.size() - 6);
  EXPECT_EQ(reader.next(rest).kind, EventKind::need_more);
  EXPECT_TRUE(rest.empty());
}

TEST(FrameReader, ReadingSmallUnfragmentedMessagesAllocatesNothing) {
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    bytes += raw_frame(0x81, "a message of a usual size: {\"type\":\"ping\",\"data\":{}}");
    bytes += raw_frame(0x89, "ping");
  }
  FrameReader reader;
  std::size_t events = 0;
  const std::size_t before = allocation_count();
  std::span<char> rest(bytes);
  while (reader.next(rest).kind != EventKind::need_more) ++events;
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(events, 100u);
}

TEST(FrameReader, ASplitHeaderAllocatesNothing) {
  std::string bytes = raw_frame(0x81, "a message that lies whole in the second piece of bytes");
  for (std::size_t split = 0; split <= 6; ++split) {
    std::string copy = bytes;
    FrameReader reader;
    const std::size_t before = allocation_count();
    std::span<char> first = std::span<char>(copy).first(split);
    std::span<char> second = std::span<char>(copy).subspan(split);
    EXPECT_EQ(reader.next(first).kind, EventKind::need_more);
    EXPECT_EQ(reader.mid_message(), split != 0);
    EXPECT_EQ(reader.next(second).payload.size(), 54u);
    EXPECT_EQ(allocation_count(), before) << split;
  }
}

TEST(FrameReader, GivesItsBufferBackOnceAMessageWasTaken) {
  FrameReader reader;
  std::vector<Seen> seen;
  const std::string bytes = raw_frame(0x82, std::string(50'000, 'b'));
  feed_piece(reader, bytes.substr(0, 40'000), seen);
  EXPECT_TRUE(reader.mid_message());
  EXPECT_GE(reader.memory_bytes(), 39'000u);
  feed_piece(reader, bytes.substr(40'000), seen);
  EXPECT_EQ(seen, (std::vector<Seen>{binary_seen(std::string(50'000, 'b'))}));
  EXPECT_EQ(reader.memory_bytes(), 0u);
  EXPECT_FALSE(reader.mid_message());
}

TEST(FrameReader, GivesItsBufferBackWithAnError) {
  FrameReader reader;
  std::string bytes = raw_frame(0x01, std::string(1000, 'u')) + raw_frame(0x83, "");
  std::span<char> rest(bytes);
  EXPECT_EQ(reader.next(rest).kind, EventKind::error);
  EXPECT_EQ(reader.memory_bytes(), 0u);
}

TEST(FrameReader, ADeclaredLengthIsNotAllocated) {
  FrameReader reader({.message_bytes_max = std::size_t{1} << 40});
  std::vector<Seen> seen;
  feed_piece(reader, raw_length_frame(0x82, 8, std::uint64_t{1} << 40, "only this came"), seen);
  EXPECT_TRUE(seen.empty());
  EXPECT_LT(reader.memory_bytes(), 100u);
  FrameReader largest({.message_bytes_max = ~std::size_t{0}});
  feed_piece(largest, raw_length_frame(0x82, 8, (std::uint64_t{1} << 63) - 1, "or this"), seen);
  EXPECT_TRUE(seen.empty());
  EXPECT_LT(largest.memory_bytes(), 100u);
}

TEST(FrameReader, MessageBoundHoldsAtItsEdge) {
  for (const std::size_t bound : {1u, 10u, 125u, 126u, 65535u, 65536u}) {
    const FrameReaderOptions options{.message_bytes_max = bound};
    for (const std::size_t size : {bound - 1, bound, bound + 1}) {
      const std::string payload(size, 'x');
      const auto whole = read_in_pieces(options, raw_frame(0x82, payload), 0);
      const auto parts = read_in_pieces(
          options,
          raw_frame(0x02, payload.substr(0, size / 2)) + raw_frame(0x80, payload.substr(size / 2)),
          0);
      const Seen expected =
          size <= bound ? binary_seen(payload) : Seen{EventKind::error, kCloseTooBig, "", false};
      EXPECT_EQ(whole, std::vector<Seen>{expected}) << size << " of " << bound;
      EXPECT_EQ(parts, std::vector<Seen>{expected}) << size << " of " << bound;
    }
  }
}

TEST(FrameReader, MessageBoundDoesNotCountControlFrames) {
  const FrameReaderOptions options{.message_bytes_max = 4};
  const auto seen = read_in_pieces(
      options,
      raw_frame(0x01, "ab") + raw_frame(0x89, std::string(125, 'p')) + raw_frame(0x80, "cd"), 3);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1], text_seen("abcd"));
}

TEST(FrameReader, MessageBoundCanChangeDuringASession) {
  FrameReader reader({.message_bytes_max = 4});
  std::vector<Seen> seen;
  feed_piece(reader, raw_frame(0x81, "four"), seen);
  reader.set_message_bytes_max(10);
  feed_piece(reader, raw_frame(0x81, "ten bytes!"), seen);
  // A frame that has begun keeps the old bound.
  const std::string begun = raw_frame(0x81, "0123456789");
  feed_piece(reader, begun.substr(0, 8), seen);
  reader.set_message_bytes_max(2);
  feed_piece(reader, begun.substr(8), seen);
  EXPECT_EQ(seen, (std::vector<Seen>{text_seen("four"), text_seen("ten bytes!"),
                                     text_seen("0123456789")}));
  // A message that has begun does not, not even for an empty fragment.
  reader.set_message_bytes_max(10);
  feed_piece(reader, raw_frame(0x01, "012"), seen);
  reader.set_message_bytes_max(2);
  feed_piece(reader, raw_frame(0x80, ""), seen);
  EXPECT_EQ(seen.back(), (Seen{EventKind::error, kCloseTooBig, "", false}));
}

TEST(FrameReader, FragmentBoundHoldsAtItsEdge) {
  const FrameReaderOptions options{.fragments_max = 5};
  for (const int count : {4, 5, 6}) {
    std::string bytes = raw_frame(0x01, "");
    for (int i = 2; i < count; ++i) bytes += raw_frame(0x00, "x") + raw_frame(0x89, "");
    bytes += raw_frame(0x80, "");
    const auto seen = read_in_pieces(options, bytes, 0);
    EXPECT_EQ(seen.back().kind, count <= 5 ? EventKind::text : EventKind::error) << count;
    // The count begins anew with each message.
    const auto twice = read_in_pieces(options, bytes + bytes, 0);
    EXPECT_EQ(twice.back().kind, count <= 5 ? EventKind::text : EventKind::error) << count;
  }
}

TEST(FrameReader, MarksCompressedMessagesAndLeavesTheirBytesAlone) {
  const FrameReaderOptions options{.compression = true};
  const std::string bytes = raw_frame(0xc1, "\xff\xfe not UTF-8") + raw_frame(0x41, "\xff") +
                            raw_frame(0x80, "\xfe") + raw_frame(0x81, "plain");
  const std::vector<Seen> expected = {{EventKind::text, 0, "\xff\xfe not UTF-8", true},
                                      {EventKind::text, 0, "\xff\xfe", true},
                                      text_seen("plain")};
  for (std::size_t size = 0; size < 12; ++size) {
    EXPECT_EQ(read_in_pieces(options, bytes, size), expected) << size;
  }
}

// Random messages, written with random fragmentation and control frames between, read back with
// random splits.
TEST(FrameReader, ReadsBackWhateverWasWritten) {
  std::mt19937 random(20240607);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  const std::string characters[] = {"a", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  for (int round = 0; round < 400; ++round) {
    const Role role = below(2) == 0 ? Role::server : Role::client;
    const auto mask = [&]() -> std::optional<MaskKey> {
      if (role == Role::client) return std::nullopt;
      const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
      return MaskKey{byte(), byte(), byte(), byte()};
    };
    std::string bytes;
    std::vector<Seen> expected;
    const auto add_control = [&] {
      const bool ping = below(2) == 0;
      const std::string payload(below(126), 'c');
      append_frame(bytes, ping ? Opcode::ping : Opcode::pong, payload, mask());
      expected.push_back({ping ? EventKind::ping : EventKind::pong, 0, payload, false});
    };
    for (std::size_t message = 0; message < 6; ++message) {
      const bool text = below(2) == 0;
      std::string payload;
      for (std::size_t left = below(below(8) == 0 ? 70'000 : 300); left > 0; --left) {
        if (text) {
          payload += characters[below(5)];
        } else {
          payload += static_cast<char>(random());
        }
      }
      Opcode opcode = text ? Opcode::text : Opcode::binary;
      std::string_view rest = payload;
      for (;;) {
        const std::size_t size = below(3) == 0 ? below(rest.size() + 1) : rest.size();
        const bool fin = size == rest.size() && below(4) != 0;
        const auto key = mask();
        append_frame_header(bytes,
                            {.opcode = opcode, .payload_size = size, .fin = fin, .mask = key});
        const std::size_t at = bytes.size();
        bytes += rest.substr(0, size);
        if (key) apply_mask(std::span<char>(bytes).subspan(at), *key);
        rest.remove_prefix(size);
        opcode = Opcode::continuation;
        if (fin) break;
        if (below(3) == 0) add_control();
      }
      expected.push_back(text ? text_seen(payload) : binary_seen(payload));
      if (below(3) == 0) add_control();
    }
    FrameReader reader({.role = role, .message_bytes_max = 1 << 20});
    std::vector<Seen> seen;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const std::size_t size = std::min(rest.size(), 1 + below(below(2) == 0 ? 20 : 5000));
      feed_piece(reader, std::string(rest.substr(0, size)), seen);
      rest.remove_prefix(size);
    }
    ASSERT_EQ(seen, expected) << "round " << round;
    ASSERT_EQ(reader.memory_bytes(), 0u);
  }
}

}  // namespace
}  // namespace pluv::net
