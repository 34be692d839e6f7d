#include "room/write_pacing.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace pluv::room {
namespace {

constexpr std::int64_t kWait = 20;

// A room to which things come at these times; how often it is written to, and how long what came
// waited at most.
struct PacedRoom {
  WritePacing pacing;
  std::int64_t now = 1'000'000;
  std::int64_t first_ms = -1;  // of what waits
  int writes = 0;
  std::int64_t waited_max = 0;

  void until(std::int64_t time) {
    while (first_ms >= 0 && pacing.due_ms(kWait) <= time) {
      now = std::max(now, pacing.due_ms(kWait));
      write();
    }
    now = time;
  }
  void come() {
    if (first_ms < 0) first_ms = now;
    pacing.came(now);
    if (pacing.due_ms(kWait) <= now) write();
  }
  void write() {
    pacing.written(now, now > first_ms);
    waited_max = std::max(waited_max, now - first_ms);
    first_ms = -1;
    ++writes;
  }
};

TEST(WritePacing, ARoomAtRestIsWrittenToAtOnce) {
  PacedRoom room;
  for (int i = 0; i < 100; ++i) {
    room.come();
    room.until(room.now + 1'000);
  }
  EXPECT_EQ(room.writes, 100);
  EXPECT_EQ(room.waited_max, 0);
}

TEST(WritePacing, ABusyRoomGathers) {
  PacedRoom room;
  for (int i = 0; i < 10'000; ++i) {
    room.come();
    room.until(room.now + 2);
  }
  // A write in 20 ms, each with what came in ten turns.
  EXPECT_GE(room.writes, 900);
  EXPECT_LE(room.writes, 1'100);
  EXPECT_LE(room.waited_max, kWait);
}

TEST(WritePacing, ABurstWaitsAQuarterOnly) {
  PacedRoom room;
  room.come();
  room.until(room.now + 1);
  const int before = room.writes;
  for (int i = 0; i < 3; ++i) {
    room.come();
    room.until(room.now + 1);
  }
  room.until(room.now + 1'000);
  EXPECT_EQ(room.writes, before + 1);
  EXPECT_LE(room.waited_max, 2 + kWait / 4);
}

TEST(WritePacing, WhoWaitsForAnAnswerGetsItAtOnce) {
  PacedRoom room;
  int waits = 0;
  for (int i = 0; i < 10'000; ++i) {
    const int before = room.writes;
    room.come();
    if (room.writes == before) {
      ++waits;
      while (room.writes == before) room.until(room.now + 1);
    }
    if (i % 2 == 0) room.until(room.now + 1);  // a round trip of half a millisecond
  }
  EXPECT_EQ(room.writes, 10'000);
  EXPECT_GT(waits, 3);  // it tries now and then
  EXPECT_LT(waits, 60);
  EXPECT_LE(room.waited_max, kWait / 4);
}

TEST(WritePacing, AfterThatABusyTimeIsFoundOut) {
  PacedRoom room;
  for (int i = 0; i < 5'000; ++i) room.come();  // far within a millisecond, one answer each
  const int before = room.writes;
  for (int i = 0; i < 10'000; ++i) {
    room.come();
    room.until(room.now + 2);
  }
  // 256 at once at most, then gathered.
  EXPECT_LE(room.writes - before, 1'400);
}

TEST(WritePacing, AfterARestABusyTimeIsFoundOutAtOnce) {
  PacedRoom room;
  for (int i = 0; i < 5'000; ++i) room.come();
  room.until(room.now + 300);
  const int before = room.writes;
  for (int i = 0; i < 1'000; ++i) {
    room.come();
    room.until(room.now + 2);
  }
  EXPECT_LE(room.writes - before, 110);
}

TEST(WritePacing, WithoutAWaitAllIsWrittenAtOnce) {
  WritePacing pacing;
  for (int i = 0; i < 10; ++i) {
    pacing.came(5'000 + i);
    EXPECT_LE(pacing.due_ms(0), 5'000 + i);
    pacing.written(5'000 + i, false);
  }
}

}  // namespace
}  // namespace pluv::room
