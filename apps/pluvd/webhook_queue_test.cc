#include "apps/pluvd/webhook_queue.h"

#include <gtest/gtest.h>

#include <set>

namespace pluv::apps {
namespace {

OutboxItem item(std::uint64_t id, std::string project, std::string room, std::size_t bytes = 1) {
  OutboxItem out;
  out.id = id;
  out.delivery = id;
  out.project = std::move(project);
  out.room = std::move(room);
  out.since_unix_ms = static_cast<std::int64_t>(id) * 100;
  out.bytes = bytes;
  return out;
}

std::uint64_t id_of(const std::optional<OutboxItem>& found) { return found ? found->id : 0; }

TEST(WebhookQueue, SendsTheEventsOfARoomOneAfterTheOther) {
  WebhookQueue queue;
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(id, "a", "room"), 0);
  queue.add(item(4, "a", "other"), 0);
  const auto first = queue.next(0);
  EXPECT_EQ(id_of(first), 1U);
  const auto other = queue.next(0);
  EXPECT_EQ(id_of(other), 4U);
  EXPECT_FALSE(queue.next(0).has_value());
  EXPECT_EQ(queue.in_flight(), 2U);
  queue.done(*first);
  const auto second = queue.next(0);
  EXPECT_EQ(id_of(second), 2U);
  OutboxItem failed = *second;
  failed.attempts = 1;
  queue.later(failed, 50);
  EXPECT_FALSE(queue.next(49).has_value());  // the third waits for the second
  EXPECT_EQ(queue.next_due_ms(), 50);
  const auto again = queue.next(50);
  EXPECT_EQ(id_of(again), 2U);
  EXPECT_EQ(again->attempts, 1U);
  queue.done(*again);
  queue.done(*queue.next(50));
  queue.done(*other);
  EXPECT_TRUE(queue.counts().empty());
  EXPECT_EQ(queue.in_flight(), 0U);
  EXPECT_EQ(queue.next_due_ms(), std::nullopt);
}

TEST(WebhookQueue, CountsWhatIsPending) {
  WebhookQueue queue;
  queue.add(item(1, "a", "room", 10), 0);
  queue.add(item(2, "a", "room", 20), 0);
  queue.add(item(3, "b", "room", 5), 0);
  auto counts = queue.counts();
  EXPECT_EQ(counts["a"].pending, 2U);
  EXPECT_EQ(counts["a"].bytes, 30U);
  EXPECT_EQ(counts["a"].oldest_unix_ms, 100);
  queue.done(*queue.next(0));
  counts = queue.counts();
  EXPECT_EQ(counts["a"].oldest_unix_ms, 200);
  EXPECT_EQ(counts["b"].oldest_unix_ms, 300);
}

// Takes all that may go now and answers how many of each project that was.
std::map<std::string, std::size_t> take_all(WebhookQueue& queue) {
  std::map<std::string, std::size_t> taken;
  while (const auto found = queue.next(0)) ++taken[found->project];
  return taken;
}

TEST(WebhookQueue, KeepsPlacesForProjectsWhoseReceiversAnswer) {
  WebhookQueue queue;
  std::uint64_t id = 0;
  for (int n = 0; n < 100; ++n) {
    for (const char* project : {"hangs", "hangs-too"}) {
      queue.add(item(++id, project, std::to_string(n)), 0);
    }
  }
  EXPECT_EQ(take_all(queue),
            (std::map<std::string, std::size_t>{{"hangs", 32}, {"hangs-too", 32}}));
  for (int n = 0; n < 100; ++n) queue.add(item(++id, "answers", std::to_string(n)), 0);
  EXPECT_EQ(take_all(queue), (std::map<std::string, std::size_t>{{"answers", 4}}));
}

TEST(WebhookQueue, NeverExceedsTheHardBound) {
  WebhookQueue queue({.in_flight_max = 4, .in_flight_hard_max = 10});
  std::uint64_t id = 0;
  for (int n = 0; n < 20; ++n) queue.add(item(++id, std::to_string(n), "room"), 0);
  EXPECT_EQ(take_all(queue).size(), 10U);
  queue.done(item(1, "0", "room"));
  EXPECT_EQ(take_all(queue).size(), 1U);
}

TEST(WebhookQueue, GivesProjectsTheirTurns) {
  WebhookQueue queue;
  std::uint64_t id = 0;
  for (int n = 0; n < 10; ++n) queue.add(item(++id, "a", std::to_string(n)), 0);
  for (int n = 0; n < 10; ++n) queue.add(item(++id, "b", std::to_string(n)), 0);
  std::string order;
  for (int n = 0; n < 6; ++n) order += queue.next(0)->project;
  EXPECT_EQ(order, "ababab");
}

TEST(WebhookQueue, BoundsTheBytesUnderWay) {
  WebhookQueue queue({.in_flight_bytes_max = 25, .in_flight_bytes_per_project_max = 20});
  queue.add(item(1, "a", "one", 50), 0);  // alone it goes in any case
  queue.add(item(2, "a", "two", 1), 0);
  EXPECT_EQ(id_of(queue.next(0)), 1U);
  EXPECT_FALSE(queue.next(0).has_value());
  queue.done(item(1, "a", "one", 50));
  const auto second = queue.next(0);
  EXPECT_EQ(id_of(second), 2U);
  queue.add(item(3, "a", "three", 19), 0);
  EXPECT_EQ(id_of(queue.next(0)), 3U);
  queue.add(item(4, "b", "four", 5), 0);
  queue.add(item(5, "b", "five", 1), 0);
  EXPECT_EQ(id_of(queue.next(0)), 4U);
  EXPECT_FALSE(queue.next(0).has_value());
}

TEST(WebhookQueue, GivesUpTheOldestOverTheBound) {
  WebhookQueue queue({.waiting_max = 3, .waiting_bytes_max = 100});
  queue.add(item(1, "a", "one"), 0);
  const auto sent = queue.next(0);
  for (std::uint64_t id = 2; id <= 3; ++id) queue.add(item(id, "a", "one"), 0);
  queue.add(item(4, "b", "one"), 0);
  EXPECT_FALSE(queue.take_excess().has_value());
  queue.add(item(5, "a", "two"), 0);
  EXPECT_EQ(id_of(queue.take_excess()), 2U);  // not the first, which is under way
  EXPECT_FALSE(queue.take_excess().has_value());
  queue.done(*sent);
  EXPECT_EQ(id_of(queue.next(0)), 4U);
  EXPECT_EQ(id_of(queue.next(0)), 5U);
  EXPECT_EQ(id_of(queue.next(0)), 3U);
}

TEST(WebhookQueue, GivesUpTheOldestOverTheBoundOfBytes) {
  WebhookQueue queue({.waiting_max = 100, .waiting_bytes_max = 100});
  queue.add(item(1, "a", "one", 60), 0);
  queue.add(item(2, "a", "two", 40), 0);
  EXPECT_FALSE(queue.take_excess().has_value());
  queue.add(item(3, "a", "three", 1), 0);
  EXPECT_EQ(id_of(queue.take_excess()), 1U);  // its room goes with it
  EXPECT_FALSE(queue.take_excess().has_value());
  std::set<std::uint64_t> left;
  while (const auto found = queue.next(0)) left.insert(found->id);
  EXPECT_EQ(left, (std::set<std::uint64_t>{2, 3}));
}

TEST(WebhookQueue, ForgetsARoomThatIsReady) {
  WebhookQueue queue({.in_flight_per_project_max = 1, .waiting_max = 1});
  queue.add(item(1, "a", "one"), 0);
  const auto first = queue.next(0);
  queue.add(item(2, "a", "two"), 0);
  EXPECT_FALSE(queue.next(0).has_value());  // ready, but there is no place
  EXPECT_EQ(id_of(queue.take_excess()), 2U);
  queue.done(*first);
  EXPECT_FALSE(queue.next(0).has_value());
  EXPECT_TRUE(queue.counts().empty());
}

TEST(WebhookQueue, DoesNotGiveUpWhatWasAccepted) {
  WebhookQueue queue({.waiting_max = 2});
  queue.add(item(1, "a", "room"), 0);
  OutboxItem accepted = *queue.next(0);
  accepted.accepted = true;  // but the outbox could not let it go
  queue.later(accepted, 50);
  for (std::uint64_t id = 2; id <= 4; ++id) queue.add(item(id, "a", "room"), 0);
  EXPECT_EQ(id_of(queue.take_excess()), 2U);
  EXPECT_EQ(id_of(queue.take_excess()), 3U);
  EXPECT_FALSE(queue.take_excess().has_value());
  const auto first = queue.next(50);
  EXPECT_EQ(id_of(first), 1U);
  EXPECT_TRUE(first->accepted);
}

}  // namespace
}  // namespace pluv::apps
