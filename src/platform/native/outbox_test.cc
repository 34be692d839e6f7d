#include "platform/native/outbox.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace pluv::native {
namespace {

using room::FrameKind;

class OutboxTest : public testing::Test {
 protected:
  void push(std::string_view text, FrameKind kind = FrameKind::ordered, std::uint32_t subject = 0,
            bool counted = true) {
    outbox.push(SharedBuffer::copy_of(text),
                QueuedFrame{.size = static_cast<std::uint32_t>(text.size()),
                            .kind = kind,
                            .subject = subject,
                            .counted = counted});
  }
  void push_urgent(std::string_view text) {
    outbox.push_urgent(SharedBuffer::copy_of(text), 0, static_cast<std::uint32_t>(text.size()));
  }
  // Takes up to size bytes as a socket would.
  std::string send(std::size_t size) {
    std::array<iovec, 64> pieces;
    std::string taken;
    const std::size_t count = outbox.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) {
      taken.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    }
    taken.resize(std::min(taken.size(), size));
    outbox.sent(taken.size());
    return taken;
  }
  std::string send_all() {
    std::string all;
    while (!outbox.empty()) all += send(1000);
    return all;
  }

  Outbox outbox;
};

TEST_F(OutboxTest, KeepsOrderWithoutBacklogAndConflatesNothing) {
  push("a", FrameKind::presence, 1);
  push("b", FrameKind::presence, 1);
  push("c");
  push("d", FrameKind::exit, 1);
  EXPECT_EQ(outbox.bytes(), 4U);
  EXPECT_EQ(send_all(), "abcd");
  EXPECT_EQ(outbox.take_conflated(), 0U);
}

// A message in three pieces, of which the socket takes so many bytes before something urgent comes:
// it never comes between the pieces.
TEST_F(OutboxTest, NothingComesBetweenThePiecesOfAMessage) {
  const auto body = std::make_shared<const std::string>("body");
  for (std::size_t taken = 0; taken <= 12; ++taken) {
    SCOPED_TRACE(taken);
    outbox.clear();
    push("a", FrameKind::presence, 1);
    push("<<");
    outbox.push(SharedBuffer::of(body), QueuedFrame{.size = 4, .continues = true});
    outbox.push(SharedBuffer::copy_of(">>"), QueuedFrame{.size = 2, .continues = true});
    push("b", FrameKind::presence, 1);
    push("c", FrameKind::presence, 1);
    std::string sent = send(taken);
    outbox.block();
    if (!outbox.empty()) push_urgent("!");
    sent += send_all();
    const std::size_t urgent = sent.find('!');
    if (urgent != std::string::npos) sent.erase(urgent, 1);
    const std::size_t message = sent.find("<<body>>");
    EXPECT_NE(message, std::string::npos) << sent;
    EXPECT_TRUE(urgent == std::string::npos || urgent <= message || urgent >= message + 8)
        << urgent;
    EXPECT_EQ(sent.substr(message + 8), taken >= 10 ? "bc" : "c");
  }
}

TEST_F(OutboxTest, AMessageInPiecesIsDroppedWholeOrNotAtAll) {
  const auto body = std::make_shared<const std::string>("body");
  for (std::size_t taken = 0; taken <= 8; ++taken) {
    outbox.clear();
    push("<<");
    outbox.push(SharedBuffer::of(body), QueuedFrame{.size = 4, .continues = true});
    outbox.push(SharedBuffer::copy_of(">>"), QueuedFrame{.size = 2, .continues = true});
    push("more");
    std::string sent = send(taken);
    outbox.drop_unbegun();
    sent += send_all();
    EXPECT_EQ(sent, taken == 0 ? "" : "<<body>>") << taken;
  }
}

TEST_F(OutboxTest, KeepsMemoryOnlyWhileMuchIsWritten) {
  push("a");
  (void)send_all();
  const std::size_t idle_bytes_max = 4 * sizeof(BufferRef) * 4;
  EXPECT_LE(outbox.memory_bytes(), idle_bytes_max);
  for (int turn = 0; turn < 2; ++turn) {
    for (int i = 0; i < 50; ++i) push("a");
    (void)send_all();
    EXPECT_GT(outbox.memory_bytes(), idle_bytes_max);
  }
  push("a");
  (void)send_all();
  EXPECT_LE(outbox.memory_bytes(), idle_bytes_max);
  for (int i = 0; i < 10'000; ++i) push("a");
  (void)send_all();
  EXPECT_LE(outbox.memory_bytes(), idle_bytes_max);
}

TEST_F(OutboxTest, NeighboursInABufferAreOnePiece) {
  const BufferRef buffer = SharedBuffer::copy_of("abcdef");
  const BufferRef other = SharedBuffer::copy_of("xyz");
  outbox.push(buffer, {.offset = 0, .size = 2});
  outbox.push(buffer, {.offset = 2, .size = 2});
  outbox.push(other, {.offset = 0, .size = 3});
  outbox.push(buffer, {.offset = 4, .size = 2});
  std::array<iovec, 8> pieces;
  ASSERT_EQ(outbox.gather(pieces), 3U);
  EXPECT_EQ(pieces[0].iov_len, 4U);
  EXPECT_EQ(send_all(), "abcdxyzef");
}

TEST_F(OutboxTest, GatherStopsWhenPiecesRunOut) {
  for (const char* text : {"a", "b", "c"}) push(text);
  std::array<iovec, 2> pieces;
  EXPECT_EQ(outbox.gather(pieces), 2U);
}

TEST_F(OutboxTest, UnderBacklogTheNewestPresenceStaysAtItsOwnPlace) {
  push("in flight");
  outbox.block();
  push("1", FrameKind::presence, 7);
  push("E");
  push("2", FrameKind::presence, 8);
  push("3", FrameKind::presence, 7);
  EXPECT_EQ(outbox.take_conflated(), 1U);
  EXPECT_EQ(send_all(), "in flightE23");
  EXPECT_FALSE(outbox.blocked());
}

TEST_F(OutboxTest, BacklogConflatesWhatWasQueuedBeforeIt) {
  push("1", FrameKind::presence, 7);
  push("2", FrameKind::presence, 7);
  push("3", FrameKind::presence, 7);
  outbox.block();
  EXPECT_EQ(send_all(), "3");
}

TEST_F(OutboxTest, FrameThatHasBegunIsNeverDropped) {
  push("first", FrameKind::presence, 7);
  EXPECT_EQ(send(2), "fi");
  outbox.block();
  push("second", FrameKind::presence, 7);
  push("bye", FrameKind::exit, 7);
  EXPECT_EQ(send_all(), "rstbye");
}

TEST_F(OutboxTest, PinnedBytesCountAsBegun) {
  push("aa", FrameKind::presence, 1);
  push("bb", FrameKind::presence, 2);
  push("cc", FrameKind::presence, 3);
  outbox.pin(3);
  outbox.block();
  push("AA", FrameKind::presence, 1);
  push("BB", FrameKind::presence, 2);
  push("CC", FrameKind::presence, 3);
  push_urgent("!");
  EXPECT_EQ(send_all(), "aabb!AABBCC");
}

TEST_F(OutboxTest, ExitDropsTheLeaversPresenceAndOpensTheIndexForTheNext) {
  push("x");
  outbox.block();
  push("old", FrameKind::presence, 7);
  push("other", FrameKind::presence, 8);
  push("exit", FrameKind::exit, 7);
  push("new", FrameKind::presence, 7);
  EXPECT_EQ(send_all(), "xotherexitnew");
}

TEST_F(OutboxTest, UrgentGoesBehindTheFrameInFlightAndBeforeTheRest) {
  push("flight");
  push("next");
  push_urgent("pong");
  EXPECT_EQ(send(2), "po");
  outbox.block();
  push_urgent("2");
  EXPECT_EQ(send_all(), "ng2flightnext");
}

TEST_F(OutboxTest, UrgentFramesKeepTheirOrder) {
  push("flight");
  push("next");
  EXPECT_EQ(send(1), "f");
  push_urgent("1");
  push_urgent("2");
  push_urgent("3");
  EXPECT_EQ(send_all(), "light123next");
}

TEST_F(OutboxTest, UrgentShiftsTheBooksOfConflation) {
  push("flight");
  EXPECT_EQ(send(1), "f");
  outbox.block();
  push("old", FrameKind::presence, 7);
  push_urgent("P");
  push("new", FrameKind::presence, 7);
  EXPECT_EQ(send_all(), "lightPnew");
}

TEST_F(OutboxTest, CountsBytesWithoutJoinAnswersAndTheFrameInFlight) {
  push("answer", FrameKind::ordered, 0, false);
  push("12345");
  push("678");
  EXPECT_EQ(outbox.bytes(), 14U);
  EXPECT_EQ(outbox.counted_bytes(), 8U);
  EXPECT_EQ(send(3), "ans");
  EXPECT_EQ(outbox.counted_bytes(), 8U);
  EXPECT_EQ(send(4), "wer1");
  EXPECT_EQ(outbox.bytes(), 7U);
  EXPECT_EQ(outbox.counted_bytes(), 3U);
  EXPECT_EQ(send_all(), "2345678");
  EXPECT_EQ(outbox.counted_bytes(), 0U);
}

TEST_F(OutboxTest, DropUnbegunKeepsTheFrameInFlight) {
  push("flight");
  push("a", FrameKind::presence, 1);
  push("b");
  EXPECT_EQ(send(3), "fli");
  outbox.block();
  outbox.drop_unbegun();
  push("close");
  EXPECT_EQ(send_all(), "ghtclose");
}

TEST_F(OutboxTest, StalledReaderOfPresenceStaysSmall) {
  push("flight");
  EXPECT_EQ(send(1), "f");
  outbox.block();
  for (std::uint32_t i = 0; i < 10'000; ++i) push("presence", FrameKind::presence, i % 5);
  EXPECT_EQ(outbox.bytes(), 5U + 5U * 8U);
  EXPECT_EQ(outbox.take_conflated(), 9'995U);
  EXPECT_EQ(send_all().size(), 5U + 5U * 8U);
}

// Against a plain model: nothing but superseded presence is ever missing, and the order is kept.
TEST_F(OutboxTest, RandomTrafficLosesOnlySupersededPresence) {
  std::mt19937 random(7);
  std::string received;  // frames are "<letter><number>;"
  std::vector<std::string> frames;
  for (int i = 0; i < 20'000; ++i) {
    const auto dice = random() % 10;
    const std::string number = std::to_string(i) + ";";
    if (dice < 5) {
      const std::uint32_t subject = random() % 4;
      frames.push_back(std::string(1, static_cast<char>('a' + subject)) + number);
      push(frames.back(), FrameKind::presence, subject);
    } else if (dice < 7) {
      frames.push_back("O" + number);
      push(frames.back());
    } else if (dice < 9) {
      received += send(random() % 12);
      if (!outbox.empty()) outbox.block();
    } else {
      received += send_all();
    }
  }
  received += send_all();
  std::size_t at = 0;
  std::size_t next = 0;
  std::array<std::size_t, 4> skipped{};  // of each subject, since its last received one
  while (at < received.size()) {
    const std::size_t end = received.find(';', at);
    ASSERT_NE(end, std::string::npos);
    const std::string frame = received.substr(at, end + 1 - at);
    at = end + 1;
    while (next < frames.size() && frames[next] != frame) {
      ASSERT_NE(frames[next][0], 'O') << "an ordered frame is missing";
      ++skipped[static_cast<std::size_t>(frames[next][0] - 'a')];
      ++next;
    }
    ASSERT_LT(next, frames.size()) << "out of order: " << frame;
    if (frame[0] != 'O') skipped[static_cast<std::size_t>(frame[0] - 'a')] = 0;
    ++next;
  }
  for (const std::size_t count : skipped) EXPECT_EQ(count, 0U) << "a newest presence is missing";
}

}  // namespace
}  // namespace pluv::native
